package org.hearth.server.readers.federationdelivery;

import java.lang.System.Logger.Level;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.locks.ReentrantLock;
import org.hearth.ringlogs.LogPosition;
import org.hearth.server.box.Alarms;
import org.hearth.server.logs.Logs;
import org.hearth.server.matrix.id.ServerName;
import org.hearth.server.store.Committer;
import org.hearth.server.store.RowChange;

/* # How little is written
 *
 * A message to a hundred servers that take it at once writes no row for any of them. What is in
 * memory is written down in two ways, both at a checkpoint, at most once a second:
 *
 * - the progress of each log: up to there everybody has been told, but for what rows say. It waits
 *   PATIENCE for those who are being told;
 * - for whoever takes longer, cannot be reached, or is owed what the progress has passed, one row a
 *   room in which something is owed: not one an event, since it is the latest events of the room
 *   that are sent in the end.
 *
 * After a crash the readers go on from the progress: what was sent after it is sent again, what was
 * not is sent. A server that is told twice knows the events by their ids.
 */

/// Writes down what servers have been told, and what not.
///
/// **thread**: any; what is kept is guarded by the lock of [Queues].
final class Checkpoints {
  /// How long the progress of a log waits for a server that is being told.
  static final Duration PATIENCE = Duration.ofSeconds(10);

  static final Duration PAUSE = Duration.ofSeconds(1);

  private static final System.Logger LOG = System.getLogger(Checkpoints.class.getName());

  private final Committer committer;
  private final InstantSource clock;
  private final Alarms alarms;
  private final ReentrantLock lock;

  /// Held while one is written.
  private final ReentrantLock writing = new ReentrantLock();

  /// Those whose rows may differ from the table.
  private final Set<Queue> unsaved = new HashSet<>();

  /// Servers whose rows are to be deleted whole, but for what of devices came after that position:
  /// whoever was forgotten may have something to be told again before the rows are deleted.
  private final Map<ServerName, LogPosition> forgotten = new HashMap<>();

  private final Map<String, LogPosition> seen = new HashMap<>();
  private final Map<String, LogPosition> noted = new HashMap<>();
  private boolean isSet;

  /// @param lock that of the queues
  Checkpoints(Committer committer, InstantSource clock, Alarms alarms, ReentrantLock lock) {
    this.committer = committer;
    this.clock = clock;
    this.alarms = alarms;
    this.lock = lock;
  }

  /// Takes in where the last run ended.
  void load(DeliveryRows rows) {
    for (String log :
        List.of(
            Logs.ROOM_OUTPUT.name(),
            Logs.RECEIPT_OUTPUT.name(),
            Logs.DEVICE_OUTPUT.name(),
            DeliveryRows.CHANGES)) {
      LogPosition progress = rows.progress(log);
      lock.lock();
      try {
        noted.put(log, progress);
        seen.put(log, progress);
      } finally {
        lock.unlock();
      }
    }
  }

  /// The queue's rows may be others. **thread**: holds the lock.
  void unsaved(Queue queue) {
    var _ = unsaved.add(queue);
  }

  /// The queue is no more: what it had to be told is forgotten. **thread**: holds the lock.
  void gone(Queue queue) {
    var _ = unsaved.remove(queue);
    if (!queue.isEmpty()) {
      forgotten.put(queue.name(), seen.getOrDefault(Logs.DEVICE_OUTPUT.name(), LogPosition.ORIGIN));
      set();
    }
  }

  /// A reader has come so far.
  void seen(String log, LogPosition position) {
    lock.lock();
    try {
      seen.put(log, position);
      set();
    } finally {
      lock.unlock();
    }
  }

  /// There is to be a checkpoint soon. **thread**: holds the lock.
  void set() {
    if (!isSet) {
      isSet = true;
      var _ = alarms.set(PAUSE, this::begin);
    }
  }

  /// Off the alarms' thread, which serves all queues.
  private void begin() {
    var _ =
        Thread.ofVirtual()
            .name("delivery-checkpoint")
            .start(() -> {
              try {
                write();
              } catch (RuntimeException e) {
                LOG.log(Level.WARNING, "what has been told is written down later", e);
                again();
              }
            });
  }

