package org.hearth.server.box;

import java.lang.System.Logger.Level;
import java.time.Duration;
import java.util.concurrent.Future;
import java.util.concurrent.ScheduledThreadPoolExecutor;
import java.util.concurrent.ThreadPoolExecutor;
import java.util.concurrent.TimeUnit;

/// Alarms: something is done once, after a while. A box that goes by time has its alarms hand
/// commands to its own input log, so that nothing is decided beside that.
///
/// **thread**: any.
public interface Alarms {
  /// Sets an alarm; after the end it never rings.
  ///
  /// @param ring quick; a failure of it is logged, and ends nothing else
  /// @return calls the alarm off
  Runnable set(Duration after, Runnable ring);

  /// Ends all alarms, and waits a moment for one that rings.
  void close() throws InterruptedException;

  /// Alarms on a thread of that name, which sleeps until the next of them and does not exist before
  /// the first.
  static Alarms onThread(String name) {
    ScheduledThreadPoolExecutor thread =
        new ScheduledThreadPoolExecutor(
            1,
            Thread.ofPlatform().daemon().name(name).factory(),
            new ThreadPoolExecutor.DiscardPolicy());
    thread.setRemoveOnCancelPolicy(true);
    return new Alarms() {
      @Override
      public Runnable set(Duration after, Runnable ring) {
        Future<?> alarm = thread.schedule(() -> ring(ring), after.toNanos(), TimeUnit.NANOSECONDS);
        return () -> alarm.cancel(false);
      }

      // The executor keeps what is thrown for somebody who asks, and nobody does.
      private void ring(Runnable ring) {
        try {
          ring.run();
        } catch (RuntimeException | Error failed) {
          System.getLogger(Alarms.class.getName())
              .log(Level.ERROR, "what was to be done at an alarm of " + name + " failed", failed);
        }
      }

      @Override
      public void close() throws InterruptedException {
        thread.shutdownNow();
        var _ = thread.awaitTermination(1, TimeUnit.SECONDS);
      }
    };
  }
}
