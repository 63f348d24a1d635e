package org.hearth.server.writers.roomsend;

import org.hearth.server.http.Access;
import org.hearth.server.http.BodyLimit;
import org.hearth.server.http.Handler;
import org.hearth.server.http.HttpMethod;
import org.hearth.server.http.RateClass;
import org.hearth.server.http.RouteGroup;
import org.hearth.server.http.Routes;
import org.hearth.server.servers.presence.PresenceClient;

/// Routes of which each request shows that the user is active: "a pro-active event may be sending a
/// message to a room".
///
/// That is noted before the request does anything: whoever is told that somebody has come to a room
/// is told then who that is, and not a while later that the user is there. So a request counts that
/// is refused, too.
///
/// **thread**: any; a request waits until it is noted, about once a second of each user.
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
      presence.active(request.requester().user());
      return handler.handle(request);
    };
  }
}
