package org.hearth.server.logs;

import java.util.List;
import org.hearth.ringlogs.LogPosition;
import org.hearth.server.matrix.checks.PolicyServer;
import org.hearth.server.matrix.event.Pdu;
import org.hearth.server.matrix.id.EventId;

/// What the Room Server answers to a command, after the commit.
public sealed interface RoomReply {
  /// The command is done and durable.
  ///
  /// @param position whoever reads at this position or later sees the result of the command
  /// @param events the command's events in order; empty when it made none
  record Done(LogPosition position, List<EventId> events) implements RoomReply {
    /// Copies the list.
    public Done {
      events = List.copyOf(events);
    }
  }

  /// The command did nothing.
  ///
  /// @param refusal why
  /// @param detail what was expected and what was found, for the client
  record Refused(Refusal refusal, String detail) implements RoomReply {}

  /// The event that was to be prepared. It is not in the room.
  ///
  /// @param position as in [Done]: what the event refers to is there
  /// @param event signed if its sender is a user of this server, else without signatures
  record Prepared(LogPosition position, Pdu event) implements RoomReply {}

  /// The event is allowed, and has to be signed by the policy server that the room uses before it
  /// is sent. It is not in the room: who has it signed sends it by [RoomInput.SendSigned], or gives
  /// it to whoever wanted it prepared.
  ///
  /// @param position as in [Done]: what the event refers to is there
  /// @param event signed by this server
  record ToBeSigned(LogPosition position, Pdu event, PolicyServer policy) implements RoomReply {}

  /// Events of other servers were taken in, as far as they could be.
  ///
  /// @param position as in [Done]
  /// @param events what became of each event of the command, in the order in which they were judged
  record Received(LogPosition position, List<Judged> events) implements RoomReply {
    /// Copies the list.
    public Received {
      events = List.copyOf(events);
    }

    /// What became of an event.
    ///
    /// @throws IllegalArgumentException if the command did not have it
    public EventVerdict of(EventId event) {
      return events.stream()
          .filter(each -> each.event().equals(event))
          .map(Judged::verdict)
          .findFirst()
          .orElseThrow(() -> new IllegalArgumentException(event + " was not in the command"));
    }
  }

  /// An event of another server and what became of it.
  record Judged(EventId event, EventVerdict verdict) {}

  /// Why a command was refused.
  enum Refusal {
    /// There is no such room here.
    UNKNOWN_ROOM,
    /// The room id of a new room is taken.
    ROOM_EXISTS,
    /// The authorisation rules, or what the specification adds to them for requests of clients, do
    /// not allow it.
    FORBIDDEN,
    /// The event that a redaction names is not in the room.
    UNKNOWN_EVENT,
    /// The event, or a part of it, is larger than the specification allows.
    TOO_LARGE,
    /// The content cannot be an event: numbers out of range, a state that makes no sense.
    BAD_CONTENT,
    /// The target's membership is not one that the command starts from.
    WRONG_MEMBERSHIP,
    /// Nobody of this server in the room could authorise a restricted join.
    UNABLE_TO_AUTHORISE_JOIN,
    /// The user, or all users together, are invited to as many rooms elsewhere as are kept.
    TOO_MANY,
    /// The state of the room cannot be worked out. Only this room is concerned.
    UNRESOLVABLE
  }
}
