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
import java.util.concurrent.atomic.AtomicBoolean;
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
/// waits for a place, and asks nobody if there is none in time; of those who wait, too, a quarter
/// have to do with one.
///
/// **thread**: any; each question has a virtual thread of its own.
///
/// @param <K> what is asked
/// @param <V> what came of it, failures too
public final class KeptAnswers<K, V> {
  /// So many questions wait for a place; of more there is no answer.
  private static final int MOST_WAITING = 1_024;

  private static final int MOST_ATTEMPTS = 2;
  private static final int ENTRY_BYTES = 300;
  private static final Duration USUAL_PATIENCE_FOR_PLACE = Duration.ofSeconds(5);

  /// So often who waits along with another looks for a place of their own.
  private static final Duration LOOK_FOR_PLACE = Duration.ofSeconds(2);

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
    this.places = new SharedPlaces(atOnce, MOST_WAITING, MOST_WAITING / 4);
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
    return get(key, asker, Turn.USUAL, question, patience);
  }

  /// How it becomes somebody's turn to ask.
  ///
  /// @param asked how many questions may be for whom at the same time
  /// @param patience how long to wait for a place
  public record Turn(List<SharedPlaces.Share> asked, Duration patience) {
    static final Turn USUAL = new Turn(List.of(), USUAL_PATIENCE_FOR_PLACE);

    public Turn {
      asked = List.copyOf(asked);
    }
  }

  /// The same where those who are asked have shares, too, or it takes longer until there is a
  /// place.
  public Optional<V> get(K key, String asker, Turn turn, Question<V> question, Duration patience)
      throws InterruptedException {
    List<SharedPlaces.Share> shares = new ArrayList<>(turn.asked());
    shares.add(ofAsker(asker));
    return get(key, new Turn(shares, turn.patience()), question, patience);
  }

  private SharedPlaces.Share ofAsker(String asker) {
    return new SharedPlaces.Share(asker, Math.max(1, atOnce / 4));
  }

  private Optional<V> get(K key, Turn turn, Question<V> question, Duration patience)
      throws InterruptedException {
    long end = System.nanoTime() + patience.toNanos();
    for (int attempt = 1; ; attempt++) {
      Asking<V> answer = (Asking<V>) answers.get(key, (_, _) -> begin(turn, question));
      try {
        return await(answer, turn, question, end);
      } catch (ExecutionException e) {
        if (e.getCause() instanceof NoPlace) {
          // That another who asked the same found no place, or did not wait for it as long, is not
          // this one's fault.
          if (attempt == MOST_ATTEMPTS || answer.turn.equals(turn)) {
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

  /// Waits for an answer. While another who asked the same waits for a place, and this one has one,
  /// this one asks.
  private Optional<V> await(Asking<V> answer, Turn turn, Question<V> question, long end)
      throws InterruptedException, ExecutionException {
    while (true) {
      if (!answer.turn.equals(turn) && !answer.begun.get()) {
        places
            .take(turn.asked(), Duration.ZERO)
            .ifPresent(place -> start(() -> ask(answer, place, question), answer));
      }
      long left = end - System.nanoTime();
      try {
        return Optional.of(
            answer.get(Math.min(left, LOOK_FOR_PLACE.toNanos()), TimeUnit.NANOSECONDS));
      } catch (TimeoutException _) {
        if (left <= LOOK_FOR_PLACE.toNanos()) {
          return Optional.empty();
        }
      }
    }
  }

  private Asking<V> begin(Turn turn, Question<V> question) {
    Asking<V> answer = new Asking<>(turn);
    start(
        () -> {
          Optional<SharedPlaces.Place> place = places.take(turn.asked(), turn.patience());
          if (place.isPresent()) {
            ask(answer, place.get(), question);
          } else if (answer.begun.compareAndSet(false, true)) {
            answer.completeExceptionally(new NoPlace());
          }
        },
        answer);
    return answer;
  }

  @FunctionalInterface
  private interface Work {
    void run() throws InterruptedException;
  }

  private void start(Work work, Asking<V> answer) {
    var _ =
        Thread.ofVirtual()
            .name(name)
            .start(() -> {
              try {
                work.run();
              } catch (Throwable e) {
                answer.completeExceptionally(e);
              }
            });
  }

  /// Asks, unless somebody has begun to.
  private void ask(Asking<V> answer, SharedPlaces.Place place, Question<V> question)
      throws InterruptedException {
    try (place) {
      if (answer.begun.compareAndSet(false, true)) {
        answer.complete(question.ask());
      }
    }
  }

  /// An answer that is awaited.
  private static final class Asking<V> extends CompletableFuture<V> {
    private final Turn turn;

    /// Whether somebody has had a place for it, or nobody will.
    private final AtomicBoolean begun = new AtomicBoolean();

    /// @param turn of who asked first
    Asking(Turn turn) {
      this.turn = turn;
    }
  }

  /// Too many questions are under way.
  private static final class NoPlace extends RuntimeException {
    private static final long serialVersionUID = 1L;

    NoPlace() {
      super("too many servers are being asked", null, false, false);
    }
  }
}
