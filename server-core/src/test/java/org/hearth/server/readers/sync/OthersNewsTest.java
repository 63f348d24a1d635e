package org.hearth.server.readers.sync;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;
import org.hearth.ringlogs.LogPosition;
import org.hearth.ringlogs.VolatileLog;
import org.hearth.server.box.ManualAlarms;
import org.hearth.server.box.Reading;
import org.hearth.server.logs.AccountOutput;
import org.hearth.server.matrix.id.DeviceId;
import org.hearth.server.matrix.id.EventId;
import org.hearth.server.matrix.id.RoomId;
import org.hearth.server.readers.events.IgnoredUsers;
import org.hearth.server.readers.events.Viewer;
import org.hearth.server.readers.sync.view.NewsReader;
import org.hearth.server.readers.sync.view.SyncUsers;
import org.hearth.server.services.account.ManualClock;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/// What others do wakes nobody more often than once in a while; what they send does.
class OthersNewsTest {
  private static final int TIMES = 20;
  private static final Duration PATIENCE = Duration.ofSeconds(60);
  private static final DeviceId PHONE = new DeviceId("PHONE");

  @TempDir private Path folder;

  private final ManualClock clock = new ManualClock();
  private final ManualAlarms alarms = new ManualAlarms(clock);
  private SyncServer server;
  private RoomId room;
  private final List<EventId> said = new ArrayList<>();
  private SyncUsers.Entered bob;

  @BeforeEach
  void start() throws Exception {
    server = SyncServer.withAlarms(folder, alarms);
    room = server.rooms().open("alice", "world_readable");
    server.rooms().join(room, "bob");
    for (int i = 0; i <= TIMES; i++) {
      said.add(server.rooms().say(room, "alice", "hello"));
    }
    bob = enter("bob");
    settle();
    bob.waiting().look();
  }

  @AfterEach
  void stop() {
    server.clientSync().users().leave(bob);
    server.close();
  }

  private SyncUsers.Entered enter(String user) {
    return server
        .clientSync()
        .users()
        .enter(new Viewer(TestRooms.user(user), PHONE, IgnoredUsers.NONE));
  }

  /// Waits until the readers have noted all that has happened.
  private void settle() throws InterruptedException {
    for (Reading<?> each : server.clientSync().readings()) {
      LogPosition head =
          each.log() instanceof VolatileLog<?> log ? log.head().position() : server.store().head();
      assertThat(each.log().awaitReader(NewsReader.NAME, head, PATIENCE)).isTrue();
    }
  }

  private boolean isWoken(SyncUsers.Entered who) throws InterruptedException {
    settle();
    boolean woken = who.waiting().sleep(System.nanoTime());
    who.waiting().look();
    return woken;
  }

  private void pass(Duration time) {
    clock.advance(time);
    alarms.ringThoseDue();
  }

  /// Something that one does again and again.
  record Doing(String name, Once once) {
    @FunctionalInterface
    interface Once {
      void run(OthersNewsTest test, int time);
    }

    @Override
    public String toString() {
      return name;
    }
  }

  static Stream<Doing> doings() {
    return Stream.of(
        new Doing("types", (test, time) -> test.type(time % 2 == 0)),
        new Doing("reads", OthersNewsTest::readNext),
        new Doing(
            "renames a device",
            (test, _) ->
                test.server.announce(
                    new AccountOutput.DeviceChanged(TestRooms.user("alice"), PHONE))));
  }

  private void type(boolean typing) {
    String path = "/_matrix/client/v3/rooms/%s/typing/@alice:hearth.test".formatted(room.value());
    server
        .http("alice")
        .put(path, "{'typing': %s, 'timeout': 60000}".formatted(typing))
        .expect(200);
  }

  private void readNext(int time) {
    String path =
        "/_matrix/client/v3/rooms/%s/receipt/m.read/%s"
            .formatted(room.value(), said.get(time).value());
    server.http("alice").post(path, "{}").expect(200);
  }

  @ParameterizedTest
  @MethodSource("doings")
  void isToldAtOnceTheFirstTimeAndThenOnceInAWhile(Doing doing) throws Exception {
    doing.once().run(this, 0);
    assertThat(isWoken(bob)).isTrue();

    for (int time = 1; time <= TIMES; time++) {
      doing.once().run(this, time);
      assertThat(isWoken(bob)).isFalse();
    }
    pass(ClientSync.SPACING);

    assertThat(isWoken(bob)).isTrue();
    pass(ClientSync.SPACING);
    assertThat(isWoken(bob)).isFalse();
  }

  @Test
  void whoLooksIntoARoomFromOutsideIsToldAsSeldom() throws Exception {
    SyncUsers.Entered carol = enter("carol");
    server.clientSync().users().peek(carol, room);
    type(true);
    assertThat(isWoken(carol)).isTrue();

    for (int time = 1; time <= TIMES; time++) {
      type(time % 2 == 0);
      assertThat(isWoken(carol)).isFalse();
    }
    pass(ClientSync.SPACING);

    assertThat(isWoken(carol)).isTrue();
    server.clientSync().users().unpeek(carol, room);
    server.clientSync().users().leave(carol);
  }

  @Test
  void whatIsSentAndWhatOneDoesIsToldAtOnce() throws Exception {
    type(true);
    assertThat(isWoken(bob)).isTrue();

    for (int time = 1; time <= TIMES; time++) {
      server.rooms().say(room, "alice", "hello again");
      assertThat(isWoken(bob)).isTrue();
      server.announce(
          new AccountOutput.AccountDataChanged(
              TestRooms.user("bob"), null, "m.test", JsonNodeFactory.instance.objectNode()));
      assertThat(isWoken(bob)).isTrue();
    }
    server.rooms().invite(server.rooms().open("alice", "shared"), "alice", "bob");
    assertThat(isWoken(bob)).isTrue();
  }
}
