package org.hearth.server.logs;

import com.fasterxml.jackson.annotation.JsonProperty;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.hearth.server.matrix.auth.Membership;
import org.hearth.server.matrix.event.EventDraft;
import org.hearth.server.matrix.event.Pdu;
import org.hearth.server.matrix.id.EventId;
import org.hearth.server.matrix.id.RoomId;
import org.hearth.server.matrix.id.ServerName;
import org.hearth.server.matrix.id.UserId;
import org.jspecify.annotations.Nullable;

/// The commands to the Room Server: the entries of the log room-input.
///
/// **shape**: the partition key is the room id; each command is answered by one [RoomReply] after
/// the commit.
public sealed interface RoomInput {
  /// The room that the command is about.
  RoomId room();

  /// Makes a room with its first events, all in one commit, or not at all.
  ///
  /// @param room the id; from room version 12 on it is the hash of the create event, which the
  ///   writer computes from the same draft and time
  /// @param version the room version
  /// @param originServerTs the create event's time in milliseconds since 1970; the id may depend on
  ///   it
  /// @param create the create event
  /// @param events the events after it, in this order; all are authorised one by one
  record CreateRoom(
      RoomId room, String version, long originServerTs, EventDraft create, List<EventDraft> events)
      implements RoomInput {
    /// Copies the list.
    public CreateRoom {
      events = List.copyOf(events);
    }
  }

  /// Adds one event, state or not.
  ///
  /// A state event that says, by the same sender, exactly what the state says already makes no new
  /// event: the reply names the one there.
  ///
  /// @param draft the event; a redaction is applied by the same command
  /// @param transaction null when the request had none
  record SendEvent(RoomId room, EventDraft draft, @Nullable ClientTransaction transaction)
      implements RoomInput {}

  /// Changes the membership of a user, after a look at what it is.
  ///
  /// @param sender who does it
  /// @param target whose membership changes
  /// @param membership what it becomes
  /// @param content further keys of the member event's content (reason, displayname, avatar_url,
  ///   is_direct, ...); without membership
  /// @param from the memberships that the target may have before, so that for example a kick of a
  ///   user who is not there is refused; empty for any. No member event counts as leave
  /// @param allowedBy the room through which the target may join a restricted room; null when none.
  ///   The Room Server looks whether the join rules still name it, and names the member of this
  ///   server that authorises the join
  record ChangeMembership(
      RoomId room,
      UserId sender,
      UserId target,
      Membership membership,
      ObjectNode content,
      Set<Membership> from,
      @Nullable RoomId allowedBy)
      implements RoomInput {
    /// Copies the set.
    public ChangeMembership {
      from = Set.copyOf(from);
    }
  }

  /// Writes a changed profile into the member event of a joined user; a user who is not joined is
  /// left alone.
  ///
  /// @param displayName null for none
  /// @param avatarUrl null for none
  record UpdateProfile(
      RoomId room,
      UserId user,
      @JsonProperty("displayname") @Nullable String displayName,
      @Nullable String avatarUrl)
      implements RoomInput {}

  /// Lets a user who has left forget the room; makes no event.
  record ForgetRoom(RoomId room, UserId user) implements RoomInput {}

  /// Takes in events that other servers made. Their format, signatures and hashes are checked
  /// (checks 1 to 3 on receipt); the Room Server does the rest, judges each event for itself, and
  /// says in a [RoomReply.Received] what became of each.
  ///
  /// The events may come in any order and may be known already. The Room Server asks nobody for
  /// missing events: it names them, and the writer sends the command again with them. The events
  /// that could be judged are stored nevertheless.
  ///
  /// The way into a room of others (`send_join`) is one such command: the join event in `events`,
  /// state and auth chain in `outliers`, and in `states` which of these are the state before it.
  ///
  /// @param room the room; it is made if it is not known and its create event is among the events
  ///   or outliers
  /// @param version the room version, in whose format the events are
  /// @param arrival how the events have come
  /// @param events events that get a place in the room's graph
  /// @param outliers events without a place: the state and auth chains of others
  /// @param states for events whose previous events are not to be had: the state before them, as a
  ///   peer says; by id, of events that are known or come along
  /// @param signers by event, the servers that have validly signed it; none for one that is not
  ///   here
  /// @param unobtainable events that nobody gives us: who cites them as auth events is rejected,
  ///   and judged again should they ever come
  record ReceiveEvents(
      RoomId room,
      String version,
      Arrival arrival,
      List<Pdu> events,
      List<Pdu> outliers,
      Map<EventId, List<EventId>> states,
      Map<EventId, Set<ServerName>> signers,
      Set<EventId> unobtainable)
      implements RoomInput {
    /// Copies the collections.
    public ReceiveEvents {
      events = List.copyOf(events);
      outliers = List.copyOf(outliers);
      Map<EventId, List<EventId>> copied = new HashMap<>();
      states.forEach((event, state) -> copied.put(event, List.copyOf(state)));
      states = Map.copyOf(copied);
      Map<EventId, Set<ServerName>> signed = new HashMap<>();
      signers.forEach((event, servers) -> signed.put(event, Set.copyOf(servers)));
      signers = Map.copyOf(signed);
      unobtainable = Set.copyOf(unobtainable);
    }
  }

  /// A sweep of a room's states begins: from now on the Room Server notes which states it refers
  /// to. Answered when everything that was decided about the room before is committed.
  record WatchStates(RoomId room) implements RoomInput {}

  /// Drops states that nothing in the database referred to when the sweep looked, after
  /// [WatchStates]. Those that were referred to since then stay, and all stay when the room was out
  /// of memory in between.
  ///
  /// @param states numbers of states of the room; whatever stands on one of them is among them or
  ///   gone. Empty when the sweep is over
  record DropStates(RoomId room, List<Long> states) implements RoomInput {
    /// Copies the list.
    public DropStates {
      states = List.copyOf(states);
    }
  }

  /// How events of others have come.
  enum Arrival {
    /// They just happened: they go to the end of the timeline, and may become forward extremities.
    LIVE,
    /// They happened long ago and were asked for: they go before the timeline, by depth.
    HISTORY
  }
}
