package org.hearth.server.store;

import java.lang.System.Logger.Level;
import java.util.ArrayList;
import java.util.List;
import org.hearth.ringlogs.LogPosition;
import org.hearth.server.store.StorageException.Reason;
import org.jspecify.annotations.Nullable;

/// The units that are committed together, until everyone in it has been told.
///
/// Each step of the telling is noted before it is taken. After an [Error] in the middle of it the
/// same methods are called again: they go on behind the step that failed, so nobody is told twice
/// and nobody is left out.
///
/// **Thread**: the committer's.
final class Batch {
  private static final System.Logger LOG = System.getLogger(Committer.class.getName());

  private final Tally failures;
  private final List<Member> members = new ArrayList<>(GroupCommit.MOST_UNITS);
  private int rows;
  private List<Member> stored = List.of();
  private int toldDurable;
  private boolean isPublished;
  private int toldCommitted;
  private int toldFailed;

  /// A unit and what became of it.
  static final class Member {
    private final UnitOfWork unit;
    private LogPosition first = LogPosition.ORIGIN;
    private boolean isStored;
    private @Nullable StorageException failure;

    private Member(UnitOfWork unit) {
      this.unit = unit;
    }

    UnitOfWork unit() {
      return unit;
    }

    /// Where the last attempt placed it.
    LogPosition first() {
      return first;
    }

    void placeAt(LogPosition position) {
      first = position;
    }

    boolean isOpen() {
      return !isStored && failure == null;
    }
  }

  /// @param failures counts the units that fail
  Batch(Tally failures) {
    this.failures = failures;
  }

  void add(UnitOfWork unit) {
    members.add(new Member(unit));
    rows += unit.changes().size();
  }

  int rows() {
    return rows;
  }

  /// The units of which nothing is settled yet, in their order.
  List<Member> open() {
    return members.stream().filter(Member::isOpen).toList();
  }

  // --- what became of them

  /// The unit fails. Its owner's generation does not rise yet: earlier units of this batch may
  /// still be under way.
  void fail(Member member, StorageException failure) {
    member.failure = failure;
    failures.add(1);
  }

  void supersede(Member member) {
    fail(
        member,
        new StorageException(
            Reason.SUPERSEDED, "an earlier unit of " + member.unit.owner() + " failed"));
  }

  /// Those that build on what failed in an earlier batch fail.
  void supersedeOutdated() {
    for (Member each : members) {
      if (each.isOpen() && isOutdated(each.unit)) {
        supersede(each);
      }
    }
  }

  /// All that are open fail.
  void failOpen(StorageException failure) {
    for (Member each : members) {
      if (each.isOpen()) {
        fail(each, failure);
      }
    }
  }

  /// The database has these.
  void stored(List<Member> durable) {
    stored = durable;
    for (Member each : durable) {
      each.isStored = true;
    }
  }

  // --- the telling, in this order

  void tellDurable() {
    while (toldDurable < stored.size()) {
      tellDurable(stored.get(toldDurable++));
    }
  }

  void publish() {
    if (!isPublished) {
      isPublished = true;
      publish(stored);
    }
  }

  void tellCommitted() {
    while (toldCommitted < stored.size()) {
      Member each = stored.get(toldCommitted++);
      tell(each, () -> each.unit.outcome().committed(each.first));
    }
  }

  /// By now everything before those that failed is settled: their owners may start over.
  void tellFailed() {
    for (Member each : members) {
      if (each.failure != null && !isOutdated(each.unit)) {
        each.unit.owner().advance();
      }
    }
    while (toldFailed < members.size()) {
      Member each = members.get(toldFailed++);
      StorageException failure = each.failure;
      if (failure != null) {
        tell(each, () -> each.unit.outcome().failed(failure));
      }
    }
  }

  /// Whether everyone has been told.
  boolean isTold() {
    return toldFailed == members.size();
  }

  /// Empties it for the next units.
  void clear() {
    members.clear();
    stored = List.of();
    rows = 0;
    toldDurable = 0;
    isPublished = false;
    toldCommitted = 0;
    toldFailed = 0;
  }

  static void tellDurable(Member member) {
    tell(member, () -> member.unit.outcome().durable(member.first));
  }

  static void publish(List<Member> members) {
    Publication publication = new Publication();
    members.forEach(each -> publication.add(each.unit.announcements(), each.first));
    publication.publish();
  }

  static boolean isOutdated(UnitOfWork unit) {
    return unit.generation() != unit.owner().generation();
  }

  private static void tell(Member member, Runnable telling) {
    try {
      telling.run();
    } catch (RuntimeException e) {
      LOG.log(Level.ERROR, "an outcome of " + member.unit.owner() + " failed", e);
    }
  }
}
