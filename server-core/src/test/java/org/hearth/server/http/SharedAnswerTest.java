package org.hearth.server.http;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.helidon.webserver.CloseConnectionException;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.Optional;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.Supplier;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/// What is kept of an answer for those who ask for it again, and who waits for whom.
class SharedAnswerTest {
  private static final int BYTES = 10;
  private static final int ROOM = 3 * BYTES;
  private static final LargeAnswers.AnswerCounts.Mark SINCE =
      new LargeAnswers.AnswerCounts.Mark(1, 1);

  private final ReentrantLock lock = new ReentrantLock();
  private final SharedAnswer.Room room = new SharedAnswer.Room(ROOM, BYTES);
  private final AtomicInteger ended = new AtomicInteger();
  private final ExecutorService threads = Executors.newVirtualThreadPerTaskExecutor();
  private final SharedAnswer answer = answer(Duration.ofHours(1));

  private SharedAnswer answer(Duration patience) {
    return new SharedAnswer(lock, room, true, patience.toNanos(), ended::incrementAndGet);
  }

  @AfterEach
  void close() {
    threads.shutdownNow();
  }

  private <T> T locked(Supplier<T> work) {
    lock.lock();
    try {
      return work.get();
    } finally {
      lock.unlock();
    }
  }

  private void end(SharedAnswer which) {
    lock.lock();
    try {
      which.end();
    } finally {
      lock.unlock();
    }
  }

  private long kept() {
    return locked(room::taken);
  }

  private static void add(SharedAnswer to, int number, boolean last) throws InterruptedException {
    byte[] bytes = "%010d".formatted(number).getBytes(StandardCharsets.US_ASCII);
    to.add(bytes, BYTES, last);
  }

  private static int number(SharedAnswer.Piece piece) {
    return Integer.parseInt(new String(piece.copy(), StandardCharsets.US_ASCII));
  }

  private static List<Integer> takeAll(SharedAnswer.Joined other) throws InterruptedException {
    List<Integer> taken = new ArrayList<>();
    while (true) {
      SharedAnswer.Piece piece = Objects.requireNonNull(other.next());
      taken.add(number(piece));
      if (piece.last()) {
        return taken;
      }
    }
  }

  @Test
  void isNotKeptAndNotJoinedWhereThereIsNoRoom() throws Exception {
    for (int i = 0; i < 3; i++) {
      add(answer, i, false);
    }
    assertThat(kept()).isEqualTo(ROOM);

    add(answer, 3, false);

    assertThat(kept()).isZero();
    assertThat(locked(answer::join)).isNull();
  }

  /// Else the old generation fills with what was kept, and everybody waits for its collection.
  @Test
  void isKeptWhereAnotherWasKeptBefore() throws Exception {
    add(answer, 0, false);
    SharedAnswer another = answer(Duration.ofHours(1));
    add(another, 1, false);
    SharedAnswer.Joined one = Objects.requireNonNull(locked(another::join));
    byte[] before = Objects.requireNonNull(one.next()).bytes();
    one.close();
    end(another);

    SharedAnswer third = answer(Duration.ofHours(1));
    add(third, 2, false);

    SharedAnswer.Joined other = Objects.requireNonNull(locked(third::join));
    SharedAnswer.Piece piece = Objects.requireNonNull(other.next());
    assertThat(piece.bytes()).isSameAs(before);
    assertThat(number(piece)).isEqualTo(2);
  }

  /// Larger than most are, and shorter.
  @Test
  void hasItsOwnLength() throws Exception {
    byte[] large = "twelve bytes".getBytes(StandardCharsets.US_ASCII);
    SharedAnswer.Joined other = Objects.requireNonNull(locked(answer::join));
    answer.add(large, large.length, false);
    answer.add(large, 6, true);
    assertThat(kept()).isEqualTo(large.length + BYTES);

    assertThat(Objects.requireNonNull(other.next()).copy()).isEqualTo(large);
    SharedAnswer.Piece last = Objects.requireNonNull(other.next());
    assertThat(new String(last.copy(), StandardCharsets.US_ASCII)).isEqualTo("twelve");
    assertThat(last.last()).isTrue();
  }

  @Test
  void comesWholeToWhoHasJoinedWhereThereIsLittleRoom() throws Exception {
    add(answer, 0, false);
    SharedAnswer.Joined one = Objects.requireNonNull(locked(answer::join));
    SharedAnswer.Joined other = Objects.requireNonNull(locked(answer::join));
    Future<List<Integer>> ofOne = threads.submit(() -> takeAll(one));
    Future<List<Integer>> ofOther = threads.submit(() -> takeAll(other));

    long most = 0;
    for (int i = 1; i < 100; i++) {
      add(answer, i, i == 99);
      most = Math.max(most, kept());
    }

    assertThat(ofOne.get(60, TimeUnit.SECONDS)).hasSize(100).isSorted();
    assertThat(ofOther.get(60, TimeUnit.SECONDS)).hasSize(100).isSorted();
    assertThat(most).isLessThanOrEqualTo(ROOM);
    assertThat(locked(answer::join)).as("nobody can have its beginning").isNull();
    one.close();
    other.close();
    assertThat(kept()).isZero();
  }

