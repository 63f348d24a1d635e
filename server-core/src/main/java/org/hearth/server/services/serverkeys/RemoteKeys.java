package org.hearth.server.services.serverkeys;

import com.github.benmanes.caffeine.cache.Cache;
import com.github.benmanes.caffeine.cache.Caffeine;
import java.lang.System.Logger.Level;
import java.time.Duration;
import java.time.InstantSource;
import java.time.temporal.ChronoUnit;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;
import java.util.function.Supplier;
import org.hearth.server.matrix.checks.ServerKeys;
import org.hearth.server.matrix.checks.WantedKey;
import org.hearth.server.matrix.id.KeyId;
import org.hearth.server.matrix.id.ServerName;
import org.hearth.server.matrix.sign.OwnKeys;
import org.hearth.server.matrix.sign.PublishedKey;
import org.hearth.server.matrix.sign.VerifyKey;
import org.hearth.server.services.serverkeys.Asking.Purpose;
import org.hearth.server.services.serverkeys.Asking.Wish;
import org.hearth.server.services.serverkeys.StoredServerKeys.Row;
import org.hearth.server.store.StorageException;

/// The keys of all servers: in memory, in the database, and by asking.
///
/// **thread**: any.
public final class RemoteKeys implements ServerKeyQueries {
  /// How long a caller waits for keys.
  public static final Duration PATIENCE = Duration.ofSeconds(20);

  private static final System.Logger LOG = System.getLogger(RemoteKeys.class.getName());
  private static final int CACHE_BYTES = 8 << 20;
  private static final int ENTRY_BYTES = 350;
  private static final int KEY_BYTES = 450;

  /// Of more servers the keys are asked for as a lot.
  private static final int FEW_SERVERS = 16;

  /// Calls that wait. More get what is in memory.
  private static final int MOST_CALLS = 10_000;

  private final ServerName server;
  private final Supplier<OwnKeys> own;
  private final StoredServerKeys stored;
  private final InstantSource clock;
  private final Asking asking;
  private final Semaphore calls = new Semaphore(MOST_CALLS);

  /// Without the answers.
  private final Cache<ServerName, Row> memory =
      Caffeine.newBuilder()
          .maximumWeight(CACHE_BYTES)
          .weigher((ServerName _, Row row) -> ENTRY_BYTES + KEY_BYTES * row.known().keys().size())
          .build();

  RemoteKeys(
      ServerName server,
      Supplier<OwnKeys> own,
      StoredServerKeys stored,
      KeySource source,
      List<ServerName> notaries,
      InstantSource clock) {
    this.server = server;
    this.own = own;
    this.stored = stored;
    this.clock = clock;
    Notaries asked =
        new Notaries(
            notaries,
            this::ofNotary,
            (notary, body) -> awaitBody(source.query(notary, body), notary),
            clock);
    this.asking = new Asking(source, asked, this::learn, clock);
  }

  private Optional<byte[]> awaitBody(CompletableFuture<byte[]> request, ServerName notary)
      throws InterruptedException {
    return asking.await(request, notary);
  }

  @Override
  public CompletableFuture<ServerKeys> keys(Set<WantedKey> wanted) {
    Map<ServerName, KnownKeys> inMemory = new HashMap<>();
    boolean enough = true;
    for (WantedKey each : wanted) {
      if (!each.server().equals(server)) {
        Row row = memory.getIfPresent(each.server());
        enough &= row != null && isUsed(row) && satisfies(row.known(), each);
        if (row != null) {
          inMemory.put(each.server(), row.known());
        }
      }
    }
    if (enough || !calls.tryAcquire()) {
      return CompletableFuture.completedFuture(lookup(inMemory));
    }
    CompletableFuture<ServerKeys> answer = new CompletableFuture<>();
    Thread.ofVirtual()
        .name("server-keys")
        .start(() -> {
          try {
            answer.complete(lookup(gather(wanted)));
          } catch (Throwable e) {
            answer.completeExceptionally(e);
          } finally {
            calls.release();
          }
        });
    return answer;
  }

  /// The keys of a server, as far as they are in memory or stored.
  ServerKeys kept(ServerName name) {
    return lookup(Map.of(name, row(name).known()));
  }

