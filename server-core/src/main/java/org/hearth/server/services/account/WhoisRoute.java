package org.hearth.server.services.account;

import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import org.hearth.server.http.Access;
import org.hearth.server.http.ClientPaths;
import org.hearth.server.http.HttpMethod;
import org.hearth.server.http.RateClass;
import org.hearth.server.http.Request;
import org.hearth.server.http.Requester;
import org.hearth.server.http.Response;
import org.hearth.server.http.RouteGroup;
import org.hearth.server.http.Routes;
import org.hearth.server.matrix.error.MatrixException;
import org.hearth.server.matrix.id.UserId;

/// `GET /admin/whois/{userId}`: when, from where and with what program a user's devices were last
/// seen, for the user and for the server's owners.
///
/// **source**: [server
/// administration](https://spec.matrix.org/v1.19/client-server-api/#server-administration)
final class WhoisRoute implements RouteGroup {
  private final AccountQueries accounts;

  WhoisRoute(AccountQueries accounts) {
    this.accounts = accounts;
  }

  @Override
  public void register(Routes routes) {
    routes.add(
        HttpMethod.GET,
        ClientPaths.v3("/admin/whois/{userId}"),
        Access.USER,
        RateClass.DEFAULT,
        this::whois);
  }

  /// "This API may be restricted to only be called by the user being looked up, or by a server
  /// admin." That is found out first: nobody else learns which accounts there are.
  private Response whois(Request request) {
    Requester requester = request.requester();
    String asked = request.path("userId");
    if (!requester.admin() && !requester.user().value().equals(asked)) {
      throw MatrixException.forbidden("You may only look up yourself");
    }
    UserId user = UserId.parse(asked);
    if (!accounts.exists(user)) {
      throw MatrixException.notFound("No account " + user);
    }
    ObjectNode json = JsonNodeFactory.instance.objectNode().put("user_id", user.value());
    ObjectNode devices = json.putObject("devices");
    for (Device each : accounts.devices(user)) {
      ObjectNode connection =
          devices
              .putObject(each.id().value())
              .putArray("sessions")
              .addObject()
              .putArray("connections")
              .addObject();
      each.lastSeenAddress().ifPresent(address -> connection.put("ip", address));
      each.lastSeen().ifPresent(when -> connection.put("last_seen", when.toEpochMilli()));
      each.userAgent().ifPresent(program -> connection.put("user_agent", program));
    }
    return Response.json(json);
  }
}