  /// All the room is taken by others.
  @Test
  void hasRoomForOnePieceInAnyCase() throws Exception {
    SharedAnswer.Joined other = Objects.requireNonNull(locked(answer::join));
    SharedAnswer another = answer(Duration.ofHours(1));
    for (int i = 0; i < 3; i++) {
      add(another, i, false);
    }
    Future<List<Integer>> taken = threads.submit(() -> takeAll(other));

    for (int i = 0; i < 10; i++) {
      add(answer, i, i == 9);
    }

    assertThat(taken.get(60, TimeUnit.SECONDS)).hasSize(10).isSorted();
  }

  @Test
  void isFreeWhenAllHaveEnded() throws Exception {
    SharedAnswer.Joined other = Objects.requireNonNull(locked(answer::join));
    add(answer, 0, true);
    end(answer);
    end(answer);
    assertThat(ended.get()).isZero();
    assertThat(takeAll(other)).containsExactly(0);

    other.close();
    other.close();

    assertThat(ended.get()).isEqualTo(1);
    assertThat(kept()).isZero();
  }

  @Test
  void tellsWhoHasJoinedThatItFailed() throws Exception {
    SharedAnswer.Joined other = Objects.requireNonNull(locked(answer::join));
    add(answer, 0, false);
    assertThat(number(Objects.requireNonNull(other.next()))).isZero();

    end(answer);

    assertThat(other.next()).isNull();
  }

  @Test
  void isMadeALittleAheadOfItsOtherClientWhenItsOwnIsGone() throws Exception {
    SharedAnswer large =
        new SharedAnswer(
            lock, new SharedAnswer.Room(1 << 20, BYTES), true, 1, ended::incrementAndGet);
    SharedAnswer.Joined other = Objects.requireNonNull(locked(large::join));
    assertThat(large.goesOnForOthers()).isTrue();
    AtomicInteger made = new AtomicInteger();
    Future<?> maker =
        threads.submit(() -> {
          while (true) {
            add(large, made.get(), false);
            made.incrementAndGet();
          }
        });
    for (int i = 0; i < 50; i++) {
      assertThat(number(Objects.requireNonNull(other.next()))).isEqualTo(i);
      assertThat(made.get()).isLessThanOrEqualTo(i + SharedAnswer.MOST_AHEAD);
    }

    other.close();

    assertThatThrownBy(() -> maker.get(60, TimeUnit.SECONDS))
        .hasCauseInstanceOf(CloseConnectionException.class);
  }

  /// Who makes it answers its own client, too.
  @Test
  void endsAJoinedClientThatHoldsItUp() throws Exception {
    SharedAnswer impatient = answer(Duration.ZERO);
    SharedAnswer.Joined slow = Objects.requireNonNull(locked(impatient::join));
    CountDownLatch sending = new CountDownLatch(1);
    Future<Boolean> wasEnded =
        threads.submit(() -> {
          try (slow) {
            slow.next();
            slow.send(() -> holdUp(sending));
            return false;
          } catch (CloseConnectionException e) {
            return true;
          }
        });
    add(impatient, 0, false);
    assertThat(sending.await(60, TimeUnit.SECONDS)).isTrue();

    for (int i = 1; i < 10; i++) {
      add(impatient, i, i == 9);
    }

    assertThat(wasEnded.get(60, TimeUnit.SECONDS)).isTrue();
  }

  private static void holdUp(CountDownLatch begun) {
    begun.countDown();
    try {
      new CountDownLatch(1).await();
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  @Test
  void isJoinedByFewAndOnlyByWhoKnowsNoMore() throws Exception {
    LargeAnswers large = new LargeAnswers();
    LargeAnswers.Asker alice = new LargeAnswers.Asker("alice", "A", "/sync");
    LargeAnswers.Asked asked = new LargeAnswers.Asked(alice, "192.0.2.1", Optional.of(SINCE));
    LargeAnswers.Entered first = large.enterOrJoin(asked);
    assertThat(first).isInstanceOf(LargeAnswers.Place.class);
    for (int i = 0; i < SharedAnswer.MOST_JOINED; i++) {
      assertThat(large.enterOrJoin(asked)).isInstanceOf(SharedAnswer.Joined.class);
    }

    Future<LargeAnswers.Entered> oneMore = threads.submit(() -> large.enterOrJoin(asked));
    LargeAnswers.Asked later =
        new LargeAnswers.Asked(
            new LargeAnswers.Asker("bob", "B", "/sync"), "192.0.2.1", Optional.of(SINCE));
    ((LargeAnswers.Place) first).pause();
    try (LargeAnswers.Place bobs = (LargeAnswers.Place) large.enterOrJoin(later)) {
      bobs.pause();
      assertThat(oneMore.isDone()).isFalse();
    }
  }
}
