package org.hearth.server.store;

import java.lang.System.Logger.Level;
import java.time.Duration;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentSkipListMap;
import org.hearth.ringlogs.EncodedEntry;
import org.hearth.ringlogs.FailureHandling;
import org.hearth.ringlogs.LogPosition;
import org.hearth.ringlogs.LogSpec;
import org.hearth.ringlogs.OutputLog;
import org.hearth.server.upkeep.Upkeep;

/// The durable form of output logs whose owners keep no table by position: table `journal`, one row
/// an entry, written in the unit of work that caused the entry.
///
/// Of each log it holds the newest entries without a hole. What [Bounds] lets go of is removed
/// every hour, oldest first, a few rows a unit, so that no other unit waits for it for long. With
/// them the table `journal_floor` notes how far they are gone: a reader that is further behind is
/// told ([org.hearth.ringlogs.LogReader#onLost]).
///
/// **Thread**: [#log], [#start] and [#close] one; the rest any. It has one of its own, `journal`,
/// which removes old entries.
public final class Journal implements AutoCloseable {
  /// The largest encoded entry, as the table's column has it.
  static final int MOST_ENTRY_BYTES = 1 << 20;

  private static final System.Logger LOG = System.getLogger(Journal.class.getName());
  static final Table TABLE =
      new Table(
          "journal",
          "a million rows and 30 days a log",
          "the journal removes what is beyond, every hour");
  static final Table FLOOR =
      new Table("journal_floor", "one row a log", "nothing: there are few logs");
  private static final int LONGEST_KEY = 1024;
  private static final int ROWS_A_UNIT = 500;
  private static final Duration PATIENCE_AT_END = Duration.ofSeconds(5);

  private final Committer committer;
  private final ReadPool reads;
  private final InstantSource clock;
  private final Bounds bounds;
  private final Map<String, JournaledLog<?>> logs = new ConcurrentSkipListMap<>();
  private final Upkeep thread = new Upkeep("journal");

  /// How much is kept of each log. A reader that was stopped for longer builds its view anew from
  /// the tables of the log's owner.
  ///
  /// @param age entries that are older than the newest one of this age are removed with it
  /// @param entries so many of a log are kept at most
  /// @param interval how often what is beyond the bounds is removed
  public record Bounds(Duration age, int entries, Duration interval) {
    /// Thirty days, a million entries, every hour.
    public static final Bounds STANDARD =
        new Bounds(Duration.ofDays(30), 1_000_000, Duration.ofHours(1));
  }

  /// A journal in that database, with the standard bounds.
  public Journal(Store store, InstantSource clock) {
    this(store, clock, Bounds.STANDARD);
  }

  Journal(Store store, InstantSource clock, Bounds bounds) {
    this.committer = store.committer();
    this.reads = store.reads();
    this.clock = clock;
    this.bounds = bounds;
  }

  /// Makes a log whose entries are kept here.
  ///
  /// @throws IllegalArgumentException if there is one of that name
  public <E> JournaledLog<E> log(LogSpec<E> spec, FailureHandling failures) {
    JournaledLog<E> log =
        new JournaledLog<>(
            this, new OutputLog<>(spec, new JournalReading<>(reads, spec), failures));
    if (logs.putIfAbsent(spec.name(), log) != null) {
      throw new IllegalArgumentException("the journal has a log " + spec.name() + " already");
    }
    return log;
  }

  /// Begins to remove old entries.
  public void start() {
    thread.every(Duration.ZERO, bounds.interval(), "old entries could not be removed", this::prune);
  }

  /// Ends the removal of old entries, after the unit that is being committed.
  @Override
  public void close() {
    try {
      if (!thread.end(PATIENCE_AT_END)) {
        LOG.log(Level.WARNING, "old entries are still being removed from the journal");
      }
    } catch (InterruptedException _) {
      Thread.currentThread().interrupt();
    }
  }

  // --- writing

  Committer committer() {
    return committer;
  }

