package org.hearth.server.servers.room.server;

import static org.assertj.core.api.Assertions.assertThat;
import static org.hearth.server.matrix.testkit.RoomFixture.ALICE;
import static org.hearth.server.matrix.testkit.RoomFixture.BOB;

import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.concurrent.locks.LockSupport;
import org.hearth.server.logs.EventVerdict;
import org.hearth.server.logs.RoomInput;
import org.hearth.server.logs.RoomReply;
import org.hearth.server.matrix.event.EventDraft;
import org.hearth.server.matrix.event.EventTypes;
import org.hearth.server.matrix.event.Pdu;
import org.hearth.server.matrix.event.StateKey;
import org.hearth.server.matrix.id.EventId;
import org.hearth.server.matrix.id.RoomId;
import org.hearth.server.matrix.id.UserId;
import org.hearth.server.matrix.testkit.RoomFixture;
import org.hearth.server.matrix.version.RoomVersions;
import org.hearth.server.servers.room.RoomEvent;
import org.hearth.server.servers.room.RoomSummary;
import org.hearth.server.servers.room.check.RoomDatabaseCheck;
import org.hearth.server.store.ChildProcess;
import org.hearth.server.store.Store;
import org.hearth.server.store.StoreExtension;
import org.hearth.server.store.StoreOptions;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

/// A Room Server that takes in what it can, in rooms of its own and in rooms of others that fork
/// all the time, while the states of all are swept, is killed at random times. Afterwards every
/// event that it acknowledged is there, everything in the database fits together, and every room
/// goes on.
@Tag("long")
final class KilledRoomServerTest {
  private static final UserId OURS = UserId.parse("@dave:hearth.test");
  private static final int WRITERS = 2;

  @RegisterExtension final StoreExtension stores = new StoreExtension();

  @Test
  void losesNothingAcknowledgedInTwoKills() throws IOException, InterruptedException {
    killRepeatedly(2, 1_501);
  }

  @Test
  void losesNothingAcknowledgedInEightKills() throws IOException, InterruptedException {
    killRepeatedly(8, 1_503);
  }

  @Test
  @Tag("whole")
  void losesNothingAcknowledgedInTwentyFiveKills() throws IOException, InterruptedException {
    killRepeatedly(25, 1_502);
  }

  private void killRepeatedly(int rounds, long seed) throws IOException, InterruptedException {
    stores.store().close();
    Random random = new Random(seed);
    Map<EventId, RoomId> acknowledged = new HashMap<>();
    for (int round = 0; round < rounds; round++) {
      int before = acknowledged.size();
      acknowledged.putAll(writeAndKill(round, Duration.ofMillis(random.nextInt(700))));

      String context = "seed %d, round %d".formatted(seed, round);
      assertThat(acknowledged.size()).as(context).isGreaterThan(before);
      try (Store store = Store.open(stores.options())) {
        assertThat(RoomDatabaseCheck.problems(store)).as(context).isEmpty();
        assertGoesOn(store, acknowledged, context);
        assertThat(RoomDatabaseCheck.problems(store)).as(context).isEmpty();
      }
    }
  }

  private static void assertGoesOn(Store store, Map<EventId, RoomId> acknowledged, String context) {
    try (RunningRooms rooms = new RunningRooms(store)) {
      acknowledged.forEach((id, room) -> {
        assertThat(rooms.queries().event(id).map(RoomEvent::room)).as(context).contains(room);
        assertThat(rooms.queries().status(id).orElseThrow().rejected()).as(context).isFalse();
      });
      for (RoomId id : rooms.queries().roomIds(null, 1_000)) {
        RoomSummary each = rooms.queries().room(id).orElseThrow();
        if (rooms.queries().isJoined(each.id(), OURS)) {
          assertThat(rooms.submit(message(each.id(), "after the kill")))
              .as(context)
              .isInstanceOf(RoomReply.Done.class);
        }
      }
    }
  }

  private Map<EventId, RoomId> writeAndKill(int round, Duration afterFirst)
      throws IOException, InterruptedException {
    Process child =
        ChildProcess.start(Writers.class, stores.folder().toString(), Integer.toString(round));
    Map<EventId, RoomId> events = new HashMap<>();
    List<String> other = new ArrayList<>();
    try (BufferedReader said =
        new BufferedReader(new InputStreamReader(child.getInputStream(), StandardCharsets.UTF_8))) {
      Thread killer = null;
      for (String line = said.readLine(); line != null; line = said.readLine()) {
        if (!line.startsWith("ack ") || !line.endsWith(";")) {
          other.add(line); // What the log says, or half a line.
          continue;
        }
        String[] parts = line.substring(0, line.length() - 1).split(" ", -1);
        events.put(EventId.parse(parts[1]), RoomId.parse(parts[2]));
        if (killer == null) {
          killer = Thread.ofVirtual().start(() -> killAfter(child, afterFirst));
        }
      }
      if (killer != null) {
        killer.join();
      }
    }
    assertThat(child.waitFor()).as(() -> String.join("\n", other)).isEqualTo(128 + 9);
    return events;
  }

