package org.hearth.server.readers.tokens;

import java.time.Duration;
import java.util.ArrayList;
import java.util.Collection;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.locks.LockSupport;
import org.hearth.ringlogs.FollowedLog;
import org.hearth.ringlogs.LogPosition;
import org.hearth.ringlogs.OutputLog;
import org.hearth.ringlogs.VolatileLog.VolatilePosition;
import org.hearth.server.store.Store;

/// Finds the position at which an answer can be built: everything at or before it is committed, is
/// seen by whoever asks the servers, and has been handled by the component's readers, of every log.
///
/// It is the database's head, as soon as that is [published][Store#published] and the readers have
/// come to their logs' ends. The head has moved before a writer is answered and before a reader is
/// woken, so who reads right after being told sees what it was told.
///
/// **Thread:** any.
public final class Snapshots {
  /// How long a reader may lag before an answer is built without the newest.
  private static final Duration PATIENCE = Duration.ofSeconds(5);

  /// Publishing takes microseconds.
  private static final int SPINS = 200;

  private static final long PAUSE_NANOS = 20_000;

  private final Store store;
  private final String reader;
  private final List<OutputLog<?>> durable = new ArrayList<>();
  private final List<Followed.Volatile> volatiles = new ArrayList<>();

  /// @param reader the name of the component's reader in each of the logs
  /// @param logs those from which answers have their news
  public Snapshots(Store store, String reader, Collection<Followed> logs) {
    this.store = store;
    this.reader = reader;
    for (Followed each : logs) {
      switch (each) {
        case Followed.Durable(OutputLog<?> log) -> durable.add(log);
        case Followed.Volatile log -> volatiles.add(log);
      }
    }
  }

  /// The newest position that is committed.
  public LogPosition head() {
    return store.head();
  }

  /// The newest position that the readers have come to.
  public LogPosition current() {
    LogPosition head = store.head();
    LogPosition snapshot = awaitPublished(head);
    // All that was published up to there is behind the logs' heads now.
    for (OutputLog<?> each : durable) {
      snapshot = handled(each, each.head(), snapshot);
    }
    return snapshot;
  }

  /// The newest point that the readers have come to, in all logs.
  public SyncPoint point() {
    LogPosition position = current();
    Map<Character, VolatilePosition> others = new HashMap<>();
    for (Followed.Volatile each : volatiles) {
      VolatilePosition head = each.log().head();
      LogPosition end = head.position();
      others.put(each.letter(), new VolatilePosition(head.epoch(), handled(each.log(), end, end)));
    }
    return new SyncPoint(position, others, Map.of());
  }

  private LogPosition awaitPublished(LogPosition head) {
    long until = System.nanoTime() + PATIENCE.toNanos();
    for (int i = 0; head.isAfter(store.published()); i++) {
      if (i < SPINS) {
        Thread.onSpinWait();
      } else if (System.nanoTime() - until < 0) {
        LockSupport.parkNanos(PAUSE_NANOS);
      } else {
        return store.published();
      }
    }
    return head;
  }

  /// The snapshot, or where the reader stands if it does not come to its log's head in time.
  private LogPosition handled(FollowedLog<?> log, LogPosition end, LogPosition snapshot) {
    LogPosition target = end.isAfter(snapshot) ? snapshot : end;
    if (!target.isAfter(log.position(reader))) {
      return snapshot;
    }
    try {
      if (log.awaitReader(reader, snapshot, PATIENCE)) {
        return snapshot;
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
    LogPosition behind = log.position(reader);
    return behind.isAfter(snapshot) ? snapshot : behind;
  }
}
