package org.hearth.server.outbound;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import org.hearth.server.outbound.SharedPlaces.Place;
import org.hearth.server.outbound.SharedPlaces.Share;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

@Timeout(60)
class SharedPlacesTest {
  private static final Share ALICE = new Share("@alice:hearth.test", 2);
  private static final Share BOB = new Share("@bob:hearth.test", 2);
  private static final Share SERVER = new Share("other.test", 3);
  private static final Duration LONG = Duration.ofSeconds(50);

  private final SharedPlaces places = new SharedPlaces(4, 2);

  private Optional<Place> take(Share... shares) throws InterruptedException {
    return places.take(List.of(shares), Duration.ZERO);
  }

  @Test
  void nobodyHasMoreThanTheirShareNorAllMoreThanThereAre() throws Exception {
    List<Place> taken = new ArrayList<>();
    taken.add(take(ALICE, SERVER).orElseThrow());
    taken.add(take(ALICE, SERVER).orElseThrow());
    assertThat(take(ALICE)).isEmpty();
    taken.add(take(BOB, SERVER).orElseThrow());
    assertThat(take(BOB, SERVER)).isEmpty();
    taken.add(take(BOB).orElseThrow());
    assertThat(take(new Share("@carol:hearth.test", 2))).isEmpty();

    Place first = taken.getFirst();
    first.close();
    first.close();
    taken.set(0, take(ALICE, SERVER).orElseThrow());
    assertThat(take(ALICE)).isEmpty();

    taken.forEach(Place::close);
    assertThat(places.holders()).isZero();
  }

  @Test
  void whoWaitsHoldsNothingAndMoreThanMayWaitDoNot() throws Exception {
    Place one = take(ALICE).orElseThrow();
    Place two = take(ALICE).orElseThrow();
    try (ExecutorService threads = Executors.newVirtualThreadPerTaskExecutor()) {
      List<Future<Optional<Place>>> waiting = new ArrayList<>();
      for (int i = 0; i < 2; i++) {
        waiting.add(threads.submit(() -> places.take(List.of(ALICE, SERVER), LONG)));
      }
      while (places.waiting() < 2) {
        Thread.onSpinWait();
      }

      assertThat(places.take(List.of(ALICE), LONG)).isEmpty();
      // Alice waits for her own share, and takes up none of the server's meanwhile.
      Place third = take(BOB, new Share(SERVER.of(), 1)).orElseThrow();

      one.close();
      two.close();
      for (Future<Optional<Place>> each : waiting) {
        each.get().orElseThrow().close();
      }
      third.close();
    }
    assertThat(places.holders()).isZero();
  }

  @Test
  void ofThoseWhoWaitOnlySoManyHaveToDoWithOne() throws Exception {
    SharedPlaces few = new SharedPlaces(1, 4, 2);
    Place taken = few.take(List.of(BOB), Duration.ZERO).orElseThrow();
    try (ExecutorService threads = Executors.newVirtualThreadPerTaskExecutor()) {
      List<Future<Optional<Place>>> waiting = new ArrayList<>();
      for (int i = 1; i <= 2; i++) {
        waiting.add(threads.submit(() -> few.take(List.of(ALICE, SERVER), LONG)));
        while (few.waiting() < i) {
          Thread.onSpinWait();
        }
      }

      assertThat(few.take(List.of(ALICE), LONG)).isEmpty();
      assertThat(few.take(List.of(BOB, SERVER), LONG)).isEmpty();
      waiting.add(threads.submit(() -> few.take(List.of(BOB), LONG)));
      while (few.waiting() < 3) {
        Thread.onSpinWait();
      }

      taken.close();
      for (Future<Optional<Place>> each : waiting) {
        each.get().orElseThrow().close();
      }
    }
    // Who has waited counts no longer.
    assertThat(few.take(List.of(ALICE, SERVER), Duration.ZERO)).isPresent();
    assertThat(few.waiting()).isZero();
  }

  @Test
  void whoIsInterruptedLeavesNothing() throws Exception {
    Place one = take(ALICE).orElseThrow();
    Place two = take(ALICE).orElseThrow();
    Thread waiting =
        Thread.ofVirtual()
            .start(() -> {
              try {
                places.take(List.of(ALICE), LONG).orElseThrow().close();
              } catch (InterruptedException _) {
                Thread.currentThread().interrupt();
              }
            });
    while (places.waiting() < 1) {
      Thread.onSpinWait();
    }

    waiting.interrupt();
    waiting.join();

    assertThat(places.waiting()).isZero();
    one.close();
    two.close();
    assertThat(places.holders()).isZero();
  }
}
