package org.hearth.app.state;

import java.time.Duration;
import java.util.Optional;

/// When a server that has failed is started again by itself, as `build-tools/keep-running.sh` does
/// it with one in a process of its own: after a pause that doubles, and not any more when it has
/// failed six times with less than ten minutes in between, or twice because its database is
/// damaged.
///
/// **thread**: one.
final class Restarts {
  private static final int MOST = 5;
  private static final int MOST_OF_DAMAGED = 1;
  private static final Duration CALM = Duration.ofMinutes(10);

  private int made;

  /// Counts a failure.
  ///
  /// @param ran how long the server had run
  /// @param damaged whether its database is damaged
  /// @return the pause before it is started again; empty if it is left for its owner to look at
  Optional<Duration> after(Duration ran, boolean damaged) {
    if (ran.compareTo(CALM) >= 0) {
      made = 0;
    }
    if (made >= (damaged ? MOST_OF_DAMAGED : MOST)) {
      return Optional.empty();
    }
    return Optional.of(Duration.ofSeconds(1L << made++));
  }

  /// What to say of a server that is not started again.
  String givenUp() {
    return "It has failed %d times in a row, and is not started again by itself."
        .formatted(made + 1);
  }

  /// Begins anew: its owner has started the server.
  void forget() {
    made = 0;
  }
}
