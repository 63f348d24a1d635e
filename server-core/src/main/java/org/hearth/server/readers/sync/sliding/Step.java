package org.hearth.server.readers.sync.sliding;

import java.util.List;
import java.util.Map;
import org.hearth.ringlogs.LogPosition;
import org.hearth.server.matrix.id.RoomId;
import org.hearth.server.readers.tokens.SyncPoint;

/// What an answer brings the client to, if it comes back with the answer's `pos`.
///
/// @param number of this answer; the part of `pos` by which it is known again
/// @param point up to where the client has been told
/// @param extensions up to where it has been told of each extension, where that is not the same
/// @param sent of the rooms of which something else has been sent than before
/// @param counts of the lists, by name
/// @param members who was told because a timeline needed them
record Step(
    long number,
    SyncPoint point,
    Map<String, SyncPoint> extensions,
    Map<RoomId, Sent> sent,
    Map<String, Integer> counts,
    List<Member> members) {
  /// Of more than these a client is told again.
  static final int MOST_MEMBERS = 5_000;

  private static final int FIXED_BYTES = 1_500;
  private static final int MEMBER_BYTES = 100;

  /// A member event.
  ///
  /// @param event its position
  record Member(RoomId room, String user, LogPosition event) {}

  /// Before a connection's first answer.
  static Step begin() {
    return new Step(0, new SyncPoint(LogPosition.ORIGIN), Map.of(), Map.of(), Map.of(), List.of());
  }

  long bytes() {
    long bytes = FIXED_BYTES + (long) Sent.BYTES * sent.size() + Memory.of(counts.keySet());
    for (Member each : members) {
      bytes += MEMBER_BYTES + each.user().length();
    }
    return bytes;
  }
}
