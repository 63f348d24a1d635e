package org.hearth.server.services.media.thumbnail;

import java.lang.System.Logger.Level;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Optional;
import java.util.Queue;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.function.Supplier;
import org.hearth.server.matrix.error.MatrixException;
import org.jspecify.annotations.Nullable;

/// One thread makes all thumbnails, one after the other: those who ask take turns, and what several
/// ask for is made once. Decoding keeps a processor busy, so it is none of those that the virtual
/// threads of requests run on.
///
/// **bound**: so many wait, in all and of one who asks. **thread**: any.
///
/// @param <K> what is made
/// @param <V> what becomes of it
final class Workshop<K, V> {
  static final int MOST_WAITING = 1_000;
  static final int MOST_WAITING_OF_ONE = 200;

  private static final System.Logger LOG = System.getLogger(Workshop.class.getName());
  private static final Duration RETRY_AFTER = Duration.ofSeconds(2);

  private final Thread thread;

  /// What waits or is being made. Guarded by this, as are the others.
  private final Map<K, CompletableFuture<V>> underWay = new HashMap<>();

  /// Who asks → what, in the order of their turns.
  private final LinkedHashMap<String, Queue<Job<K, V>>> queues = new LinkedHashMap<>();

  private int waiting;
  private boolean ending;

  private record Job<K, V>(K key, Supplier<V> work, CompletableFuture<V> result) {}

  /// Makes one whose thread comes after all others.
  ///
  /// @param name of the thread
  @SuppressWarnings("ThreadPriorityCheck") // it only says who comes first
  Workshop(String name) {
    thread =
        Thread.ofPlatform().daemon().name(name).priority(Thread.MIN_PRIORITY).unstarted(this::run);
  }

  void start() {
    thread.start();
  }

  /// Has something made, or waits for what is being made.
  ///
  /// @param asker on whose behalf
  /// @return empty if it is not ready in that time
  /// @throws MatrixException `M_LIMIT_EXCEEDED` if too many wait
  Optional<V> get(K key, String asker, Supplier<V> work, Duration patience)
      throws InterruptedException {
    try {
      return Optional.of(ordered(key, asker, work).get(patience.toNanos(), TimeUnit.NANOSECONDS));
    } catch (TimeoutException _) {
      return Optional.empty();
    } catch (ExecutionException e) {
      if (e.getCause() instanceof RuntimeException failure) {
        throw failure;
      }
      throw new IllegalStateException("a thumbnail could not be made", e.getCause());
    }
  }

  private synchronized CompletableFuture<V> ordered(K key, String asker, Supplier<V> work) {
    CompletableFuture<V> known = underWay.get(key);
    if (known != null) {
      return known;
    }
    int own = Optional.ofNullable(queues.get(asker)).map(Queue::size).orElse(0);
    if (ending || waiting >= MOST_WAITING || own >= MOST_WAITING_OF_ONE) {
      throw MatrixException.limitExceeded(RETRY_AFTER);
    }
    Job<K, V> job = new Job<>(key, work, new CompletableFuture<>());
    underWay.put(key, job.result);
    queues.computeIfAbsent(asker, _ -> new ArrayDeque<>()).add(job);
    waiting++;
    notifyAll();
    return job.result;
  }

  /// How many wait for the thread.
  synchronized int waiting() {
    return waiting;
  }

  /// How many wait for that.
  synchronized int underWay(K key) {
    CompletableFuture<V> result = underWay.get(key);
    return result == null ? 0 : result.getNumberOfDependents();
  }

  private void run() {
    for (Job<K, V> job = next(); job != null; job = next()) {
      try {
        job.result.complete(job.work.get());
      } catch (Throwable e) {
        // Who waits is told; the thread goes on.
        LOG.log(Level.WARNING, "A thumbnail could not be made: {0}", e.toString());
        job.result.completeExceptionally(e);
      } finally {
        done(job.key);
      }
    }
  }

  private synchronized void done(K key) {
    underWay.remove(key);
  }

  /// The next one of whose turn it is; null at the end.
  private synchronized @Nullable Job<K, V> next() {
    while (waiting == 0 && !ending) {
      try {
        wait();
      } catch (InterruptedException e) {
        throw new IllegalStateException("nobody interrupts this thread", e);
      }
    }
    if (ending) {
      queues
          .values()
          .forEach(each ->
              each.forEach(job ->
                  job.result.completeExceptionally(MatrixException.limitExceeded(RETRY_AFTER))));
      queues.clear();
      return null;
    }
    Map.Entry<String, Queue<Job<K, V>>> first = queues.pollFirstEntry();
    Job<K, V> job = first.getValue().remove();
    waiting--;
    if (!first.getValue().isEmpty()) {
      queues.putLast(first.getKey(), first.getValue());
    }
    return job;
  }

  /// Takes nothing more, and waits for what is being made.
  ///
  /// @return false if that takes longer
  boolean end(Duration patience) throws InterruptedException {
    synchronized (this) {
      ending = true;
      notifyAll();
    }
    return thread.getState() == Thread.State.NEW || thread.join(patience);
  }
}
