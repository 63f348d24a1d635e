package org.hearth.server.services.directory;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.util.HashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import org.hearth.server.http.Access;
import org.hearth.server.http.ClientPaths;
import org.hearth.server.http.Fields;
import org.hearth.server.http.HttpMethod;
import org.hearth.server.http.RateClass;
import org.hearth.server.http.Request;
import org.hearth.server.http.Response;
import org.hearth.server.http.RouteGroup;
import org.hearth.server.http.Routes;
import org.hearth.server.matrix.error.MatrixException;
import org.hearth.server.matrix.id.ServerName;

/// `/publicRooms`, of this server and of others, for clients; and of this one for other servers.
///
/// **thread**: any.
///
/// **source**: [Published room
/// directory](https://spec.matrix.org/v1.19/client-server-api/#published-room-directory)
final class PublicRoomRoutes implements RouteGroup {
  private static final List<String> FILTERS =
      List.of("filter", "include_all_networks", "third_party_instance_id");

  private final ServerName here;
  private final PublicRoomList list;
  private final RemotePublicRooms remote;
  private final DirectoryService.Outside outside;

  PublicRoomRoutes(ServerName here, PublicRoomList list, DirectoryService.Outside outside) {
    this.here = here;
    this.list = list;
    this.remote = new RemotePublicRooms(outside.peers());
    this.outside = outside;
  }

  @Override
  public void register(Routes routes) {
    List<String> publicRooms = ClientPaths.v3("/publicRooms");
    String ofServers = "/_matrix/federation/v1/publicRooms";
    routes
        .add(HttpMethod.GET, publicRooms, Access.OPTIONAL_USER, RateClass.SEARCH, this::publicRooms)
        .add(HttpMethod.POST, publicRooms, Access.USER_OR_GUEST, RateClass.SEARCH, this::findRooms)
        .add(HttpMethod.GET, ofServers, Access.SERVER, RateClass.FEDERATION, this::toServer)
        .add(HttpMethod.POST, ofServers, Access.SERVER, RateClass.FEDERATION, this::toServer);
  }

  private Response publicRooms(Request request) throws InterruptedException {
    Optional<ServerName> server = otherServer(request);
    // Strangers do not make this server ask others.
    if (request.optionalRequester().isEmpty() && (server.isPresent() || !outside.anybodyReads())) {
      throw MatrixException.missingToken();
    }
    if (server.isEmpty()) {
      return page(request);
    }
    int limit = PublicRoomList.limit(request.queryLong("limit", 0, Integer.MAX_VALUE));
    return Response.json(
        remote.page(
            server.get(),
            new RemotePublicRooms.Wish(limit, request.query("since"), Optional.empty()),
            request.asker()));
  }

  private Response toServer(Request request) {
    if (!outside.serversRead()) {
      throw MatrixException.forbidden("Other servers may not read this directory");
    }
    return request.method() == HttpMethod.GET ? page(request) : found(request);
  }

  private Response page(Request request) {
    return Response.json(
        list.page(
            new PublicRoomList.Wish(
                request.queryLong("limit", 0, Integer.MAX_VALUE),
                request.query("since"),
                Optional.empty(),
                Optional.empty())));
  }

  private Response findRooms(Request request) throws InterruptedException {
    Optional<ServerName> server = otherServer(request);
    return server.isEmpty() ? found(request) : foundElsewhere(request, server.get());
  }

  private Response foundElsewhere(Request request, ServerName server) throws InterruptedException {
    ObjectNode json = request.jsonOrEmpty();
    // What this server would refuse, no other is asked.
    PublicRoomList.Wish wish = wish(Fields.of(json));
    ObjectNode filter = json.deepCopy().retain(FILTERS);
    return Response.json(
        remote.page(
            server,
            new RemotePublicRooms.Wish(
                PublicRoomList.limit(wish.limit()),
                wish.since(),
                Optional.of(filter).filter(each -> !each.isEmpty())),
            request.asker()));
  }

  private Response found(Request request) {
    return Response.json(list.page(wish(Fields.of(request.jsonOrEmpty()))));
  }

  private static PublicRoomList.Wish wish(Fields fields) {
    Optional<Fields> filter = fields.optionalObject("filter");
    boolean allNetworks = fields.bool("include_all_networks", false);
    Optional<String> network = fields.optionalString("third_party_instance_id");
    // "Can only be used if `include_all_networks` is false."
    if (allNetworks && network.isPresent()) {
      throw MatrixException.invalidParam(
          "third_party_instance_id cannot be used with include_all_networks");
    }
    Optional<Set<String>> types =
        filter.flatMap(each -> each.optionalArray("room_types")).map(PublicRoomRoutes::types);
    return new PublicRoomList.Wish(
        fields.optionalInteger("limit"),
        fields.optionalString("since"),
        filter
            .flatMap(each -> each.optionalString("generic_search_term"))
            .filter(term -> !term.isEmpty()),
        // There are no bridges, and so no rooms of another network.
        network.isPresent() ? Optional.of(Set.of()) : types);
  }

  private static Set<String> types(ArrayNode array) {
    Set<String> types = new HashSet<>();
    for (JsonNode each : array) {
      if (!each.isNull() && !each.isTextual()) {
        throw MatrixException.badJson("room_types must be a list of texts and null");
      }
      types.add(each.isNull() ? "" : each.textValue());
    }
    return types;
  }

  /// The server whose list is asked for, if it is another one.
  private Optional<ServerName> otherServer(Request request) {
    return request.query("server").map(ServerName::parse).filter(each -> !each.equals(here));
  }
}
