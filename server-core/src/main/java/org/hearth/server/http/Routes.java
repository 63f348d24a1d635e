package org.hearth.server.http;

import java.util.List;

/// Where a component registers its routes.
///
/// A template is a path of literal segments and parameters in braces:
/// `/_matrix/client/v3/rooms/{roomId}/leave`. It matches a request whose path, as it was sent and
/// cut at each `/`, has as many segments, each either equal to the literal, byte for byte, or taken
/// as the parameter and then decoded, exactly once. A literal goes before a parameter. A parameter
/// is never empty, unless it is the last one and marked: `…/state/{eventType}/{stateKey?}` takes
/// the empty state key of `…/state/m.room.name/`.
public interface Routes {
  /// Registers a route with the usual limit of the body: [BodyLimit#SMALL] where anybody may call,
  /// else [BodyLimit#STANDARD].
  ///
  /// @return this
  /// @throws IllegalArgumentException if method and path are registered already or the template is
  ///   malformed
  default Routes add(
      HttpMethod method, String template, Access access, RateClass rate, Handler handler) {
    BodyLimit body = access == Access.NONE ? BodyLimit.SMALL : BodyLimit.STANDARD;
    return add(method, template, access, rate, body, handler);
  }

  /// Registers the same route under several templates, such as `r0` and `v3`.
  default Routes add(
      HttpMethod method, List<String> templates, Access access, RateClass rate, Handler handler) {
    templates.forEach(template -> add(method, template, access, rate, handler));
    return this;
  }

  /// Registers a route whose body has another limit than the usual.
  ///
  /// @return this
  /// @throws IllegalArgumentException if method and path are registered already or the template is
  ///   malformed
  Routes add(
      HttpMethod method,
      String template,
      Access access,
      RateClass rate,
      BodyLimit body,
      Handler handler);
}
