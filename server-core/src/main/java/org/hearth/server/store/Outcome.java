package org.hearth.server.store;

import java.util.function.Consumer;
import org.hearth.ringlogs.LogPosition;

/// Hears what became of a [UnitOfWork]: of [#committed] and [#failed] exactly one, once.
///
/// **Thread**: the committer's; so it must be quick and must never wait. What it throws is logged;
/// an [Error] besides makes the store fail ([StoreState.Failed]), and everyone else still hears.
public interface Outcome {
  /// The unit has been given its positions and is about to be written, before any of its changes is
  /// bound. Called once an attempt: a later attempt may give other positions, and any attempt may
  /// fail. A unit that throws here is a bad unit.
  ///
  /// @param first as in [#committed]
  default void placed(LogPosition first) {}

  /// The unit is durable, and nobody can know it yet: neither has the head moved, nor are the
  /// announcements published, nor has [#committed] been called for any unit of the same commit. The
  /// place to bring up to date what is kept in memory, so that whoever is told of the unit sees it.
  ///
  /// Also called, late and alone, for a unit that was told that it failed because the answer to its
  /// commit was lost, when the database turns out to have it.
  ///
  /// @param first as in [#committed]
  default void durable(LogPosition first) {}

  /// The unit is durable and its announcements are published.
  ///
  /// @param first the unit's first position; of a unit that takes none, the last position given
  ///   before it
  void committed(LogPosition first);

  /// The unit is not committed. All earlier units of its owner are settled, in the database and in
  /// memory, and the owner's generation has moved on.
  ///
  /// After a failure of the disk itself, or an [Error] in the commit, it may, rarely, still turn
  /// out to be in the database, as any write may whose answer was lost. If the running store finds
  /// that, [#durable] is called, the owner's generation moves on once more, and the announcements
  /// are published.
  void failed(StorageException failure);

  /// For a unit whose fate nobody waits for. Its failure is seen by the owner's generation.
  static Outcome ignored() {
    return of(_ -> {}, _ -> {});
  }

  /// Tells two, one after the other; the other one hears of it whatever the first one throws.
  static Outcome both(Outcome one, Outcome other) {
    return new Both(one, other);
  }

  /// See [#both].
  record Both(Outcome one, Outcome other) implements Outcome {
    @Override
    public void placed(LogPosition first) {
      one.placed(first);
      other.placed(first);
    }

    @Override
    public void durable(LogPosition first) {
      try {
        one.durable(first);
      } finally {
        other.durable(first);
      }
    }

    @Override
    public void committed(LogPosition first) {
      try {
        one.committed(first);
      } finally {
        other.committed(first);
      }
    }

    @Override
    public void failed(StorageException failure) {
      try {
        one.failed(failure);
      } finally {
        other.failed(failure);
      }
    }
  }

  /// An outcome from two functions.
  static Outcome of(Consumer<LogPosition> committed, Consumer<StorageException> failed) {
    return new Outcome() {
      @Override
      public void committed(LogPosition first) {
        committed.accept(first);
      }

      @Override
      public void failed(StorageException failure) {
        failed.accept(failure);
      }
    };
  }
}
