package org.hearth.server.servers.room.receive;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.hearth.server.matrix.testkit.RoomFixture.ALICE;
import static org.hearth.server.matrix.testkit.RoomFixture.BOB;
import static org.hearth.server.matrix.testkit.RoomFixture.CHARLIE;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.hearth.server.logs.EventVerdict;
import org.hearth.server.logs.RoomInput.Arrival;
import org.hearth.server.matrix.event.EventTypes;
import org.hearth.server.matrix.event.Pdu;
import org.hearth.server.matrix.id.KeyId;
import org.hearth.server.matrix.id.ServerName;
import org.hearth.server.matrix.id.UserId;
import org.hearth.server.matrix.sign.EventSignatures;
import org.hearth.server.matrix.sign.SigningKey;
import org.hearth.server.matrix.testkit.RoomFixture;
import org.hearth.server.matrix.version.RoomVersions;
import org.hearth.server.servers.room.server.RunningRooms;
import org.hearth.server.servers.room.state.RefusedCounts;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/// Of what a room refuses only so much is kept.
final class RefusedEventsTest extends WithRunningRooms {
  private static final UserId STRANGER = UserId.parse("@eve:stranger.example");
  private static final String LONG = "{\"body\":\"%s %s\"}".formatted("%d", "x".repeat(50_000));

  /// So many of these events fill what is kept of a site.
  private static final int FULL = (int) (RefusedCounts.MOST_BYTES_OF_SITE / 50_000);

  private final RoomFixture room = RoomFixture.withMembers(RoomVersions.V11);
  private int count;

  @BeforeEach
  void enter() {
    room.usualPowerLevels().add();
    rooms.live(room.events());
  }

  private Pdu refused(UserId sender, Pdu after) {
    return said(sender, LONG.formatted(count++), after);
  }

  /// What somebody says who cites what the room has begun with.
  private Pdu said(UserId sender, String content, Pdu after) {
    Pdu[] cited =
        room.events().stream()
            .filter(each ->
                each.isCreate()
                    || each.isState(EventTypes.POWER_LEVELS, "")
                    || (each.isState(EventTypes.MEMBER, sender.value())
                        && each.sender().equals(sender)))
            .toArray(Pdu[]::new);
    return room.message(sender, "m.room.message", content).citing(cited).after(after).build();
  }

  /// Sends what the room refuses until no more of that site is kept.
  private void fill(UserId sender) {
    Pdu last = room.events().getLast();
    for (int i = 0; i < FULL + 20; i++) {
      rooms.live(refused(sender, last));
    }
  }

  private boolean isKept(Pdu event) {
    return rooms.queries().event(event.eventId()).isPresent();
  }

  @Test
  void keepsNoMoreOfASiteThanItsShare() {
    Pdu last = room.events().getLast();
    List<Pdu> sent = new ArrayList<>();
    for (int i = 0; i < FULL + 20; i++) {
      sent.add(refused(STRANGER, last));
      assertThat(rooms.live(sent.getLast()).of(sent.getLast().eventId()))
          .isInstanceOf(EventVerdict.Rejected.class);
    }

    Pdu ofOther = refused(UserId.parse("@mallory:another.example"), last);
    rooms.live(ofOther);
    Pdu good = room.message(BOB, "m.room.message", "{}").add();

    assertThat(sent.stream().filter(this::isKept).mapToLong(e -> e.canonicalBytes().length).sum())
        .isLessThanOrEqualTo(RefusedCounts.MOST_BYTES_OF_SITE);
    assertThat(isKept(sent.getFirst())).isTrue();
    assertThat(isKept(ofOther)).isTrue();
    assertThat(rooms.live(good).of(good.eventId())).isEqualTo(new EventVerdict.Accepted());
  }

  @Test
  void keepsNoMoreAfterARestartEither() {
    fill(STRANGER);
    rooms.close();
    rooms = new RunningRooms(stores.store());

    Pdu more = refused(STRANGER, room.events().getLast());

    assertThat(rooms.live(more).of(more.eventId())).isInstanceOf(EventVerdict.Rejected.class);
    assertThat(isKept(more)).isFalse();
  }

  /// What came at once counts at once.
  @Test
  void keepsNoMoreOfOneCommandThanOfMany() {
    Pdu last = room.events().getLast();
    List<Pdu> outliers = new ArrayList<>();
    Pdu made = room.join(STRANGER).citing(room.events().getFirst()).after(last).build();
    outliers.add(made);
    for (int i = 0; i < FULL + 20; i++) {
      outliers.add(
          room.message(STRANGER, "m.room.message", LONG.formatted(count++))
              .citing(room.events().getFirst(), outliers.getLast())
              .after(last)
              .build());
    }
    Pdu event =
        room.message(STRANGER, "m.room.message", "{}")
            .citing(room.events().getFirst(), outliers.getLast())
            .after(last)
            .build();

    var received =
        rooms.receive(
            RunningRooms.command(List.of(event), outliers, Map.of(), Set.of(), Arrival.LIVE));

    assertThat(received.of(event.eventId())).isInstanceOf(EventVerdict.Rejected.class);
    assertThat(outliers.stream().filter(this::isKept)).hasSizeBetween(1, FULL);
  }

  /// The state before an event does not depend on how much was refused before.
  @Test
  void keepsWhatAnAcceptedEventFollowsHoweverMuchThereIs() {
    Pdu fork = room.events().getLast();
    rooms.live(room.member(ALICE, BOB, "ban").add());
    fill(BOB);
    Pdu first = refused(BOB, fork);
    Pdu second = refused(BOB, first);
    Pdu aside = refused(BOB, first);
    Pdu follows = said(CHARLIE, "{}", second);

    var received = rooms.live(first, second, aside, follows);

    assertThat(received.of(first.eventId())).isInstanceOf(EventVerdict.SoftFailed.class);
    assertThat(received.of(aside.eventId())).isInstanceOf(EventVerdict.SoftFailed.class);
    assertThat(received.of(follows.eventId())).isEqualTo(new EventVerdict.Accepted());
    assertThat(isKept(first)).isTrue();
    assertThat(isKept(second)).isTrue();
    assertThat(isKept(aside)).isFalse();
    assertThat(rooms.queries().forwardExtremities(room.roomId())).contains(follows.eventId());
  }

  /// Nobody is asked to sign what is said to be incomplete.
  @Test
  void tellsWhatAPolicyServerHasToSignHoweverMuchThereIs() {
    SigningKey key =
        new SigningKey(
            KeyId.parse("ed25519:policy_server"),
            "policies of this room, 32 bytes.".getBytes(UTF_8));
    ServerName via = ALICE.server();
    Pdu fork = room.events().getLast();
    rooms.live(room.member(ALICE, BOB, "ban").add());
    fill(BOB);
    rooms.live(
        room.state(
                ALICE,
                EventTypes.POLICY,
                "",
                "{\"via\":\"%s\",\"public_keys\":{\"ed25519\":\"%s\"}}"
                    .formatted(via, key.publicKeyBase64()))
            .add());
    Pdu first = refused(BOB, fork);
    Pdu follows = said(CHARLIE, "{}", first);
    Pdu signed =
        Pdu.parse(
            EventSignatures.sign(follows.json(), follows.version(), via, key), follows.version());

    var unsigned = rooms.live(first, follows);
    var received = rooms.live(first, signed);

    assertThat(unsigned.of(follows.eventId())).isInstanceOf(EventVerdict.NotSigned.class);
    assertThat(received.of(follows.eventId())).isEqualTo(new EventVerdict.Accepted());
    assertThat(isKept(first)).isTrue();
  }
}
