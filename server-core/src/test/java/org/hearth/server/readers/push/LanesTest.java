package org.hearth.server.readers.push;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.atomic.AtomicInteger;
import org.hearth.server.box.ManualAlarms;
import org.hearth.server.services.account.ManualClock;
import org.hearth.server.store.Eventually;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/// Who has a turn when.
class LanesTest {
  private final ManualClock clock = new ManualClock();
  private final ManualAlarms alarms = new ManualAlarms(clock);

  /// Gateways that hang, until the test is over.
  private final Set<String> hanging = ConcurrentHashMap.newKeySet();

  private final CountDownLatch over = new CountDownLatch(1);
  private final Map<String, AtomicInteger> running = new ConcurrentHashMap<>();
  private final Map<Worker, AtomicInteger> turns = new ConcurrentHashMap<>();
  private final Lanes lanes = new Lanes(this::turn);
  private long ids;

  private Optional<Boolean> turn(Worker worker) {
    String gateway = worker.gateway();
    running.computeIfAbsent(gateway, _ -> new AtomicInteger()).incrementAndGet();
    if (hanging.contains(gateway)) {
      awaitTheEnd();
    }
    running.get(gateway).decrementAndGet();
    turns.computeIfAbsent(worker, _ -> new AtomicInteger()).incrementAndGet();
    return Optional.of(!gateway.startsWith("dead"));
  }

  private void awaitTheEnd() {
    try {
      over.await();
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  private Worker worker(String gateway) {
    return new Worker(ids++, PushServer.user("bob"), gateway, clock, alarms, lanes);
  }

  private int turns(Worker worker) {
    return turns.getOrDefault(worker, new AtomicInteger()).get();
  }

  private int running(String gateway) {
    return running.getOrDefault(gateway, new AtomicInteger()).get();
  }

  @AfterEach
  void end() throws InterruptedException {
    over.countDown();
    assertThat(lanes.stop(Duration.ofSeconds(60))).isTrue();
  }

  @Test
  void aGatewayThatWasNotAskedYetHasOneTurnAndThenFour() {
    Worker first = worker("good");
    lanes.add(first);
    Eventually.until("it had a turn", () -> turns(first) == 1);
    hanging.add("good");
    hanging.add("new");
    for (int i = 0; i < 10; i++) {
      lanes.add(worker("good"));
      lanes.add(worker("new"));
    }

    Eventually.until("four are at work", () -> running("good") == Lanes.MOST_A_GATEWAY);
    Eventually.until("one is at work", () -> running("new") == 1);
  }

  @Test
  void howeverManyGatewaysHangThoseThatAnswerHaveTurns() {
    Worker known = worker("good");
    lanes.add(known);
    Eventually.until("it had a turn", () -> turns(known) == 1);
    List<String> dead = new ArrayList<>();
    for (int i = 0; i < 2 * Lanes.MOST_TRIED; i++) {
      dead.add("dead" + i);
    }
    hanging.addAll(dead);
    dead.forEach(each -> lanes.add(worker(each)));
    Eventually.until(
        "all their turns are taken",
        () -> dead.stream().mapToInt(this::running).sum() == Lanes.MOST_TRIED);

    lanes.add(known);

    Eventually.until("it had another turn", () -> turns(known) == 2);
    assertThat(dead.stream().mapToInt(this::running).sum()).isEqualTo(Lanes.MOST_TRIED);
  }

  @Test
  void whoIsAddedDuringItsTurnHasAnotherAndNotTwoAtATime() {
    hanging.add("good");
    Worker worker = worker("good");
    lanes.add(worker);
    Eventually.until("it is at work", () -> running("good") == 1);
    lanes.add(worker);
    lanes.add(worker);
    hanging.remove("good");

    over.countDown();

    Eventually.until("it had two turns", () -> turns(worker) == 2);
  }

  @Test
  void afterTheEndNobodyHasATurn() throws InterruptedException {
    assertThat(lanes.stop(Duration.ofSeconds(60))).isTrue();
    Worker worker = worker("good");

    lanes.add(worker);

    assertThat(lanes.stop(Duration.ofSeconds(60))).isTrue();
    assertThat(turns(worker)).isZero();
  }
}
