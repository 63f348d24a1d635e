package org.hearth.server.servers.presence;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CopyOnWriteArrayList;
import org.hearth.ringlogs.InputLog;
import org.hearth.ringlogs.LogPosition;
import org.hearth.ringlogs.LogReader;
import org.hearth.ringlogs.LogSet;
import org.hearth.ringlogs.LogWriter;
import org.hearth.ringlogs.Positioned;
import org.hearth.ringlogs.VolatileLog.VolatilePosition;
import org.hearth.server.box.ManualAlarms;
import org.hearth.server.logs.Presence;
import org.hearth.server.logs.PresenceInput;
import org.hearth.server.logs.PresenceOutput;
import org.hearth.server.logs.PresenceOutput.Why;
import org.hearth.server.matrix.id.DeviceId;
import org.hearth.server.matrix.id.UserId;
import org.hearth.server.matrix.testkit.RoomFixture;
import org.hearth.server.services.account.ManualClock;
import org.hearth.server.store.StoreExtension;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

/// The Presence Server on its own logs and a real database, with a clock and alarms that the test
/// moves.
class PresenceServerTest {
  private static final Duration PATIENCE = Duration.ofSeconds(20);
  private static final Duration POLL = Duration.ofSeconds(30);
  private static final int MOST_USERS = 10;
  private static final UserId ALICE = RoomFixture.ALICE;
  private static final UserId BOB = RoomFixture.BOB;
  private static final DeviceId PHONE = DeviceId.parse("PHONE");

  @RegisterExtension final StoreExtension stores = new StoreExtension();

  private final ManualClock clock = new ManualClock();
  private final ManualAlarms alarms = new ManualAlarms(clock);
  private final List<PresenceOutput> told = new CopyOnWriteArrayList<>();
  private PresenceServer server;
  private PresenceClient client;
  private LogSet logs;

  @BeforeEach
  void start() {
    server =
        new PresenceServer(
            new StatusMessages(stores.store().reads()),
            stores.store().committer(),
            clock,
            alarms,
            MOST_USERS);
    client = server.client("test");
    server.output().register(recorder());
    logs = new LogSet(server.logs());
    logs.start(LogPosition.ORIGIN);
  }

  @AfterEach
  void stop() throws InterruptedException {
    server.stop();
    logs.drainAndStop(PATIENCE);
  }

