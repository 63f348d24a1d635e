package org.hearth.server.store;

import java.io.IOException;
import java.lang.System.Logger.Level;
import java.sql.SQLException;
import org.hearth.ringlogs.Distribution;
import org.hearth.ringlogs.LogPosition;
import org.hearth.server.store.BatchWriter.Written;
import org.hearth.server.store.StorageException.Reason;
import org.hearth.server.store.derby.CommitHead;
import org.hearth.server.store.derby.Derby;
import org.hearth.server.store.derby.DerbyFault;
import org.hearth.server.store.derby.HighWaterMark;
import org.jspecify.annotations.Nullable;

/* The way of a batch

 1. Units of an earlier generation of their owner fail; they build on what did not come true.
 2. All others are written together, in one transaction with the head, and committed: one forced write.
 3. If a statement fails, nothing of that attempt stays. The units are then written one by one, each behind a savepoint,
    in one transaction again: those that fail take the later ones of their owner with them, the others are committed.
 4. After the commit: the mark, what owners keep in memory, the head that readers see, the output logs, those who wait.
    Whoever an entry wakes asks the owner at once, so the owner is up to date first; whoever is told of the
    commit reads at once, so the entries are out by then. What has gone out to all logs is [#published].
 5. Now every unit before those that failed is settled, in the database and in memory: the generations of their owners
    rise, and the failures are told.

When the database fails

 All units of the batch fail, and the connection is given up; so it is when the store was read-only for whatever reason,
 since the keeper shuts the database down in such a time. The next batch that finds the store open
 takes a new connection and compares the head that the database has with the one it should have. It may be
 the one of the failed commit: the write had reached the disk and only its answer was lost. Its units had been told
 that they failed, and their owners may have read the database before it had them. So the memory is brought
 up to date as after any commit, the generations rise once more, and the entries are published late.

When an Error is thrown

 The store has failed, for good: nothing is written or read until it is started again. The batch stays in its field, so
 everyone in it still hears: those that the database has, that they are committed; all others, that they failed. If the
 Error came out of the commit itself, nobody knows which, and they hear that they failed.
*/

/// Commits units of work in batches. **Thread**: the committer's; [#head] and the figures any.
final class GroupCommit implements AutoCloseable {
  private static final System.Logger LOG = System.getLogger(Committer.class.getName());

  /// A batch is committed when it has so many units, or so many rows: beyond that the rate does not
  /// grow, only the time.
  static final int MOST_UNITS = 64;

  private static final int MOST_ROWS = 128;

  private final Derby derby;
  private final Health health;
  private final HighWaterMark mark;
  private final long salt;
  private @Nullable WriteConnection connection;

  /// [Health#openings] when the connection was opened.
  private int connectedAt;

  private volatile CommitHead head;
  private volatile CommitHead published;

  /// What the database has; [#head] follows when the memory is up to date.
  private CommitHead reached;

  private @Nullable Written uncertain;

  private final Tally unitsPerCommit = new Tally();
  private final Tally rowsPerCommit = new Tally();
  private final Tally commitNanos = new Tally();
  private final Tally failures = new Tally();
  private final Tally repeats = new Tally();
  private final Batch batch = new Batch(failures);

  /// @param salt of this run, for the running hash
  GroupCommit(Derby derby, Health health, HighWaterMark mark, CommitHead head, long salt) {
    this.derby = derby;
    this.health = health;
    this.mark = mark;
    this.head = head;
    this.published = head;
    this.reached = head;
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
  }

  boolean isFull() {
    return batch.rows() >= MOST_ROWS;
  }

  void commit() {
    try {
      WriteConnection writing = connection();
      batch.supersedeOutdated();
      write(writing);
    } catch (BatchFailed e) {
      giveUpConnection();
      batch.failOpen(e.told());
    }
    tellAll();
    batch.clear();
  }

  /// An [Error], or a defect of this class: the store stops, nothing is lost that was acknowledged,
  /// and everyone in the batch hears.
  void defect(Throwable defect) {
    String detail = "a defect in the committer: " + defect;
    health.failed(detail);
    LOG.log(Level.ERROR, "the committer is broken", defect);
    giveUpConnection();
    failRest(
        new StorageException(
            Reason.FAILED, detail + "; whether the unit is committed is not known", defect));
  }

  /// The thread has ended: what was added since the last commit fails.
  void refuse() {
    failRest(new StorageException(Reason.FAILED, "the committer has ended"));
  }

  private void failRest(StorageException failure) {
    batch.failOpen(failure);
    while (!batch.isTold()) {
      try {
        tellAll();
      } catch (Throwable again) {
        // The last resort of the committer's thread. It ends: each turn leaves a step behind.
        LOG.log(Level.ERROR, "the committer is broken, and so is who was told of it", again);
      }
    }
    batch.clear();
  }

  private void tellAll() {
    batch.tellDurable();
    head = reached;
    batch.publish();
    published = reached;
    batch.tellCommitted();
    batch.tellFailed();
  }

  private WriteConnection connection() throws BatchFailed {
    StorageException refusal = health.refusal();
    if (refusal != null) {
      throw new BatchFailed(refusal);
    }
    int openings = health.openings();
    WriteConnection known = connection;
    if (known != null && openings == connectedAt) {
      return known;
    }
    giveUpConnection();
    connectedAt = openings;
    WriteConnection opened;
    CommitHead found;
    try {
      opened = WriteConnection.open(derby);
      connection = opened;
      found = opened.readHead();
    } catch (SQLException e) {
      throw BatchFailed.by(DerbyFault.ofMedium(e), "opening the database for writing", e, health);
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
      reached = found;
      lost.members().forEach(Batch::tellDurable);
      head = found;
      lost.members().stream()
          .map(each -> each.unit().owner())
          .distinct()
          .forEach(UnitOwner::advance);
      Batch.publish(lost.members());
      published = found;
      return;
    }
    String detail =
        "the database is at commit %d, position %d; expected were commit %d, position %d"
            .formatted(found.commits(), found.position(), head.commits(), head.position());
    health.failed(detail);
    throw new BatchFailed(new StorageException(Reason.FAILED, detail));
  }

  private void write(WriteConnection writing) throws BatchFailed {
    long begun = System.nanoTime();
    BatchWriter writer = new BatchWriter(writing, batch, head, salt, health);
    Written written = writer.writeTogether();
    if (written == null) {
      repeats.add(1);
      written = writer.writeOneByOne();
    }
    if (written.head().equals(head)) {
      batch.stored(written.members());
      return;
    }
    try {
      writing.commit();
    } catch (SQLException e) {
      uncertain = written;
      throw BatchFailed.by(DerbyFault.ofMedium(e), "committing", e, health);
    }
    batch.stored(written.members());
    reached = written.head();
    commitNanos.add(System.nanoTime() - begun);
    unitsPerCommit.add(written.members().size());
    rowsPerCommit.add(written.rows());
    appendToMark(written.head());
  }

  private void appendToMark(CommitHead reached) {
    try {
      mark.append(reached);
    } catch (IOException e) {
      // What is committed is committed; nothing more is taken until the mark can be kept again.
      health.fault(DerbyFault.ofMedium(e), "noting a commit in the high-water mark", e);
    }
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
