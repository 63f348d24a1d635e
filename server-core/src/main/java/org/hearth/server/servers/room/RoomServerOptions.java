package org.hearth.server.servers.room;

/// How large the Room Server may be.
///
/// @param shards threads that decide; a room always belongs to the same one
/// @param roomBytes memory for rooms, for those that the shards decide on as much again
/// @param eventBytes memory for events
/// @param encodedBytes memory for state events as clients are told them
/// @param stateBytes memory for states other than the current ones
/// @param graphBytes memory for the states, resolutions and auth graphs of rooms whose history
///   forks
/// @param userBytes memory for the lists of users' rooms
public record RoomServerOptions(
    int shards,
    long roomBytes,
    long eventBytes,
    long encodedBytes,
    long stateBytes,
    long graphBytes,
    long userBytes) {
  /// Refuses what cannot work.
  public RoomServerOptions {
    if (shards < 1) {
      throw new IllegalArgumentException("at least one shard, not " + shards);
    }
    if (roomBytes < 0
        || eventBytes < 0
        || encodedBytes < 0
        || stateBytes < 0
        || graphBytes < 0
        || userBytes < 0) {
      throw new IllegalArgumentException("budgets of memory are not negative");
    }
  }

  /// Two shards and 124 MiB: enough for a thousand rooms of 50 members, and for 70,000 events of
  /// states as all who join are told them.
  public static RoomServerOptions standard() {
    return new RoomServerOptions(2, 28L << 20, 16L << 20, 32L << 20, 8L << 20, 8L << 20, 4L << 20);
  }
}
