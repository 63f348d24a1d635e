package org.hearth.server.servers.room.sweep;

import java.lang.System.Logger.Level;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.function.BooleanSupplier;
import org.hearth.ringlogs.LogStoppedException;
import org.hearth.server.logs.RoomInput;
import org.hearth.server.matrix.id.RoomId;
import org.hearth.server.servers.room.RoomClient;
import org.hearth.server.store.ReadPool;
import org.jspecify.annotations.Nullable;

/// The job that bounds the table `room_state`: it drops the states that nothing refers to, such as
/// those on the way to the current state when many events come at once.
///
/// **bound**: one room at a time, [#STATES_PER_UNIT] states a unit; the numbers of the room's
/// states are in memory meanwhile, 16 bytes each.
///
/// It reads by itself and lets the shard of each room decide, see [StateDropping]. What it has
/// dropped when it is stopped stays dropped, and the rest is found by the next sweep.
///
/// **thread**: `room-states`, its own; [#sweep] one.
public final class StateSweep implements AutoCloseable {
  /// So many rows are deleted in one unit of work.
  static final int STATES_PER_UNIT = 64;

  private static final System.Logger LOG = System.getLogger(StateSweep.class.getName());
  private static final Duration FIRST_AFTER = Duration.ofMinutes(10);
  private static final Duration NEXT_AFTER = Duration.ofDays(1);

  /// How long the end waits for the unit that is under way.
  private static final Duration PATIENCE_AT_STOP = Duration.ofMinutes(1);

  private static final String ROOMS =
      "SELECT room_nid, room_id FROM room WHERE room_nid > ? ORDER BY room_nid"
          + " FETCH FIRST 100 ROWS ONLY";

  private final ReadPool reads;
  private final RoomClient client;
  private final CountDownLatch stopped = new CountDownLatch(1);
  private @Nullable Thread thread;

  public StateSweep(ReadPool reads, RoomClient client) {
    this.reads = reads;
    this.client = client;
  }

  private record Room(long number, RoomId id) {}

  /// Starts the thread. Once.
  public void start() {
    thread = Thread.ofPlatform().name("room-states").daemon().start(this::run);
  }

  private void run() {
    try {
      Duration pause = FIRST_AFTER;
      while (!stopped.await(pause.toMillis(), TimeUnit.MILLISECONDS)) {
        pause = round();
      }
    } catch (InterruptedException _) {
      Thread.currentThread().interrupt();
    }
  }

  /// Sweeps all rooms once. What fails, say because the database cannot be read now, is left to the
  /// next round.
  ///
  /// @return how long to wait for that
  Duration round() throws InterruptedException {
    try {
      sweepRooms();
      return NEXT_AFTER;
    } catch (RuntimeException | Error e) {
      LOG.log(Level.WARNING, "the states of the rooms are swept another time", e);
      return FIRST_AFTER;
    }
  }

  /// Sweeps all rooms, and rests after each for as long as it took.
  public void sweepRooms() throws InterruptedException {
    long last = 0;
    for (List<Room> page = rooms(last); !page.isEmpty(); page = rooms(last)) {
      for (Room room : page) {
        last = room.number();
        long begun = System.nanoTime();
        try {
          sweep(room.number(), room.id(), this::isRunning, STATES_PER_UNIT);
        } catch (LogStoppedException _) {
          return;
        } catch (RuntimeException | Error e) {
          LOG.log(Level.WARNING, "the states of " + room.id() + " are swept another time", e);
        }
        if (stopped.await(System.nanoTime() - begun, TimeUnit.NANOSECONDS)) {
          return;
        }
      }
    }
  }

  private boolean isRunning() {
    return stopped.getCount() > 0;
  }

  private List<Room> rooms(long after) {
    return reads.select(
        ROOMS,
        statement -> statement.setLong(1, after),
        row -> new Room(row.getLong(1), RoomId.parse(row.getString(2))));
  }

  /// Drops the unused states of a room.
  ///
  /// @param goOn asked at every step; when it says no, the sweep ends there
  /// @param statesPerUnit how many are dropped in one unit of work
  void sweep(long number, RoomId room, BooleanSupplier goOn, int statesPerUnit)
      throws InterruptedException {
    // Most rooms have none: their shard is not bothered.
    if (UnusedStates.find(reads, number, goOn).isEmpty()) {
      return;
    }
    var _ = client.ask(new RoomInput.WatchStates(room));
    List<Long> unused = UnusedStates.find(reads, number, goOn);
    for (int i = 0; i < unused.size() && goOn.getAsBoolean(); i += statesPerUnit) {
      int end = Math.min(unused.size(), i + statesPerUnit);
      var _ = client.ask(new RoomInput.DropStates(room, unused.subList(i, end)));
    }
    var _ = client.ask(new RoomInput.DropStates(room, List.of()));
  }

  /// Ends the thread after the unit that it is at.
  @Override
  public void close() {
    stopped.countDown();
    Thread running = thread;
    if (running != null) {
      try {
        running.join(PATIENCE_AT_STOP);
      } catch (InterruptedException _) {
        Thread.currentThread().interrupt();
      }
    }
  }
}
