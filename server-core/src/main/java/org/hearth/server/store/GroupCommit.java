package org.hearth.server.store;

import java.io.IOException;
import java.lang.System.Logger.Level;
import java.sql.SQLException;
import java.sql.Savepoint;
import java.util.ArrayList;
import java.util.IdentityHashMap;
import java.util.List;
import org.hearth.ringlogs.Distribution;
import org.hearth.ringlogs.LogPosition;
import org.hearth.server.store.CommitPlan.PlacedUnit;
import org.hearth.server.store.StorageException.Reason;
import org.jspecify.annotations.Nullable;

/* The way of a batch

 1. Units of an earlier generation of their owner fail; they build on what did not come true.
 2. All others are written together, in one transaction with the head, and committed: one forced write.
 3. If a statement fails, nothing of that attempt stays. The units are then written one by one, each behind a savepoint,
    in one transaction again: those that fail raise their owner's generation, the others are committed.
    Positions are given while they are written, so they are dense whoever fails.
 4. If the database fails (or somebody holds a row for too long), all units fail, and the connection is given up. The next batch that finds the store open
    takes a new connection and compares the head that the database has with the one it should have. It may be
    the one of the failed commit: the write had reached the disk and only its answer was lost. Then its announcements
    are published late; the units had been reported as failed, which Outcome allows for.
 5. After the commit: the mark, what owners keep in memory, the head that readers see, the output logs, the outcomes, in
    this order. Whoever an entry wakes asks the owner at once, so the owner is up to date first; whoever is told of the
    commit reads at once, so the entries are out by then. What has gone out to all logs is [#published].
*/

/// Commits units of work in batches. **Thread**: the committer's; [#head] and the figures any.
final class GroupCommit implements AutoCloseable {
  private static final System.Logger LOG = System.getLogger(Committer.class.getName());

  /// A batch is committed when it has so many units, or so many rows: beyond that the rate does not
  /// grow, only the time.
  static final int MOST_UNITS = 64;

  private static final int MOST_ROWS = 128;
  private static final int ATTEMPTS = 3;

  private final Derby derby;
  private final Health health;
  private final HighWaterMark mark;
  private final long salt;
  private final List<UnitOfWork> batch = new ArrayList<>();
  private int batchRows;
  private final IdentityHashMap<UnitOfWork, StorageException> rejected = new IdentityHashMap<>();
  private @Nullable WriteConnection connection;
  private volatile CommitHead head;
  private volatile CommitHead published;
  private @Nullable Written uncertain;

  private final Tally unitsPerCommit = new Tally();
  private final Tally rowsPerCommit = new Tally();
  private final Tally commitNanos = new Tally();
  private final Tally failures = new Tally();
  private final Tally repeats = new Tally();

  /// What one transaction holds.
  private record Written(List<PlacedUnit> units, CommitHead head, int rows) {}

  /// No unit of the batch can be committed; if the database has failed, [Health] says so already.
  private static final class BatchFailed extends Exception {
    private static final long serialVersionUID = 1L;
    private final transient StorageException told;

    BatchFailed(StorageException told) {
      super(told);
      this.told = told;
    }
  }

  /// @param salt of this run, for the running hash
  GroupCommit(Derby derby, Health health, HighWaterMark mark, CommitHead head, long salt) {
    this.derby = derby;
    this.health = health;
    this.mark = mark;
    this.head = head;
    this.published = head;
    this.salt = salt;
  }

  CommitHead commitHead() {
    return head;
  }

  LogPosition head() {
    return head.logPosition();
  }

  LogPosition published() {
    return published.logPosition();
  }

  void add(UnitOfWork unit) {
    batch.add(unit);
    batchRows += unit.changes().size();
    if (batchRows >= MOST_ROWS) {
      commit();
    }
  }

  void commit() {
    List<UnitOfWork> units = List.copyOf(batch);
    batch.clear();
    batchRows = 0;
    try {
      WriteConnection writing = connection();
      List<UnitOfWork> current = units.stream().filter(unit -> !rejectSuperseded(unit)).toList();
      write(writing, current);
    } catch (BatchFailed e) {
      giveUpConnection();
      units.stream()
          .filter(unit -> !rejected.containsKey(unit))
          .forEach(unit -> reject(unit, e.told));
    }
    tellRejected(units);
  }

  /// A defect of this class: the store stops, nothing is lost that was acknowledged.
  void defect(Throwable defect) {
    LOG.log(Level.ERROR, "the committer is broken", defect);
    health.failed("a defect in the committer: " + defect);
    giveUpConnection();
    StorageException failure =
        new StorageException(Reason.FAILED, "a defect in the committer", defect);
    List<UnitOfWork> units = List.copyOf(batch);
    batch.clear();
    batchRows = 0;
    units.forEach(unit -> reject(unit, failure));
    tellRejected(units);
  }

