package org.hearth.server.logs;

import com.fasterxml.jackson.annotation.JsonProperty;
import java.util.List;
import java.util.Optional;
import org.hearth.server.matrix.auth.Membership;
import org.hearth.server.matrix.event.EventTypes;
import org.hearth.server.matrix.event.Pdu;
import org.hearth.server.matrix.event.StateKey;
import org.hearth.server.matrix.id.EventId;
import org.hearth.server.matrix.id.Identifiers;
import org.hearth.server.matrix.id.RoomId;
import org.hearth.server.matrix.id.ServerName;
import org.hearth.server.matrix.id.UserId;
import org.jspecify.annotations.Nullable;

/// What the Room Server decided: the entries of the log room-output, each committed before it is
/// seen here.
///
/// **shape**: the partition key is the room id; the entry's position is the event's number for
/// ever.
public sealed interface RoomOutput {
  /// The room that the entry is about.
  RoomId room();

  /// The memberships that are others, or are said anew, from this entry on.
  default List<Member> members() {
    return switch (this) {
      case EventAdded added when added.event().isMember() ->
          List.of(Member.of(added.event().stateKey().orElseThrow(), added.event()));
      case StateChanged changed ->
          changed.changes().stream()
              .filter(each -> each.key().type().equals(EventTypes.MEMBER))
              .map(each -> Member.of(each.key().stateKey(), each.now()))
              .toList();
      case OutsideMember(var event) -> List.of(Member.of(event.stateKey().orElseThrow(), event));
      case EventAdded _, EventStored _ -> List.of();
    };
  }

  /// About what it takes in memory.
  default long memoryBytes() {
    return switch (this) {
      case EventAdded(var event, _, var replaces, _, _, _) ->
          event.memoryBytes() + (replaces == null ? 0 : replaces.memoryBytes());
      case EventStored(var event, _) -> event.memoryBytes();
      case OutsideMember(var event) -> event.memoryBytes();
      case StateChanged(_, var changes) ->
          changes.stream().mapToLong(StateChange::memoryBytes).sum();
    };
  }

  /// A membership.
  ///
  /// @param user the id, or whatever else stands in the place of one
  record Member(String user, Membership membership) {
    static Member of(String user, @Nullable Pdu event) {
      return new Member(
          user, Optional.ofNullable(event).flatMap(Membership::of).orElse(Membership.LEAVE));
    }

    /// Whose it is; empty where something else stands in the place of an id.
    public Optional<UserId> id() {
      return Identifiers.read(UserId::parse, user);
    }
  }

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
  /// @param handedInBy the server of its sender, where that has given the event to this server
  ///   alone, which sends it on to the others in the room; null where its sender's server does that
  record EventAdded(
      Pdu event,
      @Nullable ClientTransaction transaction,
      @Nullable Pdu replaces,
      @Nullable Membership previousMembership,
      @Nullable EventId redacts,
      @Nullable ServerName handedInBy)
      implements RoomOutput {
    /// An event that its sender's server sends to all.
    public EventAdded(
        Pdu event,
        @Nullable ClientTransaction transaction,
        @Nullable Pdu replaces,
        @Nullable Membership previousMembership,
        @Nullable EventId redacts) {
      this(event, transaction, replaces, previousMembership, redacts, null);
    }

    /// Whether it is for that server to send the event to the others in the room: it is by one of
    /// its users, or was handed in.
    ///
    /// @param here the name of this server
    public boolean isSentBy(ServerName here) {
      return handedInBy != null || event.sender().isOn(here);
    }

    @Override
    public RoomId room() {
      return event.roomId();
    }

    @JsonProperty
    String version() {
      return event.version().id();
    }
  }

  /// An event was stored that is not in the live timeline. It changes neither the current state nor
  /// a membership.
  ///
  /// @param event as it was sent
  /// @param standing what it counts for
  record EventStored(Pdu event, Standing standing) implements RoomOutput {
    @Override
    public RoomId room() {
      return event.roomId();
    }

    @JsonProperty
    String version() {
      return event.version().id();
    }
  }

  /// A user of this server is invited to a room in which this server is not, has knocked there, or
  /// is no longer either. The event is in no timeline here: it is found by `RoomQueries.outside`.
  ///
  /// @param event the member event
  record OutsideMember(Pdu event) implements RoomOutput {
    @Override
    public RoomId room() {
      return event.roomId();
    }

    @JsonProperty
    String version() {
      return event.version().id();
    }
  }

  /// What an event counts for that is not in the live timeline.
  enum Standing {
    /// It is in the room's history, before the live timeline, and may be shown.
    HISTORY,
    /// It is known because others cite it; it has no place in the room.
    OUTLIER,
    /// It is not shown: the current state did not allow it.
    SOFT_FAILED,
    /// It is not shown and counts for nothing.
    REJECTED
  }

  /// The current state changed otherwise than by the events of the timeline: branches of the room's
  /// history came together, and the resolved state differs from the state that the timeline gives.
  /// Also told here, once more, is a membership that ended by an event of the timeline which, on
  /// its own branch, did not know of it.
  ///
  /// @param changes at least one
  record StateChanged(RoomId room, List<StateChange> changes) implements RoomOutput {
    /// Copies the list.
    public StateChanged {
      changes = List.copyOf(changes);
    }
  }

  /// What holds a state key now, and what held it before.
  ///
  /// @param now null when nothing holds it any more
  /// @param before null when nothing held it
  record StateChange(StateKey key, @Nullable Pdu now, @Nullable Pdu before) {
    long memoryBytes() {
      return (now == null ? 0 : now.memoryBytes()) + (before == null ? 0 : before.memoryBytes());
    }
  }
}
