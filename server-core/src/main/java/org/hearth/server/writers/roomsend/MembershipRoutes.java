package org.hearth.server.writers.roomsend;

import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.util.EnumSet;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import org.hearth.server.http.Access;
import org.hearth.server.http.ClientPaths;
import org.hearth.server.http.Fields;
import org.hearth.server.http.Handler;
import org.hearth.server.http.HttpMethod;
import org.hearth.server.http.RateClass;
import org.hearth.server.http.Request;
import org.hearth.server.http.Response;
import org.hearth.server.http.RouteGroup;
import org.hearth.server.http.Routes;
import org.hearth.server.logs.RoomInput;
import org.hearth.server.matrix.auth.Membership;
import org.hearth.server.matrix.error.Errcode;
import org.hearth.server.matrix.error.MatrixException;
import org.hearth.server.matrix.id.Identifiers;
import org.hearth.server.matrix.id.InvalidIdentifierException;
import org.hearth.server.matrix.id.RoomAlias;
import org.hearth.server.matrix.id.RoomId;
import org.hearth.server.matrix.id.ServerName;
import org.hearth.server.matrix.id.UserId;
import org.hearth.server.servers.room.RoomClient;
import org.hearth.server.servers.room.RoomQueries;
import org.hearth.server.services.directory.AliasTarget;
import org.hearth.server.services.directory.DirectoryQueries;

/// Joining, leaving, inviting, knocking, kicking, banning, forgetting.
///
/// **source**: [Room membership](https://spec.matrix.org/v1.19/client-server-api/#room-membership)
final class MembershipRoutes implements RouteGroup {
  /// What is in the body of a join and not for the member event.
  private static final Set<String> NOT_OF_THE_EVENT =
      Set.of("membership", "reason", "third_party_signed");

  /// Of the servers that a client names so many are looked at.
  private static final int MOST_SERVERS = 16;

  /// A room that a client names.
  ///
  /// @param servers that may be in it, the likeliest first
  private record Target(RoomId room, List<ServerName> servers) {}

  private final RoomQueries rooms;
  private final RoomClient commands;
  private final MembershipChanges changes;
  private final OwnMembership own;
  private final ThirdPartyInvites thirdPartyInvites;
  private final DirectoryQueries directory;

  MembershipRoutes(
      RoomQueries rooms,
      RoomClient commands,
      MembershipChanges changes,
      OwnMembership own,
      DirectoryQueries directory) {
    this.rooms = rooms;
    this.commands = commands;
    this.changes = changes;
    this.own = own;
    this.thirdPartyInvites = new ThirdPartyInvites(rooms, changes);
    this.directory = directory;
  }

  @Override
  public void register(Routes routes) {
    postAlsoByGuests(routes, "/join/{roomIdOrAlias}", request -> join(request, named(request)));
    postAlsoByGuests(
        routes,
        "/rooms/{roomId}/join",
        request -> join(request, new Target(room(request), List.of())));
    post(routes, "/knock/{roomIdOrAlias}", this::knock);
    postAlsoByGuests(routes, "/rooms/{roomId}/leave", this::leave);
    post(routes, "/rooms/{roomId}/forget", this::forget);
    post(routes, "/rooms/{roomId}/invite", this::invite);
    post(routes, "/rooms/{roomId}/kick", this::kick);
    post(routes, "/rooms/{roomId}/ban", request -> onOther(request, Membership.BAN, Set.of()));
    post(
        routes,
        "/rooms/{roomId}/unban",
        request -> onOther(request, Membership.LEAVE, EnumSet.of(Membership.BAN)));
  }

  private static void post(Routes routes, String path, Handler handler) {
    routes.add(HttpMethod.POST, ClientPaths.v3(path), Access.USER, RateClass.MEMBERSHIP, handler);
  }

  private static void postAlsoByGuests(Routes routes, String path, Handler handler) {
    routes.add(
        HttpMethod.POST, ClientPaths.v3(path), Access.USER_OR_GUEST, RateClass.MEMBERSHIP, handler);
  }

