package org.hearth.app.state;

import java.time.Duration;
import java.util.Optional;

/// When a server that has failed is started again by itself, as `build-tools/keep-running.sh` does
/// it with one in a process of its own: after a pause that doubles, and not any more when it has
/// failed six times with less than ten minutes in between, or a second time because its database is
/// damaged.
///
/// **thread**: one.
final class Restarts {
  static final String GIVEN_UP =
      "It has failed again and again, and is not started again by itself.";

  private static final int MOST = 5;
  private static final Duration CALM = Duration.ofMinutes(10);

  private int made;
  private boolean wasDamaged;

  /// Counts a failure.
  ///
  /// @param ran how long the server had run
  /// @param damaged whether its database is damaged
  /// @return the pause before it is started again; empty if it is left for its owner to look at
  Optional<Duration> after(Duration ran, boolean damaged) {
    if (ran.compareTo(CALM) >= 0) {
      made = 0;
    }
    if (made == MOST || (damaged && wasDamaged)) {
      return Optional.empty();
    }
    wasDamaged |= damaged;
    return Optional.of(Duration.ofSeconds(1L << made++));
  }

  /// Begins anew: its owner has started the server.
  void forget() {
    made = 0;
    wasDamaged = false;
  }
}
