package org.hearth.server.readers.search;

import java.time.Duration;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;
import org.hearth.server.http.BodyWriter;
import org.hearth.server.matrix.error.MatrixException;

/// Turns to look into the index. They are not those of large answers: nobody's first sync waits for
/// what others look for.
///
/// **Bound:** who has waited for [#LONGEST_WAIT] is refused, so that those who wait do not become
/// more and more.
///
/// **Thread:** any; a call waits for its turn.
final class Looks {
  /// A client does not wait for much longer than that.
  static final Duration LONGEST_WAIT = Duration.ofSeconds(15);

  private static final Duration RETRY_AFTER = Duration.ofSeconds(5);

  private final Semaphore turns;
  private final Duration longestWait;

  /// @param atOnce turns that there are at the same time
  Looks(int atOnce, Duration longestWait) {
    this.turns = new Semaphore(atOnce, true);
    this.longestWait = longestWait;
  }

  /// Looks when it is its turn.
  ///
  /// @throws MatrixException `M_LIMIT_EXCEEDED` if it took too long until then
  /// @throws X what the work throws
  <T, X extends Exception> T inTurn(BodyWriter.Work<T, X> work) throws X {
    await();
    try {
      return work.run();
    } finally {
      turns.release();
    }
  }

  private void await() {
    try {
      if (!turns.tryAcquire(longestWait.toMillis(), TimeUnit.MILLISECONDS)) {
        throw MatrixException.limitExceeded(RETRY_AFTER);
      }
    } catch (InterruptedException interrupted) {
      Thread.currentThread().interrupt();
      throw MatrixException.limitExceeded(RETRY_AFTER);
    }
  }
}
