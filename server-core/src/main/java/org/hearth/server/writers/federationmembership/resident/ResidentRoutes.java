package org.hearth.server.writers.federationmembership.resident;

import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.util.Set;
import java.util.function.Supplier;
import org.hearth.server.http.Access;
import org.hearth.server.http.Handler;
import org.hearth.server.http.HttpMethod;
import org.hearth.server.http.RateClass;
import org.hearth.server.http.Request;
import org.hearth.server.http.Response;
import org.hearth.server.http.RouteGroup;
import org.hearth.server.http.Routes;
import org.hearth.server.matrix.auth.Membership;
import org.hearth.server.matrix.event.StrippedState;
import org.hearth.server.matrix.id.ServerName;
import org.hearth.server.matrix.json.JsonWriter;
import org.hearth.server.matrix.sign.SigningKey;
import org.hearth.server.outbound.events.PeerEvents;
import org.hearth.server.servers.room.PeerQueries;
import org.hearth.server.servers.room.RoomClient;
import org.hearth.server.servers.room.RoomEvent;
import org.hearth.server.servers.room.RoomQueries;

/// What servers ask that are not in a room: `/make_join`, `/send_join`, `/make_leave`,
/// `/send_leave`, `/make_knock`, `/send_knock`, `/exchange_third_party_invite`.
///
/// **thread**: any.
public final class ResidentRoutes implements RouteGroup {
  private static final String FEDERATION = "/_matrix/federation/";

  private final PeerQueries peers;
  private final RoomQueries rooms;
  private final Templates templates;
  private final HandIn handIn;
  private final JoinAnswer answer;
  private final ThirdPartyExchange thirdParty;

  /// What the routes stand on.
  ///
  /// @param here the name of this server
  /// @param key by which it signs; asked for each event
  /// @param commands the box's way to the Room Server
  /// @param invites invites users of other servers
  public record Needs(
      ServerName here,
      Supplier<SigningKey> key,
      RoomQueries rooms,
      PeerQueries peers,
      RoomClient commands,
      PeerEvents events,
      ExchangedInvites invites) {}

  public ResidentRoutes(Needs needs) {
    Door door = new Door(needs.here(), needs.rooms(), needs.peers());
    JoinConditions conditions = new JoinConditions(needs.here(), needs.rooms(), needs.peers());
    this.peers = needs.peers();
    this.rooms = needs.rooms();
    this.templates = new Templates(needs.here(), door, conditions, needs.commands());
    this.handIn = new HandIn(needs, door, conditions);
    this.answer = new JoinAnswer(needs.here(), needs.rooms(), needs.peers());
    this.thirdParty = new ThirdPartyExchange(needs.here(), door, needs.rooms(), needs.invites());
  }

  @Override
  public void register(Routes routes) {
    get(routes, "v1/make_join/{roomId}/{userId}", templates::join);
    get(routes, "v1/make_leave/{roomId}/{userId}", templates::leave);
    get(routes, "v1/make_knock/{roomId}/{userId}", templates::knock);
    put(routes, "v1/send_join/{roomId}/{eventId}", this::joinV1);
    put(routes, "v2/send_join/{roomId}/{eventId}", this::join);
    put(routes, "v1/send_leave/{roomId}/{eventId}", this::leaveV1);
    put(routes, "v2/send_leave/{roomId}/{eventId}", this::leave);
    put(routes, "v1/send_knock/{roomId}/{eventId}", this::knock);
    put(routes, "v1/exchange_third_party_invite/{roomId}", thirdParty::exchange);
  }

  private static void get(Routes routes, String path, Handler handler) {
    var _ =
        routes.add(HttpMethod.GET, FEDERATION + path, Access.SERVER, RateClass.FEDERATION, handler);
  }

  private static void put(Routes routes, String path, Handler handler) {
    var _ =
        routes.add(HttpMethod.PUT, FEDERATION + path, Access.SERVER, RateClass.FEDERATION, handler);
  }

  /// The turn comes before the join: who is told to come back later is not in the room yet.
  private Response join(Request request) throws InterruptedException {
    boolean omitMembers = request.queryFlag("omit_members", false);
    Handed handed = handIn.read(request, Membership.JOIN);
    return Response.written(stream -> {
      stream.awaitTurn();
      Set<ServerName> servers = peers.servers(handed.room().id());
      RoomEvent join = stream.withoutTurn(() -> handIn.accept(handed));
      if (omitMembers) {
        answer.writeWithoutMembers(stream.json(), join, servers);
      } else {
        answer.write(stream.json(), join);
      }
    });
  }

  /// "The request and response body here" are those of the second version, in an array behind the
  /// number 200.
  private Response joinV1(Request request) throws InterruptedException {
    Handed handed = handIn.read(request, Membership.JOIN);
    return Response.written(stream -> {
      stream.awaitTurn();
      RoomEvent join = stream.withoutTurn(() -> handIn.accept(handed));
      JsonWriter json = stream.json().array().value(200);
      answer.write(json, join);
      json.endArray();
    });
  }

  private Response leave(Request request) throws InterruptedException {
    var _ = handIn.accept(handIn.read(request, Membership.LEAVE));
    return Response.empty();
  }

  private Response leaveV1(Request request) throws InterruptedException {
    var _ = handIn.accept(handIn.read(request, Membership.LEAVE));
    ArrayNode body = JsonNodeFactory.instance.arrayNode();
    body.add(200).addObject();
    return Response.json(body);
  }

  /// "A list of state events to help the initiator of the knock identify the room. … MUST contain
  /// the `m.room.create` event for the room. All events listed MUST additionally be formatted
  /// according to the room version specification."
  private Response knock(Request request) throws InterruptedException {
    RoomEvent knock = handIn.accept(handIn.read(request, Membership.KNOCK));
    ObjectNode body = JsonNodeFactory.instance.objectNode();
    ArrayNode shown = body.putArray("knock_room_state");
    rooms
        .stateBefore(knock)
        .events(StrippedState.KEYS)
        .forEach(each -> shown.add(each.pdu().exchanged()));
    return Response.json(body);
  }
}
