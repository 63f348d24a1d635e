package org.hearth.server.services.account;

import com.fasterxml.jackson.databind.node.ObjectNode;
import java.util.function.Function;
import org.hearth.server.http.Request;
import org.hearth.server.http.Response;

/// Has users prove who they are before something is done for which a stolen token must not suffice.
///
/// **thread**: any.
///
/// **source**: [User-Interactive
/// Authentication](https://spec.matrix.org/v1.19/client-server-api/#user-interactive-authentication-api)
@FunctionalInterface
public interface Confirmation {
  /// Does something when the request shows what it has to, and says what is missing otherwise.
  ///
  /// @param action done at most once; given the body without what was shown
  /// @return the action's answer, or one of status 401
  Response confirm(Request request, Function<ObjectNode, Response> action);
}
