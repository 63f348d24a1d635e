package org.hearth.server.servers.room.state;

/// The places of events in the timeline of their room.
///
/// | place | event |
/// |---|---|
/// | positive | a live event: the position of the entry that told of it; mostly its own, and a later one if it was known before |
/// | negative | history, before all that is live: by depth, then by position |
/// | 0 (NULL in the table) | in no timeline |
///
/// Depth is what its sender says, so it orders history and decides nothing.
public final class Places {
  /// In no timeline.
  public static final long NONE = 0;

  private static final int POSITION_BITS = 20;
  private static final long GREATEST_DEPTH = (1L << 36) - 1;

  private Places() {}

  /// The place of an event of history.
  ///
  /// @param position breaks ties between events of one depth
  public static long history(long depth, long position) {
    long clamped = Math.clamp(depth, 0, GREATEST_DEPTH);
    long tie = position & ((1L << POSITION_BITS) - 1);
    return -((GREATEST_DEPTH - clamped + 1) << POSITION_BITS) + tie;
  }

  public static boolean isLive(long place) {
    return place > 0;
  }
}
