package org.hearth.server.servers.room;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Instant;
import java.time.InstantSource;
import java.util.concurrent.atomic.AtomicLong;
import org.junit.jupiter.api.Test;

class DistinctMillisTest {
  @Test
  void noMillisecondIsSaidTwiceEvenIfTheClockStandsOrGoesBack() {
    AtomicLong time = new AtomicLong(1_000);
    InstantSource clock = new DistinctMillis(() -> Instant.ofEpochMilli(time.get()));

    assertThat(clock.millis()).isEqualTo(1_000);
    assertThat(clock.millis()).isEqualTo(1_001);
    time.set(900);
    assertThat(clock.instant()).isEqualTo(Instant.ofEpochMilli(1_002));
    time.set(5_000);
    assertThat(clock.millis()).isEqualTo(5_000);
  }
}
