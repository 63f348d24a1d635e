package org.hearth.server.servers.room;

import java.util.Objects;
import org.hearth.ringlogs.LogPosition;
import org.hearth.server.logs.ClientTransaction;
import org.hearth.server.matrix.auth.Membership;
import org.hearth.server.matrix.event.EventTypes;
import org.hearth.server.matrix.event.Pdu;
import org.hearth.server.matrix.id.EventId;
import org.hearth.server.matrix.id.RoomId;
import org.hearth.server.matrix.id.UserId;
import org.jspecify.annotations.Nullable;

/// A committed event as a reader may show it: a redacted event is here in its redacted form.
///
/// @param position of a live event where it is in the log, for ever, which is where it became live;
///   of all others their number
/// @param pdu the event; redacted when `redactedBecause` is there
/// @param redactedBecause the redaction that took effect on this event; null for none
/// @param transaction under which a device of this server sent it; to be shown to that device of
///   the sender only
/// @param replaces the position of the state event that this one replaced; null for the first of
///   its key and for what is not state
/// @param place where it is in the room's timeline: of a live event its position; of history, which
///   is before all that is live, a negative number that grows with time; 0 when it is not shown
public record RoomEvent(
    LogPosition position,
    Pdu pdu,
    @Nullable Pdu redactedBecause,
    @Nullable ClientTransaction transaction,
    @Nullable LogPosition replaces,
    long place) {
  /// An event of the live timeline.
  public RoomEvent(
      LogPosition position,
      Pdu pdu,
      @Nullable Pdu redactedBecause,
      @Nullable ClientTransaction transaction,
      @Nullable LogPosition replaces) {
    this(position, pdu, redactedBecause, transaction, replaces, position.value());
  }

  /// Whether it is history: it happened before this server was told of the room's events.
  public boolean isHistory() {
    return place < 0;
  }

  /// Refuses absent parts.
  public RoomEvent {
    Objects.requireNonNull(position, "position");
    Objects.requireNonNull(pdu, "pdu");
  }

  /// The event's id.
  public EventId id() {
    return pdu.eventId();
  }

  /// Whether it invites that user.
  public boolean invites(UserId user) {
    return pdu.isState(EventTypes.MEMBER, user.value())
        && Membership.of(pdu).filter(Membership.INVITE::equals).isPresent();
  }

  /// The room.
  public RoomId room() {
    return pdu.roomId();
  }

  /// Who sent it.
  public UserId sender() {
    return pdu.sender();
  }

  /// The event type.
  public String type() {
    return pdu.type();
  }
}
