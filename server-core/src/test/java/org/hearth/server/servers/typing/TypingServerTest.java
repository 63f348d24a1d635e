package org.hearth.server.servers.typing;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.atomic.AtomicBoolean;
import org.hearth.ringlogs.DeadLetters;
import org.hearth.ringlogs.FailureHandling;
import org.hearth.ringlogs.LogPosition;
import org.hearth.ringlogs.LogReader;
import org.hearth.ringlogs.LogSet;
import org.hearth.ringlogs.OutputLog;
import org.hearth.ringlogs.ParkedException;
import org.hearth.ringlogs.Positioned;
import org.hearth.server.box.ManualAlarms;
import org.hearth.server.logs.Logs;
import org.hearth.server.logs.RoomOutput;
import org.hearth.server.logs.TypingInput;
import org.hearth.server.logs.TypingOutput;
import org.hearth.server.matrix.auth.Membership;
import org.hearth.server.matrix.event.EventTypes;
import org.hearth.server.matrix.event.Pdu;
import org.hearth.server.matrix.event.StateKey;
import org.hearth.server.matrix.id.RoomId;
import org.hearth.server.matrix.id.UserId;
import org.hearth.server.matrix.testkit.RoomFixture;
import org.hearth.server.matrix.version.RoomVersions;
import org.hearth.server.services.account.ManualClock;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/// The Typing Server on its own logs, with a clock and alarms that the test moves.
class TypingServerTest {
  private static final Duration PATIENCE = Duration.ofSeconds(20);
  private static final UserId ALICE = RoomFixture.ALICE;
  private static final UserId BOB = RoomFixture.BOB;
  private static final UserId CHARLIE = RoomFixture.CHARLIE;

  private final RoomFixture fixture = RoomFixture.withMembers(RoomVersions.V11);
  private final RoomId room = fixture.roomId();
  private final ManualClock clock = new ManualClock();
  private final ManualAlarms alarms = new ManualAlarms(clock);
  private final Set<UserId> absent = ConcurrentHashMap.newKeySet();
  private final AtomicBoolean failing = new AtomicBoolean();
  private final List<TypingOutput> told = new CopyOnWriteArrayList<>();
  private OutputLog<RoomOutput> roomOutput;
  private TypingServer server;
  private LogSet logs;
  private long position;

  @BeforeEach
  void start() {
    FailureHandling failures = new FailureHandling(DeadLetters.inMemory(), _ -> false, clock);
    roomOutput = new OutputLog<>(Logs.ROOM_OUTPUT, (_, _, _) -> List.of(), failures);
    server =
        new TypingServer(
            (_, user) -> isJoined(user), roomOutput, LogPosition.ORIGIN, clock, alarms);
    roomOutput.register(roomOutputReader());
    server.output().register(recorder());
    List<org.hearth.ringlogs.Log> all = new ArrayList<>(server.logs());
    all.add(roomOutput);
    logs = new LogSet(all);
    logs.start(LogPosition.ORIGIN);
  }

  private boolean isJoined(UserId user) {
    if (failing.get()) {
      throw new IllegalStateException("for the test");
    }
    return !absent.contains(user);
  }

  @AfterEach
  void stop() throws InterruptedException {
    server.stop();
    logs.drainAndStop(PATIENCE);
  }

  @SuppressWarnings("unchecked")
  private LogReader<RoomOutput> roomOutputReader() {
    return (LogReader<RoomOutput>) server.readings().getFirst().reader();
  }

  private LogReader<TypingOutput> recorder() {
    return new LogReader<>() {
      @Override
      public String name() {
        return "test";
      }

      @Override
      public LogPosition position() {
        return LogPosition.ORIGIN;
      }

      @Override
      public void onBatch(List<Positioned<TypingOutput>> batch) {
        batch.forEach(each -> told.add(each.entry()));
      }
    };
  }

  private void handle(TypingInput command) throws InterruptedException {
    var _ = server.input().writer("test").submit(command, PATIENCE).await(PATIENCE);
  }

  private void type(RoomId where, UserId user, Duration timeout) throws InterruptedException {
    handle(new TypingInput.StartTyping(where, user, timeout.toMillis()));
  }

  private void type(UserId user) throws InterruptedException {
    type(room, user, Duration.ofSeconds(30));
  }

