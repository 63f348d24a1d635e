package org.hearth.server.servers.room;

import static org.assertj.core.api.Assertions.assertThat;
import static org.hearth.server.matrix.testkit.RoomFixture.ALICE;
import static org.hearth.server.matrix.testkit.RoomFixture.BOB;
import static org.hearth.server.matrix.testkit.RoomFixture.CHARLIE;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import org.hearth.ringlogs.LogPosition;
import org.hearth.ringlogs.Positioned;
import org.hearth.server.logs.EventVerdict;
import org.hearth.server.logs.RoomInput.Arrival;
import org.hearth.server.logs.RoomOutput;
import org.hearth.server.logs.RoomReply;
import org.hearth.server.matrix.auth.Membership;
import org.hearth.server.matrix.event.Pdu;
import org.hearth.server.matrix.event.StateKey;
import org.hearth.server.matrix.id.EventId;
import org.hearth.server.matrix.id.UserId;
import org.hearth.server.matrix.testkit.RoomFixture;
import org.hearth.server.matrix.version.RoomVersions;
import org.hearth.server.store.StoreExtension;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

/// What becomes of events of other servers.
final class ReceivingTest {
  private static final UserId OURS = UserId.parse("@dave:hearth.test");

  @RegisterExtension final StoreExtension stores = new StoreExtension();
  private RunningRooms rooms;

  @BeforeEach
  void start() {
    rooms = new RunningRooms(stores.store());
  }

  @AfterEach
  void checkTheDatabase() {
    rooms.close();
    DatabaseCheck.assertSound(stores.store());
  }

  private static RoomFixture room() {
    return RoomFixture.withMembers(RoomVersions.V11);
  }

  private static List<EventId> ids(List<Pdu> events) {
    return events.stream().map(Pdu::eventId).toList();
  }

  private static List<Pdu> stateOf(RoomFixture room) {
    return List.copyOf(room.state().values());
  }

  /// As `send_join` answers.
  private RoomReply.Received join(RoomFixture room) {
    List<Pdu> before = stateOf(room);
    Pdu join = room.join(OURS).add();
    return rooms.receive(
        RunningRooms.command(
            List.of(join), before, Map.of(join.eventId(), ids(before)), Set.of(), Arrival.LIVE));
  }

  @Test
  void entersARoomWithTheStateThatItsServerGives() {
    RoomFixture room = room();
    room.message(BOB, "m.room.message", "{\"body\":\"before\"}").add();

    RoomReply.Received received = join(room);

    assertThat(received.events()).allMatch(each -> each.verdict() instanceof EventVerdict.Accepted);
    assertThat(rooms.state(room.roomId())).isEqualTo(RunningRooms.ids(room.state()));
    assertThat(rooms.queries().joinedUsers(room.roomId()))
        .containsExactlyInAnyOrder(ALICE, BOB, CHARLIE, OURS);
    assertThat(rooms.queries().backwards(room.roomId(), head(), LogPosition.ORIGIN, 50)).hasSize(1);
    assertThat(rooms.queries().missingPrevious(room.roomId())).hasSize(1);
  }

  private LogPosition head() {
    return stores.store().head();
  }

  @Test
  void putsHistoryBeforeTheTimelineByDepthInWhateverOrderItComes() {
    RoomFixture room = room();
    List<Pdu> messages = new ArrayList<>();
    for (int i = 0; i < 6; i++) {
      messages.add(room.message(BOB, "m.room.message", "{\"body\":\"" + i + "\"}").add());
    }
    List<Pdu> all = List.copyOf(room.events());
    join(room);

    rooms.receive(RunningRooms.command(all, List.of(), Map.of(), Set.of(), Arrival.HISTORY));
    Pdu live = room.message(BOB, "m.room.message", "{\"body\":\"live\"}").add();
    rooms.live(live);

    assertThat(rooms.queries().history(room.roomId(), 0, 6))
        .extracting(RoomEvent::id)
        .containsExactlyElementsOf(ids(messages.reversed()));
    assertThat(rooms.queries().historyAfter(room.roomId(), -Long.MAX_VALUE, 100))
        .extracting(each -> each.pdu().depth())
        .isSorted()
        .hasSize(all.size());
    assertThat(rooms.queries().forwardExtremities(room.roomId())).containsExactly(live.eventId());
    assertThat(rooms.queries().missingPrevious(room.roomId())).isEmpty();
    assertThat(rooms.queries().backwards(room.roomId(), head(), LogPosition.ORIGIN, 50)).hasSize(2);
  }

