package org.hearth.server.servers.room;

import java.util.List;

/// Events of a room, one after the other, some at a time.
///
/// @param events in the order of reading, without those whose rows are damaged
/// @param last the [RoomEvent#place] of the last that was looked at, damaged or not; 0 for none
/// @param full whether as many, or as much, was looked at as was asked for, so that there may be
///   more
public record Stretch(List<RoomEvent> events, long last, boolean full) {
  public Stretch {
    events = List.copyOf(events);
  }

  /// What was read whole.
  ///
  /// @param asked how many were asked for
  public static Stretch of(List<RoomEvent> events, int asked) {
    return new Stretch(
        events, events.isEmpty() ? 0 : events.getLast().place(), events.size() == asked);
  }

  /// How much to read. It is read [#PIECE] events at a time, and no further with the piece with
  /// which the bytes are exceeded.
  ///
  /// @param events at most
  /// @param bytes of memory after which no more are read
  public record Size(int events, long bytes) {
    /// At 64 KiB each, 1 MiB of JSON, which takes some times that when it is parsed.
    public static final int PIECE = 16;
  }

  /// Where to read.
  ///
  /// @param backwards whether the newest come first
  /// @param after the lowest place, exclusive
  /// @param upTo the highest place, inclusive; below 0 for the history before all that is live
  public record Reach(boolean backwards, long after, long upTo) {
    public boolean isHistory() {
      return upTo < 0;
    }
  }
}