  /// Lets time pass, and lets what the alarms then submit be handled.
  private void pass(Duration time) throws InterruptedException {
    clock.advance(time);
    alarms.ringThoseDue();
    handle(new TypingInput.StopTyping(RoomId.parse("!nowhere:a.example"), ALICE));
  }

  private void publish(RoomOutput entry) throws InterruptedException {
    roomOutput.publish(new LogPosition(++position), entry);
    assertThat(roomOutput.awaitReader("typing-server", new LogPosition(position), PATIENCE))
        .isTrue();
    handle(new TypingInput.StopTyping(RoomId.parse("!nowhere:a.example"), ALICE));
  }

  private List<UserId> typing() {
    return server.queries().typing(room);
  }

  /// All that has been announced of the room.
  private List<List<UserId>> told() throws InterruptedException {
    assertThat(server.output().awaitReader("test", server.output().head().position(), PATIENCE))
        .isTrue();
    return told.stream().map(TypingOutput::users).toList();
  }

  private static RoomOutput added(Pdu event) {
    return new RoomOutput.EventAdded(event, null, null, Membership.JOIN, null);
  }

  @Test
  void announcesWhoStartsInOrderAndWhoStops() throws Exception {
    type(BOB);
    type(ALICE);
    handle(new TypingInput.StopTyping(room, BOB));
    handle(new TypingInput.StopTyping(room, ALICE));

    assertThat(told())
        .containsExactly(List.of(BOB), List.of(BOB, ALICE), List.of(ALICE), List.of());
    assertThat(server.queries().rooms()).isEmpty();
  }

  @Test
  void announcesNothingWhileTheListStaysTheSame() throws Exception {
    type(BOB);
    type(ALICE);
    for (int i = 0; i < 10; i++) {
      pass(Duration.ofSeconds(20));
      type(BOB);
      type(ALICE);
    }
    handle(new TypingInput.StopTyping(room, CHARLIE));

    assertThat(told()).containsExactly(List.of(BOB), List.of(BOB, ALICE));
  }

  @Test
  void typingEndsWhenItsTimeHasRunOut() throws Exception {
    type(room, BOB, Duration.ofSeconds(30));
    type(room, ALICE, Duration.ofSeconds(10));

    pass(Duration.ofMillis(9_999));
    assertThat(typing()).containsExactly(BOB, ALICE);
    pass(Duration.ofMillis(1));
    assertThat(typing()).containsExactly(BOB);
    pass(Duration.ofSeconds(20));
    assertThat(typing()).isEmpty();

    assertThat(told()).containsExactly(List.of(BOB), List.of(BOB, ALICE), List.of(BOB), List.of());
    assertThat(alarms.pending()).isZero();
  }

  @Test
  void sayingItAgainReplacesTheTime() throws Exception {
    type(room, BOB, Duration.ofSeconds(10));
    type(room, ALICE, Duration.ofSeconds(60));
    type(room, BOB, Duration.ofSeconds(60));
    type(room, ALICE, Duration.ofSeconds(10));

    pass(Duration.ofSeconds(10));

    assertThat(typing()).containsExactly(BOB);
  }

  @Test
  void setsOneAlarmARoomAndNoneWhereNobodyTypes() throws Exception {
    for (int i = 0; i < 1_000; i++) {
      RoomId each = RoomId.parse("!room%d:a.example".formatted(i));
      type(each, BOB, Duration.ofSeconds(30));
      type(each, ALICE, Duration.ofSeconds(20));
      type(each, BOB, Duration.ofSeconds(30));
    }
    assertThat(alarms.pending()).isEqualTo(1_000);

    pass(Duration.ofSeconds(20));
    assertThat(alarms.pending()).isEqualTo(1_000);
    pass(Duration.ofSeconds(10));

    assertThat(alarms.pending()).isZero();
    assertThat(server.queries().rooms()).isEmpty();
    assertThat(told()).hasSize(4_000);
  }

  @Test
  void whoIsBannedStops() throws Exception {
    type(BOB);
    type(CHARLIE);

    publish(added(fixture.member(ALICE, BOB, "ban").build()));

    assertThat(typing()).containsExactly(CHARLIE);
  }

