package org.hearth.server.services.serverkeys;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.IOException;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.atomic.AtomicReference;
import org.hearth.server.matrix.checks.ServerKeys;
import org.hearth.server.matrix.checks.WantedKey;
import org.hearth.server.matrix.id.ServerName;
import org.hearth.server.matrix.json.MatrixJson;
import org.hearth.server.matrix.sign.OwnKeys;
import org.hearth.server.matrix.sign.PublishedKey;
import org.hearth.server.matrix.sign.SigningKey;
import org.hearth.server.store.StoreExtension;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

/// What a notary says of servers that do not answer.
class NotariesTest {
  private static final ServerName US = new ServerName("hearth.test");
  private static final ServerName GONE = new ServerName("gone.test");
  private static final SigningKey KEY = KeyAnswers.key("a_1", 1);
  private static final SigningKey NOTARYS = KeyAnswers.key("n_1", 7);
  private static final Duration DAY = Duration.ofDays(1);

  @RegisterExtension final StoreExtension stores = new StoreExtension();

  private final AtomicReference<Instant> now =
      new AtomicReference<>(Instant.ofEpochMilli(1_700_000_000_000L));
  private final HttpKeySource source = new HttpKeySource();
  private KeyPeer notary;
  private RemoteKeys keys;

  @BeforeEach
  void start() throws IOException {
    notary = new KeyPeer("notary.test");
    notary.keys = () -> KeyAnswers.bytes(KeyAnswers.answer(notary.name(), in(DAY), NOTARYS));
    source.add(notary);
    keys =
        new RemoteKeys(
            US,
            () -> OwnKeys.of(KeyAnswers.key("ours", 9)),
            new StoredServerKeys(stores.store()),
            source,
            List.of(notary.name()),
            now::get);
  }

  @AfterEach
  void stop() throws InterruptedException {
    keys.stop();
    notary.close();
  }

  private long in(Duration time) {
    return now.get().plus(time).toEpochMilli();
  }

  private static byte[] answers(ObjectNode... answers) {
    ArrayNode all = JsonNodeFactory.instance.arrayNode();
    for (ObjectNode each : answers) {
      all.add(each);
    }
    return MatrixJson.write(JsonNodeFactory.instance.objectNode().set("server_keys", all));
  }

  /// Signed by its server and by the notary.
  private ObjectNode told(ServerName of) {
    return KeyAnswers.signed(KeyAnswers.answer(of, in(DAY), KEY), "notary.test", NOTARYS);
  }

  private Optional<PublishedKey> find(ServerName server) {
    return keys.keys(Set.of(new WantedKey(server, KEY.id(), in(Duration.ofHours(1)))))
        .join()
        .find(server, KEY.id());
  }

  @Test
  void aNotaryIsAskedForWhoDoesNotAnswerAndToldUntilWhenKeysAreNeeded() {
    notary.notary = _ -> answers(told(GONE));

    assertThat(find(GONE)).contains(new PublishedKey.Current(KEY.verifyKey(), in(DAY)));

    assertThat(notary.queries()).hasSize(1);
    assertThat(MatrixJson.parseObject(notary.queries().getFirst()))
        .isEqualTo(
            MatrixJson.parseObject(
                "{\"server_keys\":{\"gone.test\":{\"ed25519:a_1\":{\"minimum_valid_until_ts\":%d}}}}"
                    .formatted(in(Duration.ofHours(1)))
                    .getBytes(java.nio.charset.StandardCharsets.UTF_8)));
  }

  @Test
  void aNotaryIsNotAskedForWhoAnswers() throws IOException {
    try (KeyPeer peer = new KeyPeer("peer.test")) {
      source.add(peer);
      peer.keys = () -> KeyAnswers.bytes(KeyAnswers.answer(peer.name(), in(DAY), KEY));

      assertThat(find(peer.name())).isPresent();
      assertThat(notary.queries()).isEmpty();
      assertThat(notary.asked()).isZero();
    }
  }

