package org.hearth.server.servers.room;

import java.util.List;

/// Threads of a room, those with the latest replies first.
///
/// @param threads those that were wanted
/// @param lookedAt how many were looked at, with those that were not wanted
/// @param last the place of the latest reply of the last one that was looked at; 0 for none
/// @param more whether the room has more, wanted or not
public record ThreadStretch(List<ThreadRoot> threads, int lookedAt, long last, boolean more) {
  /// Of a room without any.
  public static final ThreadStretch NONE = new ThreadStretch(List.of(), 0, 0, false);

  public ThreadStretch {
    threads = List.copyOf(threads);
  }
}
