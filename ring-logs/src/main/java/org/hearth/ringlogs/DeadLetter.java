package org.hearth.ringlogs;

import java.time.Instant;

/// An entry that a consumer could not handle, or one held back behind such an entry.
///
/// @param log the name of the log
/// @param consumer the name of the reader; of an input log, the log's name again
/// @param partitionKey what is parked; `position 123` if the key of the entry cannot be known
/// @param position where the entry stands; [LogPosition#ORIGIN] for a command
/// @param entry its bytes; text ([EncodedEntry#TEXT]) if they could not be had or kept
/// @param reason whether this entry failed or waits behind one that did
/// @param failure what was thrown: class, message and place; empty if held back
/// @param parkedAt when
public record DeadLetter(
    String log,
    String consumer,
    String partitionKey,
    LogPosition position,
    EncodedEntry entry,
    Reason reason,
    String failure,
    Instant parkedAt) {

  /// A letter without its entry: what a consumer holds of all its letters at once.
  ///
  /// @param position where the entry stands; [LogPosition#ORIGIN] also if that cannot be read
  /// @param reason [Reason#FAILED] also if that cannot be read
  public record Label(
      String log,
      String consumer,
      String partitionKey,
      LogPosition position,
      Reason reason,
      String failure,
      Instant parkedAt) {}

  public Label label() {
    return new Label(log, consumer, partitionKey, position, reason, failure, parkedAt);
  }

  /// Why an entry lies here.
  public enum Reason {
    /// Its consumer threw, twice; or the log's store could not read it.
    FAILED,
    /// An earlier entry of the same partition key failed.
    HELD_BACK,
    /// Stands for the entry at its position and for all later ones of its key: there were too many
    /// to keep a letter of each. They are in the log's store.
    REST
  }
}
