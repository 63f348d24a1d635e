package org.hearth.server.writers.federationmembership.resident;

import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.util.List;
import java.util.Set;
import org.hearth.server.http.Request;
import org.hearth.server.http.Response;
import org.hearth.server.logs.RoomInput;
import org.hearth.server.logs.RoomReply;
import org.hearth.server.matrix.auth.Membership;
import org.hearth.server.matrix.error.Errcode;
import org.hearth.server.matrix.error.MatrixException;
import org.hearth.server.matrix.event.EventDraft;
import org.hearth.server.matrix.event.Pdu;
import org.hearth.server.matrix.event.StateKey;
import org.hearth.server.matrix.id.RoomId;
import org.hearth.server.matrix.id.ServerName;
import org.hearth.server.matrix.id.UserId;
import org.hearth.server.matrix.version.RoomRule;
import org.hearth.server.servers.room.RoomClient;
import org.jspecify.annotations.Nullable;

/// Gives out member events for other servers to complete and sign: `/make_join`, `/make_leave`,
/// `/make_knock`.
///
/// **thread**: any. **source**: [Joining Rooms][join], [Knocking upon a room][knock], [Leaving
/// Rooms][leave].
///
/// [join]: https://spec.matrix.org/v1.19/server-server-api/#joining-rooms
/// [knock]: https://spec.matrix.org/v1.19/server-server-api/#knocking-rooms
/// [leave]: https://spec.matrix.org/v1.19/server-server-api/#leaving-rooms-rejecting-invites
final class Templates {
  /// What whoever signs the event adds.
  private static final Set<String> NOT_OF_A_TEMPLATE = Set.of("event_id", "hashes", "signatures");

  private final ServerName here;
  private final Door door;
  private final JoinConditions conditions;
  private final RoomClient commands;

  Templates(ServerName here, Door door, JoinConditions conditions, RoomClient commands) {
    this.here = here;
    this.door = door;
    this.conditions = conditions;
    this.commands = commands;
  }

  Response join(Request request) throws InterruptedException {
    UserId user = Door.user(request);
    Door.Room room = door.room(request);
    List<String> versions = request.queryAll("ver");
    // "The room versions the sending server has support for. Defaults to `[1]`."
    requireVersion(room, versions.isEmpty() ? List.of("1") : versions);
    return template(room, user, Membership.JOIN, conditions.way(room, user).by());
  }

  Response knock(Request request) throws InterruptedException {
    UserId user = Door.user(request);
    Door.Room room = door.room(request);
    List<String> versions = request.queryAll("ver");
    if (versions.isEmpty()) {
      throw MatrixException.missingParam("ver");
    }
    requireVersion(room, versions);
    if (!room.version().has(RoomRule.KNOCKING)) {
      throw notAllowed();
    }
    return template(room, user, Membership.KNOCK, null);
  }

  Response leave(Request request) throws InterruptedException {
    UserId user = Door.user(request);
    return template(door.room(request), user, Membership.LEAVE, null);
  }

  private static void requireVersion(Door.Room room, List<String> versions) {
    if (!versions.contains(room.version().id())) {
      throw MatrixException.incompatibleRoomVersion(room.version().id());
    }
  }

  private Response template(
      Door.Room room, UserId user, Membership membership, @Nullable RoomId allowedBy)
      throws InterruptedException {
    ObjectNode content = JsonNodeFactory.instance.objectNode();
    content.put("membership", membership.value());
    EventDraft draft = EventDraft.state(room.id(), user, StateKey.member(user.value()), content);
    Pdu event = prepared(commands, new RoomInput.PrepareEvent(room.id(), draft, allowedBy));
    ObjectNode template = event.json().deepCopy().without(NOT_OF_A_TEMPLATE);
    // "The name of the resident homeserver", for whoever signs the event to replace.
    template.put("origin", here.value());
    ObjectNode body = JsonNodeFactory.instance.objectNode();
    body.put("room_version", room.version().id());
    body.set("event", template);
    return Response.json(body);
  }

  /// Has an event made of what a user of another server wants.
  ///
  /// @throws MatrixException if the room does not allow it
  static Pdu prepared(RoomClient commands, RoomInput.PrepareEvent command)
      throws InterruptedException {
    return switch (commands.ask(command)) {
      case RoomReply.Prepared(_, Pdu event) -> event;
      case RoomReply.Refused(var refusal, _) -> throw error(refusal);
      case RoomReply.Done _, RoomReply.Received _, RoomReply.ToBeSigned _ ->
          throw new IllegalStateException("an event was to be prepared: " + command);
    };
  }

  /// What a peer is told. The words are the same whatever is in the room, which is none of its
  /// business.
  static MatrixException error(RoomReply.Refusal refusal) {
    return switch (refusal) {
      case UNKNOWN_ROOM -> Door.unknown();
      case FORBIDDEN, WRONG_MEMBERSHIP, UNKNOWN_EVENT, ROOM_EXISTS, TOO_MANY -> notAllowed();
      // "The resident server can see that the joining user satisfies one of the conditions, though
      // the resident server would be unable to meet the auth rules governing
      // `join_authorised_via_users_server` on the resulting `m.room.member` event."
      case UNABLE_TO_AUTHORISE_JOIN ->
          new MatrixException(
              Errcode.UNABLE_TO_GRANT_JOIN, "Nobody of this server may let the user in");
      case TOO_LARGE -> MatrixException.tooLarge("The event would be too large");
      case BAD_CONTENT -> MatrixException.invalidParam("The event has no valid content");
      case UNRESOLVABLE -> MatrixException.unknown("The room is damaged on this server");
    };
  }

  static MatrixException notAllowed() {
    return MatrixException.forbidden("The room does not allow that");
  }
}
