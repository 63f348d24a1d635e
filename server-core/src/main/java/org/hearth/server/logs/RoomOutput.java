package org.hearth.server.logs;

import org.hearth.server.matrix.auth.Membership;
import org.hearth.server.matrix.event.Pdu;
import org.hearth.server.matrix.id.EventId;
import org.hearth.server.matrix.id.RoomId;
import org.jspecify.annotations.Nullable;

/// What the Room Server decided: the entries of the log room-output, each committed before it is
/// seen here.
///
/// **shape**: the partition key is the room id; the entry's position is the event's number for
/// ever.
public sealed interface RoomOutput {
  /// The room that the entry is about.
  RoomId room();

  /// An event was added to the end of a room's timeline.
  ///
  /// Downstream: a state event is the room's current state from this position on. A member event
  /// changes a membership: compare `previousMembership` with the content. When `redacts` is there,
  /// that event is redacted from this position on: forget what was kept of its content, and read it
  /// again where it is shown.
  ///
  /// @param event as it was sent
  /// @param transaction under which a device of this server sent it; to be shown to that device
  ///   only
  /// @param replaces the state event of the same type and key that was current before; null for the
  ///   first one and for what is not state
  /// @param previousMembership of a member event: the membership before (leave when there was
  ///   none); null for all others
  /// @param redacts the event that this one redacts, when the redaction took effect; else null
  record EventAdded(
      Pdu event,
      @Nullable ClientTransaction transaction,
      @Nullable Pdu replaces,
      @Nullable Membership previousMembership,
      @Nullable EventId redacts)
      implements RoomOutput {
    @Override
    public RoomId room() {
      return event.roomId();
    }
  }
}