  private static void killAfter(Process child, Duration delay) {
    long until = System.nanoTime() + delay.toNanos();
    while (System.nanoTime() < until) {
      LockSupport.parkNanos(until - System.nanoTime());
    }
    child.toHandle().destroyForcibly(); // Process.destroyForcibly would close what it said, unread.
  }

  private static RoomInput message(RoomId room, String body) {
    return new RoomInput.SendEvent(
        room,
        EventDraft.message(
            room,
            OURS,
            EventTypes.MESSAGE,
            JsonNodeFactory.instance.objectNode().put("body", body)),
        null);
  }

  /// The child: writes until it is killed, and says what was acknowledged.
  static final class Writers {
    private final RunningRooms rooms;
    private final int round;
    private final PrintStream out = System.out;

    private Writers(RunningRooms rooms, int round) {
      this.rooms = rooms;
      this.round = round;
    }

    public static void main(String[] args) throws InterruptedException {
      Store store = Store.open(StoreOptions.of(Path.of(args[0])).withMinimumFreeBytes(0));
      Writers writers = new Writers(new RunningRooms(store), Integer.parseInt(args[1]));
      List<Thread> threads = new ArrayList<>();
      for (int i = 0; i < WRITERS; i++) {
        RoomId room = RoomId.parse("!room" + i + ":hearth.test");
        threads.add(Thread.ofPlatform().start(() -> writers.write(room)));
      }
      threads.add(Thread.ofPlatform().start(writers::receive));
      threads.add(Thread.ofPlatform().start(writers::sweep));
      for (Thread thread : threads) {
        thread.join();
      }
    }

    /// A room of this server, which outlives all the kills.
    private void write(RoomId room) {
      acknowledge(
          room,
          rooms.submit(
              new RoomInput.CreateRoom(
                  room,
                  "11",
                  1_000,
                  EventDraft.create(
                      room, OURS, JsonNodeFactory.instance.objectNode().put("room_version", "11")),
                  List.of(
                      EventDraft.state(
                          room,
                          OURS,
                          StateKey.member(OURS.value()),
                          JsonNodeFactory.instance.objectNode().put("membership", "join"))))));
      for (int i = 0; ; i++) {
        acknowledge(room, rooms.submit(message(room, round + "-" + i)));
        acknowledge(
            room,
            rooms.submit(
                new RoomInput.SendEvent(
                    room,
                    EventDraft.state(
                        room,
                        OURS,
                        new StateKey("test.state", Integer.toString(i % 7)),
                        JsonNodeFactory.instance.objectNode().put("i", round + "-" + i)),
                    null)));
      }
    }

    /// A room of others, a new one each time, whose branches come together again and again.
    private void receive() {
      RoomFixture room = RoomFixture.empty(RoomVersions.V12);
      room.create("{\"round\":" + round + "}").add();
      room.join(ALICE).add();
      room.joinRule("public").add();
      room.join(BOB).add();
      room.join(OURS).add();
      receive(room, room.events());
      for (int i = 0; ; i++) {
        Pdu fork = room.events().getLast();
        List<Pdu> branches = new ArrayList<>();
        for (int branch = 0; branch < 4; branch++) {
          branches.add(
              room.state(ALICE, "test.branch", Integer.toString((i + branch) % 9), "{}")
                  .after(fork)
                  .add());
        }
        receive(room, branches);
        receive(room, List.of(room.message(ALICE, EventTypes.MESSAGE, "{}").add()));
        acknowledge(room.roomId(), rooms.submit(message(room.roomId(), round + "-" + i)));
      }
    }

    private void receive(RoomFixture room, List<Pdu> events) {
      for (RoomReply.Judged each : rooms.live(events).events()) {
        if (!(each.verdict() instanceof EventVerdict.Accepted)) {
          throw new AssertionError(each);
        }
        acknowledge(room.roomId(), each.event());
      }
    }

    private void sweep() {
      try {
        while (true) {
          rooms.server().sweep().sweepRooms();
        }
      } catch (InterruptedException _) {
        Thread.currentThread().interrupt();
      }
    }

    private void acknowledge(RoomId room, RoomReply reply) {
      if (reply instanceof RoomReply.Done done) {
        done.events().forEach(each -> acknowledge(room, each));
      }
    }

    private void acknowledge(RoomId room, EventId event) {
      String line = "ack " + event + " " + room + ";\n";
      synchronized (out) {
        out.print(line);
        out.flush();
      }
    }
  }
}
