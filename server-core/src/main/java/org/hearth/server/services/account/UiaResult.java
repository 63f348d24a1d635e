package org.hearth.server.services.account;

import com.fasterxml.jackson.databind.node.ObjectNode;
import java.util.Optional;
import org.hearth.server.http.Response;
import org.hearth.server.matrix.id.UserId;

/// What user-interactive authentication says to a request.
sealed interface UiaResult {
  /// The user is authenticated: do what was asked for.
  ///
  /// @param parameters the request's body without `auth`
  /// @param user who has shown their password; empty if no stage asked for it
  /// @param registrationToken the registration token that was shown
  /// @param session to be ended with [UserInteractiveAuth#end] when what was asked for is done
  record Authenticated(
      ObjectNode parameters,
      Optional<UserId> user,
      Optional<String> registrationToken,
      UiaSession session)
      implements UiaResult {}

  /// There is more to do first.
  ///
  /// @param response status 401, the flows, the session
  record Challenge(Response response) implements UiaResult {}
}