  @Test
  void saysExactlyWhatIsMissing() {
    RoomFixture room = room();
    rooms.live(room.events());
    Pdu levels = room.usualPowerLevels("\"users_default\":10").add();
    Pdu next = room.topic(ALICE, "x").add();

    EventVerdict verdict = rooms.live(next).of(next.eventId());

    assertThat(verdict)
        .isEqualTo(
            new EventVerdict.Incomplete(
                Set.of(levels.eventId()), Set.of(levels.eventId()), Set.of()));
    assertThat(rooms.queries().event(next.eventId())).isEmpty();
  }

  @Test
  void rejectsForWantOfAuthEventsAndJudgesAgainWhenTheyCome() {
    RoomFixture room = room();
    List<Pdu> before = List.copyOf(room.events());
    Map<StateKey, Pdu> state = Map.copyOf(room.state());
    Pdu invite = room.member(ALICE, OURS, "invite").add();
    Pdu last = before.getLast();
    rooms.live(before);
    Pdu topic = room.topic(ALICE, "x").after(last).in(state).citing(authOf(state, invite)).build();

    EventVerdict first =
        rooms
            .receive(
                RunningRooms.command(
                    List.of(topic), List.of(), Map.of(), Set.of(invite.eventId()), Arrival.LIVE))
            .of(topic.eventId());

    assertThat(first).isInstanceOf(EventVerdict.Rejected.class);
    assertThat(rooms.queries().status(topic.eventId()).orElseThrow().rejected()).isTrue();
  }

  private static Pdu[] authOf(Map<StateKey, Pdu> state, Pdu more) {
    return new Pdu[] {
      state.get(StateKey.of("m.room.create")), state.get(StateKey.member(ALICE.value())), more
    };
  }

  @Test
  void judgesAnOutlierAgainWhenItsAuthEventsCome() {
    RoomFixture room = room();
    rooms.live(room.events());
    Pdu levels = room.usualPowerLevels("\"users_default\":50").add();
    Pdu topic = room.topic(BOB, "x").add();
    EventVerdict first =
        rooms
            .receive(
                RunningRooms.command(
                    List.of(), List.of(topic), Map.of(), Set.of(levels.eventId()), Arrival.LIVE))
            .of(topic.eventId());

    rooms.live(levels);

    assertThat(first).isInstanceOf(EventVerdict.Rejected.class);
    assertThat(rooms.queries().status(topic.eventId()).orElseThrow())
        .isEqualTo(new EventStatus(false, false, false, Optional.empty()));
    assertThat(rooms.live(topic).of(topic.eventId())).isInstanceOf(EventVerdict.Accepted.class);
    assertThat(rooms.state(room.roomId())).isEqualTo(RunningRooms.ids(room.state()));
  }

  @Test
  void softFailsWhatTheCurrentStateForbidsAndNeverFollowsIt() {
    RoomFixture room = room();
    room.usualPowerLevels().add();
    Pdu fork = room.events().getLast();
    Pdu ban = room.member(ALICE, BOB, "ban").add();
    Pdu late = room.message(BOB, "m.room.message", "{}").after(fork).build();
    rooms.live(room.events());

    EventVerdict verdict = rooms.live(late).of(late.eventId());

    assertThat(verdict).isInstanceOf(EventVerdict.SoftFailed.class);
    assertThat(rooms.queries().forwardExtremities(room.roomId())).containsExactly(ban.eventId());
    RoomEvent hidden = rooms.queries().event(late.eventId()).orElseThrow();
    assertThat(rooms.queries().maySee(CHARLIE, hidden)).isFalse();
    assertThat(rooms.queries().backwards(room.roomId(), head(), LogPosition.ORIGIN, 50))
        .extracting(RoomEvent::id)
        .doesNotContain(late.eventId());
  }

  private record Joined(RoomFixture room, Pdu topic) {}

  /// Bob sets the topic on one branch and is banned on the other; then both come together.
  private Joined branchesThatComeTogether() {
    RoomFixture room = room();
    room.usualPowerLevels("\"users\":{\"@alice:a.example\":100,\"@bob:b.example\":50}").add();
    Pdu fork = room.events().getLast();
    rooms.live(room.events());
    Pdu topic = room.topic(BOB, "Bob's").after(fork).add();
    rooms.live(topic);
    room.continueAfter(fork);
    Pdu ban = room.member(ALICE, BOB, "ban").add();

    rooms.live(ban);
    return new Joined(room, topic);
  }

