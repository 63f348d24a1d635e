package org.hearth.server.outbound.federation;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Random;
import java.util.random.RandomGenerator;
import org.hearth.server.matrix.id.ServerName;
import org.hearth.server.store.StoreExtension;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.RegisterExtension;

@Timeout(60)
class BackOffTest {
  private static final ServerName PEER = ServerName.parse("peer.example:1234");

  /// The least of what it may choose: waits of four fifths.
  private static final RandomGenerator LEAST = () -> 0;

  @RegisterExtension final StoreExtension stores = new StoreExtension();
  private Instant now = Instant.parse("2026-03-01T04:00:00Z");

  private BackOff backOff() {
    return new BackOff(stores.store(), () -> now, LEAST);
  }

  /// What was handed over before is in the database then.
  private void settle() {
    stores.store().committer().commit("test", List.of(), List.of());
  }

  private static BackOff.Attempt attempt(BackOff backOff, ServerName name) {
    return (BackOff.Attempt) backOff.begin(name);
  }

  private void assertWaits(BackOff backOff, Duration time) {
    now = now.plus(time).minusMillis(1);
    assertThat(backOff.begin(PEER)).as("just before %s", time).isInstanceOf(BackOff.Later.class);
    now = now.plusMillis(1);
  }

  private static Duration fourFifths(Duration time) {
    return time.multipliedBy(80).dividedBy(100);
  }

  @Test
  void waitsDoubleUpToADay() {
    BackOff backOff = backOff();
    Duration wait = BackOff.FIRST;
    for (int i = 0; i < 15; i++) {
      attempt(backOff, PEER).failed("it is down");
      assertWaits(backOff, fourFifths(wait));
      Duration twice = wait.multipliedBy(2);
      wait = twice.compareTo(BackOff.LONGEST) > 0 ? BackOff.LONGEST : twice;
    }

    assertThat(wait).isEqualTo(BackOff.LONGEST);
  }

  @Test
  void waitsAreNotAllAlike() {
    BackOff backOff = new BackOff(stores.store(), () -> now, new Random(7));
    for (int i = 0; i < 200; i++) {
      attempt(backOff, ServerName.parse("n" + i + ".example")).failed("it is down");
    }

    assertThat(backOff.failing().stream().map(FailingServer::nextTry).distinct())
        .hasSizeGreaterThan(20)
        .allSatisfy(each ->
            assertThat(Duration.between(now, each))
                .isBetween(Duration.ofSeconds(48), Duration.ofSeconds(72)));
  }

  @Test
  void thoseWhoFailAtTheSameTimeCountOnce() {
    BackOff backOff = backOff();
    List<BackOff.Attempt> all =
        List.of(attempt(backOff, PEER), attempt(backOff, PEER), attempt(backOff, PEER));
    all.forEach(each -> each.failed("it is down"));

    assertWaits(backOff, fourFifths(BackOff.FIRST));
    assertThat(backOff.begin(PEER)).isInstanceOf(BackOff.Attempt.class);
  }

  @Test
  void whenItIsDueOneTriesAndTheOthersWait() {
    BackOff backOff = backOff();
    attempt(backOff, PEER).failed("it is down");
    now = now.plus(BackOff.FIRST);
    BackOff.Attempt one = attempt(backOff, PEER);

    assertThat(backOff.begin(PEER)).isInstanceOf(BackOff.Later.class);
    one.undecided();
    BackOff.Attempt other = attempt(backOff, PEER);
    other.answered();
    assertThat(backOff.begin(PEER)).isInstanceOf(BackOff.Attempt.class);
    assertThat(backOff.begin(PEER)).isInstanceOf(BackOff.Attempt.class);
  }

  @Test
  void whoCouldNotBeReachedIsKnownAfterARestart() {
    BackOff first = backOff();
    Instant since = now;
    attempt(first, PEER).failed("it is down");
    now = now.plus(BackOff.FIRST);
    attempt(first, PEER).failed("x".repeat(1_000));
    attempt(first, ServerName.parse("other.example")).failed("it is slow");
    settle();
    BackOff second = backOff();

    assertThat(second.failing()).isEqualTo(first.failing()).hasSize(2);
    assertThat(second.failing(PEER))
        .hasValueSatisfying(each -> {
          assertThat(each.failingSince()).isEqualTo(since);
          assertThat(each.lastError()).hasSize(300);
        });
    assertWaits(second, fourFifths(BackOff.FIRST.multipliedBy(2)));
    attempt(second, PEER).failed("it is down");
    assertWaits(second, fourFifths(BackOff.FIRST.multipliedBy(4)));
  }

  @Test
  void aSignOfLifeEndsTheWaitForGood() {
    BackOff first = backOff();
    attempt(first, PEER).failed("it is down");
    first.signOfLife(PEER);
    first.signOfLife(ServerName.parse("never.failed.example"));

    assertThat(first.begin(PEER)).isInstanceOf(BackOff.Attempt.class);
    settle();
    assertThat(backOff().failing()).isEmpty();
  }

  @Test
  void aSignOfLifeBeginsTheWaitsAnew() {
    BackOff backOff = backOff();
    for (int i = 0; i < 5; i++) {
      attempt(backOff, PEER).failed("it is down");
      now = now.plus(BackOff.LONGEST);
    }
    backOff.signOfLife(PEER);
    attempt(backOff, PEER).failed("it is down");

    assertWaits(backOff, fourFifths(BackOff.FIRST));
  }

  @Test
  void rowsAreBoundedAndOldOnesGo() {
    BackOff first = new BackOff(stores.store(), 3, () -> now, LEAST);
    for (int i = 0; i < 5; i++) {
      attempt(first, ServerName.parse("n" + i + ".example")).failed("it is down");
      now = now.plusSeconds(1);
    }
    settle();
    assertThat(backOff().failing())
        .extracting(each -> each.name().value())
        .containsExactly("n2.example", "n3.example", "n4.example");

    now = now.plus(BackOff.KEPT);
    attempt(first, PEER).failed("it is down");
    settle();
    assertThat(backOff().failing()).extracting(FailingServer::name).containsExactly(PEER);
  }

  @Test
  void aClockThatWasWrongKeepsNobodyAwayForYears() {
    BackOff first = backOff();
    now = now.plus(Duration.ofDays(3_650));
    attempt(first, PEER).failed("it is down");
    settle();
    now = now.minus(Duration.ofDays(3_650));

    assertThat(backOff().failing(PEER).orElseThrow().nextTry())
        .isEqualTo(now.plus(BackOff.LONGEST.multipliedBy(2)));
  }

  @Test
  void anUrgentRequestIsSentAndCounts() {
    BackOff backOff = backOff();
    attempt(backOff, PEER).failed("it is down");

    backOff.beginAnyway(PEER).failed("it is still down");
    assertWaits(backOff, fourFifths(BackOff.FIRST.multipliedBy(2)));
    backOff.beginAnyway(PEER).answered();
    assertThat(backOff.failing()).isEmpty();
  }
}
