package org.hearth.server.readers.sync.history;

import org.hearth.server.matrix.id.RoomId;
import org.hearth.server.servers.room.RoomEvent;
import org.jspecify.annotations.Nullable;

/// The history of rooms that is not here, but with other servers. Who reads on to where it is
/// missing has it fetched; what has come is then read like all else.
///
/// **thread**: any that may wait. Whoever asks has no turn among those with large answers
/// meanwhile.
public interface OlderHistory {
  /// What became of it.
  enum Fetching {
    /// What can be had is here.
    DONE,
    /// It takes longer than anybody waits: more may be here later.
    UNDER_WAY
  }

  /// An event near a moment.
  ///
  /// @param timestamp milliseconds since 1970
  /// @param forwards the first at or after the moment, else the last at or before it
  /// @param nearest the one that is here; null for none
  /// @param next the event that is here before which others are missing
  record Wanted(long timestamp, boolean forwards, @Nullable RoomEvent nearest, RoomEvent next) {}

  /// Fetches what is before the oldest events that are here, and returns when more of it is here,
  /// or after a while.
  Fetching before(RoomId room) throws InterruptedException;

  /// Fetches the event that is wanted, if others know a nearer one than is here; returns when it is
  /// here, or after a while.
  void near(RoomId room, Wanted wanted) throws InterruptedException;
}