  @Test
  void whoLeavesByAResolutionStops() throws Exception {
    type(BOB);
    type(CHARLIE);

    publish(
        new RoomOutput.StateChanged(
            room,
            List.of(
                new RoomOutput.StateChange(
                    new StateKey(EventTypes.MEMBER, BOB.value()),
                    null,
                    fixture.join(BOB).build()))));

    assertThat(typing()).containsExactly(CHARLIE);
  }

  @Test
  void newNamesMessagesAndOthersLeavingEndNothing() throws Exception {
    type(BOB);

    publish(added(fixture.join(BOB).build()));
    publish(added(fixture.message(BOB, EventTypes.MESSAGE, "{}").build()));
    publish(added(fixture.member(CHARLIE, CHARLIE, "leave").build()));
    publish(
        new RoomOutput.EventStored(
            fixture.member(BOB, BOB, "leave").build(), RoomOutput.Standing.SOFT_FAILED));

    assertThat(told()).containsExactly(List.of(BOB));
  }

  @Test
  void doesNotNoteWhoHasLeftWhenTheCommandComes() throws Exception {
    absent.add(BOB);

    type(BOB);

    assertThat(told()).isEmpty();
    assertThat(server.queries().rooms()).isEmpty();
    assertThat(alarms.pending()).isZero();
  }

  @Test
  void looksWhoHasLeftWhenEntriesAreLost() throws Exception {
    type(BOB);
    type(CHARLIE);
    absent.add(BOB);

    roomOutputReader().onLost(new LogPosition(0), new LogPosition(7));
    handle(new TypingInput.StopTyping(RoomId.parse("!nowhere:a.example"), ALICE));

    assertThat(typing()).containsExactly(CHARLIE);
    assertThat(roomOutputReader().position()).isEqualTo(new LogPosition(7));
  }

  @Test
  void aRoomThatCannotBeReadCostsOnlyItselfWhenEntriesAreLost() throws Exception {
    type(BOB);
    failing.set(true);

    roomOutputReader().onLost(new LogPosition(0), new LogPosition(7));
    handle(new TypingInput.StopTyping(RoomId.parse("!nowhere:a.example"), ALICE));

    assertThat(typing()).isEmpty();
    assertThat(roomOutputReader().position()).isEqualTo(new LogPosition(7));
  }

  @Test
  void showsABoundedNumberOfUsersAndRooms() throws Exception {
    for (int i = 0; i <= TypingServer.MOST_TYPISTS; i++) {
      type(UserId.parse("@user%d:a.example".formatted(i)));
    }
    assertThat(typing()).hasSize(TypingServer.MOST_TYPISTS);

    for (int i = 0; i <= TypingServer.MOST_ROOMS; i++) {
      type(RoomId.parse("!room%d:a.example".formatted(i)), BOB, Duration.ofSeconds(30));
    }
    assertThat(server.queries().rooms()).hasSize(TypingServer.MOST_ROOMS);
    // Who types in one of them may go on.
    type(UserId.parse("@user0:a.example"));
    handle(new TypingInput.StopTyping(room, UserId.parse("@user1:a.example")));
    type(UserId.parse("@user%d:a.example".formatted(TypingServer.MOST_TYPISTS)));
    assertThat(typing()).hasSize(TypingServer.MOST_TYPISTS);
  }

  @Test
  void leavingAfterTheServerHasStoppedFailsNothing() throws Exception {
    type(BOB);
    assertThat(server.input().drainAndStop(PATIENCE)).isTrue();

    roomOutput.publish(new LogPosition(1), added(fixture.member(ALICE, BOB, "ban").build()));

    assertThat(roomOutput.drainAndStop(PATIENCE)).isTrue();
  }

  @Test
  void typingEndsAlsoInARoomThatWasParkedMeanwhile() throws Exception {
    type(room, BOB, Duration.ofSeconds(10));
    failing.set(true);
    assertThatThrownBy(() -> type(ALICE)).isInstanceOf(ParkedException.class);
    pass(Duration.ofSeconds(10));
    assertThat(typing()).containsExactly(BOB);

    failing.set(false);
    String log = server.input().name();
    assertThat(server.input().release(log, room.value(), true).await(PATIENCE).isOpen()).isTrue();
    pass(Duration.ofSeconds(1));

    assertThat(typing()).isEmpty();
    assertThat(alarms.pending()).isZero();
  }
}
