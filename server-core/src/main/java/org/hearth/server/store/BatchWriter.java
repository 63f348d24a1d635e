package org.hearth.server.store;

import java.lang.System.Logger.Level;
import java.sql.SQLException;
import java.sql.Savepoint;
import java.util.ArrayList;
import java.util.Collections;
import java.util.IdentityHashMap;
import java.util.List;
import java.util.Set;
import org.hearth.server.store.Batch.Member;
import org.hearth.server.store.CommitPlan.PlacedUnit;
import org.hearth.server.store.StorageException.Reason;
import org.hearth.server.store.derby.CommitHead;
import org.hearth.server.store.derby.DerbyFault;
import org.jspecify.annotations.Nullable;

/// Writes the open units of a batch in one transaction, which it leaves to be committed: together
/// if it can, else one by one, and then those that cannot be written fail.
///
/// **Thread**: the committer's.
final class BatchWriter {
  private static final System.Logger LOG = System.getLogger(Committer.class.getName());
  private static final int ATTEMPTS = 3;

  private final WriteConnection connection;
  private final Batch batch;
  private final CommitHead head;
  private final long salt;
  private final Health health;

  /// What the transaction holds.
  ///
  /// @param head the one before, if there is nothing to commit
  record Written(List<Member> members, CommitHead head, int rows) {}

  /// @param head the last commit
  /// @param salt of this run, for the running hash
  BatchWriter(WriteConnection connection, Batch batch, CommitHead head, long salt, Health health) {
    this.connection = connection;
    this.batch = batch;
    this.head = head;
    this.salt = salt;
    this.health = health;
  }

  /// Writes all of them with as few statements as possible.
  ///
  /// @return null if one of the units is bad: then nothing is written
  @Nullable Written writeTogether() throws BatchFailed {
    List<Member> open = batch.open();
    CommitPlan plan = CommitPlan.of(open.stream().map(Member::unit).toList(), head.position());
    for (int attempt = 1; attempt <= ATTEMPTS; attempt++) {
      try {
        int rows = write(plan, open);
        boolean changesNothing = rows == 0 && plan.lastPosition() == head.position();
        CommitHead next = changesNothing ? head : head.next(plan.lastPosition(), salt);
        if (!changesNothing) {
          connection.writeHead(next);
        }
        return new Written(open, next, rows);
      } catch (SQLException e) {
        DerbyFault fault = connection.faultOf(e);
        rollback("writing a batch", e, fault);
        if (fault == DerbyFault.STATEMENT) {
          return null;
        }
        if (attempt == ATTEMPTS) {
          throw BatchFailed.by(fault, "writing a batch", e, health);
        }
        LOG.log(Level.WARNING, "a batch is repeated: {0}", e.getMessage());
      } catch (RuntimeException e) {
        rollback("binding a batch", e, DerbyFault.STATEMENT);
        return null;
      }
    }
    throw new AssertionError("the last attempt returns or throws");
  }

  /// Writes each unit behind a savepoint. Positions are given on the way, so they are dense whoever
  /// fails.
  Written writeOneByOne() throws BatchFailed {
    Set<UnitOwner> failing = Collections.newSetFromMap(new IdentityHashMap<>());
    List<Member> written = new ArrayList<>();
    long last = head.position();
    int rows = 0;
    for (Member each : batch.open()) {
      if (failing.contains(each.unit().owner())) {
        batch.supersede(each);
        continue;
      }
      CommitPlan plan = CommitPlan.of(List.of(each.unit()), last);
      StorageException failure = writeBehindSavepoint(plan, each);
      if (failure == null) {
        written.add(each);
        last = plan.lastPosition();
        rows += each.unit().changes().size();
      } else {
        batch.fail(each, failure);
        failing.add(each.unit().owner());
      }
    }
    try {
      if (written.isEmpty()) {
        connection.rollback();
        return new Written(written, head, 0);
      }
      CommitHead next = head.next(last, salt);
      connection.writeHead(next);
      return new Written(written, next, rows);
    } catch (SQLException e) {
      throw BatchFailed.by(DerbyFault.ofMedium(e), "writing the head", e, health);
    }
  }

  /// @return why the unit is bad, or null if it is written
  private @Nullable StorageException writeBehindSavepoint(CommitPlan plan, Member member)
      throws BatchFailed {
    UnitOfWork unit = member.unit();
    try {
      Savepoint savepoint = connection.savepoint();
      try {
        write(plan, List.of(member));
        connection.release(savepoint);
        return null;
      } catch (SQLException e) {
        DerbyFault fault = connection.faultOf(e);
        if (fault != DerbyFault.STATEMENT) {
          throw BatchFailed.by(fault, "writing a unit of " + unit.owner(), e, health);
        }
        connection.rollbackTo(savepoint);
        return bad(unit, e);
      } catch (RuntimeException e) {
        connection.rollbackTo(savepoint);
        return bad(unit, e);
      }
    } catch (SQLException e) {
      throw BatchFailed.by(DerbyFault.ofMedium(e), "undoing a unit of " + unit.owner(), e, health);
    }
  }

  /// @param members those of the plan, in its order
  /// @return how many rows were written
  /// @throws RuntimeException if a unit's own code fails, be it by an error that says nothing of
  ///   the virtual machine's health
  private int write(CommitPlan plan, List<Member> members) throws SQLException {
    try {
      return writeRows(plan, members);
    } catch (AssertionError | LinkageError | StackOverflowError e) {
      throw new IllegalStateException(e.toString(), e);
    }
  }

  private int writeRows(CommitPlan plan, List<Member> members) throws SQLException {
    for (int i = 0; i < members.size(); i++) {
      PlacedUnit placed = plan.units().get(i);
      members.get(i).placeAt(placed.first());
      placed.unit().outcome().placed(placed.first());
    }
    int rows = 0;
    for (CommitPlan.Run run : plan.runs()) {
      connection.write(run);
      rows += run.changes().size();
    }
    return rows;
  }

  private static StorageException bad(UnitOfWork unit, Exception cause) {
    LOG.log(Level.WARNING, "a unit of " + unit.owner() + " cannot be written", cause);
    return new StorageException(
        Reason.BAD_UNIT,
        "a unit of " + unit.owner() + " cannot be written: " + cause.getMessage(),
        cause);
  }

  private void rollback(String doing, Exception cause, DerbyFault fault) throws BatchFailed {
    if (fault != DerbyFault.STATEMENT && fault != DerbyFault.CONFLICT) {
      throw BatchFailed.by(fault, doing, cause, health);
    }
    try {
      connection.rollback();
    } catch (SQLException e) {
      e.addSuppressed(cause);
      throw BatchFailed.by(DerbyFault.ofMedium(e), "undoing a batch", e, health);
    }
  }
}
