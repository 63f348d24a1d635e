package org.hearth.server.services.account;

import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.concurrent.atomic.AtomicReference;

/// A clock that a test moves.
public final class ManualClock implements InstantSource {
  private final AtomicReference<Instant> now =
      new AtomicReference<>(Instant.parse("2026-11-24T00:00:00Z"));

  @Override
  public Instant instant() {
    return now.get();
  }

  /// Lets that much time pass.
  public void advance(Duration time) {
    now.updateAndGet(each -> each.plus(time));
  }
}
