package org.hearth.server.writers.federationmembership.invites;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.function.Supplier;
import org.hearth.server.http.Access;
import org.hearth.server.http.Fields;
import org.hearth.server.http.HttpMethod;
import org.hearth.server.http.RateClass;
import org.hearth.server.http.Request;
import org.hearth.server.http.Response;
import org.hearth.server.http.RouteGroup;
import org.hearth.server.http.Routes;
import org.hearth.server.logs.EventVerdict;
import org.hearth.server.logs.RoomInput;
import org.hearth.server.logs.RoomReply;
import org.hearth.server.logs.RoomReply.Refusal;
import org.hearth.server.matrix.auth.Membership;
import org.hearth.server.matrix.error.Errcode;
import org.hearth.server.matrix.error.MatrixException;
import org.hearth.server.matrix.event.ContentHash;
import org.hearth.server.matrix.event.Pdu;
import org.hearth.server.matrix.id.EventId;
import org.hearth.server.matrix.id.Identifiers;
import org.hearth.server.matrix.id.RoomId;
import org.hearth.server.matrix.id.ServerName;
import org.hearth.server.matrix.id.UserId;
import org.hearth.server.matrix.sign.EventSignatures;
import org.hearth.server.matrix.sign.SigningKey;
import org.hearth.server.matrix.version.RoomVersion;
import org.hearth.server.matrix.version.RoomVersions;
import org.hearth.server.outbound.events.CheckedEvents;
import org.hearth.server.outbound.events.PeerEvents;
import org.hearth.server.servers.room.PeerQueries;
import org.hearth.server.servers.room.RoomClient;
import org.hearth.server.servers.room.RoomQueries;
import org.hearth.server.servers.room.RoomSummary;
import org.hearth.server.services.account.AccountQueries;
import org.hearth.server.services.accountdata.AccountDataQueries;
import org.hearth.server.services.accountdata.InvitePermission;
import org.jspecify.annotations.Nullable;

/// Takes invitations of users of this server that other servers bring, and signs them.
///
/// This server's signature under an event of others can do harm, so it is given for nothing else:
/// "Servers MUST apply certain validation to ensure they don't accidentally sign non-invite events
/// from a malicious server."
///
/// **thread**: any; a call waits for the commit.
///
/// **source**: [Inviting to a room][inviting].
///
/// [inviting]: https://spec.matrix.org/v1.19/server-server-api/#inviting-to-a-room
public final class InviteRoutes implements RouteGroup {
  /// "Servers which receive a v1 invite request must assume that the room version is either `"1"`
  /// or `"2"`", whose events are alike.
  private static final Set<RoomVersion> OF_V1 = Set.of(RoomVersions.V1, RoomVersions.V2);

  private static final int LONGEST_VERSION = 255;

  private final Needs needs;
  private final ServerSignature signatures;

  /// What the routes stand on.
  ///
  /// @param here the name of this server
  /// @param key by which it signs now
  /// @param keys of other servers
  public record Needs(
      ServerName here,
      Supplier<SigningKey> key,
      PeerEvents events,
      PeerEvents.Keys keys,
      Rooms rooms,
      AccountQueries accounts,
      AccountDataQueries accountData) {}

  /// Who is asked about rooms, and has them changed.
  public record Rooms(RoomQueries queries, PeerQueries peers, RoomClient commands) {}

  public InviteRoutes(Needs needs) {
    this.needs = needs;
    this.signatures = new ServerSignature(needs.keys());
  }

  @Override
  public void register(Routes routes) {
    routes
        .add(
            HttpMethod.PUT,
            "/_matrix/federation/v1/invite/{roomId}/{eventId}",
            Access.SERVER,
            RateClass.FEDERATION,
            this::v1)
        .add(
            HttpMethod.PUT,
            "/_matrix/federation/v2/invite/{roomId}/{eventId}",
            Access.SERVER,
            RateClass.FEDERATION,
            this::v2);
  }

