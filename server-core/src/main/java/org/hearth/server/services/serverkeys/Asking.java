package org.hearth.server.services.serverkeys;

import com.github.benmanes.caffeine.cache.Cache;
import com.github.benmanes.caffeine.cache.Caffeine;
import java.lang.System.Logger.Level;
import java.time.Duration;
import java.time.InstantSource;
import java.util.Collection;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.CancellationException;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import org.hearth.server.matrix.id.KeyId;
import org.hearth.server.matrix.id.ServerName;

/// Asks servers for their keys: each once at a time for all who wait, and not again within a while.
///
/// **thread**: any; each server that is asked has a thread of its own, `server-keys NAME`.
final class Asking {
  /// How long one request may take.
  static final Duration REQUEST_TIME = Duration.ofSeconds(10);

  /// A server that has answered is not asked again for so long, and one that has not for so long.
  static final Duration AFTER_ANSWER = Duration.ofSeconds(10);

  static final Duration AFTER_FAILURE = Duration.ofMinutes(1);

  private static final System.Logger LOG = System.getLogger(Asking.class.getName());

  /// Servers that are being asked or wait for their turn.
  private static final int MOST_UNDER_WAY = 4_000;

  /// Of those, such as are asked for a lot: the state of a room may name ten thousand servers, and
  /// whoever stands behind them may hang.
  private static final int MOST_OF_LOTS = 3_000;

  private static final int MOST_AT_ONCE = 64;

  /// Of these, such as have names of one [ServerName#site]: who owns a domain has as many servers
  /// as they like, none of which answers.
  private static final int MOST_UNDER_WAY_OF_SITE = 400;

  private static final int MOST_AT_ONCE_OF_SITE = 16;

  /// Of those, such as are asked for a lot.
  private static final int MOST_OF_LOTS_AT_ONCE = 48;

  /// How long one of a lot waits for its turn: as long as who wants the lot waits for keys.
  private static final Duration PATIENCE_OF_LOTS = RemoteKeys.PATIENCE;

  /// Of those, such as are asked since somebody uses this server as a notary: strangers keep nobody
  /// here from the keys that are needed here.
  private static final int MOST_FOR_OTHERS = 16;

  /// What is remembered of servers that were asked: 1 MiB.
  private static final int MOST_REMEMBERED = 4_000;

  private static final Duration PATIENCE_AT_END = Duration.ofSeconds(5);

  /// Why a server is asked.
  enum Purpose {
    /// A signature is to be checked here. Who does not answer is asked for at the notaries.
    OURS,
    /// The same, of many servers at once: they keep nobody from the keys of the one that speaks.
    LOT,
    /// The server is a notary.
    NOTARY,
    /// Somebody asks this server as a notary.
    OTHERS
  }

  /// What is wanted of a server.
  ///
  /// @param validUntilTs until when keys are to be valid
  record Wish(Set<KeyId> keys, long validUntilTs, Purpose purpose) {
    Wish {
      keys = Set.copyOf(keys);
    }

    Wish as(Purpose other) {
      return new Wish(keys, validUntilTs, other);
    }
  }

  /// Takes in what a server has answered.
  @FunctionalInterface
  interface Learning {
    /// Takes them in.
    ///
    /// @param direct whether the server has given them itself
    void learn(ServerName server, List<KeyAnswer> answers, boolean direct, Purpose purpose);
  }

  /// When a server was asked last.
  private record Asked(long atTs, boolean answered) {}

  /// A site of which servers are being asked.
  private static final class Site {
    private final Semaphore slots = new Semaphore(MOST_AT_ONCE_OF_SITE);
    private int underWay;
  }

  private final KeySource source;
  private final Notaries notaries;
  private final Learning learning;
  private final InstantSource clock;
  private final Cache<ServerName, Asked> asked =
      Caffeine.newBuilder().maximumSize(MOST_REMEMBERED).build();
  private final Map<ServerName, CompletableFuture<Boolean>> underWay = new ConcurrentHashMap<>();
  private final Semaphore slots = new Semaphore(MOST_AT_ONCE);
  private final Semaphore slotsForLots = new Semaphore(MOST_OF_LOTS_AT_ONCE, true);
  private final Semaphore placesOfLots = new Semaphore(MOST_OF_LOTS);

  /// Guarded by itself, and so is what is in it.
  private final Map<String, Site> sites = new HashMap<>();

  private final Semaphore slotsForOthers = new Semaphore(MOST_FOR_OTHERS);

  /// By whatever tells one from the others.
  private final Map<Object, CompletableFuture<byte[]>> requests = new ConcurrentHashMap<>();

  private volatile boolean stopping;

  Asking(KeySource source, Notaries notaries, Learning learning, InstantSource clock) {
    this.source = source;
    this.notaries = notaries;
    this.learning = learning;
    this.clock = clock;
  }

