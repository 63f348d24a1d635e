package org.hearth.server.servers.notification;

import java.lang.System.Logger.Level;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;
import java.util.Optional;
import java.util.function.Supplier;
import org.hearth.ringlogs.LogFigures.ConsumerFigures;
import org.hearth.ringlogs.LogPosition;
import org.hearth.ringlogs.VolatileLog;
import org.hearth.server.logs.NotificationOutput;
import org.hearth.server.matrix.id.RoomId;
import org.hearth.server.store.Committer;
import org.hearth.server.store.RowChange;
import org.hearth.server.store.StorageException;
import org.hearth.server.upkeep.Upkeep;

/// Stores the rooms that have changed, some time after they have, and then the position up to which
/// all of them are stored: what is lost between two times is counted again from room-output.
///
/// That position is never past what a reader of notification-output has still before it: after a
/// crash it is given those entries again.
///
/// **thread**: its own, `notification-writer`, and where memory is crowded the one that counts;
/// [#write] is one at a time.
final class CountsWriter {
  /// What changes in a room is stored no more often than this.
  static final Duration INTERVAL = Duration.ofSeconds(20);

  private static final System.Logger LOG = System.getLogger(CountsWriter.class.getName());
  private static final String LATER = "what is unread could not be stored, and will be later";
  private static final Duration PATIENCE_AT_END = Duration.ofSeconds(10);

  /// Rows of so many bytes are committed together, so that nobody else waits long for them.
  private static final int BYTES_A_UNIT = 1 << 20;

  /// Places of readers of notification-output that are remembered: as many intervals.
  private static final int MOST_MARKS = 100;

  private final CountsMemory memory;
  private final Committer committer;
  private final VolatileLog<NotificationOutput> output;
  private final Supplier<LogPosition> counted;
  private final Supplier<LogPosition> receiptsRead;
  private final Deque<Mark> marks = new ArrayDeque<>();
  private LogPosition kept;
  private boolean begun;
  private final Upkeep thread = new Upkeep("notification-writer");

  /// What had been counted when notification-output had come so far.
  ///
  /// @param output the position in notification-output
  private record Mark(LogPosition output, LogPosition counted) {}

  /// @param kept up to where all is stored
  /// @param counted up to where room-output is in the memory
  /// @param receiptsRead up to where receipt-output is
  CountsWriter(
      CountsMemory memory,
      Committer committer,
      VolatileLog<NotificationOutput> output,
      LogPosition kept,
      Supplier<LogPosition> counted,
      Supplier<LogPosition> receiptsRead) {
    this.memory = memory;
    this.committer = committer;
    this.output = output;
    this.kept = kept;
    this.counted = counted;
    this.receiptsRead = receiptsRead;
  }

  void start() {
    thread.every(Duration.ZERO, INTERVAL, LATER, this::write);
  }

  /// Ends the thread, after what it is writing.
  void stop() throws InterruptedException {
    if (!thread.end(PATIENCE_AT_END)) {
      LOG.log(Level.WARNING, "what is unread is still being stored");
    }
  }

  /// What fails is tried again the next time.
  void tryToWrite() {
    Upkeep.attempt(LATER, this::write);
  }

  /// Stores what has changed where it is too much to wait for its time.
  void makeRoom() {
    if (memory.isCrowded()) {
      tryToWrite();
    }
  }

  /// Stores what has changed.
  ///
  /// @throws StorageException if it could not be; it is not lost
  synchronized void write() {
    // In this order: what comes later is stored, or announced, or both, without being said to be.
    LogPosition now = counted.get();
    LogPosition receiptsUpTo = receiptsRead.get();
    marks.addLast(new Mark(output.head().position(), now));
    if (marks.size() > MOST_MARKS) {
      marks.removeFirst();
    }
    List<RowChange> changes = new ArrayList<>();
    List<Stored> rooms = new ArrayList<>();
    long bytes = 0;
    for (RoomId each : memory.rooms()) {
      Optional<RoomCounts> changed = memory.ifChanged(each);
      if (changed.isPresent()) {
        CountsPacking.Packed packed = CountsPacking.pack(changed.get(), receiptsUpTo.value());
        changes.addAll(StoredCounts.delete(each));
        if (!packed.isEmpty()) {
          changes.add(StoredCounts.insert(each, packed.bytes()));
        }
        rooms.add(new Stored(changed.get(), packed.changes()));
        bytes += packed.bytes().length;
        if (bytes > BYTES_A_UNIT) {
          commit(changes, rooms);
          bytes = 0;
        }
      }
    }
    LogPosition safe = safe();
    if (safe.isAfter(kept) || !begun) {
      changes.addAll(StoredCounts.setProgress(safe));
    }
    commit(changes, rooms);
    kept = safe;
    begun = true;
  }

  /// A room, and how often it had been changed when it was packed.
  private record Stored(RoomCounts counts, long changes) {}

  private void commit(List<RowChange> changes, List<Stored> rooms) {
    if (!changes.isEmpty()) {
      var _ = committer.commit(NotificationQueries.BOX, List.copyOf(changes), List.of());
    }
    for (Stored each : rooms) {
      each.counts().stored(each.changes());
      memory.measure(each.counts());
    }
    changes.clear();
    rooms.clear();
  }

  /// Up to where all is stored, and handled by all who read notification-output.
  private LogPosition safe() {
    LogPosition handled = output.head().position();
    for (ConsumerFigures each : output.figures().consumers()) {
      handled = each.position().isAfter(handled) ? handled : each.position();
    }
    LogPosition safe = kept;
    while (!marks.isEmpty() && !marks.getFirst().output().isAfter(handled)) {
      safe = marks.removeFirst().counted();
    }
    return safe;
  }
}