  private Response join(Request request, Target target) throws InterruptedException {
    RoomId room = target.room();
    UserId user = request.requester().user();
    ObjectNode body = request.jsonOrEmpty();
    Optional<Fields> signed = Fields.of(body).optionalObject("third_party_signed");
    ObjectNode reason = MembershipChanges.reason(body);
    // What else a client sends goes into the event, as it would if the client set the member event
    // itself: clients have come to rely on it.
    ObjectNode extra = body.deepCopy().without(NOT_OF_THE_EVENT);
    extra.setAll(reason);
    if (!rooms.isJoined(room, user)) {
      if (signed.isPresent() && rooms.room(room).isPresent()) {
        thirdPartyInvites.exchange(room, user, signed.get());
      }
      own.join(room, user, extra, target.servers());
    }
    return Response.field("room_id", room.value());
  }

  private Response knock(Request request) throws InterruptedException {
    Target target = named(request);
    RoomId room = target.room();
    UserId user = request.requester().user();
    ObjectNode extra = MembershipChanges.reason(request.jsonOrEmpty());
    own.knock(room, user, extra, target.servers());
    return Response.field("room_id", room.value());
  }

  private Response leave(Request request) throws InterruptedException {
    UserId user = request.requester().user();
    ObjectNode extra = MembershipChanges.reason(request.jsonOrEmpty());
    own.leave(room(request), user, extra);
    return Response.empty();
  }

  private Response forget(Request request) throws InterruptedException {
    RoomId room = room(request);
    UserId user = request.requester().user();
    // "M_UNKNOWN: The user has not left the room."
    boolean there =
        rooms
            .membership(room, user)
            .map(each ->
                switch (each.membership()) {
                  case JOIN, INVITE, KNOCK -> true;
                  case LEAVE, BAN -> false;
                })
            .orElse(false);
    if (there) {
      throw new MatrixException(400, Errcode.UNKNOWN, "Leave the room before forgetting it");
    }
    commands.perform(new RoomInput.ForgetRoom(room, user));
    return Response.empty();
  }

  private Response invite(Request request) throws InterruptedException {
    ObjectNode body = request.json();
    UserId target = target(body);
    changes.requireInvitable(request.requester().user(), target);
    changes.change(
        room(request),
        request.requester().user(),
        target,
        Membership.INVITE,
        Set.of(),
        MembershipChanges.reason(body));
    return Response.empty();
  }

  private Response kick(Request request) throws InterruptedException {
    return onOther(
        request,
        Membership.LEAVE,
        EnumSet.of(Membership.JOIN, Membership.INVITE, Membership.KNOCK));
  }

  private Response onOther(Request request, Membership membership, Set<Membership> from)
      throws InterruptedException {
    ObjectNode body = request.json();
    changes.change(
        room(request),
        request.requester().user(),
        target(body),
        membership,
        from,
        MembershipChanges.reason(body));
    return Response.empty();
  }

  private static UserId target(ObjectNode body) {
    return UserId.parse(Fields.of(body).string("user_id"));
  }

  private static RoomId room(Request request) {
    return RoomId.parse(request.path("roomId"));
  }

  /// The room of an id or alias, with the servers that the client and the alias name.
  private Target named(Request request) throws InterruptedException {
    String name = request.path("roomIdOrAlias");
    Set<ServerName> servers = new LinkedHashSet<>();
    // "`via`: The servers to attempt to join the room through." Older clients say `server_name`.
    for (String parameter : List.of("via", "server_name")) {
      request.queryAll(parameter).stream()
          .limit(MOST_SERVERS)
          .forEach(each -> Identifiers.read(ServerName::parse, each).ifPresent(servers::add));
    }
    try {
      if (!name.startsWith("#")) {
        return new Target(RoomId.parse(name), List.copyOf(servers));
      }
      RoomAlias alias = RoomAlias.parse(name);
      AliasTarget found =
          directory
              .findNow(alias, request.asker())
              .orElseThrow(
                  () -> MatrixException.notFound("Room alias " + alias.value() + " not found"));
      servers.addAll(found.servers());
      return new Target(found.room(), List.copyOf(servers));
    } catch (InvalidIdentifierException e) {
      throw MatrixException.invalidParam(
          JsonNodeFactory.instance.textNode(name) + " is neither a room id nor an alias");
    }
  }
}
