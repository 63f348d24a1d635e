package org.hearth.server.readers.federationdelivery;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Duration;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.atomic.AtomicInteger;
import org.hearth.server.store.Eventually;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/// Whose turn it is when servers hang.
@Timeout(60)
class TurnsTest {
  private static final Duration MOMENT = Duration.ofMillis(50);
  private static final Duration AGES = Duration.ofHours(1);

  private final CountDownLatch over = new CountDownLatch(1);
  private final Set<Queue> hanging = ConcurrentHashMap.newKeySet();
  private final Set<Queue> had = ConcurrentHashMap.newKeySet();
  private final AtomicInteger begun = new AtomicInteger();

  @AfterEach
  void end() {
    over.countDown();
  }

  private boolean turn(Queue queue) {
    if (hanging.contains(queue)) {
      begun.incrementAndGet();
      try {
        over.await();
      } catch (InterruptedException _) {
        Thread.currentThread().interrupt();
      }
    } else {
      had.add(queue);
    }
    return false;
  }

  private static Queue answering(int number) {
    Queue queue = new Queue(DeliveryServer.server(number));
    queue.standing(Queue.Standing.ANSWERS);
    return queue;
  }

  private static Queue failing(int number) {
    Queue queue = new Queue(DeliveryServer.server(number));
    queue.standing(Queue.Standing.FAILS);
    return queue;
  }

  private void hang(Turns turns, int count) {
    for (int i = 1; i <= count; i++) {
      Queue queue = answering(i);
      hanging.add(queue);
      turns.add(queue);
    }
  }

  @Test
  void whoHangsAmongThoseWhoAnswerGivesWayAndIsAmongThoseWhoDoNotThen() throws Exception {
    Turns turns = new Turns(this::turn, MOMENT);
    hang(turns, Turns.ANSWERING + 20);
    Queue good = answering(900);

    turns.add(good);

    Eventually.until("it has its turn", () -> had.contains(good));
    Eventually.until("all hang", () -> begun.get() == Turns.ANSWERING + 20);
    over.countDown();
    assertThat(turns.stop(Duration.ofSeconds(30))).isTrue();
    assertThat(hanging.stream().filter(Queue::isSlow).count()).isGreaterThanOrEqualTo(20);
    assertThat(good.isSlow()).isFalse();
  }

  @Test
  void whoHasGivenWayIsNotSlowForEver() {
    Turns turns = new Turns(this::turn, AGES);
    Queue queue = answering(1);
    queue.slow(true);

    turns.add(queue);

    Eventually.until("it is as good as others", () -> had.contains(queue) && !queue.isSlow());
  }

  /// It has said something, and waits already among those that hang.
  @Test
  void whoIsToBeTriedSoonLeavesTheLineOfThoseThatHang() {
    Turns turns = new Turns(this::turn, AGES);
    for (int i = 1; i <= Turns.FAILING; i++) {
      Queue queue = failing(i);
      hanging.add(queue);
      turns.add(queue);
    }
    Queue back = failing(900);
    Queue slow = answering(901);
    slow.slow(true);
    turns.add(back);
    turns.add(slow);
    assertThat(had).isEmpty();

    back.urgent(true);
    slow.urgent(true);
    turns.add(back);
    turns.add(slow);

    Eventually.until("they have their turns", () -> had.containsAll(Set.of(back, slow)));
  }

  /// However many hang: threads are bounded.
  @Test
  void onlySoManyGiveWay() {
    Turns turns = new Turns(this::turn, MOMENT);

    hang(turns, Turns.ANSWERING + Turns.MOST_SLOW + 50);

    Eventually.until("as many hang as may", () -> begun.get() == Turns.ANSWERING + Turns.MOST_SLOW);
    Queue failing = failing(901);
    turns.add(failing);
    Eventually.until("others have their turns", () -> had.contains(failing));
    assertThat(begun).hasValue(Turns.ANSWERING + Turns.MOST_SLOW);
  }
}
