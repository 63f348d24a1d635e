package org.hearth.server.servers.room.read;

import static org.assertj.core.api.Assertions.assertThat;
import static org.hearth.server.matrix.testkit.RoomFixture.ALICE;
import static org.hearth.server.matrix.testkit.RoomFixture.BOB;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import org.hearth.server.logs.RoomInput.Arrival;
import org.hearth.server.matrix.event.Pdu;
import org.hearth.server.matrix.id.EventId;
import org.hearth.server.matrix.id.UserId;
import org.hearth.server.matrix.testkit.RoomFixture;
import org.hearth.server.matrix.version.RoomVersions;
import org.hearth.server.servers.room.RoomEvent;
import org.hearth.server.servers.room.ThreadQuery;
import org.hearth.server.servers.room.ThreadStretch;
import org.hearth.server.servers.room.server.RelatedToRoot;
import org.hearth.server.servers.room.server.RunningRooms;
import org.junit.jupiter.api.Test;

/// Which threads a room has, and in which of them somebody took part.
final class ThreadsTest extends RelatedToRoot {
  private static final int MANY = 100;

  private Pdu reply(UserId sender) {
    return related(sender, "m.room.message", "m.thread", "x");
  }

  private Pdu beginsAnother(UserId sender) {
    root = room.message(sender, "m.room.message", "{}").add();
    return root;
  }

  private Pdu redaction(UserId sender, Pdu of) {
    return room.message(sender, "m.room.redaction", "{\"redacts\":\"" + of.eventId() + "\"}").add();
  }

  private ThreadStretch look(UserId user, long before, int limit, int most) {
    return rooms
        .queries()
        .threads(room.roomId(), new ThreadQuery(Optional.of(user), before, limit, most));
  }

  private static List<EventId> roots(ThreadStretch stretch) {
    return stretch.threads().stream()
        .flatMap(each -> each.root().stream())
        .map(RoomEvent::id)
        .toList();
  }

  private List<EventId> of(UserId user) {
    return roots(look(user, Long.MAX_VALUE, MANY, MANY));
  }

  @Test
  void whoBeganAThreadOrRepliedTookPart() {
    EventId first = root.eventId();
    rooms.live(reply(BOB));
    // The root and the reply in one command.
    Pdu second = beginsAnother(BOB);
    rooms.live(second, reply(BOB));
    Pdu third = beginsAnother(BOB);
    rooms.live(third, reply(ALICE), redaction(ALICE, third));

    assertThat(of(ALICE)).containsExactly(third.eventId(), first);
    assertThat(of(BOB)).containsExactly(third.eventId(), second.eventId(), first);
    assertThat(of(UserId.parse("@carol:c.example"))).isEmpty();

    rooms.close();
    rooms = new RunningRooms(stores.store());

    assertThat(of(ALICE)).containsExactly(third.eventId(), first);
  }

  @Test
  void whoHasNoReplyLeftTookNoPart() {
    Pdu one = reply(BOB);
    Pdu two = reply(BOB);
    rooms.live(one, two, reply(ALICE));

    rooms.live(redaction(ALICE, one));
    assertThat(of(BOB)).hasSize(1);
    rooms.live(redaction(ALICE, two));

    assertThat(of(BOB)).isEmpty();
    assertThat(of(ALICE)).hasSize(1);
  }

  @Test
  void whoBeganAThreadIsKnownWhenItsRootComesLater() {
    room = RoomFixture.withMembers(RoomVersions.V12);
    root = room.message(ALICE, "m.room.message", "{}").add();
    List<Pdu> before = List.copyOf(room.events());
    List<Pdu> state = List.copyOf(room.state().values());
    Pdu join = room.join(UserId.parse("@dave:hearth.test")).add();
    rooms.receive(
        RunningRooms.command(
            List.of(join),
            state,
            Map.of(join.eventId(), state.stream().map(Pdu::eventId).toList()),
            Set.of(),
            Arrival.LIVE));
    rooms.live(reply(BOB));
    assertThat(of(ALICE)).isEmpty();
    assertThat(look(BOB, Long.MAX_VALUE, MANY, MANY).threads())
        .singleElement()
        .matches(each -> each.root().isEmpty());

    rooms.receive(RunningRooms.command(before, List.of(), Map.of(), Set.of(), Arrival.HISTORY));

    assertThat(of(ALICE)).containsExactly(root.eventId());
  }

  @Test
  void whoSentStateBeganNoThread() {
    root = room.message(ALICE, "m.room.message", "{}").add();
    Pdu state = room.events().getFirst();
    rooms.live(root);
    root = state;
    rooms.live(reply(BOB));

    assertThat(of(ALICE)).isEmpty();
    assertThat(of(BOB)).containsExactly(state.eventId());
  }

  @Test
  void aLookHasAnEndAndTheNextGoesOnThere() {
    List<EventId> own = new ArrayList<>();
    List<Pdu> all = new ArrayList<>();
    for (int i = 0; i < 30; i++) {
      all.add(beginsAnother(i % 10 == 0 ? ALICE : BOB));
      all.add(reply(BOB));
      if (i % 10 == 0) {
        own.addFirst(root.eventId());
      }
    }
    rooms.live(all);

    // The newest of alice's is the tenth: nine looked at show none.
    ThreadStretch none = look(ALICE, Long.MAX_VALUE, 2, 9);
    assertThat(none.threads()).isEmpty();
    assertThat(none.lookedAt()).isEqualTo(9);
    assertThat(none.more()).isTrue();

    ThreadStretch two = look(ALICE, none.last(), 2, MANY);
    assertThat(roots(two)).isEqualTo(own.subList(0, 2));
    assertThat(two.lookedAt()).isEqualTo(11);
    assertThat(two.more()).isTrue();

    ThreadStretch last = look(ALICE, two.last(), 2, MANY);
    assertThat(roots(last)).isEqualTo(own.subList(2, 3));
    assertThat(last.lookedAt()).isEqualTo(10);
    assertThat(last.more()).isFalse();
  }
}
