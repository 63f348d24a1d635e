package org.hearth.server.store;

import java.util.List;

/// What is committed wholly or not at all: rows, the entries that they cause, and who waits.
///
/// A unit takes consecutive positions. It may announce an entry at each of them, or leave some
/// without: what stands there is in the database only, wakes no reader and takes no place in a
/// ring. Positions are dense over the server either way, while the entries of one log are not: each
/// entry in a ring names the position of the one before it, so a reader sees that it has missed
/// nothing. An [org.hearth.ringlogs.OutputStore] therefore gives the entries that were announced
/// and only those: the rows must say which they are.
///
/// @param owner whose decision it is
/// @param generation the owner's generation when the memory was loaded on which this was decided
/// @param changes the rows, in order; may be empty
/// @param positions how many positions the unit takes; may be 0
/// @param announcements by ascending offset, at most one a position; may be empty
/// @param outcome hears of the commit or failure
public record UnitOfWork(
    UnitOwner owner,
    long generation,
    List<RowChange> changes,
    int positions,
    List<Announcement<?>> announcements,
    Outcome outcome) {

  public UnitOfWork {
    changes = List.copyOf(changes);
    announcements = List.copyOf(announcements);
    int free = 0;
    for (Announcement<?> each : announcements) {
      if (each.offset() < free) {
        throw new IllegalArgumentException(
            "an announcement at offset %d follows one at %d".formatted(each.offset(), free - 1));
      }
      free = each.offset() + 1;
    }
    if (positions < free) {
      throw new IllegalArgumentException(
          "a unit of %s takes %d positions but announces at offset %d"
              .formatted(owner, positions, free - 1));
    }
  }

  /// A unit that takes as many positions as its announcements need.
  public UnitOfWork(
      UnitOwner owner,
      long generation,
      List<RowChange> changes,
      List<Announcement<?>> announcements,
      Outcome outcome) {
    this(owner, generation, changes, needed(announcements), announcements, outcome);
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

  private static int needed(List<Announcement<?>> announcements) {
    return announcements.isEmpty() ? 0 : announcements.getLast().offset() + 1;
  }
}