  private Map<ServerName, KnownKeys> gather(Set<WantedKey> wanted) throws InterruptedException {
    Map<ServerName, List<WantedKey>> byServer = new HashMap<>();
    for (WantedKey each : wanted) {
      if (!each.server().equals(server)) {
        byServer.computeIfAbsent(each.server(), _ -> new ArrayList<>()).add(each);
      }
    }
    Map<ServerName, Wish> wishes = new HashMap<>();
    byServer.forEach((name, all) -> {
      KnownKeys known = row(name).known();
      Set<KeyId> missing = new HashSet<>();
      long validUntil = 0;
      for (WantedKey each : all) {
        if (!satisfies(known, each)) {
          missing.add(each.key());
          validUntil = Math.max(validUntil, needed(each));
        }
      }
      if (!missing.isEmpty()) {
        wishes.put(name, new Wish(missing, validUntil, Purpose.OURS));
      }
    });
    List<CompletableFuture<Boolean>> begun = new ArrayList<>();
    boolean few = wishes.size() <= FEW_SERVERS;
    wishes.forEach((name, wish) ->
        asking.begin(name, few ? wish : wish.as(Purpose.LOT)).ifPresent(begun::add));
    Asking.await(begun, PATIENCE);
    Map<ServerName, KnownKeys> found = new HashMap<>();
    for (ServerName name : byServer.keySet()) {
      Row row = row(name);
      use(name, row);
      found.put(name, row.known());
    }
    return found;
  }

  private boolean satisfies(KnownKeys known, WantedKey wanted) {
    return known.satisfies(wanted.key(), needed(wanted));
  }

  /// No key is valid for longer than 7 days, so nobody is asked for one that would have to be: an
  /// event from far in the future.
  private long needed(WantedKey wanted) {
    return wanted.validUntilTs() > clock.millis() + PublishedKey.MOST_VALIDITY_MILLIS
        ? 0
        : wanted.validUntilTs();
  }

  private ServerKeys lookup(Map<ServerName, KnownKeys> found) {
    OwnKeys ours = own.get();
    return (name, key) ->
        name.equals(server)
            ? ours.find(key)
            : Optional.ofNullable(found.getOrDefault(name, KnownKeys.NONE).keys().get(key));
  }

  private Row row(ServerName name) {
    return memory.get(
        name,
        each ->
            stored
                .find(each)
                .map(row -> new Row(row.known().withoutAnswers(), row.usedMillis()))
                .orElse(new Row(KnownKeys.NONE, 0)));
  }

  private long today() {
    return clock.instant().truncatedTo(ChronoUnit.DAYS).toEpochMilli();
  }

  private boolean isUsed(Row row) {
    return row.known().keys().isEmpty() || row.usedMillis() >= today();
  }

  /// Notes once a day that keys are in use: which are not is what goes first.
  private void use(ServerName name, Row row) {
    if (isUsed(row)) {
      return;
    }
    memory.asMap().computeIfPresent(name, (_, now) -> new Row(now.known(), today()));
    try {
      stored.use(name, today());
    } catch (StorageException e) {
      LOG.log(Level.DEBUG, "it is not noted that the keys of {0} are in use: {1}", name, e);
    }
  }

  private void learn(ServerName name, List<KeyAnswer> answers, boolean direct, Purpose purpose) {
    Optional<Row> before = stored.find(name);
    KnownKeys known = before.map(Row::known).orElse(KnownKeys.NONE);
    for (KeyAnswer each : answers) {
      known = known.with(each, direct);
    }
    long used = purpose == Purpose.OTHERS ? before.map(Row::usedMillis).orElse(0L) : today();
    try {
      stored.put(name, known, used);
    } catch (StorageException e) {
      LOG.log(Level.WARNING, "The keys of " + name + " are in memory only", e);
    }
    // After the commit: what somebody has read before it is replaced.
    memory.put(name, new Row(known.withoutAnswers(), used));
  }

  /// The keys with which a notary signs now.
  private CompletableFuture<Map<KeyId, VerifyKey>> ofNotary(ServerName notary) {
    long now = clock.millis();
    if (row(notary).known().keys().values().stream().noneMatch(key -> key.countsForRequest(now))) {
      return asking
          .begin(notary, new Wish(Set.of(), now, Purpose.NOTARY))
          .map(CompletableFuture::copy)
          .orElse(CompletableFuture.completedFuture(false))
          .completeOnTimeout(false, PATIENCE.toMillis(), TimeUnit.MILLISECONDS)
          .thenApply(_ -> current(notary, now));
    }
    return CompletableFuture.completedFuture(current(notary, now));
  }

  private Map<KeyId, VerifyKey> current(ServerName notary, long now) {
    Map<KeyId, VerifyKey> keys = new HashMap<>();
    row(notary)
        .known()
        .keys()
        .forEach((id, key) -> {
          if (key.countsForRequest(now)) {
            keys.put(id, key.key());
          }
        });
    return keys;
  }

  // --- for those who use this server as a notary

  /// What is known of a server, with its answers.
  KnownKeys answersOf(ServerName name) {
    return stored.find(name).map(Row::known).orElse(KnownKeys.NONE);
  }

  /// Asks a server for somebody else.
  Optional<CompletableFuture<Boolean>> askForOthers(ServerName name) {
    return asking.begin(name, new Wish(Set.of(), clock.millis(), Purpose.OTHERS));
  }

  void stop() throws InterruptedException {
    asking.stop();
  }
}
