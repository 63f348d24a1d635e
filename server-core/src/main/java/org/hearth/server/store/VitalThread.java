package org.hearth.server.store;

import java.lang.System.Logger.Level;

/// Makes the threads without which the store cannot go on.
final class VitalThread {
  private static final System.Logger LOG = System.getLogger(Store.class.getName());

  private VitalThread() {}

  /// A thread whose death is a failed state of the store; not started.
  ///
  /// @param work ends by itself only when the store is being closed
  /// @param lastly run when the thread ends, however it does
  static Thread of(String name, Health health, Runnable work, Runnable lastly) {
    return Thread.ofPlatform()
        .name(name)
        .unstarted(() -> {
          try {
            work.run();
          } catch (Throwable t) {
            // The top of a thread: an error of the virtual machine, or a defect.
            health.failed("thread %s has ended: %s".formatted(name, t));
            LOG.log(Level.ERROR, "thread " + name + " has ended", t);
          } finally {
            lastly.run();
          }
        });
  }
}