  private Response v2(Request request) throws InterruptedException {
    Fields body = Fields.of(request.json());
    String id = body.string("room_version");
    if (id.length() > LONGEST_VERSION) {
      throw MatrixException.invalidParam("room_version is too long");
    }
    RoomVersion version =
        RoomVersions.of(id).orElseThrow(() -> MatrixException.incompatibleRoomVersion(id));
    ObjectNode event = body.object("event").json();
    return Response.json(sign(request, version, event, request.json().get("invite_room_state")));
  }

  private Response v1(Request request) throws InterruptedException {
    ObjectNode event = request.json();
    RoomVersion version =
        needs
            .rooms()
            .queries()
            .room(room(request))
            .map(RoomSummary::version)
            .filter(OF_V1::contains)
            .orElse(RoomVersions.V1);
    ObjectNode signed =
        sign(request, version, event, event.path("unsigned").get("invite_room_state"));
    return Response.json(JsonNodeFactory.instance.arrayNode().add(200).add(signed));
  }

  private static RoomId room(Request request) {
    return RoomId.parse(request.path("roomId"));
  }

  /// @return an object with the event, which this server has signed
  private ObjectNode sign(
      Request request, RoomVersion version, ObjectNode given, @Nullable JsonNode state)
      throws InterruptedException {
    // Nothing of what is not signed is believed, and v1 puts the state there.
    ObjectNode bare = JsonNodeFactory.instance.objectNode();
    bare.setAll(given);
    bare.remove("unsigned");
    Pdu event = Pdu.parse(bare, version);
    UserId target = requireInvitation(request, event);
    request.charge(RateClass.MEMBERSHIP, "invite %s %s".formatted(request.origin(), target));
    requireWanted(event, target);
    requireSigned(event, request.origin());
    List<ObjectNode> shown =
        InviteState.inward(state, event.roomId(), version, event, needs.events());
    ObjectNode signed =
        EventSignatures.sign(event.json(), version, needs.here(), needs.key().get());
    takeIn(Pdu.parse(signed, version), shown, request.origin());
    // "The event with the invited server's signature added. All other fields of the events should
    // remain untouched."
    ObjectNode answer = JsonNodeFactory.instance.objectNode();
    answer.setAll(signed);
    if (given.get("unsigned") instanceof ObjectNode unsigned) {
      ObjectNode kept = answer.putObject("unsigned");
      kept.setAll(unsigned);
      kept.remove("invite_room_state");
    }
    return JsonNodeFactory.instance.objectNode().set("event", answer);
  }

  /// @return who is invited
  private UserId requireInvitation(Request request, Pdu event) {
    if (!event.roomId().equals(room(request))) {
      throw MatrixException.invalidParam("The event is not of the room of the path");
    }
    if (!event.eventId().equals(EventId.parse(request.path("eventId")))) {
      throw MatrixException.invalidParam("The event's id is not that of the path");
    }
    // "The event type is not `m.room.member`."
    // "The `membership` field inside the event content is not `invite`."
    if (!event.isMember() || Membership.of(event).filter(Membership.INVITE::equals).isEmpty()) {
      throw MatrixException.invalidParam("The event is no invitation");
    }
    // "The event sender is not a user ID on the origin server."
    if (!event.sender().isOn(request.origin())) {
      throw MatrixException.invalidParam("The event's sender is not a user of your server");
    }
    // "The `state_key` is not a user ID on the receiving server."
    return event
        .stateKey()
        .flatMap(key -> Identifiers.read(UserId::parse, key))
        .filter(user -> user.isOn(needs.here()))
        .orElseThrow(
            () -> MatrixException.invalidParam("The event does not invite a user of this server"));
  }

  private void requireWanted(Pdu event, UserId target) {
    if (!needs.accounts().isActive(target)) {
      throw MatrixException.forbidden("There is no such user");
    }
    // "When invites to a given user are blocked, the user's homeserver MUST respond […] with an
    // HTTP 403 status code, with the Matrix error code `M_INVITE_BLOCKED`".
    if (InvitePermission.blocksAll(needs.accountData(), target)) {
      throw new MatrixException(Errcode.INVITE_BLOCKED, "The user does not want to be invited");
    }
    if (needs.rooms().queries().isJoined(event.roomId(), target)) {
      throw MatrixException.forbidden("The user is in the room");
    }
  }

