package org.hearth.server.outbound;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/// Questions of clients to other servers: one for all who ask the same, and nobody keeps the others
/// from asking.
@Timeout(60)
class KeptAnswersTest {
  private static final Duration PATIENCE = Duration.ofSeconds(30);
  private static final String ALICE = "@alice:hearth.test";
  private static final String MALLORY = "@mallory:hearth.test";

  private final CountDownLatch released = new CountDownLatch(1);
  private final ExecutorService callers = Executors.newVirtualThreadPerTaskExecutor();
  private final KeptAnswers<String, String> answers =
      new KeptAnswers<>(
          "test", new KeptAnswers.Bounds(1 << 20, 8), String::length, _ -> Duration.ofMinutes(1));

  @AfterEach
  void release() {
    released.countDown();
    callers.close();
  }

  private KeptAnswers.Question<String> hanging(CountDownLatch asked) {
    return () -> {
      asked.countDown();
      released.await();
      return "late";
    };
  }

  private static KeptAnswers.Turn turn(String asked, Duration patience) {
    return new KeptAnswers.Turn(List.of(new SharedPlaces.Share(asked, 1)), patience);
  }

  @Test
  void oneQuestionAnswersAllWhoAskTheSame() throws Exception {
    AtomicInteger count = new AtomicInteger();
    CountDownLatch asked = new CountDownLatch(1);
    List<Future<Optional<String>>> waiting = new ArrayList<>();
    for (int i = 0; i < 10; i++) {
      String asker = "@user%d:hearth.test".formatted(i);
      waiting.add(
          callers.submit(() ->
              answers.get(
                  "key",
                  asker,
                  () -> {
                    count.incrementAndGet();
                    return hanging(asked).ask();
                  },
                  PATIENCE)));
    }
    asked.await();
    released.countDown();

    for (Future<Optional<String>> each : waiting) {
      assertThat(each.get()).contains("late");
    }
    assertThat(count).hasValue(1);
    assertThat(answers.known("key")).contains("late");
  }

  /// Who asks servers that hang uses up what is theirs.
  @Test
  void whoAsksServersThatHangKeepsNobodyFromTheOthers() throws Exception {
    CountDownLatch asked = new CountDownLatch(2);
    for (int i = 0; i < 40; i++) {
      String key = "made up " + i;
      var _ = callers.submit(() -> answers.get(key, MALLORY, hanging(asked), PATIENCE));
    }
    asked.await();

    assertThat(answers.get("good", ALICE, () -> "answer", PATIENCE)).contains("answer");
  }

  /// A question that one asks who has no place is not waited for in vain by another.
  @Test
  void whoHasNoPlaceKeepsNobodyFromTheSameAnswer() throws Exception {
    CountDownLatch asked = new CountDownLatch(2);
    for (int i = 0; i < 2; i++) {
      String key = "made up " + i;
      var _ = callers.submit(() -> answers.get(key, MALLORY, hanging(asked), PATIENCE));
    }
    asked.await();
    assertThat(answers.get("good", MALLORY, () -> "hers", Duration.ZERO)).isEmpty();

    assertThat(answers.get("good", ALICE, () -> "answer", PATIENCE)).contains("answer");
  }

  /// Many ask one server that hangs: others are asked meanwhile, by the same users, too.
  @Test
  void aServerThatHangsKeepsNobodyFromTheOthers() throws Exception {
    KeptAnswers.Turn slow = turn("slow.test", Duration.ZERO);
    CountDownLatch asked = new CountDownLatch(1);
    for (int i = 0; i < 8; i++) {
      String key = "slow " + i;
      String asker = i % 2 == 0 ? ALICE : "@user%d:hearth.test".formatted(i);
      var _ = callers.submit(() -> answers.get(key, asker, slow, hanging(asked), PATIENCE));
    }
    asked.await();

    assertThat(
            answers.get("good", ALICE, turn("good.test", Duration.ZERO), () -> "answer", PATIENCE))
        .contains("answer");
  }

  /// Who wants much of one server gets one after the other, if they wait for it.
  @Test
  void whoWaitsForAPlaceGetsIt() throws Exception {
    CountDownLatch asked = new CountDownLatch(1);
    KeptAnswers.Turn patient = turn("slow.test", PATIENCE);
    List<Future<Optional<String>>> all = new ArrayList<>();
    for (int i = 0; i < 200; i++) {
      String key = "slow " + i;
      all.add(callers.submit(() -> answers.get(key, ALICE, patient, hanging(asked), PATIENCE)));
    }
    asked.await();
    KeptAnswers.Turn impatient = turn("slow.test", Duration.ZERO);
    assertThat(answers.get("impatient", ALICE, impatient, () -> "answer", PATIENCE)).isEmpty();

    released.countDown();

    for (Future<Optional<String>> each : all) {
      assertThat(each.get()).contains("late");
    }
  }

  /// A question of one who has no place and waits long for it is asked by the next.
  @Test
  void whoWaitsForAPlaceKeepsNobodyFromTheSameAnswer() throws Exception {
    CountDownLatch asked = new CountDownLatch(2);
    for (int i = 0; i < 2; i++) {
      String key = "made up " + i;
      var _ = callers.submit(() -> answers.get(key, MALLORY, hanging(asked), PATIENCE));
    }
    asked.await();
    KeptAnswers.Turn patient = turn("good.test", PATIENCE);
    assertThat(answers.get("good", MALLORY, patient, () -> "hers", Duration.ZERO)).isEmpty();

    assertThat(answers.get("good", ALICE, patient, () -> "answer", Duration.ofSeconds(20)))
        .contains("answer");

    released.countDown();
    assertThat(answers.get("other", MALLORY, patient, () -> "hers", PATIENCE)).contains("hers");
    assertThat(answers.known("good")).contains("answer");
  }
}
