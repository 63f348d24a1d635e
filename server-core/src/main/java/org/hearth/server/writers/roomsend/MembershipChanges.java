package org.hearth.server.writers.roomsend;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.util.Optional;
import java.util.Set;
import org.hearth.server.http.Requester;
import org.hearth.server.logs.RoomInput;
import org.hearth.server.logs.RoomReply;
import org.hearth.server.matrix.auth.Membership;
import org.hearth.server.matrix.error.Errcode;
import org.hearth.server.matrix.error.MatrixException;
import org.hearth.server.matrix.event.EventDraft;
import org.hearth.server.matrix.event.EventTypes;
import org.hearth.server.matrix.event.StateKey;
import org.hearth.server.matrix.id.Identifiers;
import org.hearth.server.matrix.id.RoomId;
import org.hearth.server.matrix.id.UserId;
import org.hearth.server.servers.room.RoomClient;
import org.hearth.server.servers.room.RoomQueries;
import org.hearth.server.services.account.AccountQueries;
import org.hearth.server.services.account.GuestAccess;
import org.hearth.server.services.account.NoticesUser;
import org.hearth.server.services.accountdata.AccountDataQueries;
import org.hearth.server.services.accountdata.InvitePermission;
import org.hearth.server.services.profile.Profile;
import org.hearth.server.services.profile.ProfileQueries;
import org.jspecify.annotations.Nullable;

/// Makes the commands that change memberships, with the names that go into member events.
///
/// **thread**: any; a call waits for the commit.
final class MembershipChanges {
  private final RoomQueries rooms;
  private final RoomClient commands;
  private final ProfileQueries profiles;
  private final AccountQueries accounts;
  private final AccountDataQueries accountData;
  private final PersonalSettings settings;
  private final RemoteInvites remoteInvites;

  MembershipChanges(
      RoomQueries rooms,
      RoomClient commands,
      ProfileQueries profiles,
      AccountQueries accounts,
      AccountDataQueries accountData,
      PersonalSettings settings,
      RemoteInvites remoteInvites) {
    this.rooms = rooms;
    this.commands = commands;
    this.profiles = profiles;
    this.accounts = accounts;
    this.accountData = accountData;
    this.settings = settings;
    this.remoteInvites = remoteInvites;
  }

  /// Whether a user of another server wants to be invited is known there.
  ///
  /// @throws MatrixException `M_NOT_FOUND` if a user of this server has no account;
  ///   `M_INVITE_BLOCKED` "when invites to a given user are blocked"
  void requireInvitable(UserId sender, UserId target) {
    if (!isHere(sender, target)) {
      return;
    }
    if (!accounts.isActive(target)) {
      throw MatrixException.notFound("There is no user " + target.value() + " on this server");
    }
    if (InvitePermission.blocksAll(accountData, target)) {
      throw new MatrixException(
          Errcode.INVITE_BLOCKED, target.value() + " does not want to be invited");
    }
  }

  /// Whether a user is of the server of one who sends.
  static boolean isHere(UserId sender, UserId target) {
    return target.isOn(sender.server());
  }

  /// What makes the invitation of a user of another server.
  ///
  /// @param content as of [#withNames]
  static RoomInput.PrepareEvent remoteInvite(
      RoomId room, UserId sender, UserId target, ObjectNode content) {
    ObjectNode whole = content.deepCopy();
    whole.put("membership", Membership.INVITE.value());
    return new RoomInput.PrepareEvent(
        room, EventDraft.state(room, sender, StateKey.member(target.value()), whole));
  }

  /// Changes a membership.
  ///
  /// @param from what the target's membership must be; empty for whatever it is
  /// @param extra further keys of the content, such as the reason
  RoomReply.Done change(
      RoomId room,
      UserId sender,
      UserId target,
      Membership membership,
      Set<Membership> from,
      ObjectNode extra)
      throws InterruptedException {
    if (membership == Membership.JOIN
        && accounts.isGuest(sender)
        && !GuestAccess.isOpen(rooms, room)) {
      throw new MatrixException(Errcode.GUEST_ACCESS_FORBIDDEN, "Guests may not join this room");
    }
    if (membership == Membership.LEAVE && sender.equals(target)) {
      requireRejectable(room, target);
    }
    ObjectNode content = withNames(target, membership, extra);
    if (membership == Membership.INVITE && !isHere(sender, target)) {
      return remoteInvites.invite(remoteInvite(room, sender, target, content));
    }
    boolean comes = membership == Membership.JOIN && !rooms.isJoined(room, target);
    RoomReply.Done done =
        commands.perform(
            new RoomInput.ChangeMembership(
                room,
                sender,
                target,
                membership,
                content,
                from,
                membership == Membership.JOIN ? allowingRoom(room, target) : null));
    if (comes) {
      settings.carryOver(target, room);
    }
    return done;
  }