  @Test
  void whatIsNotSignedByBothIsNotBelieved() {
    ObjectNode byServer = KeyAnswers.answer(GONE, in(DAY), KEY);
    ObjectNode byNotary =
        KeyAnswers.signed(KeyAnswers.unsigned(GONE, in(DAY), KEY), "notary.test", NOTARYS);
    SigningKey imposed = KeyAnswers.key("n_1", 8);
    List<ObjectNode> wrong =
        List.of(
            byServer,
            byNotary,
            KeyAnswers.signed(byServer, "notary.test", imposed),
            KeyAnswers.signed(byServer, "other.test", NOTARYS),
            told(GONE).put("valid_until_ts", in(DAY.multipliedBy(2))),
            told(new ServerName("another.test")));
    for (ObjectNode each : wrong) {
      notary.notary = _ -> answers(each);
      now.updateAndGet(before -> before.plus(Asking.AFTER_FAILURE));

      assertThat(find(GONE)).as(each.toString()).isEmpty();
    }
    assertThat(notary.queries()).hasSize(wrong.size());
    // Nobody has asked for it, so it is not believed either.
    assertThat(new StoredServerKeys(stores.store()).find(new ServerName("another.test"))).isEmpty();
  }

  @Test
  void nonsenseOfANotaryIsNoAnswer() {
    List<String> nonsense =
        List.of("", "<html>", "[]", "{}", "{\"server_keys\":{}}", "{\"server_keys\":[7,null,[]]}");
    for (String each : nonsense) {
      notary.notary = _ -> each.getBytes(java.nio.charset.StandardCharsets.UTF_8);
      now.updateAndGet(before -> before.plus(Asking.AFTER_FAILURE));
      assertThat(find(GONE)).as(each).isEmpty();
    }
  }

  @Test
  void manyServersAreAskedForAtOnce() {
    notary.notary =
        body -> {
          List<ObjectNode> all = new ArrayList<>();
          MatrixJson.parseObject(body)
              .path("server_keys")
              .fieldNames()
              .forEachRemaining(name -> all.add(told(new ServerName(name))));
          return answers(all.toArray(ObjectNode[]::new));
        };
    Set<WantedKey> wanted = new HashSet<>();
    for (int i = 0; i < 120; i++) {
      wanted.add(new WantedKey(new ServerName("gone" + i + ".test"), KEY.id(), 0));
    }

    ServerKeys found = keys.keys(wanted).join();

    assertThat(wanted)
        .allSatisfy(each -> assertThat(found.find(each.server(), each.key())).isPresent());
    assertThat(notary.asked()).isEqualTo(1);
  }

  @Test
  void whoWaitsWhileANotaryAnswersIsAskedForTogether() throws InterruptedException {
    CountDownLatch arrived = new CountDownLatch(1);
    CountDownLatch go = new CountDownLatch(1);
    List<Integer> sizes = new CopyOnWriteArrayList<>();
    Notaries notaries =
        new Notaries(
            List.of(notary.name()),
            _ -> CompletableFuture.completedFuture(Map.of(NOTARYS.id(), NOTARYS.verifyKey())),
            (_, body) -> {
              sizes.add(MatrixJson.parseObject(body).path("server_keys").size());
              arrived.countDown();
              go.await();
              return Optional.empty();
            },
            now::get);
    List<Thread> threads = new ArrayList<>();
    for (int i = 0; i < 121; i++) {
      ServerName server = new ServerName("gone" + i + ".test");
      threads.add(
          Thread.ofPlatform()
              .start(() -> {
                try {
                  var _ =
                      notaries.ask(
                          server, new Asking.Wish(Set.of(KEY.id()), 0, Asking.Purpose.OURS));
                } catch (InterruptedException e) {
                  throw new IllegalStateException(e);
                }
              }));
      if (i == 0) {
        arrived.await();
      }
    }
    // Each has put its question and waits for the answer.
    while (threads.stream().anyMatch(each -> each.getState() != Thread.State.TIMED_WAITING)) {
      Thread.onSpinWait();
    }

    go.countDown();
    for (Thread each : threads) {
      each.join();
    }

    assertThat(sizes).containsExactly(1, 50, 50, 20);
  }

  /// A notary that is gone costs a look at its own keys, no more.
  @Test
  void aNotaryWithoutKeysIsNotAsked() {
    notary.status = 500;

    assertThat(find(GONE)).isEmpty();
    assertThat(notary.queries()).isEmpty();
  }
}
