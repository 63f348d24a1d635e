package org.hearth.server.writers.roomsend;

import org.hearth.server.http.Access;
import org.hearth.server.http.BodyLimit;
import org.hearth.server.http.Handler;
import org.hearth.server.http.HttpMethod;
import org.hearth.server.http.RateClass;
import org.hearth.server.http.Response;
import org.hearth.server.http.RouteGroup;
import org.hearth.server.http.Routes;
import org.hearth.server.servers.presence.PresenceClient;

/// Routes of which each request that succeeds shows that the user is active: "a pro-active event
/// may be sending a message to a room".
///
/// **thread**: any; no request waits for that to be noted.
final class SignsOfLife implements RouteGroup {
  private final RouteGroup group;
  private final PresenceClient presence;

  SignsOfLife(RouteGroup group, PresenceClient presence) {
    this.group = group;
    this.presence = presence;
  }

  @Override
  public void register(Routes routes) {
    group.register(
        new Routes() {
          @Override
          public Routes add(
              HttpMethod method,
              String template,
              Access access,
              RateClass rate,
              BodyLimit body,
              Handler handler) {
            routes.add(method, template, access, rate, body, noting(handler));
            return this;
          }
        });
  }

  private Handler noting(Handler handler) {
    return request -> {
      Response response = handler.handle(request);
      presence.active(request.requester().user());
      return response;
    };
  }
}
