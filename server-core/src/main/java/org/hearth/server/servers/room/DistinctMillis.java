package org.hearth.server.servers.room;

import java.time.Instant;
import java.time.InstantSource;
import java.util.concurrent.atomic.AtomicLong;

/// A clock that never says the same millisecond twice. Since room version 12 a room's id is the
/// hash of its create event: two rooms that one user makes alike are two only by their time.
///
/// **thread**: any.
public final class DistinctMillis implements InstantSource {
  private final InstantSource clock;
  private final AtomicLong last = new AtomicLong(Long.MIN_VALUE);

  /// A clock that goes with that one, but for times that were said.
  public DistinctMillis(InstantSource clock) {
    this.clock = clock;
  }

  @Override
  public long millis() {
    long now = clock.millis();
    return last.updateAndGet(before -> Math.max(before + 1, now));
  }

  @Override
  public Instant instant() {
    return Instant.ofEpochMilli(millis());
  }
}
