package org.hearth.server.readers.federationdelivery;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import org.hearth.server.matrix.id.EventId;
import org.hearth.server.matrix.id.RoomId;
import org.hearth.server.matrix.id.ServerName;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.RegisterExtension;

/// A server that says something is there: it is tried soon, and not among those that hang.
@Timeout(60)
class SignsOfLifeTest {
  private static final ServerName PEER = DeliveryServer.server(1);

  @RegisterExtension final DeliveryServer server = new DeliveryServer();

  private final List<Queue> woken = new ArrayList<>();
  private Queues queues;
  private Queue queue;

  @BeforeEach
  void owe() {
    queues = server.queuesOf(10, woken::add);
    queues.add(
        RoomId.parse("!r:hearth.test"),
        new Item(1, EventId.parse("$event")),
        Set.of(PEER),
        Optional.empty(),
        Cause.NONE);
    queue = queues.all().getFirst();
    woken.clear();
  }

  private void isNow(Queue.Standing standing, boolean slow) {
    queues.change(queue, each -> each.standing(standing));
    queue.slow(slow);
  }

  private void isLeftAlone() {
    Instant later = Instant.ofEpochMilli(server.millis()).plus(Duration.ofHours(1));
    queues.change(queue, each -> each.pauseUntil(later));
    queues.wakeAt(queue, later);
  }

  private boolean isPaused() {
    return queues.locked(queue, Queue::pausedUntil).toEpochMilli() > server.millis();
  }

  @Test
  void whoAnsweredSlowlyIsTriedAtOnceAndNotAmongThoseThatHang() {
    isNow(Queue.Standing.ANSWERS, true);
    assertThat(queue.turns()).isEqualTo(Queue.Standing.FAILS);

    queues.alive(PEER);

    assertThat(woken).containsExactly(queue);
    assertThat(queue.turns()).isEqualTo(Queue.Standing.NEW);
  }

  @Test
  void whoHungAndIsLeftAloneIsTriedAtOnceAndNotAmongThoseThatHang() {
    isNow(Queue.Standing.FAILS, true);
    isLeftAlone();

    queues.alive(PEER);

    assertThat(woken).containsExactly(queue);
    assertThat(isPaused()).isFalse();
    assertThat(queue.turns()).isEqualTo(Queue.Standing.NEW);
  }

  @Test
  void theNextSignOfLifeCountsAMomentLater() {
    isNow(Queue.Standing.FAILS, true);
    isLeftAlone();
    queues.alive(PEER);
    woken.clear();
    // The attempt fails.
    queues.change(queue, each -> each.urgent(false));
    isLeftAlone();

    queues.alive(PEER);

    assertThat(woken).isEmpty();
    server.advance(Queues.LIFE_PAUSE);
    assertThat(woken).containsExactly(queue);
    assertThat(isPaused()).isFalse();
    assertThat(queue.turns()).isEqualTo(Queue.Standing.NEW);
  }

  @Test
  void aSignOfLifeDuringAnAttemptCountsAfterIt() {
    isNow(Queue.Standing.ANSWERS, false);
    queues.change(queue, each -> each.urgent(false));

    queues.alive(PEER);
    isNow(Queue.Standing.FAILS, true);

    assertThat(queue.turns()).isEqualTo(Queue.Standing.NEW);
  }

  @Test
  void whoAnswersInTimeStaysAmongThoseWhoDo() {
    isNow(Queue.Standing.ANSWERS, false);

    queues.alive(PEER);

    assertThat(woken).isEmpty();
    assertThat(queue.turns()).isEqualTo(Queue.Standing.ANSWERS);
  }

  /// That the server is there is known, and nothing else is said by it.
  @Test
  void thePauseAfterARefusalGoesOn() {
    isNow(Queue.Standing.ANSWERS, true);
    isLeftAlone();

    queues.alive(PEER);

    assertThat(isPaused()).isTrue();
  }

  @Test
  void whomTheOwnerWantsTriedIsNotAmongThoseThatHang() {
    isNow(Queue.Standing.FAILS, false);
    isLeftAlone();

    queues.retry(PEER);

    assertThat(woken).containsExactly(queue);
    assertThat(queue.turns()).isEqualTo(Queue.Standing.NEW);
  }
}
