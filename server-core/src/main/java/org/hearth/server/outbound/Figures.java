package org.hearth.server.outbound;

import java.time.Duration;
import java.time.InstantSource;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/// The figures of the [#MOST] destinations asked last.
///
/// **thread**: any
final class Figures {
  static final int MOST = 1_000;

  private final InstantSource clock;

  /// Destination → figures, the one asked longest ago first.
  private final Map<Destination, DestinationFigures> figures = new LinkedHashMap<>();

  Figures(InstantSource clock) {
    this.clock = clock;
  }

  synchronized void count(Destination destination, Outcome outcome, Duration time) {
    Optional<Failure> failure =
        switch (outcome) {
          case Failure why -> Optional.of(why);
          case Response _ -> Optional.empty();
        };
    DestinationFigures before = figures.remove(destination);
    figures.put(
        destination,
        new DestinationFigures(
            destination.toString(),
            (before == null ? 0 : before.requests()) + 1,
            (before == null ? 0 : before.failures()) + (failure.isPresent() ? 1 : 0),
            before == null ? time : before.time().plus(time),
            clock.instant(),
            failure.isPresent() || before == null ? failure : before.lastFailure()));
    if (figures.size() > MOST) {
      figures.remove(figures.keySet().iterator().next());
    }
  }

  synchronized List<DestinationFigures> all() {
    return List.copyOf(figures.values()).reversed();
  }
}
