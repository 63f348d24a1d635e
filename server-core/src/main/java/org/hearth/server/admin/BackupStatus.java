package org.hearth.server.admin;

import java.time.Instant;
import java.util.Optional;

/// How far the newest backup is.
///
/// @param state whether it is being made
/// @param step what is being done, for a progress line
/// @param doneBytes how much of the step is done, about
/// @param totalBytes how much there is to do, about; the size of the backup when it is made
/// @param folder where it is or is to be; empty if none was begun since the start
/// @param since when it came into this state
/// @param failure why there is none, in a sentence
public record BackupStatus(
    State state,
    String step,
    long doneBytes,
    long totalBytes,
    Optional<String> folder,
    Optional<Instant> since,
    Optional<String> failure) {
  /// What became of a backup.
  public enum State {
    /// None was begun since the start.
    NONE,
    /// It is being made.
    RUNNING,
    /// It is whole.
    DONE,
    /// It could not be made.
    FAILED,
    /// Somebody thought better of it; nothing is left of it.
    CANCELLED
  }

  /// What is being done when somebody has asked for the end of it.
  static final String CANCELLING = "cancelling";

  /// Whether somebody has asked for the end of what is being made.
  public boolean isCancelling() {
    return step.equals(CANCELLING);
  }

  /// The same, further on.
  BackupStatus at(String nextStep, long done, long total) {
    return new BackupStatus(state, nextStep, done, total, folder, since, failure);
  }

  static BackupStatus none() {
    return new BackupStatus(
        State.NONE, "", 0, 0, Optional.empty(), Optional.empty(), Optional.empty());
  }
}
