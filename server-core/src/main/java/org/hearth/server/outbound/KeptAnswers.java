package org.hearth.server.outbound;

import com.github.benmanes.caffeine.cache.AsyncCache;
import com.github.benmanes.caffeine.cache.Caffeine;
import com.github.benmanes.caffeine.cache.Expiry;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.function.Function;
import java.util.function.Predicate;
import java.util.function.ToIntFunction;

/// What other servers have answered, kept for a while. One request answers all who ask the same
/// meanwhile, and it goes on when they do not wait any longer: what comes is there for the next.
///
/// **bound**: the bytes and the questions at a time that it is made with, of which one who asks has
/// a quarter, and who is asked a share if that is said ([SharedPlaces]). Names of servers cost
/// nothing, and whoever stands behind them may answer never: so who asks such ones uses up what is
/// theirs, and keeps nobody from the servers that answer. Who comes when so many are being asked
/// waits for a place, and asks nobody if there is none in time.
///
/// **thread**: any; each question has a virtual thread of its own.
///
/// @param <K> what is asked
/// @param <V> what came of it, failures too
public final class KeptAnswers<K, V> {
  /// So many questions wait for a place; of more there is no answer.
  private static final int MOST_WAITING = 256;

  private static final int MOST_ATTEMPTS = 2;
  private static final int ENTRY_BYTES = 300;
  private static final Duration PATIENCE_FOR_PLACE = Duration.ofSeconds(5);

  private final String name;
  private final AsyncCache<K, V> answers;
  private final int atOnce;
  private final SharedPlaces places;

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
    this.atOnce = bounds.atOnce();
    this.places = new SharedPlaces(atOnce, MOST_WAITING);
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
    return get(key, asker, List.of(), question, patience);
  }

  /// The same where those who are asked have shares, too.
  ///
  /// @param asked how many questions may be for whom at the same time
  public Optional<V> get(
      K key, String asker, List<SharedPlaces.Share> asked, Question<V> question, Duration patience)
      throws InterruptedException {
    List<SharedPlaces.Share> shares = new ArrayList<>(asked);
    shares.add(ofAsker(asker));
    return get(key, shares, question, patience);
  }

  private SharedPlaces.Share ofAsker(String asker) {
    return new SharedPlaces.Share(asker, Math.max(1, atOnce / 4));
  }

  private Optional<V> get(
      K key, List<SharedPlaces.Share> shares, Question<V> question, Duration patience)
      throws InterruptedException {
    long end = System.nanoTime() + patience.toNanos();
    for (int attempt = 1; ; attempt++) {
      CompletableFuture<V> answer = answers.get(key, (_, _) -> begin(shares, question));
      try {
        return Optional.of(answer.get(end - System.nanoTime(), TimeUnit.NANOSECONDS));
      } catch (TimeoutException _) {
        return Optional.empty();
      } catch (ExecutionException e) {
        if (e.getCause() instanceof NoPlace none) {
          // That another who asked the same found no place is not this one's fault.
          if (attempt == MOST_ATTEMPTS || none.shares.equals(shares)) {
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

  private CompletableFuture<V> begin(List<SharedPlaces.Share> shares, Question<V> question) {
    CompletableFuture<V> answer = new CompletableFuture<>();
    var _ =
        Thread.ofVirtual()
            .name(name)
            .start(() -> {
              try {
                ask(shares, question, answer);
              } catch (Throwable e) {
                answer.completeExceptionally(e);
              }
            });
    return answer;
  }

  private void ask(
      List<SharedPlaces.Share> shares, Question<V> question, CompletableFuture<V> answer)
      throws InterruptedException {
    try (SharedPlaces.Place _ =
        places.take(shares, PATIENCE_FOR_PLACE).orElseThrow(() -> new NoPlace(shares))) {
      answer.complete(question.ask());
    }
  }

  /// Too many questions are under way.
  private static final class NoPlace extends RuntimeException {
    private static final long serialVersionUID = 1L;

    private final transient List<SharedPlaces.Share> shares;

    NoPlace(List<SharedPlaces.Share> shares) {
      super("too many servers are being asked", null, false, false);
      this.shares = shares;
    }
  }
}