  private void again() {
    lock.lock();
    try {
      set();
    } finally {
      lock.unlock();
    }
  }

  /// What a checkpoint writes.
  ///
  /// @param stored the rows of each queue that are in the table then
  private record Checkpoint(
      List<RowChange> changes,
      Map<Queue, Set<DeliveryRows.Debt>> stored,
      Map<String, LogPosition> progress,
      Map<ServerName, LogPosition> forgotten) {}

  /// Writes down what has been told.
  ///
  /// @throws org.hearth.server.store.StorageException if that is not possible now
  void write() {
    writing.lock();
    try {
      Checkpoint next = prepare();
      if (!next.changes().isEmpty()) {
        var _ = committer.commit(FederationDelivery.BOX, next.changes(), List.of());
      }
      kept(next);
    } finally {
      writing.unlock();
    }
  }

  private Checkpoint prepare() {
    lock.lock();
    try {
      isSet = false;
      Instant now = clock.instant();
      List<RowChange> changes = new ArrayList<>();
      forgotten.forEach((server, upTo) -> changes.addAll(DeliveryRows.forget(server, upTo)));
      Map<Queue, Set<DeliveryRows.Debt>> stored = new HashMap<>();
      Map<String, LogPosition> upTo = new HashMap<>(seen);
      for (Queue queue : unsaved) {
        Set<DeliveryRows.Debt> before = queue.stored();
        Set<DeliveryRows.Debt> rows = new HashSet<>(queue.rows());
        if (!queue.isLate(now, PATIENCE)) {
          rows.removeIf(each -> !before.contains(each) && waits(upTo, each));
        }
        for (DeliveryRows.Debt each : before) {
          if (!rows.contains(each)) {
            changes.add(DeliveryRows.delete(queue.name(), each));
          }
        }
        for (DeliveryRows.Debt each : rows) {
          if (!before.contains(each)) {
            changes.addAll(DeliveryRows.add(queue.name(), each));
          }
        }
        stored.put(queue, rows);
      }
      upTo.forEach((log, position) -> {
        if (position.isAfter(noted.getOrDefault(log, LogPosition.ORIGIN))) {
          changes.add(DeliveryRows.progress(log, position));
        }
      });
      return new Checkpoint(changes, stored, upTo, Map.copyOf(forgotten));
    } finally {
      lock.unlock();
    }
  }

  /// Has the progress of a log wait for what is owed; not for what begins where it has been: it
  /// never goes back.
  private boolean waits(Map<String, LogPosition> upTo, DeliveryRows.Debt owed) {
    String log =
        switch (owed.kind()) {
          case RECEIPTS -> Logs.RECEIPT_OUTPUT.name();
          case DEVICES -> DeliveryRows.CHANGES;
          case ROOM, EVENT -> Logs.ROOM_OUTPUT.name();
        };
    LogPosition before = new LogPosition(owed.position() - 1);
    if (noted.getOrDefault(log, LogPosition.ORIGIN).isAfter(before)) {
      return false;
    }
    upTo.computeIfPresent(log, (_, known) -> known.isAfter(before) ? before : known);
    return true;
  }

  private void kept(Checkpoint done) {
    lock.lock();
    try {
      done.stored()
          .forEach((queue, rows) -> {
            queue.stored(rows);
            if (new HashSet<>(queue.rows()).equals(rows)) {
              var _ = unsaved.remove(queue);
            }
          });
      done.progress()
          .forEach((log, position) ->
              noted.merge(log, position, (one, other) -> one.isAfter(other) ? one : other));
      done.forgotten().forEach(forgotten::remove);
      if (!unsaved.isEmpty()) {
        set();
      }
    } finally {
      lock.unlock();
    }
  }

  /// Up to where a log is done with after a restart.
  LogPosition noted(String log) {
    lock.lock();
    try {
      return noted.getOrDefault(log, LogPosition.ORIGIN);
    } finally {
      lock.unlock();
    }
  }
}
