package org.hearth.server.matrix.testkit;

import java.lang.management.ManagementFactory;
import java.time.Duration;

/// How much of a processor something costs. Unlike the time on the clock, this does not depend on
/// what else the computer does.
public final class ProcessorTime {
  private ProcessorTime() {}

  /// Runs it on the calling thread.
  public static Duration of(Runnable work) {
    var threads = ManagementFactory.getThreadMXBean();
    long before = threads.getCurrentThreadCpuTime();
    work.run();
    return Duration.ofNanos(threads.getCurrentThreadCpuTime() - before);
  }
}
