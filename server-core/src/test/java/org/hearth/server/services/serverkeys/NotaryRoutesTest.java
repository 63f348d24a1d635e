package org.hearth.server.services.serverkeys;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.IOException;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.atomic.AtomicReference;
import org.hearth.server.http.HttpOptions;
import org.hearth.server.http.HttpServer;
import org.hearth.server.http.RateLimits;
import org.hearth.server.http.TestClient;
import org.hearth.server.http.connection.Listener;
import org.hearth.server.matrix.error.MatrixException;
import org.hearth.server.matrix.id.KeyId;
import org.hearth.server.matrix.id.ServerName;
import org.hearth.server.matrix.sign.OwnKeys;
import org.hearth.server.matrix.sign.Signatures;
import org.hearth.server.matrix.sign.SigningKey;
import org.hearth.server.matrix.sign.VerifyKey;
import org.hearth.server.store.StoreExtension;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

/// This server as a notary, over HTTP: what others are told of keys of servers that it asks.
class NotaryRoutesTest {
  private static final ServerName US = new ServerName("hearth.test");
  private static final SigningKey OURS = KeyAnswers.key("ours", 9);
  private static final SigningKey KEY = KeyAnswers.key("a_1", 1);
  private static final SigningKey NEXT = KeyAnswers.key("a_2", 2);
  private static final String QUERY = "/_matrix/key/v2/query";
  private static final Duration DAY = Duration.ofDays(1);

  @RegisterExtension final StoreExtension stores = new StoreExtension();

  private final AtomicReference<Instant> now =
      new AtomicReference<>(Instant.ofEpochMilli(1_700_000_000_000L));
  private final AtomicReference<OwnKeys> own = new AtomicReference<>(OwnKeys.of(OURS));
  private final HttpKeySource source = new HttpKeySource();
  private final List<KeyPeer> peers = new ArrayList<>();
  private KeyPeer peer;
  private ServerKeyService service;
  private HttpServer http;
  private TestClient client;

  @BeforeEach
  void start() throws IOException {
    peer = peer("peer.test");
    begin();
  }

  private void begin() {
    service = new ServerKeyService(US, own::get, stores.store(), source, List.of(), now::get);
    http =
        HttpServer.start(
            HttpOptions.standard(List.of(Listener.loopback(0))).with(RateLimits.off()),
            service.routes(),
            HttpServer.Callers.users(_ -> {
              throw MatrixException.unknownToken(false);
            }),
            now::get,
            _ -> {});
    client = TestClient.of(http);
  }

  @AfterEach
  void stop() throws InterruptedException {
    end();
    peers.forEach(KeyPeer::close);
  }

  private void end() throws InterruptedException {
    http.stop(Duration.ofSeconds(5));
    service.stop();
  }

  private KeyPeer peer(String name) throws IOException {
    KeyPeer made = new KeyPeer(name);
    made.keys = () -> answer(made, KEY);
    peers.add(made);
    source.add(made);
    return made;
  }

  private byte[] answer(KeyPeer of, SigningKey... signers) {
    return KeyAnswers.bytes(KeyAnswers.answer(of.name(), in(DAY), signers));
  }

  private long in(Duration time) {
    return now.get().plus(time).toEpochMilli();
  }

  private void pass(Duration time) {
    now.updateAndGet(each -> each.plus(time));
  }

  private JsonNode get(String rest) {
    return client.get(QUERY + "/" + rest).expect(200).json().path("server_keys");
  }

  private JsonNode post(String criteria) {
    return client
        .post(QUERY, "{'server_keys': {%s}}".formatted(criteria))
        .expect(200)
        .json()
        .path("server_keys");
  }

  private static boolean isSigned(JsonNode json, String entity, SigningKey key) {
    Map<KeyId, VerifyKey> keys = new HashMap<>(Map.of(key.id(), key.verifyKey()));
    return Signatures.verify((ObjectNode) json, entity, id -> Optional.ofNullable(keys.get(id)))
        .isValid();
  }

