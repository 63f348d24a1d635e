package org.hearth.server.services.serverkeys;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.atomic.AtomicReference;
import org.hearth.server.matrix.checks.ServerKeys;
import org.hearth.server.matrix.checks.WantedKey;
import org.hearth.server.matrix.id.KeyId;
import org.hearth.server.matrix.id.ServerName;
import org.hearth.server.matrix.sign.OwnKeys;
import org.hearth.server.matrix.sign.PublishedKey;
import org.hearth.server.matrix.sign.SigningKey;
import org.hearth.server.matrix.version.RoomVersions;
import org.hearth.server.store.StoreExtension;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

/// Keys of other servers, asked for over HTTP and kept in a real database.
@Tag("long")
class RemoteKeysTest {
  private static final ServerName US = new ServerName("hearth.test");
  private static final SigningKey OURS = KeyAnswers.key("ours", 9);
  private static final SigningKey KEY = KeyAnswers.key("a_1", 1);
  private static final SigningKey NEXT = KeyAnswers.key("a_2", 2);
  private static final Duration DAY = Duration.ofDays(1);

  @RegisterExtension final StoreExtension stores = new StoreExtension();

  private final AtomicReference<Instant> now =
      new AtomicReference<>(Instant.ofEpochMilli(1_700_000_000_000L));
  private final HttpKeySource source = new HttpKeySource();
  private final List<KeyPeer> peers = new ArrayList<>();
  private KeyPeer peer;
  private RemoteKeys keys;

  @BeforeEach
  void start() throws IOException {
    peer = peer("peer.test");
    peer.keys = () -> answer(peer, KEY);
    keys = remote(List.of());
  }

  @AfterEach
  void stop() throws InterruptedException {
    keys.stop();
    peers.forEach(KeyPeer::close);
  }

  private KeyPeer peer(String name) throws IOException {
    KeyPeer made = new KeyPeer(name);
    peers.add(made);
    source.add(made);
    return made;
  }

  private RemoteKeys remote(List<ServerName> notaries) {
    return new RemoteKeys(
        US,
        () -> OwnKeys.of(OURS),
        new StoredServerKeys(stores.store()),
        source,
        notaries,
        now::get);
  }

  /// Valid for a day.
  private byte[] answer(KeyPeer of, SigningKey... signers) {
    return KeyAnswers.bytes(KeyAnswers.answer(of.name(), in(DAY), signers));
  }

  private long in(Duration time) {
    return now.get().plus(time).toEpochMilli();
  }

  private void pass(Duration time) {
    now.updateAndGet(each -> each.plus(time));
  }

  private Optional<PublishedKey> find(ServerName server, KeyId key, long validUntilTs) {
    return keys.keys(Set.of(new WantedKey(server, key, validUntilTs))).join().find(server, key);
  }

  private Optional<PublishedKey> findNow(SigningKey key) {
    return find(peer.name(), key.id(), in(Duration.ZERO));
  }

  @Test
  void aKeyIsAskedForOnceAndRememberedOverARestart() throws InterruptedException {
    PublishedKey expected = new PublishedKey.Current(KEY.verifyKey(), in(DAY));

    assertThat(findNow(KEY)).contains(expected);
    assertThat(findNow(KEY)).contains(expected);
    keys.stop();
    stores.reopen();
    keys = remote(List.of());
    assertThat(findNow(KEY)).contains(expected);

    assertThat(peer.asked()).isEqualTo(1);
  }

  /// Who is known is not kept waiting after a restart by those who make up names.
  @Test
  void aKeyThatIsStoredIsThereForRequestsWithoutAskingAnybody() throws InterruptedException {
    assertThat(findNow(KEY)).isPresent();
    keys.stop();
    stores.reopen();
    keys = remote(List.of());
    RequestKeys ofRequests = new RequestKeys(keys, now::get);

    assertThat(ofRequests.remembered(peer.name(), KEY.id())).contains(KEY.verifyKey());
    assertThat(ofRequests.remembered(peer.name(), NEXT.id())).isEmpty();
    assertThat(ofRequests.remembered(new ServerName("made-up.test"), KEY.id())).isEmpty();
    assertThat(peer.asked()).isEqualTo(1);
  }

  @Test
  void whoeverAsksWhileAServerIsAskedWaitsForItsAnswer() throws InterruptedException {
    CountDownLatch arrived = new CountDownLatch(1);
    CountDownLatch go = new CountDownLatch(1);
    peer.keys =
        () -> {
          arrived.countDown();
          try {
            go.await();
          } catch (InterruptedException e) {
            throw new IllegalStateException(e);
          }
          return answer(peer, KEY);
        };

    List<CompletableFuture<ServerKeys>> all = new ArrayList<>();
    for (int i = 0; i < 500; i++) {
      all.add(keys.keys(Set.of(new WantedKey(peer.name(), KEY.id(), in(Duration.ZERO)))));
    }
    arrived.await();
    assertThat(all).noneMatch(CompletableFuture::isDone);
    go.countDown();

    assertThat(all)
        .allSatisfy(each -> assertThat(each.join().find(peer.name(), KEY.id())).isPresent());
    assertThat(peer.asked()).isEqualTo(1);
  }

