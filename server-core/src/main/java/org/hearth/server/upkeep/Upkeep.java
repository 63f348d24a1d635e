package org.hearth.server.upkeep;

import java.lang.System.Logger.Level;
import java.time.Duration;
import java.util.concurrent.Callable;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;

/// The work that a part of the server does of itself, on a thread of its own, one piece after the
/// other.
///
/// What fails, by whatever error, is logged, and what is done again and again is done the next time
/// all the same: an executor would drop the error silently and never come back. When memory is used
/// up, Java ends the process.
///
/// The thread is never interrupted: an interrupt in the middle of a read closes Derby's files.
///
/// **thread**: any.
public final class Upkeep {
  private static final System.Logger LOG = System.getLogger(Upkeep.class.getName());

  private final ScheduledExecutorService thread;

  /// @param name of the thread, which begins with the first piece of work
  public Upkeep(String name) {
    thread =
        Executors.newSingleThreadScheduledExecutor(
            Thread.ofPlatform().daemon().name(name).factory());
  }

  /// Does it again and again, until the end.
  ///
  /// @param first how long from now to the first time
  /// @param pause from the end of one time to the next
  /// @param otherwise what is the matter if it fails, for the log
  public void every(Duration first, Duration pause, String otherwise, Runnable work) {
    var _ =
        thread.scheduleWithFixedDelay(
            () -> attempt(otherwise, work),
            first.toMillis(),
            pause.toMillis(),
            TimeUnit.MILLISECONDS);
  }

  /// Does it once, after what waits already.
  ///
  /// @throws RejectedExecutionException after the end
  public void once(String otherwise, Runnable work) {
    thread.execute(() -> attempt(otherwise, work));
  }

  /// Does it once, after what waits already, for somebody who waits for it and is told what fails.
  ///
  /// @throws RejectedExecutionException after the end
  public <T> Future<T> ask(Callable<T> work) {
    return thread.submit(work);
  }

  /// Whether the end has begun: for work that is long.
  public boolean isEnding() {
    return thread.isShutdown();
  }

  /// Takes nothing more. What waits is done still; what is done again and again is not.
  public void end() {
    thread.shutdown();
  }

  /// Takes nothing more, and waits for what is being done and what waits.
  ///
  /// @return false if that takes longer
  public boolean end(Duration patience) throws InterruptedException {
    end();
    return thread.awaitTermination(patience.toMillis(), TimeUnit.MILLISECONDS);
  }

  /// Does it now, and logs what fails by whatever error.
  ///
  /// @param otherwise what is the matter then
  public static void attempt(String otherwise, Runnable work) {
    try {
      work.run();
    } catch (RuntimeException | Error failed) {
      LOG.log(Level.WARNING, otherwise, failed);
    }
  }
}
