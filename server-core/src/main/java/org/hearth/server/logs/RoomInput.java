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

  /// Makes an event in its place in the room as it is now, and judges it by the current state, but
  /// neither stores nor tells it: it is not in the room yet, and perhaps never will be. For events
  /// that need another server before they are whole: what is to be signed there, or by both.
  ///
  /// An event of a user of this server is signed; one of another's is a template and has no
  /// signature. Who wants the whole event in the room sends it by [ReceiveEvents].
  ///
  /// @param draft the event, by whomever
  /// @param allowedBy for the join of a restricted room, as in [ChangeMembership]; null otherwise
  record PrepareEvent(RoomId room, EventDraft draft, @Nullable RoomId allowedBy)
      implements RoomInput {
    /// An event that nobody has to authorise.
    public PrepareEvent(RoomId room, EventDraft draft) {
      this(room, draft, null);
    }
  }

  /// Sends an event that was made by an earlier command, and that the room's policy server has
  /// signed since then: see [RoomReply.ToBeSigned]. The room may have gone on meanwhile, so that
  /// the current state is asked once more.
  ///
  /// @param version the room version, in whose format the event is
  /// @param event of a user of this server
  /// @param transaction null when the request had none
  record SendSigned(RoomId room, String version, Pdu event, @Nullable ClientTransaction transaction)
      implements RoomInput {
    /// An event of its own room.
    public SendSigned(Pdu event, @Nullable ClientTransaction transaction) {
      this(event.roomId(), event.version().id(), event, transaction);
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

  /// Takes in what a user of this server is to a room in which this server is not: the user was
  /// invited there, has knocked, or is no longer either. It is refused for a room in which users of
  /// this server are: what happens there is for [ReceiveEvents].
  ///
  /// An end counts only for what is there to end; else the command does nothing, and is answered
  /// so. The same event again does nothing either, nor does a second server's invitation while that
  /// of the first one waits.
  ///
  /// @param version the room version, in whose format the event is
  /// @param event the member event, which its server has signed, and which this server signed too
  ///   if it had to: an invitation (`invite`), `knock`, `leave` or `ban`
  /// @param strippedState what the user is shown of the room: events of type, sender, state key and
  ///   content
  /// @param via the server that invited the user, or by which the user knocked; for an end, that
  ///   told of it
  record OutsideMembership(
      RoomId room, String version, Pdu event, List<ObjectNode> strippedState, ServerName via)
      implements RoomInput {
    /// Copies the list.
    public OutsideMembership {
      strippedState = List.copyOf(strippedState);
    }
  }

  /// Ends an invitation or a knock of a user of this server that no other server takes back: the
  /// user is told so, and nobody else.
  ///
  /// @param content further keys of the member event's content, such as `reason`
  record LeaveOutside(RoomId room, UserId user, ObjectNode content) implements RoomInput {}

  /// Takes in events that other servers made. Their format, signatures and hashes are checked
  /// (checks 1 to 3 on receipt); the Room Server does the rest, judges each event for itself, and
  /// says in a [RoomReply.Received] what became of each.
  ///
  /// The events may come in any order and may be known already. The Room Server asks nobody for
  /// missing events: it names them, and the writer sends the command again with them. The events
  /// that could be judged are stored nevertheless.
  ///
  /// The way into a room of others (`send_join`) is one such command: the join event in `events`,
  /// state and auth chain in `outliers`, and in `states` which of these are the state before it. A
  /// large room comes by [ReceiveRoom].
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
  /// @param notRecommended events about which the room's policy server was asked in vain: without
  ///   its signature they are soft-failed
  record ReceiveEvents(
      RoomId room,
      String version,
      Arrival arrival,
      List<Pdu> events,
      List<Pdu> outliers,
      Map<EventId, List<EventId>> states,
      Map<EventId, Set<ServerName>> signers,
      Set<EventId> unobtainable,
      Set<EventId> notRecommended)
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
      notRecommended = Set.copyOf(notRecommended);
    }

    /// Events about which no policy server was asked yet.
    public ReceiveEvents(
        RoomId room,
        String version,
        Arrival arrival,
        List<Pdu> events,
        List<Pdu> outliers,
        Map<EventId, List<EventId>> states,
        Map<EventId, Set<ServerName>> signers,
        Set<EventId> unobtainable) {
      this(room, version, arrival, events, outliers, states, signers, unobtainable, Set.of());
    }

    /// The same with another copy of the one event.
    public ReceiveEvents with(Pdu event) {
      return new ReceiveEvents(
          room,
          version,
          arrival,
          List.of(event),
          outliers,
          states,
          signers,
          unobtainable,
          notRecommended);
    }

    /// One event, about whose room enough is known here.
    ///
    /// @param signers the servers that have validly signed it
    public static ReceiveEvents one(Pdu event, Arrival arrival, Set<ServerName> signers) {
      return new ReceiveEvents(
          event.roomId(),
          event.version().id(),
          arrival,
          List.of(event),
          List.of(),
          Map.of(),
          Map.of(event.eventId(), signers),
          Set.of());
    }
  }

  /// Takes in a part of a large room that a user of this server is about to join: events without a
  /// place, each after those that it cites, and which of them are the state before the join. It is
  /// refused for a room in which users of this server are or were; nobody is told. One command of
  /// fifty thousand events would hold up what others do; between parts they have their turn.
  ///
  /// [EnterRoom] ends it. What has come stays when nothing comes of the join. Another join of the
  /// room that begins meanwhile begins anew, and of the one before nothing more is taken.
  ///
  /// @param events their format, signatures and hashes are checked
  /// @param state those of the events, or of events that are known, that are state before the join
  /// @param signers by event, the servers that have validly signed it
  /// @param isFirst whether a join begins by it; the create event is in that part
  /// @param join the join that the part is of; null where it was written before parts said so: no
  ///   join goes on by such a part
  record ReceiveRoom(
      RoomId room,
      String version,
      List<Pdu> events,
      Set<EventId> state,
      Map<EventId, Set<ServerName>> signers,
      boolean isFirst,
      @Nullable EventId join)
      implements RoomInput {
    /// Copies the collections.
    public ReceiveRoom {
      events = List.copyOf(events);
      state = Set.copyOf(state);
      signers = Map.copyOf(signers);
    }
  }

  /// Takes in the join of a user of this server. The state before it is what has come for it by
  /// [ReceiveRoom]; without that it is refused.
  ///
  /// @param version the room version, in whose format it is
  /// @param signers the servers that have validly signed it
  record EnterRoom(RoomId room, String version, Pdu join, Set<ServerName> signers)
      implements RoomInput {
    /// Copies the set.
    public EnterRoom {
      signers = Set.copyOf(signers);
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
    /// They just happened, and their server has given them to this one alone (`send_join`,
    /// `send_leave`, `send_knock`): as [#LIVE], and this server sends them on. "The resident server
    /// must also send the event to other servers participating in the room."
    HANDED_IN,
    /// They happened long ago and were asked for: they go before the timeline, by depth.
    HISTORY,
    /// Events that just happened follow them, and they say that they are long past: they go where
    /// [#HISTORY] does, and are judged as [#LIVE] is, since anybody may say so of an event.
    FOLLOWED;

    /// Whether they go to the end of the timeline.
    public boolean isLive() {
      return this == LIVE || this == HANDED_IN;
    }

    /// Whether the room as it is now has a say (checks 6 and 7 on receipt).
    public boolean isJudgedByNow() {
      return this != HISTORY;
    }
  }
}