  /// Asks a server, unless it was asked a moment ago or too many are being asked.
  ///
  /// @return completes when the server has been asked, whatever came of it; empty if it is not
  Optional<CompletableFuture<Boolean>> begin(ServerName server, Wish wish) {
    CompletableFuture<Boolean> running = underWay.get(server);
    if (running != null) {
      return Optional.of(running);
    }
    Optional<Semaphore> places = places(wish.purpose);
    if (stopping
        || wasAsked(server)
        || underWay.size() >= MOST_UNDER_WAY
        || (places.isPresent() && !places.get().tryAcquire())) {
      return Optional.empty();
    }
    Optional<Site> site = enter(server.site());
    if (site.isEmpty()) {
      places.ifPresent(Semaphore::release);
      return Optional.empty();
    }
    CompletableFuture<Boolean> begun = new CompletableFuture<>();
    running = underWay.putIfAbsent(server, begun);
    // Asked again: somebody may have come and gone since.
    if (running != null || wasAsked(server)) {
      if (running == null) {
        end(server, begun);
      }
      leave(server.site());
      places.ifPresent(Semaphore::release);
      return Optional.ofNullable(running);
    }
    Thread.ofVirtual()
        .name("server-keys " + server)
        .start(() -> {
          try {
            ask(server, wish, site.get().slots);
          } catch (Throwable e) {
            LOG.log(Level.WARNING, "The keys of " + server + " could not be taken in", e);
          } finally {
            leave(server.site());
            places.ifPresent(Semaphore::release);
            end(server, begun);
          }
        });
    return Optional.of(begun);
  }

  private Optional<Site> enter(String name) {
    synchronized (sites) {
      Site site = sites.computeIfAbsent(name, _ -> new Site());
      if (site.underWay >= MOST_UNDER_WAY_OF_SITE) {
        return Optional.empty();
      }
      site.underWay++;
      return Optional.of(site);
    }
  }

  private void leave(String name) {
    synchronized (sites) {
      Site site = sites.get(name);
      if (site != null && --site.underWay == 0) {
        sites.remove(name);
      }
    }
  }

  /// What bounds those under way for that, if it is not the bound of all.
  private Optional<Semaphore> places(Purpose purpose) {
    return switch (purpose) {
      case OURS, NOTARY -> Optional.empty();
      case LOT -> Optional.of(placesOfLots);
      case OTHERS -> Optional.of(slotsForOthers);
    };
  }

  private void end(ServerName server, CompletableFuture<Boolean> begun) {
    underWay.remove(server);
    begun.complete(true);
  }

  private boolean wasAsked(ServerName server) {
    Asked last = asked.getIfPresent(server);
    if (last == null) {
      return false;
    }
    long age = clock.millis() - last.atTs;
    // A clock that was set back forgets.
    return age >= 0 && age < (last.answered ? AFTER_ANSWER : AFTER_FAILURE).toMillis();
  }

  private void ask(ServerName server, Wish wish, Semaphore slotsOfSite)
      throws InterruptedException {
    if (wish.purpose != Purpose.LOT) {
      askNow(server, wish, slotsOfSite);
      return;
    }
    if (slotsForLots.tryAcquire(PATIENCE_OF_LOTS.toMillis(), TimeUnit.MILLISECONDS)) {
      try {
        askNow(server, wish, slotsOfSite);
      } finally {
        slotsForLots.release();
      }
    }
  }

  private void askNow(ServerName server, Wish wish, Semaphore slotsOfSite)
      throws InterruptedException {
    List<KeyAnswer> answers;
    slotsOfSite.acquire();
    try {
      slots.acquire();
      try {
        answers = directly(server);
      } finally {
        slots.release();
      }
    } finally {
      slotsOfSite.release();
    }
    boolean direct = !answers.isEmpty();
    if (!direct && (wish.purpose == Purpose.OURS || wish.purpose == Purpose.LOT)) {
      answers = notaries.ask(server, wish);
    }
    try {
      if (!answers.isEmpty()) {
        learning.learn(server, answers, direct, wish.purpose);
      }
    } finally {
      asked.put(server, new Asked(clock.millis(), !answers.isEmpty()));
    }
  }

  private List<KeyAnswer> directly(ServerName server) throws InterruptedException {
    Optional<byte[]> bytes = await(source.fetch(server), server);
    if (bytes.isEmpty()) {
      return List.of();
    }
    return switch (KeyAnswer.read(server, bytes.get(), clock.millis())) {
      case KeyAnswer answer -> List.of(answer);
      case Refused(String why) -> {
        LOG.log(Level.DEBUG, "What {0} says of its keys is refused: {1}", server, why);
        yield List.of();
      }
    };
  }

  /// Waits for the body of an answer.
  Optional<byte[]> await(CompletableFuture<byte[]> request, ServerName whose)
      throws InterruptedException {
    Object own = new Object();
    requests.put(own, request);
    try {
      if (stopping) {
        return Optional.empty();
      }
      return Optional.of(request.get(REQUEST_TIME.toMillis(), TimeUnit.MILLISECONDS));
    } catch (ExecutionException | TimeoutException | CancellationException e) {
      LOG.log(Level.DEBUG, "{0} does not tell its keys: {1}", whose, e);
      return Optional.empty();
    } finally {
      request.cancel(true);
      requests.remove(own);
    }
  }

  /// Waits until all that was begun has ended, or for so long.
  static void await(Collection<CompletableFuture<Boolean>> begun, Duration patience)
      throws InterruptedException {
    try {
      CompletableFuture.allOf(begun.toArray(CompletableFuture<?>[]::new))
          .get(patience.toMillis(), TimeUnit.MILLISECONDS);
    } catch (TimeoutException _) {
      // What is there by now counts.
    } catch (ExecutionException e) {
      throw new IllegalStateException("none of them fails", e);
    }
  }

  /// Ends what is under way, and asks nobody any more.
  void stop() throws InterruptedException {
    stopping = true;
    requests.values().forEach(each -> each.cancel(true));
    await(List.copyOf(underWay.values()), PATIENCE_AT_END);
  }
}
