package org.hearth.server.servers.notification;

import java.util.Map;

/// What a user has not read in a room.
///
/// @param main in the main timeline
/// @param threads by the id of the thread's root; without threads in which all is read
public record UnreadCounts(Count main, Map<String, Count> threads) {
  /// Nothing.
  public static final UnreadCounts NONE = new UnreadCounts(Count.NONE, Map.of());

  /// Copies the map.
  public UnreadCounts {
    threads = Map.copyOf(threads);
  }

  /// The main timeline and all threads together.
  public Count total() {
    return threads.values().stream().reduce(main, Count::plus);
  }

  /// How much is unread.
  ///
  /// @param notifications events that notify
  /// @param highlights those of them that highlight
  public record Count(long notifications, long highlights) {
    /// Nothing.
    public static final Count NONE = new Count(0, 0);

    Count plus(Count other) {
      return new Count(notifications + other.notifications, highlights + other.highlights);
    }
  }
}
