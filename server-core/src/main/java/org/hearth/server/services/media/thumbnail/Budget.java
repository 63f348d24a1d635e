package org.hearth.server.services.media.thumbnail;

import com.sun.management.ThreadMXBean;
import java.io.IOException;
import java.lang.management.ManagementFactory;
import java.time.Duration;

/// What the making of one thumbnail may still cost in time of a processor and in memory. All that
/// the thread allocates counts, whether it is in memory still or not. How busy the machine is with
/// other things changes nothing.
///
/// **thread**: the one that made it, a platform thread.
///
/// @param endNanos as the thread's time on processors is counted
/// @param mostAllocated as the thread's allocated bytes are counted
record Budget(long endNanos, long mostAllocated) {
  private static final ThreadMXBean THREADS = (ThreadMXBean) ManagementFactory.getThreadMXBean();

  /// For what costs no more than reading the file once.
  static final Budget UNLIMITED = new Budget(Long.MAX_VALUE, Long.MAX_VALUE);

  /// Thrown where a picture costs more.
  static final class Exceeded extends IOException {
    private static final long serialVersionUID = 1;

    Exceeded() {
      super("the picture takes too long, or too much memory");
    }
  }

  static Budget of(Duration time, long bytes) {
    return new Budget(
        THREADS.getCurrentThreadCpuTime() + time.toNanos(),
        THREADS.getCurrentThreadAllocatedBytes() + bytes);
  }

  boolean isExceeded() {
    return !equals(UNLIMITED) && spent();
  }

  private boolean spent() {
    return THREADS.getCurrentThreadCpuTime() > endNanos
        || THREADS.getCurrentThreadAllocatedBytes() > mostAllocated;
  }

  void check() throws Exceeded {
    if (isExceeded()) {
      throw new Exceeded();
    }
  }
}
