package org.hearth.server.store;

import java.util.List;

/// What is committed wholly or not at all: rows, the entries that they cause, and who waits.
///
/// @param owner whose decision it is
/// @param generation the owner's generation when the memory was loaded on which this was decided
/// @param changes the rows, in order; may be empty
/// @param announcements each takes one position, in order, consecutive; may be empty
/// @param outcome hears of the commit or failure
public record UnitOfWork(
    UnitOwner owner,
    long generation,
    List<RowChange> changes,
    List<Announcement<?>> announcements,
    Outcome outcome) {

  public UnitOfWork {
    changes = List.copyOf(changes);
    announcements = List.copyOf(announcements);
  }

  /// A unit of an owner that decides on nothing it keeps in memory, or that knows its memory to be
  /// of the current generation.
  public UnitOfWork(
      UnitOwner owner,
      List<RowChange> changes,
      List<Announcement<?>> announcements,
      Outcome outcome) {
    this(owner, owner.generation(), changes, announcements, outcome);
  }

  /// A unit that stands alone: no other fails with it. Nobody hears of it but who
  /// [Committer#commit]s it.
  public static UnitOfWork alone(
      String owner, List<RowChange> changes, List<Announcement<?>> announcements) {
    return new UnitOfWork(new UnitOwner(owner), changes, announcements, Outcome.ignored());
  }
}
