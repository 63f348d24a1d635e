package org.hearth.server.http;

import java.util.Optional;

/// The methods a route can have. `HEAD` and `OPTIONS` are answered by the edge itself.
public enum HttpMethod {
  GET,
  POST,
  PUT,
  DELETE;

  /// The method of that name, in capital letters; none if no route can have it.
  static Optional<HttpMethod> of(String name) {
    return switch (name) {
      case "GET" -> Optional.of(GET);
      case "POST" -> Optional.of(POST);
      case "PUT" -> Optional.of(PUT);
      case "DELETE" -> Optional.of(DELETE);
      default -> Optional.empty();
    };
  }
}
