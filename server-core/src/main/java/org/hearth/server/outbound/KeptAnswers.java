package org.hearth.server.outbound;

import com.github.benmanes.caffeine.cache.AsyncCache;
import com.github.benmanes.caffeine.cache.Caffeine;
import com.github.benmanes.caffeine.cache.Expiry;
import java.time.Duration;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.function.Function;
import java.util.function.Predicate;
import java.util.function.ToIntFunction;

/// What other servers have answered, kept for a while. One request answers all who ask the same
/// meanwhile, and it goes on when they do not wait any longer: what comes is there for the next.
///
/// **bound**: the bytes and the questions at a time that it is made with, of which one who asks has
/// a share ([SharedPlaces]). Who comes when so many are being asked waits for a place, and asks
/// nobody if there is none in time.
///
/// **thread**: any; each question has a virtual thread of its own.
///
/// @param <K> what is asked
/// @param <V> what came of it, failures too
public final class KeptAnswers<K, V> {
  /// So many questions are asked or wait for that; of more there is no answer.
  private static final int MOST_WAITING = 256;

  private static final int MOST_ATTEMPTS = 2;
  private static final int ENTRY_BYTES = 300;
  private static final Duration PATIENCE_FOR_PLACE = Duration.ofSeconds(5);

  private final String name;
  private final AsyncCache<K, V> answers;
  private final SharedPlaces places;
  private final Semaphore waiting = new Semaphore(MOST_WAITING);

  /// Asks a server.
  @FunctionalInterface
  public interface Question<V> {
    /// What came of it.
    V ask() throws InterruptedException;
  }

  /// How much it may take.
  ///
  /// @param bytes all answers together
  /// @param atOnce questions that are asked at the same time: what comes is in memory for all of
  ///   them
  public record Bounds(long bytes, int atOnce) {}

  /// @param name of the threads
  /// @param size of an answer in bytes
  /// @param life how long an answer is kept
  public KeptAnswers(
      String name, Bounds bounds, ToIntFunction<V> size, Function<? super V, Duration> life) {
    this.name = name;
    this.places = new SharedPlaces(bounds.atOnce());
    this.answers =
        Caffeine.newBuilder()
            .maximumWeight(bounds.bytes())
            .weigher((K _, V answer) -> ENTRY_BYTES + size.applyAsInt(answer))
            .expireAfter(Expiry.creating((K _, V answer) -> life.apply(answer)))
            .buildAsync();
  }

  /// What is known without asking.
  public Optional<V> known(K key) {
    CompletableFuture<V> kept = answers.getIfPresent(key);
    return kept != null && kept.isDone() && !kept.isCompletedExceptionally()
        ? Optional.of(kept.join())
        : Optional.empty();
  }

  /// What is kept of that is not for who asks next, if it is what they say; a question that is
  /// under way answers all the same.
  public void forget(K key, Predicate<V> which) {
    CompletableFuture<V> kept = answers.getIfPresent(key);
    if (kept != null
        && kept.isDone()
        && !kept.isCompletedExceptionally()
        && which.test(kept.join())) {
      var _ = answers.asMap().remove(key, kept);
    }
  }

  /// What is known, or what comes of asking.
  ///
  /// @param asker on whose behalf: a user, or an address
  /// @param patience how long to wait
  /// @return empty if there was no answer by then, or too many are being asked
  public Optional<V> get(K key, String asker, Question<V> question, Duration patience)
      throws InterruptedException {
    long end = System.nanoTime() + patience.toNanos();
    for (int attempt = 1; ; attempt++) {
      CompletableFuture<V> answer = answers.get(key, (_, _) -> begin(asker, question));
      try {
        return Optional.of(answer.get(end - System.nanoTime(), TimeUnit.NANOSECONDS));
      } catch (TimeoutException _) {
        return Optional.empty();
      } catch (ExecutionException e) {
        if (e.getCause() instanceof NoPlace none) {
          // That another who asked the same found no place is not this one's fault.
          if (attempt == MOST_ATTEMPTS || none.asker.equals(asker)) {
            return Optional.empty();
          }
          var _ = answers.asMap().remove(key, answer);
        } else if (e.getCause() instanceof InterruptedException) {
          return Optional.empty();
        } else {
          throw new IllegalStateException("a question failed", e.getCause());
        }
      }
    }
  }

  private CompletableFuture<V> begin(String asker, Question<V> question) {
    if (!waiting.tryAcquire()) {
      return CompletableFuture.failedFuture(new NoPlace(asker));
    }
    CompletableFuture<V> answer = new CompletableFuture<>();
    var _ =
        Thread.ofVirtual()
            .name(name)
            .start(() -> {
              try {
                ask(asker, question, answer);
              } catch (Throwable e) {
                answer.completeExceptionally(e);
              } finally {
                waiting.release();
              }
            });
    return answer;
  }

  private void ask(String asker, Question<V> question, CompletableFuture<V> answer)
      throws InterruptedException {
    if (!places.take(asker, PATIENCE_FOR_PLACE)) {
      throw new NoPlace(asker);
    }
    try {
      answer.complete(question.ask());
    } finally {
      places.giveBack(asker);
    }
  }

  /// Too many questions are under way.
  private static final class NoPlace extends RuntimeException {
    private static final long serialVersionUID = 1L;

    private final String asker;

    NoPlace(String asker) {
      super("too many servers are being asked", null, false, false);
      this.asker = asker;
    }
  }
}
