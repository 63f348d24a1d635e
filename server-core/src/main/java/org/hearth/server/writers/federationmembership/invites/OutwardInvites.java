package org.hearth.server.writers.federationmembership.invites;

import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.net.URLEncoder;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.Arrays;
import java.util.List;
import java.util.Set;
import org.hearth.server.logs.EventVerdict;
import org.hearth.server.logs.RoomInput;
import org.hearth.server.logs.RoomReply;
import org.hearth.server.logs.RoomReply.Refusal;
import org.hearth.server.matrix.error.Errcode;
import org.hearth.server.matrix.error.MatrixException;
import org.hearth.server.matrix.event.Pdu;
import org.hearth.server.matrix.id.EventId;
import org.hearth.server.matrix.id.ServerName;
import org.hearth.server.matrix.id.UserId;
import org.hearth.server.matrix.json.CanonicalJson;
import org.hearth.server.matrix.version.RoomVersion;
import org.hearth.server.matrix.version.RoomVersions;
import org.hearth.server.outbound.events.PeerEvents;
import org.hearth.server.outbound.federation.FederationClient;
import org.hearth.server.outbound.federation.FederationReply;
import org.hearth.server.outbound.federation.FederationRequest;
import org.hearth.server.servers.room.RoomClient;
import org.hearth.server.servers.room.RoomQueries;
import org.hearth.server.servers.room.RoomState;

/// Invites users of other servers: "Once the event has been signed by both the inviting homeserver
/// and the invited homeserver, it can be sent to all of the servers in the room by the inviting
/// homeserver."
///
/// Of the answer only the signature is taken: the event that comes into the room is the one that
/// was sent, whatever the other server makes of it.
///
/// **thread**: any that may wait: for the other server ([#TIME]), and for two commits.
///
/// **source**: [Inviting to a room][inviting].
///
/// [inviting]: https://spec.matrix.org/v1.19/server-server-api/#inviting-to-a-room
public final class OutwardInvites {
  static final Duration TIME = Duration.ofSeconds(20);
  private static final int ANSWER_BYTES = 256 << 10;
  private static final int BAD_GATEWAY = 502;
  private static final String FEDERATION = "/_matrix/federation/";
  private static final Set<String> NOT_SIGNED = Set.of("signatures", "unsigned");
  private static final Set<RoomVersion> OF_V1 = Set.of(RoomVersions.V1, RoomVersions.V2);

  private final FederationClient federation;
  private final ServerSignature signatures;
  private final RoomQueries rooms;
  private final RoomClient commands;

  /// @param keys of other servers
  public OutwardInvites(
      FederationClient federation, PeerEvents.Keys keys, RoomQueries rooms, RoomClient commands) {
    this.federation = federation;
    this.signatures = new ServerSignature(keys);
    this.rooms = rooms;
    this.commands = commands;
  }

  /// Invites somebody.
  ///
  /// @param invite makes the member event, of a sender of this server, whose state key is a user of
  ///   another one
  /// @return where the invitation is in the room
  /// @throws MatrixException as whoever wanted it is to be answered: the room's refusal, or the
  ///   other server's, or that this could not be reached
  public RoomReply.Done invite(RoomInput.PrepareEvent invite) throws InterruptedException {
    Pdu event = commands.prepare(invite);
    ServerName server = UserId.parse(event.stateKey().orElseThrow()).server();
    RoomState state =
        rooms
            .currentState(event.roomId())
            .orElseThrow(() -> MatrixException.notFound("There is no such room"));
    Pdu signed = signedBy(server, event, send(server, event, InviteState.outward(state, event)));
    return intoRoom(signed, server);
  }

  private ObjectNode send(ServerName server, Pdu event, ArrayNode state)
      throws InterruptedException {
    ObjectNode body = JsonNodeFactory.instance.objectNode();
    body.put("room_version", event.version().id());
    body.set("event", event.json());
    body.set("invite_room_state", state);
    FederationReply reply = put(server, "v2", event, body);
    // "Senders which receive a 400 or 404 response to this endpoint should retry using the v1 API
    // as the server may be older, if the room version is "1" or "2"."
    if (reply instanceof FederationReply.Refused(int status, _, _, _, _)
        && (status == 400 || status == 404)
        && OF_V1.contains(event.version())) {
      ObjectNode bare = JsonNodeFactory.instance.objectNode();
      bare.setAll(event.json());
      bare.putObject("unsigned").set("invite_room_state", state);
      reply = put(server, "v1", event, bare);
    }
    return switch (reply) {
      case FederationReply.Answer(_, ObjectNode answer)
          when answer.get("event") instanceof ObjectNode given ->
          given;
      case FederationReply.Answer _, FederationReply.Unintelligible _ -> throw badAnswer(server);
      case FederationReply.Refused refused -> throw refused(server, refused, event.version());
      case FederationReply.NotReached _, FederationReply.LeftAlone _ ->
          throw new MatrixException(
              BAD_GATEWAY, Errcode.UNKNOWN, "The server %s could not be reached".formatted(server));
      case FederationReply.NotAllowed _ ->
          throw MatrixException.forbidden("This server does not talk with " + server);
    };
  }

