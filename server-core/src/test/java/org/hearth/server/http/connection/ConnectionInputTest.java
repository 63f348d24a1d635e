package org.hearth.server.http.connection;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/// What a second thread reads of a connection while its own waits for something else.
@Timeout(60)
class ConnectionInputTest {
  private static final int PIECE = 1 << 10;

  private final Deadlines deadlines = new Deadlines();
  private final List<ConnectionInput> opened = new ArrayList<>();
  private final CountDownLatch gone = new CountDownLatch(1);

  /// A deadline would interrupt this thread in another test.
  @AfterEach
  void close() {
    opened.forEach(ConnectionInput::close);
  }

  /// Of the thread that reads first.
  private final CompletableFuture<Thread> reader = new CompletableFuture<>();

  private byte[] piece() {
    reader.complete(Thread.currentThread());
    return new byte[PIECE];
  }

  private ConnectionInput input(Supplier<byte[]> client) {
    ConnectionInput input =
        new ConnectionInput(client, deadlines, ConnectionLimits.standard(), gone::countDown);
    opened.add(input);
    input.headEnded();
    return input;
  }

  @Test
  void fewBytesAreReadAheadAndThenNobodyReadsBeforeTheRequestIsAnswered() throws Exception {
    ConnectionInput input = input(this::piece);

    input.watch();

    Thread second = reader.get();
    assertThat(second.join(Duration.ofSeconds(30))).as("it has read enough").isTrue();
    assertThat(input.get()).hasSize(ConnectionInput.MOST_AHEAD);
    assertThat(input.get()).hasSize(PIECE);
  }

  @Test
  void nothingIsReadAheadOnceTheRequestIsAnswered() throws Exception {
    CountDownLatch answered = new CountDownLatch(1);
    ConnectionInput input =
        input(() -> {
          byte[] piece = piece();
          try {
            answered.await();
          } catch (InterruptedException e) {
            throw new AssertionError(e);
          }
          return piece;
        });
    input.watch();
    Thread second = reader.get();

    input.requestEnded();
    answered.countDown();

    assertThat(second.join(Duration.ofSeconds(30))).isTrue();
    assertThat(input.get()).as("the piece that was on its way").hasSize(PIECE);
  }

  @Test
  void anErrorOfTheSecondThreadEndsTheConnectionAndLeavesNobodyWaiting() throws Exception {
    ConnectionInput input =
        input(() -> {
          throw new StackOverflowError("as if");
        });

    input.watch();

    byte @Nullable [] bytes = input.get();
    assertThat(bytes).isNull();
    assertThat(gone.await(30, TimeUnit.SECONDS)).isTrue();
  }
}
