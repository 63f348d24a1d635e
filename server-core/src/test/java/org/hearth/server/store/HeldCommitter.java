package org.hearth.server.store;

import java.util.List;
import java.util.concurrent.CountDownLatch;

/// Holds the committer's thread up, in an outcome, until it is closed.
public record HeldCommitter(CountDownLatch released) implements AutoCloseable {

  /// Returns when the thread is held.
  public static HeldCommitter hold(Committer committer) throws InterruptedException {
    CountDownLatch reached = new CountDownLatch(1);
    HeldCommitter held = new HeldCommitter(new CountDownLatch(1));
    committer.submit(
        new UnitOfWork(
            new UnitOwner("holder"),
            List.of(),
            List.of(),
            Outcome.of(
                _ -> {
                  reached.countDown();
                  held.await();
                },
                _ -> reached.countDown())));
    reached.await();
    return held;
  }

  private void await() {
    try {
      released.await();
    } catch (InterruptedException e) {
      throw new AssertionError(e);
    }
  }

  @Override
  public void close() {
    released.countDown();
  }
}
