package org.hearth.server.writers.federationbackfill;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Duration;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.atomic.AtomicLong;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/// Whoever is slow keeps nobody from the places.
@Timeout(60)
final class PlacesTest {
  private static final Duration QUICKLY = Duration.ofSeconds(10);

  private final AtomicLong nanos = new AtomicLong();
  private final CountDownLatch never = new CountDownLatch(1);

  /// Whether somebody who took a place and waits for ever was interrupted for others.
  private final class Holder {
    private final CountDownLatch has = new CountDownLatch(1);
    private final CompletableFuture<Boolean> givenUp = new CompletableFuture<>();

    Holder(Places places) throws InterruptedException {
      Thread.ofVirtual().start(() -> hold(places));
      has.await();
    }

    private void hold(Places places) {
      boolean interrupted = false;
      Places.Place place = taken(places);
      try (place) {
        has.countDown();
        never.await();
      } catch (InterruptedException _) {
        interrupted = true;
      }
      givenUp.complete(interrupted && place.isGivenUp() && !Thread.currentThread().isInterrupted());
    }
  }

  private static Places.Place taken(Places places) {
    try {
      return places.take(System.nanoTime() + Duration.ofSeconds(60).toNanos()).orElseThrow();
    } catch (InterruptedException e) {
      throw new AssertionError(e);
    }
  }

  @Test
  void whoTakesLongGoesOnAmongTheSlow() throws Exception {
    Places places = new Places(1, 1, QUICKLY, nanos::get);
    Holder slow = new Holder(places);
    nanos.addAndGet(QUICKLY.toNanos());

    taken(places).close();

    assertThat(slow.givenUp).isNotDone();
    never.countDown();
    assertThat(slow.givenUp.get()).isFalse();
  }

  @Test
  void whereAllAreSlowTheOneThatIsLongestIsGivenUp() throws Exception {
    Places places = new Places(1, 1, QUICKLY, nanos::get);
    Holder first = new Holder(places);
    nanos.addAndGet(QUICKLY.toNanos());
    Holder second = new Holder(places);
    nanos.addAndGet(QUICKLY.toNanos());

    taken(places).close();

    assertThat(first.givenUp.get()).isTrue();
    assertThat(second.givenUp).isNotDone();
    never.countDown();
  }

  @Test
  void nobodyIsGivenUpWhoIsQuickOrForWhomNobodyWaits() throws Exception {
    Places places = new Places(1, 0, QUICKLY, nanos::get);
    Holder one = new Holder(places);

    assertThat(places.take(System.nanoTime())).isEmpty();
    nanos.addAndGet(QUICKLY.toNanos());

    assertThat(one.givenUp).isNotDone();
    taken(places).close();
    assertThat(one.givenUp.get()).isTrue();
  }
}