  private FederationReply put(ServerName server, String version, Pdu event, ObjectNode body)
      throws InterruptedException {
    String target =
        "%s%s/invite/%s/%s"
            .formatted(
                FEDERATION, version, encoded(event.roomId().value()), encoded(event.eventId()));
    return federation.send(
        FederationRequest.put(server, target, body).withAnswer(ANSWER_BYTES, TIME).asUrgent());
  }

  private static String encoded(EventId id) {
    return encoded(id.value());
  }

  private static String encoded(String id) {
    return URLEncoder.encode(id, StandardCharsets.UTF_8).replace("+", "%20");
  }

  /// A refusal is passed on only where it can mean nothing else to a client: what would log it out,
  /// for one, is told as a failure of the other server.
  private static MatrixException refused(
      ServerName server, FederationReply.Refused refused, RoomVersion version) {
    if (refused.status() == 403 && refused.errcode().equals(Errcode.INVITE_BLOCKED.code())) {
      return new MatrixException(Errcode.INVITE_BLOCKED, "The user does not want to be invited");
    }
    if (refused.status() == 403) {
      return MatrixException.forbidden(
          "The server %s does not allow the invitation: %s".formatted(server, refused.error()));
    }
    if (refused.errcode().equals(Errcode.INCOMPATIBLE_ROOM_VERSION.code())) {
      // "One or more users being invited to the room are residents of a homeserver which does not
      // support the requested room version."
      return new MatrixException(
          Errcode.UNSUPPORTED_ROOM_VERSION,
          "The server %s does not support room version %s".formatted(server, version.id()));
    }
    // "If `M_MISSING_PARAM` or `M_INVALID_PARAM` is returned and the request is associated with a
    // Client-Server API request, the Client-Server API request SHOULD fail with a 5xx error".
    return new MatrixException(
        BAD_GATEWAY,
        Errcode.UNKNOWN,
        "The server %s refused the invitation with status %d".formatted(server, refused.status()));
  }

  private static MatrixException badAnswer(ServerName server) {
    return new MatrixException(
        BAD_GATEWAY, Errcode.UNKNOWN, "The answer of %s is not valid".formatted(server));
  }

  /// "The event with the invited server's signature added. All other fields of the events should
  /// remain untouched."
  private Pdu signedBy(ServerName server, Pdu event, ObjectNode given) throws InterruptedException {
    if (!isSame(given, event.json())
        || !(given.path("signatures").get(server.value()) instanceof ObjectNode theirs)) {
      throw badAnswer(server);
    }
    ObjectNode both = event.json().deepCopy();
    if (both.get("signatures") instanceof ObjectNode signatures) {
      signatures.set(server.value(), theirs);
    }
    Pdu signed = Pdu.parse(both, event.version());
    if (!signatures.isOn(signed, server)) {
      throw badAnswer(server);
    }
    return signed;
  }

  /// Whether two events are one but for who has signed them.
  private static boolean isSame(ObjectNode one, ObjectNode other) {
    try {
      return Arrays.equals(signedBytes(one), signedBytes(other));
    } catch (MatrixException _) {
      return false;
    }
  }

  private static byte[] signedBytes(ObjectNode event) {
    return CanonicalJson.encodeWithout(NOT_SIGNED, event, CanonicalJson.Numbers.LENIENT);
  }

  private RoomReply.Done intoRoom(Pdu event, ServerName server) throws InterruptedException {
    RoomReply reply =
        commands.receive(
            RoomInput.ReceiveEvents.one(
                event, RoomInput.Arrival.LIVE, Set.of(event.sender().server(), server)));
    return switch (reply) {
      // It is known already where the other server was quicker with it.
      case RoomReply.Received received
          when received.of(event.eventId()) instanceof EventVerdict.Accepted
              || received.of(event.eventId()) instanceof EventVerdict.Known ->
          new RoomReply.Done(received.position(), List.of(event.eventId()));
      // The room went on while the other server was asked.
      case RoomReply.Received _ ->
          throw MatrixException.forbidden("The room no longer allows the invitation");
      case RoomReply.Refused(Refusal refusal, String detail) when refusal == Refusal.UNRESOLVABLE ->
          throw new IllegalStateException(detail);
      case RoomReply.Refused(_, String detail) -> throw MatrixException.forbidden(detail);
      case RoomReply.Done _, RoomReply.Prepared _, RoomReply.ToBeSigned _ ->
          throw new IllegalStateException("events are not answered so");
    };
  }
}