  /// "The client must not expect to be able to reject an invite to join the server notices room.
  /// Attempting to reject the invite must result in a `M_CANNOT_LEAVE_SERVER_NOTICE_ROOM` error."
  private void requireRejectable(RoomId room, UserId user) {
    boolean byTheServer =
        rooms
            .membership(room, user)
            .filter(each -> each.membership() == Membership.INVITE)
            .flatMap(each -> rooms.eventAt(each.position()))
            .filter(invite -> invite.pdu().sender().equals(NoticesUser.of(user.server())))
            .isPresent();
    if (byTheServer) {
      throw new MatrixException(
          Errcode.CANNOT_LEAVE_SERVER_NOTICE_ROOM,
          "You cannot reject this invite: it is the server's own");
    }
  }

  /// The same for a member event that a client sets as state.
  RoomReply.Done byState(Requester requester, RoomId room, String key, ObjectNode content)
      throws InterruptedException {
    Membership membership =
        Membership.in(content)
            .orElseThrow(() ->
                MatrixException.badJson("membership must be join, invite, knock, leave or ban"));
    UserId target =
        Identifiers.read(UserId::parse, key)
            .orElseThrow(() ->
                MatrixException.invalidParam("The state key of a member event must be a user id"));
    if (membership == Membership.INVITE) {
      requireInvitable(requester.user(), target);
    }
    ObjectNode extra = content.deepCopy();
    extra.remove("membership");
    return change(room, requester.user(), target, membership, Set.of(), extra);
  }

  /// What a member event says besides the membership: the names of who is, or is to be, there.
  ///
  /// @throws MatrixException `M_INVALID_PARAM` if the client gives a name that no profile may have
  ObjectNode withNames(UserId target, Membership membership, ObjectNode extra) {
    ObjectNode content = extra.deepCopy();
    Profile.checkName(content.path("displayname").asText());
    // Who lets the user in is for the Room Server to say.
    content.remove("join_authorised_via_users_server");
    boolean named =
        switch (membership) {
          case JOIN, INVITE, KNOCK -> true;
          case LEAVE, BAN -> false;
        };
    if (named) {
      Profile profile = profiles.profile(target);
      profile
          .displayName()
          .filter(_ -> !content.has("displayname"))
          .ifPresent(name -> content.put("displayname", name));
      profile
          .avatarUrl()
          .filter(_ -> !content.has("avatar_url"))
          .ifPresent(url -> content.put("avatar_url", url));
    }
    return content;
  }

  /// A content with the reason that a request gives, if it gives one.
  static ObjectNode reason(ObjectNode body) {
    ObjectNode content = JsonNodeFactory.instance.objectNode();
    JsonNode reason = body.get("reason");
    if (reason != null && !reason.isNull()) {
      if (!reason.isTextual()) {
        throw MatrixException.badJson("reason must be a text");
      }
      content.set("reason", reason);
    }
    return content;
  }

  /// For a restricted room: a room that the join rules name and the user is in.
  private @Nullable RoomId allowingRoom(RoomId room, UserId user) {
    Optional<JsonNode> rules =
        rooms
            .currentState(room)
            .flatMap(state -> state.event(EventTypes.JOIN_RULES))
            .map(event -> event.pdu().content());
    if (rules.isEmpty() || !rules.get().path("join_rule").asText().endsWith("restricted")) {
      return null;
    }
    for (JsonNode condition : rules.get().path("allow")) {
      Optional<RoomId> allowed =
          condition.path("type").asText().equals("m.room_membership")
              ? roomId(condition.path("room_id").asText())
              : Optional.empty();
      if (allowed.isPresent() && rooms.isJoined(allowed.get(), user)) {
        return allowed.get();
      }
    }
    return null;
  }

  /// A condition that names no room allows nobody.
  private static Optional<RoomId> roomId(String text) {
    return Identifiers.read(RoomId::parse, text);
  }
}