  @Test
  void tellsOfStateThatChangedBecauseBranchesCameTogether() {
    Joined joined = branchesThatComeTogether();
    RoomFixture room = joined.room();
    Pdu topic = joined.topic();

    assertThat(rooms.state(room.roomId())).doesNotContainKey(StateKey.of("m.room.topic"));
    List<RoomOutput> told = rooms.told().stream().map(Positioned::entry).toList();
    assertThat(told.getLast())
        .isEqualTo(
            new RoomOutput.StateChanged(
                room.roomId(),
                List.of(new RoomOutput.StateChange(StateKey.of("m.room.topic"), null, topic))));
    assertThat(rooms.queries().stateChangedAside(room.roomId(), LogPosition.ORIGIN, head()))
        .isTrue();
    assertThat(rooms.queries().membership(room.roomId(), BOB).orElseThrow().membership())
        .isEqualTo(Membership.BAN);
  }

  @Test
  void raisesAnAlertWhenMembersAreLostWithoutAnybodySayingSo() {
    RoomFixture room = room();
    room.usualPowerLevels("\"users\":{\"@alice:a.example\":100,\"@bob:b.example\":50}").add();
    Pdu fork = room.events().getLast();
    rooms.live(room.events());
    UserId dora = UserId.parse("@dora:d.example");
    Pdu join = room.join(dora).after(fork).add();
    rooms.live(join);
    room.continueAfter(fork);
    Pdu closed = room.joinRule("invite").add();

    rooms.live(closed);

    assertThat(rooms.state(room.roomId())).doesNotContainKey(StateKey.member(dora.value()));
    assertThat(rooms.queries().alerts(10).getFirst().text()).contains("@dora:d.example");
  }

  @Test
  void tellsTheSameFromTheTablesAsWhenItHappened() {
    branchesThatComeTogether();
    List<Positioned<RoomOutput>> live = rooms.told();
    rooms.close();

    rooms = new RunningRooms(stores.reopen());
    List<Positioned<RoomOutput>> read =
        new RoomOutputStore(
                stores.store().reads(), new StoredEvents(stores.store().reads(), 1 << 20))
            .read(LogPosition.ORIGIN, head(), 1000);

    assertThat(read).isEqualTo(live);
  }

  @Test
  void healsManyForwardExtremitiesIfSomebodyHereMaySend() {
    RoomFixture room = room();
    Pdu join = room.join(OURS).add();
    rooms.live(room.events());
    List<Pdu> branches = new ArrayList<>();
    for (int i = 0; i < 25; i++) {
      branches.add(room.message(BOB, "m.room.message", "{\"n\":" + i + "}").after(join).build());
    }

    rooms.live(branches);

    assertThat(rooms.queries().forwardExtremities(room.roomId())).hasSizeLessThanOrEqualTo(10);
  }

  @Test
  void redactsWhatComesAfterItsRedaction() {
    RoomFixture room = room();
    rooms.live(room.events());
    Pdu said = room.message(BOB, "m.room.message", "{\"body\":\"secret\"}").add();
    Pdu redaction =
        room.message(BOB, "m.room.redaction", "{\"redacts\":\"" + said.eventId() + "\"}")
            .after(room.events().get(room.events().size() - 2))
            .build();
    rooms.live(redaction);

    rooms.live(said);

    RoomEvent shown = rooms.queries().event(said.eventId()).orElseThrow();
    assertThat(shown.redactedBecause()).isEqualTo(redaction);
    assertThat(shown.pdu().content().has("body")).isFalse();
  }

  @Test
  void answersWhatPeersAskOfTheGraph() {
    RoomFixture room = room();
    Pdu fork = room.events().getLast();
    Pdu one = room.message(BOB, "m.room.message", "{}").after(fork).add();
    Pdu other = room.message(CHARLIE, "m.room.message", "{}").after(fork).add();
    Pdu both = room.message(ALICE, "m.room.message", "{}").after(one, other).add();
    rooms.live(room.events());

    RoomQueries queries = rooms.queries();

    assertThat(
            queries.between(room.roomId(), List.of(fork.eventId()), List.of(both.eventId()), 10, 0))
        .extracting(RoomEvent::id)
        .containsExactlyInAnyOrder(one.eventId(), other.eventId());
    assertThat(queries.backfill(room.roomId(), List.of(both.eventId()), 3))
        .extracting(RoomEvent::id)
        .startsWith(both.eventId())
        .contains(one.eventId(), other.eventId());
    assertThat(queries.authChain(List.of(both.eventId())))
        .extracting(RoomEvent::id)
        .containsAll(both.authEvents());
    assertThat(
            queries.eventNear(room.roomId(), ALICE, one.originServerTs(), true).map(RoomEvent::id))
        .contains(one.eventId());
    assertThat(
            queries
                .eventNear(room.roomId(), ALICE, one.originServerTs() - 1, false)
                .map(RoomEvent::id))
        .contains(fork.eventId());
  }
}
