package org.hearth.server.readers.sync.v2;

import java.lang.System.Logger.Level;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.function.BooleanSupplier;
import java.util.function.Supplier;
import org.hearth.server.matrix.id.UserId;
import org.hearth.server.matrix.json.JsonWriter;
import org.jspecify.annotations.Nullable;

/// Makes the first answers of those who were here last, once after a start, and throws them away:
/// what they are made of is in memory then, and the code that makes them is compiled, before the
/// first of these people comes back.
///
/// It works at most half of the time, and not at all while somebody is given a large answer.
///
/// **bound**: [#MOST_USERS] answers, and no further once [#MOST_BYTES] of JSON were made; memory is
/// that of the caches. **thread**: one of its own, `sync-warm-up`, which nobody interrupts: it
/// reads the database.
public final class WarmUp {
  /// Users for whom it is done.
  public static final int MOST_USERS = 8;

  /// As much as the encoded events have room for.
  static final long MOST_BYTES = 32L << 20;

  private static final System.Logger LOG = System.getLogger(WarmUp.class.getName());
  private static final Duration BETWEEN_LOOKS = Duration.ofMillis(100);

  /// What makes an answer.
  @FunctionalInterface
  interface Answer {
    /// Writes all that a client that has nothing is told.
    void write(UserId user, JsonWriter json);
  }

  private final Supplier<List<UserId>> users;
  private final Answer answer;
  private final BooleanSupplier othersAreAnswered;
  private final Duration before;
  private final CountDownLatch ending = new CountDownLatch(1);
  private @Nullable Thread thread;
  private long madeBytes;
  private long pieceBegan;

  /// @param users for whom, the most important first
  /// @param othersAreAnswered whether somebody is given a large answer now
  /// @param before how long to wait first
  WarmUp(
      Supplier<List<UserId>> users,
      Answer answer,
      BooleanSupplier othersAreAnswered,
      Duration before) {
    this.users = users;
    this.answer = answer;
    this.othersAreAnswered = othersAreAnswered;
    this.before = before;
  }

  /// Begins; called once.
  public void start() {
    Thread own = Thread.ofPlatform().daemon().name("sync-warm-up").unstarted(this::run);
    thread = own;
    own.start();
  }

  /// Ends it, and waits for the end of what it is doing.
  public void stop() throws InterruptedException {
    ending.countDown();
    Thread own = thread;
    if (own != null) {
      own.join();
    }
  }

  /// Ends the work in the middle of an answer.
  private static final class Over extends RuntimeException {
    private static final long serialVersionUID = 1;

    Over() {
      super("the warm-up is over", null, false, false);
    }
  }

  private void run() {
    try {
      rest(before.toNanos());
      for (UserId each : users.get()) {
        pieceBegan = System.nanoTime();
        answer.write(each, new JsonWriter(this::take));
        rest(System.nanoTime() - pieceBegan);
      }
    } catch (Over _) {
      LOG.log(Level.DEBUG, "the warm-up ends before its end");
    } catch (RuntimeException e) {
      // What cannot be read is told when somebody asks for it.
      LOG.log(Level.WARNING, "the first answers after this start are made from the disk", e);
    }
  }

  private void take(byte[] bytes, int length) {
    madeBytes += length;
    if (madeBytes >= MOST_BYTES) {
      throw new Over();
    }
    rest(System.nanoTime() - pieceBegan);
    pieceBegan = System.nanoTime();
  }

  private void rest(long nanos) {
    try {
      boolean over = ending.await(nanos, TimeUnit.NANOSECONDS);
      while (!over && othersAreAnswered.getAsBoolean()) {
        over = ending.await(BETWEEN_LOOKS.toMillis(), TimeUnit.MILLISECONDS);
      }
      if (over) {
        throw new Over();
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new Over();
    }
  }
}
