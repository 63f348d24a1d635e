package org.hearth.ringlogs;

import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;

/// What the tests throw when something cannot be had now.
final class UnavailableException extends RuntimeException {
  private static final long serialVersionUID = 1L;
  static final Instant NOW = Instant.parse("2026-01-02T03:04:05Z");

  UnavailableException() {
    super("not now");
  }

  static FailureHandling handling(DeadLetters letters) {
    return new FailureHandling(
        letters,
        UnavailableException.class::isInstance,
        Duration.ofMillis(1),
        Duration.ofMillis(4),
        InstantSource.fixed(NOW));
  }
}
