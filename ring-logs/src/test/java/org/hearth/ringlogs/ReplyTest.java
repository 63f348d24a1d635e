package org.hearth.ringlogs;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.PrintWriter;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

@Timeout(120)
class ReplyTest {
  private static final Duration PATIENCE = Duration.ofSeconds(60);

  @Test
  void givesOneAnswerToAllWhoWait() throws Exception {
    Reply<String> reply = Reply.pending();
    try (ExecutorService threads = Executors.newVirtualThreadPerTaskExecutor()) {
      List<Future<String>> waiting = new ArrayList<>();
      for (int i = 0; i < 100; i++) {
        waiting.add(threads.submit(() -> reply.await(PATIENCE)));
      }

      reply.complete("yes");

      for (Future<String> each : waiting) {
        assertThat(each.get()).isEqualTo("yes");
      }
    }
  }

  @Test
  void keepsTheFirstAnswer() throws InterruptedException {
    Reply<String> reply = Reply.pending();
    reply.complete("first");

    reply.complete("second");
    reply.fail(new IllegalStateException("third"));

    assertThat(reply.await(Duration.ZERO)).isEqualTo("first");
  }

  @Test
  void throwsTheVeryFailureThatWasGiven() {
    Reply<String> reply = Reply.pending();
    IllegalStateException failure = new IllegalStateException("no");

    reply.fail(failure);

    assertThatThrownBy(() -> reply.await(PATIENCE)).isSameAs(failure);
  }

  @Test
  void saysWhenPatienceEndsAndTakesTheAnswerLater() throws InterruptedException {
    Reply<String> reply = Reply.pending();

    assertThatThrownBy(() -> reply.await(Duration.ofMillis(2)))
        .isInstanceOf(ReplyTimeoutException.class)
        .hasMessageContaining("2 ms");
    reply.complete("late");

    assertThat(reply.await(Duration.ZERO)).isEqualTo("late");
  }

  @Test
  void callsWhoAskedToBeToldBeforeAndAfterTheAnswer() {
    Reply<String> reply = Reply.pending();
    List<String> told = new ArrayList<>();
    reply.onDone((answer, failure) -> told.add("before " + answer + " " + failure));
    reply.onDone((_, _) -> {
      throw new IllegalStateException("is logged");
    });

    reply.complete("yes");
    reply.onDone((answer, failure) -> told.add("after " + answer + " " + failure));

    assertThat(told).containsExactly("before yes null", "after yes null");
  }

  /// An error that notes that somebody looked where it was thrown, as a log does.
  private static final class Noted extends Error {
    private static final long serialVersionUID = 1L;
    private boolean logged;

    @Override
    public StackTraceElement[] getStackTrace() {
      logged = true;
      return super.getStackTrace();
    }

    @Override
    public void printStackTrace(PrintWriter writer) {
      logged = true;
      super.printStackTrace(writer);
    }
  }

  @Test
  void logsAlsoAnErrorOfWhoAskedToBeTold() {
    Reply<String> reply = Reply.pending();
    Noted error = new Noted();
    reply.onDone((_, _) -> {
      throw error;
    });

    reply.complete("yes");

    assertThat(error.logged).isTrue();
  }

  @Test
  void tellsTheFailureToWhoAsked() {
    Reply<String> reply = Reply.pending();
    List<String> told = new ArrayList<>();
    reply.onDone((answer, failure) -> told.add(answer + " " + failure));

    reply.fail(new IllegalStateException("no"));

    assertThat(told).containsExactly("null java.lang.IllegalStateException: no");
  }
}