  @Test
  void severalServersAreAskedForOneCall() throws IOException {
    Set<WantedKey> wanted = new HashSet<>();
    for (int i = 0; i < 20; i++) {
      KeyPeer each = peer("s" + i + ".test");
      each.keys = () -> answer(each, KEY);
      wanted.add(new WantedKey(each.name(), KEY.id(), 0));
    }
    wanted.add(new WantedKey(new ServerName("nobody.test"), KEY.id(), 0));
    wanted.add(new WantedKey(US, OURS.id(), in(DAY)));

    ServerKeys found = keys.keys(wanted).join();

    for (WantedKey each : wanted) {
      assertThat(found.find(each.server(), each.key()).isPresent())
          .as(each.server().value())
          .isNotEqualTo(each.server().value().equals("nobody.test"));
    }
  }

  /// Whoever owns a domain has as many servers as they like, none of which answers.
  @Test
  void silentServersOfOneSiteKeepNobodyFromTheKeysOfOthers() throws InterruptedException {
    Set<ServerName> silent = ConcurrentHashMap.newKeySet();
    CountDownLatch many = new CountDownLatch(16);
    keys.stop();
    keys =
        new RemoteKeys(
            US,
            () -> OwnKeys.of(OURS),
            new StoredServerKeys(stores.store()),
            new KeySource() {
              @Override
              public CompletableFuture<byte[]> fetch(ServerName server) {
                if (!server.site().equals("evil.test")) {
                  return source.fetch(server);
                }
                silent.add(server);
                many.countDown();
                return new CompletableFuture<>();
              }

              @Override
              public CompletableFuture<byte[]> query(ServerName notary, byte[] body) {
                return source.query(notary, body);
              }
            },
            List.of(),
            now::get);
    Set<WantedKey> wanted = new HashSet<>();
    for (int i = 0; i < 2_000; i++) {
      wanted.add(new WantedKey(new ServerName("a" + i + ".evil.test"), KEY.id(), 0));
    }
    CompletableFuture<ServerKeys> waiting = keys.keys(wanted);
    many.await();

    assertThat(findNow(KEY)).isPresent();

    assertThat(waiting).isNotDone();
  }

  /// "valid_until_ts … is at least as large as the origin_server_ts for the event". A room may name
  /// thousands of servers that hang: who speaks meanwhile is not kept waiting.
  @Test
  void aLotOfServersThatHangKeepsNobodyFromTheKeysOfOthers() throws InterruptedException {
    CountDownLatch hanging = new CountDownLatch(48);
    KeySource real = source;
    keys.stop();
    keys =
        new RemoteKeys(
            US,
            () -> OwnKeys.of(OURS),
            new StoredServerKeys(stores.store()),
            new KeySource() {
              @Override
              public CompletableFuture<byte[]> fetch(ServerName server) {
                if (server.equals(peer.name())) {
                  return real.fetch(server);
                }
                hanging.countDown();
                return new CompletableFuture<>();
              }

              @Override
              public CompletableFuture<byte[]> query(ServerName notary, byte[] body) {
                return real.query(notary, body);
              }
            },
            List.of(),
            now::get);
    Set<WantedKey> lot = new HashSet<>();
    for (int i = 0; i < 300; i++) {
      lot.add(new WantedKey(new ServerName("s%d.made-up.test".formatted(i)), KEY.id(), 0));
    }
    var _ = keys.keys(lot);
    hanging.await();

    assertThat(findNow(KEY)).isPresent();
  }

  @Test
  void aKeyThatIsNotValidForLongEnoughIsAskedForAgain() {
    findNow(KEY);
    pass(Duration.ofHours(23));

    long later = in(Duration.ofHours(2));
    assertThat(find(peer.name(), KEY.id(), later))
        .hasValueSatisfying(
            key -> assertThat(key.counts(later, RoomVersions.of("11").orElseThrow())).isTrue());
    assertThat(peer.asked()).isEqualTo(2);
  }

  @Test
  void whatNoKeyCanBeValidForIsNotAskedFor() {
    findNow(KEY);
    pass(Duration.ofHours(1));

    long far = in(Duration.ofDays(400));
    assertThat(find(peer.name(), KEY.id(), far))
        .hasValueSatisfying(key -> {
          assertThat(key.counts(far, RoomVersions.of("5").orElseThrow())).isFalse();
          assertThat(key.counts(far, RoomVersions.of("4").orElseThrow())).isTrue();
        });
    assertThat(peer.asked()).isEqualTo(1);
  }

  @Test
  void anExpiredKeyOfAServerThatIsGoneCountsForWhatIsOlderOnly() {
    long before = in(Duration.ZERO);
    findNow(KEY);
    peer.status = 500;
    pass(Duration.ofDays(2));

    PublishedKey key = findNow(KEY).orElseThrow();

    assertThat(peer.asked()).isEqualTo(2);
    assertThat(key.counts(before, RoomVersions.of("11").orElseThrow())).isTrue();
    assertThat(key.counts(in(Duration.ZERO), RoomVersions.of("11").orElseThrow())).isFalse();
    assertThat(key.countsForRequest(in(Duration.ZERO))).isFalse();
    assertThat(key.countsForRequest(before)).isTrue();
  }