  private WriteConnection connection() throws BatchFailed {
    StorageException refusal = health.refusal();
    if (refusal != null) {
      throw new BatchFailed(refusal);
    }
    WriteConnection known = connection;
    if (known != null) {
      return known;
    }
    WriteConnection opened;
    CommitHead found;
    try {
      opened = WriteConnection.open(derby);
      connection = opened;
      found = opened.readHead();
    } catch (SQLException e) {
      throw failed("opening the database for writing", e, DerbyFault.ofMedium(e));
    }
    adopt(found);
    return opened;
  }

  private void adopt(CommitHead found) throws BatchFailed {
    Written lost = uncertain;
    uncertain = null;
    if (found.equals(head)) {
      return;
    }
    if (lost != null && found.equals(lost.head())) {
      LOG.log(
          Level.INFO,
          "commit {0} had reached the disk though its answer was lost",
          found.commits());
      appendToMark(found);
      head = found;
      publish(lost.units());
      published = found;
      return;
    }
    String detail =
        "the database is at commit %d, position %d; expected were commit %d, position %d"
            .formatted(found.commits(), found.position(), head.commits(), head.position());
    health.failed(detail);
    throw new BatchFailed(new StorageException(Reason.FAILED, detail));
  }

  private void write(WriteConnection writing, List<UnitOfWork> units) throws BatchFailed {
    if (units.stream().allMatch(u -> u.isEmpty())) {
      List<PlacedUnit> placed = units.stream().map(u -> new PlacedUnit(u, head())).toList();
      placed.forEach(GroupCommit::tellDurable);
      placed.forEach(GroupCommit::tellCommitted);
      return;
    }
    long begun = System.nanoTime();
    Written written = writeTogether(writing, units);
    if (written == null) {
      repeats.add(1);
      written = writeOneByOne(writing, units);
    }
    if (written.units().isEmpty()) {
      return;
    }
    try {
      writing.commit();
    } catch (SQLException e) {
      uncertain = written;
      throw failed("committing", e, DerbyFault.ofMedium(e));
    }
    commitNanos.add(System.nanoTime() - begun);
    unitsPerCommit.add(written.units().size());
    rowsPerCommit.add(written.rows());
    appendToMark(written.head());
    written.units().forEach(GroupCommit::tellDurable);
    head = written.head();
    publish(written.units());
    published = written.head();
    written.units().forEach(GroupCommit::tellCommitted);
    tellRejected(units);
  }

  /// @return null if one of the units is bad: then nothing is written
  private @Nullable Written writeTogether(WriteConnection writing, List<UnitOfWork> units)
      throws BatchFailed {
    CommitPlan plan = CommitPlan.of(units, head.position());
    for (int attempt = 1; attempt <= ATTEMPTS; attempt++) {
      try {
        tellPlaced(plan);
        int rows = 0;
        for (CommitPlan.Run run : plan.runs()) {
          writing.write(run);
          rows += run.changes().size();
        }
        CommitHead next = head.next(plan.lastPosition(), salt);
        writing.writeHead(next);
        return new Written(plan.units(), next, rows);
      } catch (SQLException e) {
        DerbyFault fault = writing.faultOf(e);
        rollback(writing, "writing a batch", e, fault);
        if (fault == DerbyFault.STATEMENT) {
          return null;
        }
        if (attempt == ATTEMPTS) {
          throw failed("writing a batch", e, fault);
        }
        LOG.log(Level.WARNING, "a batch is repeated: {0}", e.getMessage());
      } catch (RuntimeException e) {
        rollback(writing, "binding a batch", e, DerbyFault.STATEMENT);
        return null;
      }
    }
    throw new AssertionError("the last attempt returns or throws");
  }

  private Written writeOneByOne(WriteConnection writing, List<UnitOfWork> units)
      throws BatchFailed {
    List<PlacedUnit> placed = new ArrayList<>(units.size());
    long last = head.position();
    int rows = 0;
    for (UnitOfWork unit : units) {
      if (rejectSuperseded(unit)) {
        continue;
      }
      CommitPlan plan = CommitPlan.of(List.of(unit), last);
      StorageException failure = writeBehindSavepoint(writing, plan);
      if (failure == null) {
        placed.addAll(plan.units());
        last = plan.lastPosition();
        rows += plan.runs().stream().mapToInt(run -> run.changes().size()).sum();
      } else {
        reject(unit, failure);
      }
    }
    CommitHead next = head.next(last, salt);
    try {
      if (placed.isEmpty()) {
        writing.rollback();
      } else {
        writing.writeHead(next);
      }
    } catch (SQLException e) {
      throw failed("writing the head", e, DerbyFault.ofMedium(e));
    }
    return new Written(placed, next, rows);
  }

