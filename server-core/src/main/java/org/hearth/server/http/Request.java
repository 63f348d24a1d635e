package org.hearth.server.http;

import com.fasterxml.jackson.databind.node.ObjectNode;
import java.net.InetAddress;
import java.util.List;
import java.util.Optional;
import org.hearth.server.http.connection.StopSignal;
import org.hearth.server.http.content.StreamedBody;
import org.hearth.server.matrix.id.ServerName;

/// A request that has passed the edge: routed, authenticated, counted, its body read.
///
/// **thread**: only the request's own.
public interface Request {
  /// The method.
  HttpMethod method();

  /// The template of the route that matched.
  String template();

  /// The path and query exactly as they were sent.
  String rawTarget();

  /// A parameter of the path, decoded once. It has no control character and is valid UTF-8.
  ///
  /// @throws IllegalArgumentException if the template has no such parameter
  String path(String name);

  /// The first value of a parameter of the query, decoded.
  Optional<String> query(String name);

  /// All values of a parameter of the query, decoded, in the order in which they were sent.
  List<String> queryAll(String name);

  /// A parameter of the query that must be there.
  ///
  /// @throws org.hearth.server.matrix.error.MatrixException `M_MISSING_PARAM` if it is not
  String requiredQuery(String name);

  /// A parameter of the query that is a whole number.
  ///
  /// @throws org.hearth.server.matrix.error.MatrixException `M_INVALID_PARAM` if it is none, or out
  ///   of the range
  Optional<Long> queryLong(String name, long least, long most);

  /// A parameter of the query that is `true` or `false`.
  ///
  /// @throws org.hearth.server.matrix.error.MatrixException `M_INVALID_PARAM` if it is something
  ///   else
  boolean queryFlag(String name, boolean otherwise);

  /// The first value of a header, by its name in any case.
  Optional<String> header(String name);

  /// The body of a route with [BodyLimit#STREAMED], which comes while it is read.
  ///
  /// @throws IllegalStateException if the route has another limit
  StreamedBody content();

  /// The body as it was sent; empty if there was none.
  byte[] body();

  /// The body, which has to be a JSON object.
  ///
  /// @throws org.hearth.server.matrix.error.MatrixException `M_NOT_JSON` if it is no JSON,
  ///   `M_BAD_JSON` if it is no object or breaks a limit
  ObjectNode json();

  /// The body as by [#json], or an empty object if there was no body.
  ObjectNode jsonOrEmpty();

  /// The access token that was shown, in the header or, if that is switched on, in the query. On a
  /// route without access control nobody has looked at it.
  Optional<String> accessToken();

  /// Who called.
  ///
  /// @throws IllegalStateException if the route's [Access] does not demand a token
  Requester requester();

  /// Refuses who was logged out while the request went on, or whose account was closed or locked:
  /// for what takes long before it counts.
  ///
  /// @throws IllegalStateException if the route's [Access] does not demand a token
  /// @throws org.hearth.server.matrix.error.MatrixException as at the beginning of the request
  void authenticateAgain();

  /// Who called, on a route where a token is optional.
  Optional<Requester> optionalRequester();

  /// The server that called.
  ///
  /// @throws IllegalStateException if the route's [Access] is not [Access#SERVER]
  ServerName origin();

  /// Where the request came from: the peer of the connection, or what a trusted proxy says.
  InetAddress remoteAddress();

  /// What the address is counted by.
  default String address() {
    return RateLimiter.key(remoteAddress());
  }

  /// On whose behalf others are asked: the user, or the address of who has shown no token.
  default String asker() {
    return optionalRequester().map(each -> each.user().value()).orElseGet(this::address);
  }

  /// Takes one more token of a class, for a key of the handler's own: attempts to log in, by
  /// account.
  ///
  /// @throws org.hearth.server.matrix.error.MatrixException `M_LIMIT_EXCEEDED` if there is none
  ///   left
  void charge(RateClass rate, String key);

  /// Gives back a token that [#charge] took.
  void refund(RateClass rate, String key);

  /// Raised when nobody needs to be waited for any more, since the server is about to stop or the
  /// client is gone: who waits should end that at once. Not to be asked for by who does not wait:
  /// from then on somebody looks whether the client is still there.
  StopSignal stopping();
}