  @Test
  void whatAServerSaysIsToldWithBothSignatures() {
    JsonNode told = get("peer.test");

    assertThat(told).hasSize(1);
    assertThat(isSigned(told.get(0), "peer.test", KEY)).isTrue();
    assertThat(isSigned(told.get(0), "hearth.test", OURS)).isTrue();
    ObjectNode plain = ((ObjectNode) told.get(0)).deepCopy();
    ((ObjectNode) plain.path("signatures")).remove("hearth.test");
    assertThat(KeyAnswers.bytes(plain)).isEqualTo(answer(peer, KEY));
  }

  @Test
  void severalServersAreToldTogether() throws IOException {
    peer("second.test");

    JsonNode told =
        post(
            "'peer.test': {}, 'second.test': {'ed25519:a_1': {}}, 'gone.test': {}, 'hearth.test': {}");

    assertThat(told.findValuesAsText("server_name"))
        .containsExactlyInAnyOrder("peer.test", "second.test", "hearth.test");
    assertThat(post("")).isEmpty();
    assertThat(get("gone.test")).isEmpty();
  }

  @Test
  void ourOwnKeysAreToldAlsoByTheNotary() {
    JsonNode told = get("hearth.test");

    assertThat(told).hasSize(1);
    assertThat(told.get(0)).isEqualTo(client.get("/_matrix/key/v2/server").expect(200).json());
    assertThat(isSigned(told.get(0), "hearth.test", OURS)).isTrue();
  }

  /// "Servers can return keys for servers that are offline … by using cached responses."
  @Test
  void aServerThatIsOfflineIsToldOfByWhatItSaidLast() throws InterruptedException {
    JsonNode before = get("peer.test");
    peer.status = 503;
    pass(Duration.ofDays(30));
    end();
    stores.reopen();
    begin();

    assertThat(get("peer.test")).isEqualTo(before);
    assertThat(post("'peer.test': {'ed25519:a_1': {'minimum_valid_until_ts': 5}}"))
        .isEqualTo(before);
  }

  @Test
  void anAnswerIsKeptForHalfOfItsLifeUnlessALongerOneIsWanted() {
    get("peer.test");
    pass(Duration.ofHours(11));
    get("peer.test");
    post("'peer.test': {'ed25519:a_1': {}}");
    assertThat(peer.asked()).isEqualTo(1);

    get("peer.test?minimum_valid_until_ts=" + in(Duration.ofHours(20)));
    assertThat(peer.asked()).isEqualTo(2);
    pass(Duration.ofMinutes(1));
    post("'peer.test': {'ed25519:a_1': {'minimum_valid_until_ts': %d}}".formatted(in(DAY)));
    assertThat(peer.asked()).isEqualTo(3);
    pass(Duration.ofHours(12));
    get("peer.test");
    assertThat(peer.asked()).isEqualTo(4);
  }

  /// A valid key is not lost to a spurious answer of whoever answers for the server.
  @Test
  void aKeyThatTheServerDoesNotTellAnyMoreIsStillTold() {
    get("peer.test");
    pass(Duration.ofMinutes(5));
    peer.keys = () -> answer(peer, NEXT);

    JsonNode told =
        post(
            "'peer.test': {'ed25519:a_1': {'minimum_valid_until_ts': %d}}"
                .formatted(in(Duration.ofDays(2))));

    assertThat(peer.asked()).isEqualTo(2);
    assertThat(told.findValues("verify_keys"))
        .extracting(each -> each.fieldNames().next())
        .containsExactly("ed25519:a_2", "ed25519:a_1");
    assertThat(told).allMatch(each -> isSigned(each, "hearth.test", OURS));
  }