  /// @return why the unit is bad, or null if it is written
  private @Nullable StorageException writeBehindSavepoint(WriteConnection writing, CommitPlan plan)
      throws BatchFailed {
    UnitOfWork unit = plan.units().getFirst().unit();
    try {
      Savepoint savepoint = writing.savepoint();
      try {
        tellPlaced(plan);
        for (CommitPlan.Run run : plan.runs()) {
          writing.write(run);
        }
        writing.release(savepoint);
        return null;
      } catch (SQLException e) {
        DerbyFault fault = writing.faultOf(e);
        if (fault != DerbyFault.STATEMENT) {
          throw failed("writing a unit of " + unit.owner(), e, fault);
        }
        writing.rollbackTo(savepoint);
        return bad(unit, e);
      } catch (RuntimeException e) {
        writing.rollbackTo(savepoint);
        return bad(unit, e);
      }
    } catch (SQLException e) {
      throw failed("undoing a unit of " + unit.owner(), e, DerbyFault.ofMedium(e));
    }
  }

  private static StorageException bad(UnitOfWork unit, Exception cause) {
    LOG.log(Level.WARNING, "a unit of " + unit.owner() + " cannot be written", cause);
    return new StorageException(
        Reason.BAD_UNIT,
        "a unit of " + unit.owner() + " cannot be written: " + cause.getMessage(),
        cause);
  }

  private void rollback(WriteConnection writing, String doing, Exception cause, DerbyFault fault)
      throws BatchFailed {
    if (fault != DerbyFault.STATEMENT && fault != DerbyFault.CONFLICT) {
      throw failed(doing, cause, fault);
    }
    try {
      writing.rollback();
    } catch (SQLException e) {
      e.addSuppressed(cause);
      throw failed("undoing a batch", e, DerbyFault.ofMedium(e));
    }
  }

  private BatchFailed failed(String doing, Exception cause, DerbyFault fault) {
    if (fault == DerbyFault.CONFLICT) {
      return new BatchFailed(
          new StorageException(
              Reason.BUSY, doing + ": somebody holds a row: " + cause.getMessage(), cause));
    }
    return new BatchFailed(health.fault(fault, doing, cause));
  }

  private void appendToMark(CommitHead reached) {
    try {
      mark.append(reached);
    } catch (IOException e) {
      // What is committed is committed; nothing more is taken until the mark can be kept again.
      health.fault(DerbyFault.ofMedium(e), "noting a commit in the high-water mark", e);
    }
  }

  private static void publish(List<PlacedUnit> units) {
    Publication publication = new Publication();
    units.forEach(placed -> publication.add(placed.unit().announcements(), placed.first()));
    publication.publish();
  }

  private static void tellPlaced(CommitPlan plan) {
    for (PlacedUnit each : plan.units()) {
      each.unit().outcome().placed(each.first());
    }
  }

  private static void tellDurable(PlacedUnit placed) {
    try {
      placed.unit().outcome().durable(placed.first());
    } catch (RuntimeException e) {
      LOG.log(Level.ERROR, "an outcome of " + placed.unit().owner() + " failed", e);
    }
  }

  private static void tellCommitted(PlacedUnit placed) {
    try {
      placed.unit().outcome().committed(placed.first());
    } catch (RuntimeException e) {
      LOG.log(Level.ERROR, "an outcome of " + placed.unit().owner() + " failed", e);
    }
  }

  /// The unit fails: at once for those behind it, while its outcome hears of it when the batch is
  /// done.
  private void reject(UnitOfWork unit, StorageException failure) {
    failures.add(1);
    if (!isSuperseded(unit)) {
      unit.owner().advance();
    }
    rejected.put(unit, failure);
  }

  private boolean rejectSuperseded(UnitOfWork unit) {
    boolean superseded = isSuperseded(unit);
    if (superseded) {
      reject(
          unit,
          new StorageException(
              Reason.SUPERSEDED, "an earlier unit of " + unit.owner() + " failed"));
    }
    return superseded;
  }

  private void tellRejected(List<UnitOfWork> units) {
    if (rejected.isEmpty()) {
      return;
    }
    for (UnitOfWork unit : units) {
      StorageException failure = rejected.remove(unit);
      if (failure != null) {
        try {
          unit.outcome().failed(failure);
        } catch (RuntimeException e) {
          LOG.log(Level.ERROR, "an outcome of " + unit.owner() + " failed", e);
        }
      }
    }
  }

  private static boolean isSuperseded(UnitOfWork unit) {
    return unit.generation() != unit.owner().generation();
  }

  private void giveUpConnection() {
    WriteConnection given = connection;
    connection = null;
    if (given != null) {
      given.close();
    }
  }

  /// Called after the committer's thread has ended.
  @Override
  public void close() {
    giveUpConnection();
  }

  Distribution unitsPerCommit() {
    return unitsPerCommit.distribution();
  }

  Distribution rowsPerCommit() {
    return rowsPerCommit.distribution();
  }

  Distribution commitNanos() {
    return commitNanos.distribution();
  }

  long failedUnits() {
    return failures.distribution().count();
  }

  long repeatedCommits() {
    return repeats.distribution().count();
  }
}