  /// The row of an entry.
  ///
  /// @param index the entry stands at the unit's first position plus this
  /// @throws IllegalArgumentException if the entry or its key is larger than a row holds
  <E> RowChange row(LogSpec<E> spec, E entry, int index) {
    String key = spec.partitionKey().apply(entry);
    EncodedEntry encoded = EncodedEntry.of(spec.codec(), entry);
    byte[] bytes = encoded.bytes();
    if (bytes.length > MOST_ENTRY_BYTES || key.length() > LONGEST_KEY) {
      throw new IllegalArgumentException(
          "an entry of %s has at most %d bytes and a key of %d characters, not %d and %d"
              .formatted(spec.name(), MOST_ENTRY_BYTES, LONGEST_KEY, bytes.length, key.length()));
    }
    long now = clock.millis();
    return RowChange.of(
        TABLE,
        "INSERT INTO journal (log, position, partition_key, codec_version, entry, created_millis)"
            + " VALUES (?, ?, ?, ?, ?, ?)",
        (statement, first) -> {
          statement.setString(1, spec.name());
          statement.setLong(2, first.plus(index).value());
          statement.setString(3, key);
          statement.setInt(4, encoded.version());
          statement.setBytes(5, bytes);
          statement.setLong(6, now);
        });
  }

  // --- pruning

  private void prune() {
    for (String log : logs.keySet()) {
      Upkeep.attempt("old entries of " + log + " could not be removed", () -> prune(log));
    }
  }

  private void prune(String log) {
    LogPosition upTo = lastToRemove(log);
    List<Long> oldest;
    do {
      oldest = oldest(log, upTo);
      if (!oldest.isEmpty()) {
        List<RowChange> changes = new ArrayList<>();
        oldest.forEach(each -> changes.add(deletion(log, each)));
        changes.addAll(floor(log, oldest.getLast()));
        committer.commit("journal", changes, List.of());
      }
    } while (oldest.size() == ROWS_A_UNIT && !thread.isEnding());
  }

  private LogPosition lastToRemove(String log) {
    long tooOld =
        number(
            "SELECT MAX(position) FROM journal WHERE log = ? AND created_millis < ?",
            log,
            clock.millis() - bounds.age().toMillis());
    long tooMany = number("SELECT COUNT(*) FROM journal WHERE log = ?", log) - bounds.entries();
    long last =
        tooMany <= 0
            ? 0
            : number(
                "SELECT position FROM journal WHERE log = ? ORDER BY position"
                    + " OFFSET ? ROWS FETCH NEXT ROW ONLY",
                log,
                tooMany - 1);
    return new LogPosition(Math.max(tooOld, last));
  }

  /// What a query answers that gives one number, or nothing, which is 0.
  private long number(String query, String log, long... further) {
    return reads
        .first(
            query,
            statement -> {
              statement.setString(1, log);
              for (int i = 0; i < further.length; i++) {
                statement.setLong(i + 2, further[i]);
              }
            },
            row -> row.getLong(1))
        .orElse(0L);
  }

  private List<Long> oldest(String log, LogPosition upTo) {
    return reads.select(
        "SELECT position FROM journal WHERE log = ? AND position <= ? ORDER BY position"
            + " FETCH FIRST "
            + ROWS_A_UNIT
            + " ROWS ONLY",
        statement -> {
          statement.setString(1, log);
          statement.setLong(2, upTo.value());
        },
        row -> row.getLong(1));
  }

  private static List<RowChange> floor(String log, long position) {
    return List.of(
        RowChange.of(
            FLOOR,
            "DELETE FROM journal_floor WHERE log = ?",
            (statement, _) -> statement.setString(1, log)),
        RowChange.of(
            FLOOR,
            "INSERT INTO journal_floor (log, position) VALUES (?, ?)",
            (statement, _) -> {
              statement.setString(1, log);
              statement.setLong(2, position);
            }));
  }

  private static RowChange deletion(String log, long position) {
    return RowChange.of(
        TABLE,
        "DELETE FROM journal WHERE log = ? AND position = ?",
        (statement, _) -> {
          statement.setString(1, log);
          statement.setLong(2, position);
        });
  }
}