  private LogReader<PresenceOutput> recorder() {
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
      public void onBatch(List<Positioned<PresenceOutput>> batch) {
        batch.forEach(each -> told.add(each.entry()));
      }
    };
  }

  private void sync(UserId user, Presence as) throws InterruptedException {
    client.syncing(user, PHONE, as, POLL);
  }

  /// Lets time pass, and lets what the alarms then submit be handled.
  private void pass(Duration time) throws InterruptedException {
    clock.advance(time);
    alarms.ringThoseDue();
    settle();
  }

  /// Returns when all that was submitted before is handled.
  private void settle() throws InterruptedException {
    client.say(UserId.parse("@settler:a.example"), null, Presence.OFFLINE, Optional.empty());
  }

  private Presence presence(UserId user) {
    return server.queries().of(user).presence();
  }

  /// All that has been announced, each as user, presence and what made it so.
  private List<String> told() throws InterruptedException {
    assertThat(server.output().awaitReader("test", server.output().head().position(), PATIENCE))
        .isTrue();
    return told.stream()
        .map(each ->
            each.user().value().substring(1).split(":", 2)[0]
                + " "
                + each.presence().id()
                + (each.currentlyActive() ? " active " : " ")
                + each.why())
        .toList();
  }

  private long commands() {
    return server.logs().getFirst().figures().published();
  }

  @Test
  void announcesWhoComesIsIdleAndGoes() throws Exception {
    sync(ALICE, Presence.ONLINE);
    for (int i = 0; i < 10; i++) {
      pass(POLL);
      sync(ALICE, Presence.ONLINE);
    }
    pass(POLL);
    pass(POLL);
    pass(POLL);

    assertThat(told())
        .containsExactly(
            "alice online active SEEN",
            "alice online ACTIVITY",
            "alice unavailable SEEN",
            "alice offline SEEN");
    assertThat(alarms.pending()).isZero();
    assertThat(server.queries().isPresent(ALICE)).isFalse();
  }

  @Test
  void whoGoesOnSyncingIsToldOfTwiceAMinuteAndAnnouncedOnce() throws Exception {
    sync(ALICE, Presence.ONLINE);
    long before = commands();
    for (int i = 0; i < 55; i++) {
      clock.advance(Duration.ofSeconds(1));
      sync(ALICE, Presence.ONLINE);
    }

    assertThat(commands() - before).isEqualTo(1);
    assertThat(told()).containsExactly("alice online active SEEN");
  }

  @Test
  void whoIsActiveAllTheTimeIsAnnouncedOnceAndToldOfOnceASecond() throws Exception {
    sync(ALICE, Presence.ONLINE);
    long before = commands();
    for (int i = 0; i < 300; i++) {
      clock.advance(Duration.ofMillis(100));
      client.active(ALICE);
      settle();
    }

    assertThat(commands() - before).isEqualTo(300 + 30);
    assertThat(told()).containsExactly("alice online active SEEN");
    assertThat(server.queries().of(ALICE).lastActive()).isEqualTo(clock.instant());
  }

  @Test
  void setsOneAlarmForEachUserWhoIsThereAndNoneForOthers() throws Exception {
    for (int i = 0; i < MOST_USERS - 2; i++) {
      UserId user = UserId.parse("@user%d:a.example".formatted(i));
      client.syncing(user, PHONE, Presence.ONLINE, POLL);
      client.syncing(user, DeviceId.parse("TABLET"), Presence.UNAVAILABLE, Duration.ZERO);
      client.active(user);
    }
    client.active(ALICE);
    sync(BOB, Presence.OFFLINE);
    settle();

    assertThat(alarms.pending()).isEqualTo(MOST_USERS - 2);

    pass(Duration.ofMinutes(10));
    assertThat(alarms.pending()).isZero();
  }

  @Test
  void whatAUserSaysIsAnnouncedAsSaid() throws Exception {
    client.say(ALICE, PHONE, Presence.UNAVAILABLE, Optional.of("At lunch"));
    client.say(ALICE, PHONE, Presence.UNAVAILABLE, Optional.empty());
    client.say(ALICE, PHONE, Presence.UNAVAILABLE, Optional.of("At work"));
    client.say(ALICE, PHONE, Presence.UNAVAILABLE, Optional.of("At work"));

    assertThat(told()).containsExactly("alice unavailable SAID", "alice unavailable SAID");
    assertThat(told).extracting(PresenceOutput::status).containsExactly("At lunch", "At work");
    assertThat(told).extracting(PresenceOutput::why).containsOnly(Why.SAID);
  }

  @Test
  void aMessageStaysUntilItIsTakenAwayAndOutlivesTheServer() throws Exception {
    client.say(ALICE, PHONE, Presence.ONLINE, Optional.of("Here"));
    client.say(ALICE, PHONE, Presence.OFFLINE, Optional.empty());
    pass(Duration.ofHours(1));
    assertThat(server.queries().of(ALICE).status()).isEqualTo("Here");

    stop();
    start();
    assertThat(server.queries().of(ALICE))
        .isEqualTo(new UserPresence(Presence.OFFLINE, null, false, "Here"));
    sync(ALICE, Presence.ONLINE);
    assertThat(server.queries().of(ALICE).status()).isEqualTo("Here");

    client.say(ALICE, PHONE, Presence.ONLINE, Optional.of(""));
    assertThat(server.queries().of(ALICE).status()).isNull();
    stop();
    start();
    assertThat(server.queries().of(ALICE).status()).isNull();
  }

  @Test
  void remembersABoundedNumberOfUsersAndShowsNoMoreThanThose() throws Exception {
    client.say(ALICE, PHONE, Presence.ONLINE, Optional.of("Gone soon"));
    sync(BOB, Presence.ONLINE);
    pass(Duration.ofMinutes(10));
    assertThat(server.queries().of(ALICE).lastActive()).isNotNull();
    List<UserId> others = new ArrayList<>();
    for (int i = 0; i < MOST_USERS; i++) {
      others.add(UserId.parse("@user%d:a.example".formatted(i)));
      sync(others.getLast(), Presence.ONLINE);
    }
    assertThat(others).allMatch(each -> server.queries().isPresent(each));
    assertThat(server.queries().of(ALICE))
        .isEqualTo(new UserPresence(Presence.OFFLINE, null, false, "Gone soon"));

    sync(BOB, Presence.ONLINE);
    assertThat(presence(BOB)).isEqualTo(Presence.OFFLINE);

    sync(others.getFirst(), Presence.OFFLINE);
    sync(BOB, Presence.ONLINE);
    assertThat(presence(BOB)).isEqualTo(Presence.ONLINE);
  }

  /// What a user says is two commands, of which the second may be lost.
  @Test
  @SuppressWarnings("unchecked") // the server's first log is its input
  void aMessageAloneTakesNobodysPlace() throws Exception {
    LogWriter<PresenceInput, VolatilePosition> input =
        ((InputLog<PresenceInput, VolatilePosition>) server.logs().getFirst()).writer("other");
    for (int i = 0; i < MOST_USERS; i++) {
      UserId user = UserId.parse("@user%d:a.example".formatted(i));
      var _ = input.submit(new PresenceInput.SetStatus(user, "hello"), PATIENCE).await(PATIENCE);
    }

    sync(BOB, Presence.ONLINE);

    assertThat(presence(BOB)).isEqualTo(Presence.ONLINE);
  }

  @Test
  void whatComesWhenTheLogHasEndedFailsNobody() throws Exception {
    sync(ALICE, Presence.ONLINE);
    assertThat(logs.drainAndStop(PATIENCE)).isTrue();

    clock.advance(Duration.ofHours(1));
    alarms.ringThoseDue();
    sync(ALICE, Presence.ONLINE);
    client.active(ALICE);

    assertThat(presence(ALICE)).isEqualTo(Presence.OFFLINE);
  }
}
