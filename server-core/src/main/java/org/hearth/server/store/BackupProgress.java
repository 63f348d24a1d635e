package org.hearth.server.store;

/// Follows a backup that is being made.
@FunctionalInterface
public interface BackupProgress {
  /// What is being done.
  enum Step {
    /// The database is copied.
    COPYING,
    /// The copy is read and its checksums are written.
    CHECKING
  }

  /// Called every now and then, from any thread; quick.
  ///
  /// @param step what is being done
  /// @param doneBytes how much of it is done, about
  /// @param totalBytes how much there is, about
  void at(Step step, long doneBytes, long totalBytes);
}
