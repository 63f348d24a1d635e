package org.hearth.server.http;

import java.time.Duration;
import java.util.List;
import org.hearth.server.http.connection.ConnectionFigures;

/// What the edge did since it started.
///
/// @param inFlight requests under way, waiting ones included
/// @param requests answered requests
/// @param serverErrors answers with status 5xx
/// @param limited answers with status 429
/// @param connections how many there are
/// @param routes per route that was ever called
public record HttpFigures(
    long inFlight,
    long requests,
    long serverErrors,
    long limited,
    ConnectionFigures connections,
    List<RouteFigures> routes) {
  public HttpFigures {
    routes = List.copyOf(routes);
  }

  /// Figures of one route.
  ///
  /// @param route method and template
  /// @param requests answered requests
  /// @param errors answers with status 4xx or 5xx
  /// @param time spent in all of them together
  /// @param longest time of one
  public record RouteFigures(
      String route, long requests, long errors, Duration time, Duration longest) {}
}