  /// "The invite event fails a signature check." One of a third party needs no signature in a room;
  /// here it needs that of the server that brings it, as any other.
  private void requireSigned(Pdu event, ServerName origin) throws InterruptedException {
    CheckedEvents checked =
        needs.events().check(event.roomId(), event.version(), List.of(event.json()));
    Set<ServerName> signers = checked.signers().get(event.eventId());
    boolean signed =
        signers != null && (signers.contains(origin) || signatures.isOn(event, origin));
    if (!signed || !ContentHash.matches(event.json(), event.version())) {
      throw MatrixException.invalidParam("The event's signature or hash is not valid");
    }
  }

  /// The invitation is durable before anybody gets this server's signature.
  private void takeIn(Pdu event, List<ObjectNode> shown, ServerName origin)
      throws InterruptedException {
    // The room may come here at the same moment.
    if (!intoRoom(event, origin) && !outside(event, shown, origin) && !intoRoom(event, origin)) {
      throw MatrixException.unknown("The room comes and goes");
    }
  }

  /// @return whether users of this server are in the room
  private boolean intoRoom(Pdu event, ServerName origin) throws InterruptedException {
    RoomId room = event.roomId();
    Optional<RoomSummary> known = needs.rooms().queries().room(room);
    if (known.isEmpty() || !needs.rooms().peers().servers(room).contains(needs.here())) {
      return false;
    }
    if (!known.get().version().equals(event.version())) {
      throw MatrixException.invalidParam("The room has another version");
    }
    RoomReply reply =
        needs
            .rooms()
            .commands()
            .ask(RoomInput.ReceiveEvents.one(event, RoomInput.Arrival.LIVE, Set.of(origin)));
    switch (reply) {
      case RoomReply.Received received -> requireAllowed(received.of(event.eventId()));
      case RoomReply.Refused(Refusal refusal, String detail) -> throw refused(refusal, detail);
      case RoomReply.Done _, RoomReply.Prepared _, RoomReply.ToBeSigned _ ->
          throw new IllegalStateException("events are not answered so");
    }
    return true;
  }

  /// What is before the invitation may not be here yet: "if the remote homeserver is already in the
  /// room, it will receive the invite event twice", and in its place the second time. So will what
  /// the room's policy server has to be asked about.
  private static void requireAllowed(EventVerdict verdict) {
    switch (verdict) {
      case EventVerdict.Rejected _, EventVerdict.SoftFailed _, EventVerdict.Dropped _ ->
          throw MatrixException.forbidden("The room does not allow the invitation");
      case EventVerdict.Accepted _,
          EventVerdict.Known _,
          EventVerdict.Incomplete _,
          EventVerdict.NotSigned _ -> {}
    }
  }

  /// @return false if users of this server are in the room meanwhile
  private boolean outside(Pdu event, List<ObjectNode> shown, ServerName origin)
      throws InterruptedException {
    RoomReply reply =
        needs
            .rooms()
            .commands()
            .ask(
                new RoomInput.OutsideMembership(
                    event.roomId(), event.version().id(), event, shown, origin));
    return switch (reply) {
      case RoomReply.Done _ -> true;
      case RoomReply.Refused(Refusal refusal, _) when refusal == Refusal.ROOM_EXISTS -> false;
      case RoomReply.Refused(Refusal refusal, String detail) -> throw refused(refusal, detail);
      case RoomReply.Received _, RoomReply.Prepared _, RoomReply.ToBeSigned _ ->
          throw new IllegalStateException("a membership is not answered so");
    };
  }

  private static MatrixException refused(Refusal refusal, String detail) {
    return switch (refusal) {
      case TOO_MANY -> new MatrixException(Errcode.LIMIT_EXCEEDED, "Too many invitations");
      case BAD_CONTENT, TOO_LARGE -> MatrixException.invalidParam(detail);
      case UNKNOWN_ROOM,
          ROOM_EXISTS,
          FORBIDDEN,
          UNKNOWN_EVENT,
          WRONG_MEMBERSHIP,
          UNABLE_TO_AUTHORISE_JOIN ->
          MatrixException.forbidden("The invitation is not allowed");
      case UNRESOLVABLE -> throw new IllegalStateException(detail);
    };
  }
}
