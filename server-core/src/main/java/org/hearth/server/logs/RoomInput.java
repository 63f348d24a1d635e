package org.hearth.server.logs;

import com.fasterxml.jackson.databind.node.ObjectNode;
import java.util.List;
import java.util.Set;
import org.hearth.server.matrix.auth.Membership;
import org.hearth.server.matrix.event.EventDraft;
import org.hearth.server.matrix.id.RoomId;
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
  /// @param from what the target's membership must be, so that for example a kick of who is not
  ///   there is refused; empty for whatever it is. No member event counts as leave
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
      RoomId room, UserId user, @Nullable String displayName, @Nullable String avatarUrl)
      implements RoomInput {}

  /// Lets a user who has left forget the room; makes no event.
  record ForgetRoom(RoomId room, UserId user) implements RoomInput {}
}
