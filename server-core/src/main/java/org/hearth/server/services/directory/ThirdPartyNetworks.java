package org.hearth.server.services.directory;

import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import org.hearth.server.http.Access;
import org.hearth.server.http.ClientPaths;
import org.hearth.server.http.Handler;
import org.hearth.server.http.HttpMethod;
import org.hearth.server.http.RateClass;
import org.hearth.server.http.Request;
import org.hearth.server.http.Response;
import org.hearth.server.http.RouteGroup;
import org.hearth.server.http.Routes;
import org.hearth.server.matrix.error.MatrixException;
import org.hearth.server.matrix.id.RoomAlias;
import org.hearth.server.matrix.id.UserId;

/// What clients ask about networks beyond Matrix. Bridges to them are application services, of
/// which this server has none: no protocol is supported, and there is nothing to find.
///
/// **thread**: any.
///
/// **source**: [third-party
/// networks](https://spec.matrix.org/v1.19/client-server-api/#third-party-networks)
final class ThirdPartyNetworks implements RouteGroup {
  @Override
  public void register(Routes routes) {
    get(routes, "/thirdparty/protocols", _ -> none());
    get(routes, "/thirdparty/protocol/{protocol}", ThirdPartyNetworks::unknown);
    get(routes, "/thirdparty/location/{protocol}", ThirdPartyNetworks::unknown);
    get(routes, "/thirdparty/user/{protocol}", ThirdPartyNetworks::unknown);
    get(
        routes,
        "/thirdparty/location",
        request -> nothingOf(RoomAlias.parse(request.requiredQuery("alias")).value()));
    get(
        routes,
        "/thirdparty/user",
        request -> nothingOf(UserId.parse(request.requiredQuery("userid")).value()));
  }

  private static void get(Routes routes, String path, Handler handler) {
    routes.add(HttpMethod.GET, ClientPaths.v3(path), Access.USER, RateClass.DEFAULT, handler);
  }

  /// "Dictionary of supported third-party protocols."
  private static Response none() {
    return Response.json(JsonNodeFactory.instance.objectNode());
  }

  /// "The protocol is unknown."
  private static Response unknown(Request request) {
    throw MatrixException.notFound("No bridge to " + request.path("protocol"));
  }

  /// "The Matrix room alias was not found", "The Matrix User ID was not found": among those of
  /// other networks.
  private static Response nothingOf(String id) {
    throw MatrixException.notFound(id + " is of no other network");
  }
}
