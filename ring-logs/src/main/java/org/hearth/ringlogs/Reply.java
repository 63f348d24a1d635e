package org.hearth.ringlogs;

import java.lang.System.Logger.Level;
import java.time.Duration;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.function.BiConsumer;
import org.jspecify.annotations.Nullable;

/// The answer to one command: given once, from any thread, seen by any number of threads.
///
/// The first [#complete] or [#fail] counts, later ones change nothing. What the answering thread
/// did before it answered is visible to who gets the answer.
///
/// **Thread**: any. [#await] parks a virtual thread without holding its carrier.
///
/// @param <R> the answer, never null
public final class Reply<R> {
  private static final System.Logger LOG = System.getLogger(Reply.class.getName());

  private final CompletableFuture<R> future = new CompletableFuture<>();

  private final @Nullable Runnable answered;

  /// A reply that nobody has given yet.
  public static <R> Reply<R> pending() {
    return new Reply<>(null);
  }

  /// @param answered run once, by the thread that answers, after those who wait were told
  Reply(@Nullable Runnable answered) {
    this.answered = answered;
  }

  /// Gives the answer.
  public void complete(R answer) {
    done(future.complete(answer));
  }

  /// Answers that there is none, and why.
  public void fail(RuntimeException failure) {
    done(future.completeExceptionally(failure));
  }

  private void done(boolean first) {
    if (first && answered != null) {
      answered.run();
    }
  }

  public boolean isDone() {
    return future.isDone();
  }

  /// Waits for the answer.
  ///
  /// @throws ReplyTimeoutException if none comes within `patience`
  /// @throws RuntimeException the very one that was given to [#fail]
  /// @throws InterruptedException if the waiting thread is interrupted
  public R await(Duration patience) throws InterruptedException {
    try {
      return future.get(patience.toNanos(), TimeUnit.NANOSECONDS);
    } catch (TimeoutException _) {
      throw new ReplyTimeoutException(patience);
    } catch (ExecutionException e) {
      if (e.getCause() instanceof RuntimeException failure) {
        throw failure;
      }
      throw new IllegalStateException("a reply fails with a RuntimeException only", e);
    }
  }

  /// Calls `action` with the answer or with the failure, the other being null: at once in this
  /// thread if the reply is done, else in the thread that answers. The action must be quick; what
  /// it throws is logged, not passed on.
  public void onDone(BiConsumer<? super @Nullable R, ? super @Nullable RuntimeException> action) {
    // fail() takes nothing else, so every failure is a RuntimeException.
    var _ =
        future.whenComplete((answer, failure) -> {
          try {
            action.accept(answer, (RuntimeException) failure);
          } catch (RuntimeException | Error e) {
            LOG.log(Level.ERROR, "what was to be done on a reply failed", e);
          }
        });
  }
}
