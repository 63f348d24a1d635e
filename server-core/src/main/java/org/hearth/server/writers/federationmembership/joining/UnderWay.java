package org.hearth.server.writers.federationmembership.joining;

import java.time.Duration;
import java.util.HashMap;
import java.util.HashSet;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.function.LongSupplier;
import org.hearth.server.matrix.error.MatrixException;
import org.hearth.server.matrix.id.RoomId;
import org.hearth.server.matrix.id.UserId;
import org.hearth.server.writers.federationmembership.joining.RemoteRooms.Result;
import org.jspecify.annotations.Nullable;

/// What is under way with rooms elsewhere: each on a thread of its own, which goes on when the
/// client that asked is gone, because a resident may have taken the user in already. Who asks for
/// the same waits for the same; of one room one thing is done after the other, as long as the one
/// before gets on ([Pace]): servers that hang keep nobody else from the room.
///
/// **bound**: [#MOST] at a time, [#MOST_OF_USER] of one user; one waits for [#PATIENCE] for the one
/// before.
///
/// **thread**: any that may wait.
final class UnderWay {
  static final int MOST = 32;
  static final int MOST_OF_USER = 4;

  static final Duration PATIENCE = Duration.ofMinutes(3);

  /// How often who waits looks at what it waits for.
  private static final Duration LOOK = Duration.ofMillis(250);

  /// How soon a client may ask again when there are too many.
  private static final Duration AGAIN = Duration.ofSeconds(5);

  private final LongSupplier nanos;
  private final Map<Key, Begun> running = new HashMap<>();
  private final Map<RoomId, Begun> lastOf = new HashMap<>();
  private final Set<Thread> threads = new HashSet<>();
  private final CompletableFuture<Result> ended = new CompletableFuture<>();

  private record Key(RoomId room, UserId user, Handshake handshake) {}

  private record Begun(CompletableFuture<Result> result, Pace pace) {}

  /// What is to be done.
  interface Work {
    /// Does it.
    ///
    /// @param pace is told how it comes along
    Result perform(Pace pace) throws InterruptedException;
  }

  /// @param nanos a time that only goes on
  UnderWay(LongSupplier nanos) {
    this.nanos = nanos;
  }

  /// Does something, or waits for the same that somebody else has begun.
  ///
  /// @throws MatrixException `M_LIMIT_EXCEEDED` if too much is under way
  /// @throws InterruptedException if the caller was interrupted; what it waits for goes on
  Result run(Wish wish, Work work) throws InterruptedException {
    try {
      return begun(wish, work).get();
    } catch (ExecutionException e) {
      throw e.getCause() instanceof RuntimeException failure
          ? failure
          : new IllegalStateException("a membership could not be changed", e.getCause());
    }
  }

  private synchronized CompletableFuture<Result> begun(Wish wish, Work work) {
    Key key = new Key(wish.room(), wish.user(), wish.handshake());
    Begun same = running.get(key);
    if (same != null) {
      return same.result();
    }
    long ofUser = running.keySet().stream().filter(each -> each.user().equals(key.user())).count();
    if (running.size() >= MOST || ofUser >= MOST_OF_USER || isEnding()) {
      throw MatrixException.limitExceeded(AGAIN);
    }
    Begun begun = new Begun(new CompletableFuture<>(), new Pace(nanos));
    Optional<Begun> before = Optional.ofNullable(lastOf.put(key.room(), begun));
    running.put(key, begun);
    Thread thread =
        Thread.ofVirtual()
            .name("membership " + key.room())
            .unstarted(() -> perform(key, before, work, begun));
    threads.add(thread);
    thread.start();
    return begun.result();
  }

  private void perform(Key key, Optional<Begun> before, Work work, Begun begun) {
    @Nullable Result done = null;
    @Nullable Throwable failure = null;
    try {
      if (before.isPresent()) {
        begun.pace().rests();
        awaitTheEnd(before.get());
      }
      begun.pace().begins();
      done = work.perform(begun.pace());
    } catch (Throwable e) {
      failure = e;
    }
    synchronized (this) {
      running.remove(key, begun);
      lastOf.remove(key.room(), begun);
      threads.remove(Thread.currentThread());
    }
    if (failure == null) {
      begun.result().complete(done);
    } else {
      begun.result().completeExceptionally(failure);
    }
  }

  /// However that ends, it is over then.
  private static void awaitTheEnd(Begun before) throws InterruptedException {
    long end = System.nanoTime() + PATIENCE.toNanos();
    while (!before.pace().isSlow() && System.nanoTime() - end < 0) {
      try {
        var _ = before.result().get(LOOK.toMillis(), TimeUnit.MILLISECONDS);
        return;
      } catch (TimeoutException _) {
        // It is looked at again.
      } catch (ExecutionException _) {
        return;
      }
    }
  }

  boolean isEnding() {
    return ended.isDone();
  }

  /// Completes when nobody is to be waited for any more.
  CompletableFuture<Result> ended() {
    return ended;
  }

  /// Lets what is under way end, and waits for it.
  ///
  /// @throws InterruptedException if the caller was interrupted
  void end(Duration patience) throws InterruptedException {
    Set<Thread> left;
    synchronized (this) {
      ended.complete(RemoteRooms.OVER);
      left = Set.copyOf(threads);
    }
    long until = System.nanoTime() + patience.toNanos();
    for (Thread each : left) {
      var _ = each.join(Duration.ofNanos(Math.max(1, until - System.nanoTime())));
    }
  }
}
