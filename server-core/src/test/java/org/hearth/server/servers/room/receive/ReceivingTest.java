package org.hearth.server.servers.room.receive;

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
import org.hearth.server.matrix.version.RoomVersion;
import org.hearth.server.matrix.version.RoomVersions;
import org.hearth.server.servers.room.EventStatus;
import org.hearth.server.servers.room.RoomEvent;
import org.hearth.server.servers.room.RoomQueries;
import org.hearth.server.servers.room.Stretch;
import org.hearth.server.servers.room.read.RoomOutputStore;
import org.hearth.server.servers.room.server.RunningRooms;
import org.hearth.server.servers.room.state.StoredEvents;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.MethodSource;

/// What becomes of events of other servers.
@Tag("long")
final class ReceivingTest extends WithRunningRooms {
  private static final UserId OURS = UserId.parse("@dave:hearth.test");

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

  private List<RoomEvent> history(RoomFixture room, boolean backwards, int limit) {
    Stretch.Reach all = new Stretch.Reach(backwards, Long.MIN_VALUE, -1);
    Stretch.Size size = new Stretch.Size(limit, Long.MAX_VALUE);
    return rooms.queries().readable(room.roomId(), all, size).events();
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

  static List<RoomVersion> versions() {
    return RoomVersions.all();
  }

  @ParameterizedTest
  @MethodSource("versions")
  void entersARoomOfAnyVersionInWhateverOrderItsStateIsGiven(RoomVersion version) {
    RoomFixture room = RoomFixture.withMembers(version);
    List<Pdu> before = stateOf(room).reversed();
    Pdu join = room.join(OURS).add();

    RoomReply.Received received =
        rooms.receive(
            RunningRooms.command(
                List.of(join),
                before,
                Map.of(join.eventId(), ids(before)),
                Set.of(),
                Arrival.LIVE));

    assertThat(received.events()).allMatch(each -> each.verdict() instanceof EventVerdict.Accepted);
    assertThat(rooms.state(room.roomId())).isEqualTo(RunningRooms.ids(room.state()));
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

    assertThat(history(room, true, 6))
        .extracting(RoomEvent::id)
        .containsExactlyElementsOf(ids(messages.reversed()));
    assertThat(history(room, false, 100))
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

  private static final UserId ERIN = UserId.parse("@erin:e.example");

  /// Erin joins and says something, and both cite power levels that nobody gives us.
  ///
  /// @param levels set beside the join
  private record WithoutLevels(RoomFixture room, Pdu levels, Pdu join, Pdu message) {}

  private WithoutLevels rejectedForWantOfLevels() {
    RoomFixture room = room();
    rooms.live(room.events());
    Map<StateKey, Pdu> state = Map.copyOf(room.state());
    Pdu last = room.events().getLast();
    Pdu levels = room.usualPowerLevels().after(last).build();
    Pdu create = room.events().getFirst();
    Pdu joinRule = room.events().get(2);
    Pdu join = room.join(ERIN).after(last).in(state).citing(create, joinRule, levels).build();
    Pdu message =
        room.message(ERIN, "m.room.message", "{}")
            .after(join)
            .in(state)
            .citing(create, join, levels)
            .build();
    RoomReply.Received received =
        rooms.receive(
            RunningRooms.command(
                List.of(join, message),
                List.of(),
                Map.of(),
                Set.of(levels.eventId()),
                Arrival.LIVE));
    assertThat(received.events())
        .allMatch(each -> each.verdict() instanceof EventVerdict.Rejected)
        .hasSize(2);
    assertThat(rooms.queries().status(join.eventId()).orElseThrow().rejected()).isTrue();
    assertThat(rooms.queries().joinedUsers(room.roomId())).doesNotContain(ERIN);
    return new WithoutLevels(room, levels, join, message);
  }

  private static final EventStatus ACCEPTED = new EventStatus(true, false, false, Optional.empty());

  @Test
  void rejectsForWantOfAuthEventsAndJudgesAgainWhenTheyCome() {
    WithoutLevels rejected = rejectedForWantOfLevels();
    RoomFixture room = rejected.room();
    LogPosition before = head();

    rooms.live(rejected.levels());

    assertThat(rooms.queries().status(rejected.join().eventId())).contains(ACCEPTED);
    assertThat(rooms.queries().status(rejected.message().eventId())).contains(ACCEPTED);
    assertThat(rooms.queries().forwards(room.roomId(), before, head(), 10))
        .extracting(RoomEvent::id)
        .containsExactlyElementsOf(
            ids(List.of(rejected.levels(), rejected.join(), rejected.message())));
    assertThat(
            rooms.told().stream()
                .filter(each -> each.position().isAfter(before))
                .map(Positioned::entry))
        .filteredOn(RoomOutput.EventAdded.class::isInstance)
        .extracting(entry -> ((RoomOutput.EventAdded) entry).event())
        .containsExactly(rejected.levels(), rejected.join(), rejected.message());
    assertThat(rooms.state(room.roomId()))
        .containsEntry(StateKey.member(ERIN.value()), rejected.join().eventId())
        .containsEntry(StateKey.of("m.room.power_levels"), rejected.levels().eventId());
    assertThat(rooms.queries().joinedUsers(room.roomId())).contains(ERIN);
    assertThat(rooms.queries().forwardExtremities(room.roomId()))
        .containsExactlyInAnyOrder(rejected.levels().eventId(), rejected.message().eventId());
    RoomEvent message = rooms.queries().event(rejected.message().eventId()).orElseThrow();
    assertThat(RunningRooms.ids(rooms.queries().stateBefore(message)))
        .containsEntry(StateKey.member(ERIN.value()), rejected.join().eventId());
  }

  @Test
  void makesHistoryOfWhatIsAcceptedWhenOthersHaveGoneOnWithoutIt() {
    WithoutLevels rejected = rejectedForWantOfLevels();
    RoomFixture room = rejected.room();
    Pdu next =
        room.message(ALICE, "m.room.message", "{}")
            .after(rejected.join())
            .in(Map.copyOf(room.state()))
            .build();
    assertThat(rooms.live(next).of(next.eventId())).isEqualTo(new EventVerdict.Accepted());

    rooms.live(rejected.levels());

    assertThat(rooms.queries().status(rejected.join().eventId())).contains(ACCEPTED);
    assertThat(history(room, true, 10))
        .extracting(RoomEvent::id)
        .containsExactly(rejected.join().eventId());
    RoomEvent after = rooms.queries().event(next.eventId()).orElseThrow();
    assertThat(RunningRooms.ids(rooms.queries().stateAfter(after)))
        .doesNotContainKey(StateKey.member(ERIN.value()));
    assertThat(rooms.queries().forwardExtremities(room.roomId()))
        .contains(next.eventId())
        .doesNotContain(rejected.join().eventId());
  }

  @Test
  void tellsOfAnOutlierAsNewWhenItComesLive() {
    RoomFixture room = room();
    rooms.live(room.events());
    Pdu topic = room.topic(ALICE, "known before").add();
    rooms.receive(
        RunningRooms.command(List.of(), List.of(topic), Map.of(), Set.of(), Arrival.LIVE));
    Pdu between = room.message(BOB, "m.room.message", "{}").build();
    LogPosition before = head();

    rooms.live(topic);

    RoomEvent shown = rooms.queries().event(topic.eventId()).orElseThrow();
    assertThat(shown.position()).isEqualTo(head()).isEqualTo(before.plus(1));
    assertThat(rooms.queries().eventAt(head()).map(RoomEvent::id)).contains(topic.eventId());
    assertThat(rooms.queries().forwards(room.roomId(), before, head(), 10)).containsExactly(shown);
    assertThat(rooms.told().getLast().entry())
        .isInstanceOfSatisfying(
            RoomOutput.EventAdded.class, added -> assertThat(added.event()).isEqualTo(topic));
    assertThat(rooms.live(between).of(between.eventId())).isEqualTo(new EventVerdict.Accepted());
    List<Positioned<RoomOutput>> live = rooms.told();
    rooms.close();
    rooms = new RunningRooms(stores.reopen());
    assertThat(rooms.queries().event(topic.eventId())).contains(shown);
    assertThat(rooms.state(room.roomId()))
        .containsEntry(StateKey.of("m.room.topic"), topic.eventId());
    assertThat(
            new RoomOutputStore(
                    stores.store().reads(), new StoredEvents(stores.store().reads(), 1 << 20))
                .read(LogPosition.ORIGIN, head(), 1000))
        .isEqualTo(live);
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

  /// Of what it follows anybody may say that it is long past.
  @Test
  void judgesWhatOthersFollowByTheCurrentStateAndMakesHistoryOfIt() {
    RoomFixture room = room();
    Pdu fork = room.usualPowerLevels().add();
    Pdu ban = room.member(ALICE, BOB, "ban").add();
    Pdu hidden = room.message(BOB, "m.room.message", "{}").after(fork).build();
    Pdu shown = room.message(CHARLIE, "m.room.message", "{}").after(fork).build();
    rooms.live(room.events());

    RoomReply.Received received =
        rooms.receive(
            RunningRooms.command(
                List.of(hidden, shown), List.of(), Map.of(), Set.of(), Arrival.FOLLOWED));

    assertThat(received.of(hidden.eventId())).isInstanceOf(EventVerdict.SoftFailed.class);
    assertThat(received.of(shown.eventId())).isEqualTo(new EventVerdict.Accepted());
    assertThat(rooms.queries().forwardExtremities(room.roomId())).containsExactly(ban.eventId());
    assertThat(rooms.queries().event(shown.eventId()).orElseThrow().place()).isNegative();
  }

  /// A room with an extremity that Bob's events follow, none of which is shown since he is banned.
  private record Hidden(RoomFixture room, Pdu ban, Pdu last) {
    /// What Alice has said whose server does not know of the ban.
    Pdu followed() {
      return room.message(ALICE, "m.room.message", "{}").after(last).build();
    }
  }

  /// @param rows of so many events that follow each other
  private Hidden hidden(int rows, int events) {
    RoomFixture room = room();
    Pdu fork = room.usualPowerLevels().add();
    Pdu before = room.message(ALICE, "m.room.message", "{}").add();
    Pdu ban = room.member(ALICE, BOB, "ban").after(fork).add();
    rooms.live(room.events());
    List<Pdu> lasts = new ArrayList<>();
    for (int row = 0; row < rows; row++) {
      Pdu last = before;
      for (int i = 0; i < events; i++) {
        String content = "{\"body\":\"%d %d\"}".formatted(row, i);
        last = room.message(BOB, "m.room.message", content).after(last).add();
        assertThat(rooms.live(last).of(last.eventId())).isInstanceOf(EventVerdict.SoftFailed.class);
      }
      lasts.add(last);
    }
    Pdu last = room.message(BOB, "m.room.message", "{}").after(lasts.toArray(Pdu[]::new)).add();
    rooms.live(last);
    assertThat(rooms.queries().forwardExtremities(room.roomId()))
        .containsExactlyInAnyOrder(before.eventId(), ban.eventId());
    return new Hidden(room, ban, last);
  }

  @Test
  void looksThroughHiddenEventsAllAtOnceForWhatTheyFollow() {
    Hidden hidden = hidden(20, 1);
    rooms.close();
    rooms = new RunningRooms(stores.store());
    Pdu followed = hidden.followed();
    long before = stores.store().figures().reads();

    rooms.live(followed);

    assertThat(stores.store().figures().reads() - before).isLessThan(20);
    assertThat(rooms.queries().forwardExtremities(hidden.room().roomId()))
        .containsExactlyInAnyOrder(hidden.ban().eventId(), followed.eventId());
  }

  @ParameterizedTest
  @CsvSource({"-1, 2", "0, 3"})
  void looksThroughHiddenEventsForAFewStepsOnly(int more, int extremities) {
    Hidden hidden = hidden(1, ForwardExtremities.MOST_STEPS + more);

    rooms.live(hidden.followed());

    assertThat(rooms.queries().forwardExtremities(hidden.room().roomId())).hasSize(extremities);
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
    assertThat(rooms.queries().stateChangedAside(room.roomId(), LogPosition.ORIGIN)).isTrue();
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
  void tellsReadersOfWhatIsShownAndOfNothingElse() {
    RoomFixture room = room();
    for (int i = 0; i < 6; i++) {
      room.message(BOB, "m.room.message", "{\"body\":\"" + i + "\"}").add();
    }
    List<Pdu> all = List.copyOf(room.events());
    join(room);
    LogPosition joined = head();
    List<RoomOutput> toldOfTheJoin = rooms.told().stream().map(Positioned::entry).toList();

    rooms.receive(RunningRooms.command(all, List.of(), Map.of(), Set.of(), Arrival.HISTORY));

    assertThat(toldOfTheJoin).hasSize(1).hasOnlyElementsOfType(RoomOutput.EventAdded.class);
    assertThat(joined.value()).isGreaterThan(toldOfTheJoin.size());
    List<Positioned<RoomOutput>> told = rooms.told();
    assertThat(told.stream().filter(each -> each.position().isAfter(joined)))
        .hasSize(all.size())
        .allSatisfy(each ->
            assertThat(each.entry())
                .isInstanceOfSatisfying(
                    RoomOutput.EventStored.class,
                    stored ->
                        assertThat(stored.standing()).isEqualTo(RoomOutput.Standing.HISTORY)));
    assertThat(readFromTheTables(1000)).isEqualTo(told);
    assertThat(readFromTheTables(2)).isEqualTo(told);
  }

  /// @param limit how many entries are read at once
  private List<Positioned<RoomOutput>> readFromTheTables(int limit) {
    RoomOutputStore store =
        new RoomOutputStore(
            stores.store().reads(), new StoredEvents(stores.store().reads(), 1 << 20));
    List<Positioned<RoomOutput>> read = new ArrayList<>();
    List<Positioned<RoomOutput>> page = store.read(LogPosition.ORIGIN, head(), limit);
    while (!page.isEmpty()) {
      read.addAll(page);
      page = store.read(page.getLast().position(), head(), limit);
    }
    return read;
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
    List<EventId> chain = new ArrayList<>();
    rooms.peerQueries().authChain(room.roomId(), both.authEvents(), event -> chain.add(event.id()));
    assertThat(chain).doesNotContain(both.eventId()).containsAll(both.authEvents());
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
