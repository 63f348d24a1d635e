package org.hearth.bench.media;

import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;

/// Watches how much of the heap is in use after a collection, once a second.
final class LiveHeap implements AutoCloseable {
  private final long before = live();
  private final Thread watch;
  private volatile long most = before;
  private volatile boolean ended;

  LiveHeap() {
    watch = Thread.ofPlatform().daemon().name("live-heap").start(this::watch);
  }

  private void watch() {
    while (!ended) {
      LockSupport.parkNanos(TimeUnit.SECONDS.toNanos(1));
      most = Math.max(most, live());
    }
  }

  private static long live() {
    System.gc();
    Runtime runtime = Runtime.getRuntime();
    return runtime.totalMemory() - runtime.freeMemory();
  }

  /// How much more there was than at the beginning, at most.
  long growthBytes() {
    return most - before;
  }

  @Override
  public void close() {
    ended = true;
    LockSupport.unpark(watch);
    try {
      watch.join();
    } catch (InterruptedException _) {
      Thread.currentThread().interrupt();
    }
  }
}
