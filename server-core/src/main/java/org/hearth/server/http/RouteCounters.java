package org.hearth.server.http;

import java.time.Duration;
import java.util.concurrent.atomic.LongAccumulator;
import java.util.concurrent.atomic.LongAdder;

/// What is counted of one route, without locks.
///
/// **thread**: any.
final class RouteCounters {
  private final LongAdder requests = new LongAdder();
  private final LongAdder errors = new LongAdder();
  private final LongAdder nanos = new LongAdder();
  private final LongAccumulator longestNanos = new LongAccumulator(Math::max, 0);

  void answered(int status, long tookNanos) {
    requests.increment();
    if (status >= 400) {
      errors.increment();
    }
    nanos.add(tookNanos);
    longestNanos.accumulate(tookNanos);
  }

  HttpFigures.RouteFigures figures(String route) {
    return new HttpFigures.RouteFigures(
        route,
        requests.sum(),
        errors.sum(),
        Duration.ofNanos(nanos.sum()),
        Duration.ofNanos(longestNanos.get()));
  }
}