  @Test
  void anOldKeyCountsForEventsOfItsTimeAndForNoRequest() {
    long expired = in(Duration.ofDays(-3));
    peer.keys =
        () ->
            KeyAnswers.bytes(
                KeyAnswers.signed(
                    KeyAnswers.with(KeyAnswers.unsigned(peer.name(), in(DAY), NEXT), KEY, expired),
                    "peer.test",
                    NEXT));

    PublishedKey old = findNow(KEY).orElseThrow();

    for (String version : List.of("1", "4", "5", "11", "12")) {
      assertThat(old.counts(expired, RoomVersions.of(version).orElseThrow())).isTrue();
      assertThat(old.counts(expired + 1, RoomVersions.of(version).orElseThrow())).isFalse();
    }
    assertThat(old.countsForRequest(expired - 1)).isFalse();
    findNow(KEY);
    assertThat(peer.asked()).as("nothing better is to be had").isEqualTo(1);
  }

  @Test
  void aServerThatDoesNotAnswerIsLeftAloneForAWhile() {
    peer.status = 404;
    assertThat(findNow(KEY)).isEmpty();
    peer.status = 200;

    pass(Asking.AFTER_FAILURE.minusMillis(1));
    assertThat(findNow(KEY)).isEmpty();
    assertThat(peer.asked()).isEqualTo(1);

    pass(Duration.ofMillis(1));
    assertThat(findNow(KEY)).isPresent();
  }

  /// Whoever signs with names of keys that do not exist does not have their server asked each time.
  @Test
  void aServerIsNotAskedForOneUnknownKeyAfterTheOther() {
    for (int i = 0; i < 50; i++) {
      assertThat(find(peer.name(), KeyId.ed25519("unknown" + i), 0)).isEmpty();
    }
    assertThat(peer.asked()).isEqualTo(1);

    peer.keys = () -> answer(peer, NEXT);
    pass(Asking.AFTER_ANSWER);
    assertThat(findNow(NEXT)).as("a key that came since").isPresent();
  }

  /// No spurious answer takes a key away.
  @Test
  void anAnswerWithoutTheKeyOrWithAnotherOneLeavesTheKey() {
    PublishedKey expected = findNow(KEY).orElseThrow();
    pass(Duration.ofMinutes(5));

    peer.keys = () -> answer(peer, KeyAnswers.key("a_1", 66));
    assertThat(findNow(NEXT)).isEmpty();
    pass(Duration.ofMinutes(5));
    peer.keys = () -> answer(peer, NEXT);
    assertThat(findNow(NEXT)).isPresent();

    assertThat(peer.asked()).isEqualTo(3);
    assertThat(findNow(KEY)).contains(expected);
  }

  @Test
  void hugeAndHalfAnswersAreNone() {
    peer.keys =
        () ->
            KeyAnswers.bytes(
                KeyAnswers.signed(
                    KeyAnswers.unsigned(peer.name(), in(DAY), KEY).put("more", "x".repeat(70_000)),
                    "peer.test",
                    KEY));
    assertThat(findNow(KEY)).isEmpty();

    pass(Asking.AFTER_FAILURE);
    peer.keys = () -> java.util.Arrays.copyOf(answer(peer, KEY), 100);
    assertThat(findNow(KEY)).isEmpty();
    assertThat(peer.asked()).isEqualTo(2);
  }

  @Test
  void ourOwnKeysAreKnownWithoutAsking() {
    assertThat(find(US, OURS.id(), in(DAY))).isPresent();
    assertThat(find(US, KEY.id(), 0)).isEmpty();
  }

  @Test
  void whoWaitsIsLetGoWhenTheServerStops() throws InterruptedException {
    CountDownLatch arrived = new CountDownLatch(1);
    CountDownLatch never = new CountDownLatch(1);
    peer.keys =
        () -> {
          arrived.countDown();
          try {
            never.await();
          } catch (InterruptedException e) {
            throw new IllegalStateException(e);
          }
          return new byte[0];
        };
    CompletableFuture<ServerKeys> waiting =
        keys.keys(Set.of(new WantedKey(peer.name(), KEY.id(), 0)));
    arrived.await();

    keys.stop();

    assertThat(waiting.join().find(peer.name(), KEY.id())).isEmpty();
    never.countDown();
  }

  @Test
  void keysThatAreUsedAreNotedOnceADay() {
    findNow(KEY);
    StoredServerKeys stored = new StoredServerKeys(stores.store());
    long first = stored.find(peer.name()).orElseThrow().usedMillis();
    assertThat(first).isPositive();

    pass(Duration.ofHours(20));
    findNow(KEY);

    assertThat(stored.find(peer.name()).orElseThrow().usedMillis())
        .isEqualTo(first + DAY.toMillis());
    assertThat(peer.asked()).isEqualTo(1);
  }
}