  @Test
  void whatOneRequestMayNameIsBounded() {
    StringBuilder servers = new StringBuilder("'s.test': {}");
    for (int i = 1; i < NotaryRoutes.MOST_SERVERS; i++) {
      servers.append(", 's%d.test': {}".formatted(i));
    }
    assertThat(post(servers.toString())).isEmpty();
    client
        .post(QUERY, "{'server_keys': {%s, 'more.test': {}}}".formatted(servers))
        .expect(413, "M_TOO_LARGE");

    StringBuilder keys = new StringBuilder("'ed25519:k': {}");
    for (int i = 1; i <= NotaryRoutes.MOST_KEYS; i++) {
      keys.append(", 'ed25519:k%d': {}".formatted(i));
    }
    client
        .post(QUERY, "{'server_keys': {'peer.test': {%s}}}".formatted(keys))
        .expect(413, "M_TOO_LARGE");
    assertThat(peer.asked()).isZero();
  }

  /// A stranger does not have this server ask all the world.
  @Test
  void oneRequestHasFewServersAsked() throws IOException {
    StringBuilder servers = new StringBuilder("'peer.test': {}");
    for (int i = 0; i < 30; i++) {
      servers.append(", '%s': {}".formatted(peer("s" + i + ".test").name()));
    }

    JsonNode told = post(servers.toString());

    assertThat(told).hasSize(NotaryRoutes.MOST_ASKED);
    assertThat(peers.stream().mapToInt(KeyPeer::asked).sum()).isEqualTo(NotaryRoutes.MOST_ASKED);
    assertThat(post(servers.toString())).hasSize(2 * NotaryRoutes.MOST_ASKED);
  }

  @Test
  void anAnswerHasABoundInBytes() throws IOException {
    StringBuilder servers = new StringBuilder("'peer.test': {}");
    for (int i = 0; i < 30; i++) {
      KeyPeer large = peer("s" + i + ".test");
      large.keys =
          () ->
              KeyAnswers.bytes(
                  KeyAnswers.signed(
                      KeyAnswers.unsigned(large.name(), in(DAY), KEY)
                          .put("more", "x".repeat(60_000)),
                      large.name().value(),
                      KEY));
      servers.append(", '%s': {}".formatted(large.name()));
    }
    for (int i = 0; i < 4; i++) {
      post(servers.toString());
    }

    JsonNode told = post(servers.toString());

    assertThat(
            KeyAnswers.bytes(
                (ObjectNode)
                    client
                        .post(QUERY, "{'server_keys': {%s}}".formatted(servers))
                        .expect(200)
                        .json()))
        .hasSizeLessThan(NotaryRoutes.MOST_ANSWER_BYTES + 1);
    assertThat(told.size()).isBetween(15, 20);
  }

  /// Whoever asks a notary is told what this server says itself by the key of today.
  @Test
  void afterARotationTheNewKeySigns() {
    get("peer.test");
    own.set(own.get().rotatedTo(NEXT, now.get().toEpochMilli()));

    JsonNode told = get("peer.test").get(0);
    JsonNode ours = client.get("/_matrix/key/v2/server").expect(200).json();

    assertThat(isSigned(told, "hearth.test", NEXT)).isTrue();
    assertThat(isSigned(ours, "hearth.test", NEXT)).isTrue();
    assertThat(ours.path("verify_keys").size()).isEqualTo(1);
    assertThat(ours.at("/old_verify_keys/ed25519:ours/expired_ts").asLong())
        .isEqualTo(now.get().toEpochMilli());
    KeyReading read = KeyAnswer.read(US, (ObjectNode) ours, now.get().toEpochMilli());
    assertThat(read).isInstanceOf(KeyAnswer.class);
    assertThat(((KeyAnswer) read).keys()).containsOnlyKeys(OURS.id(), NEXT.id());
  }

  /// "Originating servers should avoid returning responses that expire in less than an hour".
  @Test
  void whatWeSayIsValidForMostOfADayAndNotSignedForEachWhoAsks() {
    String path = "/_matrix/key/v2/server";
    JsonNode first = client.get(path).expect(200).json();
    pass(Duration.ofMinutes(50));
    assertThat(client.get(path).expect(200).json()).isEqualTo(first);
    assertThat(client.get(path + "/ed25519:any").expect(200).json()).isEqualTo(first);
    pass(Duration.ofDays(3));

    JsonNode later = client.get(path).expect(200).json();
    assertThat(later.path("valid_until_ts").asLong()).isEqualTo(in(DAY));
  }
}
