package org.hearth.server.readers.sync.view;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Duration;
import java.util.List;
import org.hearth.server.box.ManualAlarms;
import org.hearth.server.matrix.id.UserId;
import org.hearth.server.services.account.ManualClock;
import org.junit.jupiter.api.Test;

class SpacedWakesTest {
  private static final Duration SPACING = Duration.ofSeconds(10);

  private final ManualClock clock = new ManualClock();
  private final ManualAlarms alarms = new ManualAlarms(clock);
  private final SpacedWakes wakes = new SpacedWakes(SPACING, alarms);
  private final User alice = new User("@alice:hearth.test");
  private final User bob = new User("@bob:hearth.test");

  /// A user with one request that waits.
  private static final class User {
    private final UserFeed feed;
    private final WaitingSync waiting = new WaitingSync(null);

    User(String id) {
      feed = new UserFeed(UserId.parse(id));
      feed.register(waiting);
    }

    /// Whether the user was woken since this was asked last.
    boolean wasWoken() {
      boolean woken = waiting.sleep(System.nanoTime());
      waiting.look();
      return woken;
    }
  }

  private void pass(Duration time) {
    clock.advance(time);
    alarms.ringThoseDue();
  }

  @Test
  void theFirstTimeAtOnceAndTheNextWhenTheTimeIsOver() {
    wakes.wake(List.of(alice.feed));
    assertThat(alice.wasWoken()).isTrue();

    for (int i = 0; i < 9; i++) {
      pass(Duration.ofSeconds(1));
      wakes.wake(List.of(alice.feed));
    }
    assertThat(alice.wasWoken()).isFalse();

    pass(Duration.ofSeconds(1));
    assertThat(alice.wasWoken()).isTrue();
    assertThat(bob.wasWoken()).isFalse();
  }

  @Test
  void eachUserByItself() {
    wakes.wake(List.of(alice.feed));
    wakes.wake(List.of(alice.feed, bob.feed));

    assertThat(bob.wasWoken()).isTrue();
  }

  @Test
  void whoWasPutOffAndWokenWaitsAgain() {
    wakes.wake(List.of(alice.feed));
    wakes.wake(List.of(alice.feed));
    pass(SPACING);
    assertThat(alice.wasWoken()).isTrue();

    wakes.wake(List.of(alice.feed));
    assertThat(alice.wasWoken()).isFalse();
    pass(SPACING);
    assertThat(alice.wasWoken()).isTrue();
  }

  @Test
  void setsNoAlarmWhileNobodyIsWoken() {
    assertThat(alarms.pending()).isZero();
    wakes.wake(List.of());
    assertThat(alarms.pending()).isZero();

    wakes.wake(List.of(alice.feed));
    wakes.wake(List.of(bob.feed));
    assertThat(alarms.pending()).isEqualTo(1);
    pass(SPACING);
    assertThat(alarms.pending()).isZero();
  }
}
