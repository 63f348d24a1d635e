package org.hearth.server.readers.federationdevices;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import java.util.function.BooleanSupplier;
import java.util.function.LongSupplier;
import org.hearth.server.FederatedServer;
import org.hearth.server.http.TestClient;
import org.hearth.server.matrix.id.KeyId;
import org.hearth.server.matrix.id.RoomId;
import org.hearth.server.matrix.json.MatrixJson;
import org.hearth.server.matrix.sign.Signatures;
import org.hearth.server.matrix.sign.SigningKey;
import org.hearth.server.outbound.SignedPeer;
import org.hearth.server.store.Eventually;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/// Devices and keys of a user of another server, who shares a room with one of this: what clients
/// are told of them, and when that server is asked.
@Timeout(120)
@Tag("long")
class RemoteDevicesTest {
  private static final String V3 = "/_matrix/client/v3";
  private static final String V1 = "/_matrix/federation/v1";
  private static final String UPDATE = "m.device_list_update";

  @TempDir private Path folder;
  private SignedPeer peer;
  private FederatedServer server;
  private TestClient alice;
  private String bob;
  private RoomId room;

  @BeforeEach
  void start() throws IOException {
    peer = SignedPeer.start(Files.createDirectories(folder.resolve("peer")));
    server = new FederatedServer(folder.resolve("data"), peer.settings());
    bob = peer.user("bob");
    alice = server.register("alice");
    room =
        RoomId.parse(
            alice
                .post(V3 + "/createRoom", "{'preset':'public_chat','room_version':'11'}")
                .expect(200)
                .text("room_id"));
  }

  @AfterEach
  void stop() throws IOException {
    server.close();
    peer.close();
  }

  // --- what the peer says

  private static String keys(String user, String device) {
    return "{'user_id':'%s','device_id':'%s','algorithms':['a'],'keys':{'ed25519:%s':'key of %s'},'signatures':{}}"
        .formatted(user, device, device, device);
  }

  /// The answer to who asks for keys.
  private void answersKeys(String... devices) {
    List<String> all = new ArrayList<>();
    for (String each : devices) {
      all.add("'%s': %s".formatted(each, keys(bob, each)));
    }
    peer.says(
        V1 + "/user/keys/query",
        "{'device_keys': {'%s': {%s}}}".formatted(bob, String.join(",", all)));
  }

  /// The answer to who asks for the list of devices.
  private void answersList(long stream, String... devices) {
    List<String> all = new ArrayList<>();
    for (String each : devices) {
      all.add(
          "{'device_id': '%s', 'device_display_name': 'The %s', 'keys': %s}"
              .formatted(each, each, keys(bob, each)));
    }
    peer.says(
        V1 + "/user/devices/",
        "{'user_id': '%s', 'stream_id': %d, 'devices': [%s]}"
            .formatted(bob, stream, String.join(",", all)));
  }

  private void updates(String device, long stream, String previous, String further) {
    server.edu(
        peer.name().value(),
        UPDATE,
        "{'user_id':'%s','device_id':'%s','stream_id':%d,'prev_id':%s,%s}"
            .formatted(bob, device, stream, previous, further));
  }

  // --- what the client sees

  private JsonNode query() {
    return query("{'timeout': 20000, 'device_keys': {'" + bob + "': []}}");
  }

  private JsonNode query(String body) {
    return alice.post(V3 + "/keys/query", body).expect(200).json();
  }

  private static Set<String> names(JsonNode object) {
    Set<String> names = new TreeSet<>();
    object.fieldNames().forEachRemaining(names::add);
    return names;
  }

  private Set<String> devices(JsonNode answer) {
    return names(answer.path("device_keys").path(bob));
  }

  /// Waits until the client is told that Bob's devices changed.
  private String awaitChange(String since) {
    return awaitListed(since, "changed");
  }

  private String awaitListed(String since, String how) {
    String token = since;
    while (true) {
      JsonNode told = alice.get(V3 + "/sync?timeout=10000&since=" + token).expect(200).json();
      token = told.path("next_batch").asText();
      for (JsonNode each : told.path("device_lists").path(how)) {
        if (each.asText().equals(bob)) {
          return token;
        }
      }
    }
  }

  /// Asks for something again and again.
  private static void await(BooleanSupplier condition) {
    Eventually.until("it is so", condition);
  }

  private int asked() {
    return peer.asked(V1 + "/user/keys/query").size();
  }

  /// Bob is in the room, and his list is kept, with the device `OLD` and of the update 7.
  ///
  /// @return a token
  private String follow() {
    answersKeys("OLD");
    answersList(7, "OLD");
    String token = alice.get(V3 + "/sync").expect(200).text("next_batch");
    server.membership(room, bob, "join");
    token = awaitChange(token);
    assertThat(devices(query())).containsExactly("OLD");
    token = awaitChange(token);
    assertThat(peer.asked(V1 + "/user/devices/")).hasSize(1);
    return token;
  }

  // --- following

  @Test
  void whoSharesARoomIsFollowedFromTheFirstQuestionOn() {
    String token = follow();
    int before = asked();

    JsonNode answer = query();

    assertThat(devices(answer)).containsExactly("OLD");
    assertThat(answer.at("/device_keys/" + bob + "/OLD/unsigned/device_display_name").asText())
        .isEqualTo("The OLD");
    assertThat(answer.path("failures")).isEmpty();
    assertThat(asked()).as("asked once").isEqualTo(before);

    updates("NEW", 8, "[7]", "'keys': " + keys(bob, "NEW"));
    token = awaitChange(token);
    assertThat(devices(query())).containsExactly("NEW", "OLD");
    updates("OLD", 9, "[8]", "'deleted': true");
    var _ = awaitChange(token);
    assertThat(devices(query())).containsExactly("NEW");
    updates("OLD", 9, "[8]", "'deleted': true");
    assertThat(devices(query())).containsExactly("NEW");
    assertThat(query("{'device_keys': {'" + bob + "': ['OTHER']}}").path("device_keys").path(bob))
        .isEmpty();
    assertThat(asked()).isEqualTo(before);
    assertThat(peer.asked(V1 + "/user/devices/")).hasSize(1);
  }

  @Test
  void aGapIsFilledByFetchingTheList() {
    String token = follow();
    answersList(12, "FETCHED");

    updates("NEW", 10, "[9]", "'keys': " + keys(bob, "NEW"));

    while (!devices(query()).equals(Set.of("FETCHED"))) {
      token = awaitChange(token);
    }
    int before = asked();
    updates("NEW", 13, "[12]", "'keys': " + keys(bob, "NEW"));
    var _ = awaitChange(token);
    assertThat(devices(query())).containsExactly("FETCHED", "NEW");
    assertThat(asked()).isEqualTo(before);
  }

  /// Also an update that came while the list was being fetched is not lost.
  @Test
  void whatComesWhileTheListIsFetchedIsFetchedToo() {
    String token = follow();
    List<Long> answered = new ArrayList<>();
    peer.on(
        V1 + "/user/devices/",
        _ -> {
          long stream = 20L + answered.size();
          answered.add(stream);
          if (answered.size() == 1) {
            updates("LATER", 21, "[20]", "'keys': " + keys(bob, "LATER"));
          }
          return SignedPeer.Said.ok(
              "{'user_id':'%s','stream_id':%d,'devices':[{'device_id':'F%d','keys':%s}]}"
                  .formatted(bob, stream, stream, keys(bob, "F" + stream)));
        });

    updates("NEW", 19, "[18]", "'keys': " + keys(bob, "NEW"));

    while (!devices(query()).equals(Set.of("F21"))) {
      token = awaitChange(token);
    }
  }

  @Test
  void whileTheListIsOutOfDateAndTheServerIsAwayClientsAreToldSoAndItHeals() {
    String token = follow();
    peer.fail(true);
    answersList(12, "FETCHED");
    updates("NEW", 10, "[9]", "'keys': " + keys(bob, "NEW"));

    JsonNode answer = query();

    assertThat(answer.path("failures").has(peer.name().value())).isTrue();
    assertThat(answer.path("device_keys").has(bob)).isFalse();
    await(() -> peer.asked(V1 + "/user/devices/").size() > 1);
    peer.fail(false);
    while (!devices(query()).equals(Set.of("FETCHED"))) {
      token = awaitChange(token);
    }
  }

  @Test
  void whoIsGoneIsForgottenAndAskedForAgain() {
    String token = follow();
    int before = asked();

    server.membership(room, bob, "leave");

    var _ = awaitListed(token, "left");
    answersKeys("AGAIN");
    await(() -> devices(query()).equals(Set.of("AGAIN")));
    assertThat(asked()).isGreaterThan(before);
    updates("NEW", 8, "[7]", "'keys': " + keys(bob, "NEW"));
    assertThat(devices(query())).containsExactly("AGAIN");
    assertThat(peer.asked(V1 + "/user/devices/")).hasSize(1);
  }

  /// Nobody tells this server of changes any more, also if somebody comes back later.
  @Test
  void whoseRoomIsLeftIsForgottenAndAskedForAgain() {
    var _ = follow();
    int before = asked();

    alice.post(V3 + "/rooms/" + TestClient.encoded(room.value()) + "/leave", "{}").expect(200);

    answersKeys("AGAIN");
    await(() -> devices(query()).equals(Set.of("AGAIN")));
    assertThat(asked()).isGreaterThan(before);
    assertThat(peer.asked(V1 + "/user/devices/")).hasSize(1);
  }

  /// Of users with whom nobody here shares a room nothing is kept: rows are a peer's to make.
  @Test
  void updatesOfStrangersLeaveNothing() {
    answersKeys("OLD");
    answersList(7, "OLD");

    updates("NEW", 8, "[7]", "'keys': " + keys(bob, "NEW"));
    assertThat(devices(query())).containsExactly("OLD");
    assertThat(devices(query())).containsExactly("OLD");

    assertThat(asked()).isEqualTo(2);
    assertThat(peer.asked(V1 + "/user/devices/")).isEmpty();
  }

  // --- hostile answers

  @Test
  void aServerSaysNothingOfOtherUsersAndOtherDevices() {
    alice
        .post(
            V3 + "/keys/upload",
            "{'device_keys': %s}".formatted(keys("@alice:hearth.test", "PHONE")))
        .expect(200);
    String eve = peer.user("eve");
    peer.says(
        V1 + "/user/keys/query",
        "{'device_keys': {'%s': {'GOOD': %s, 'BAD': %s, 'EVES': %s, 'LIST': [], 'NONE': null, 'DEEP': %s, 'LARGE': %s}, '%s': {'E': %s}, '@alice:hearth.test': {'PHONE': %s}}, 'master_keys': {'%s': %s, '@alice:hearth.test': %s}}"
            .formatted(
                bob,
                keys(bob, "GOOD"),
                keys(bob, "OTHER"),
                keys(eve, "EVES"),
                keys(bob, "DEEP")
                    .replace("'a'", "'a'],'x':" + "[".repeat(105) + "]".repeat(105) + ",'y':['a'"),
                keys(bob, "LARGE").replace("key of", "x".repeat(17 << 10)),
                eve,
                keys(eve, "E"),
                keys("@alice:hearth.test", "PHONE").replace("key of", "forged"),
                bob,
                master(eve).toString().replace('"', '\''),
                master("@alice:hearth.test").toString().replace('"', '\'')));

    JsonNode answer = query("{'device_keys': {'" + bob + "': [], '@alice:hearth.test': []}}");

    assertThat(devices(answer)).containsExactly("GOOD");
    assertThat(names(answer.path("device_keys"))).containsExactly("@alice:hearth.test", bob);
    assertThat(
            answer
                .path("device_keys")
                .path("@alice:hearth.test")
                .path("PHONE")
                .path("keys")
                .path("ed25519:PHONE")
                .asText())
        .isEqualTo("key of PHONE");
    assertThat(answer.path("master_keys")).isEmpty();
  }

  @Test
  void anAnswerThatIsNoneIsAFailure() {
    for (String each : List.of("[]", "", "{", "x".repeat(2 << 20))) {
      peer.says(V1 + "/user/keys/query", each);
      JsonNode answer = query();

      assertThat(answer.path("failures").has(peer.name().value())).isTrue();
      assertThat(answer.path("device_keys")).isEmpty();
    }
    peer.says(V1 + "/user/keys/query", "{'device_keys': []}");
    assertThat(query().path("device_keys").path(bob)).isEmpty();
  }

  /// A server that does not answer costs the time that the client gives, and nobody else's answer.
  @Test
  void whoAnswersInTimeIsToldOf() throws IOException {
    answersKeys("OLD");
    try (SilentServer silent = new SilentServer()) {
      JsonNode answer =
          query(
              "{'timeout': 2000, 'device_keys': {'%s': [], '@eve:%s': []}}"
                  .formatted(bob, silent.name()));

      assertThat(devices(answer)).containsExactly("OLD");
      assertThat(names(answer.path("failures"))).containsExactly(silent.name());
    }
  }

  // --- one-time keys

  @Test
  void oneTimeKeysAreClaimedFromTheUsersServer() {
    peer.says(
        V1 + "/user/keys/claim",
        "{'one_time_keys': {'%s': {'D': {'wrong:1': 'no', 'signed_curve25519:A': {'key': 'k', 'signatures': {}}, 'signed_curve25519:B': 'second'}, 'UNASKED': {'signed_curve25519:C': 'k'}}, '@alice:hearth.test': {'PHONE': {'signed_curve25519:X': 'forged'}}}}"
            .formatted(bob));

    JsonNode answer =
        alice
            .post(
                V3 + "/keys/claim",
                "{'one_time_keys': {'%s': {'D': 'signed_curve25519', 'E': 'signed_curve25519'}, '@alice:hearth.test': {'PHONE': 'signed_curve25519'}}}"
                    .formatted(bob))
            .expect(200)
            .json();

    assertThat(answer.path("one_time_keys"))
        .isEqualTo(
            json(
                "{'%s': {'D': {'signed_curve25519:A': {'key': 'k', 'signatures': {}}}}}"
                    .formatted(bob)));
    assertThat(answer.path("failures")).isEmpty();
    assertThat(peer.asked(V1 + "/user/keys/claim"))
        .singleElement()
        .satisfies(each -> assertThat(each.body()).doesNotContain("alice"));
    peer.fail(true);
    assertThat(
            alice
                .post(
                    V3 + "/keys/claim",
                    "{'one_time_keys': {'%s': {'D': 'signed_curve25519'}}}".formatted(bob))
                .expect(200)
                .json()
                .path("failures")
                .has(peer.name().value()))
        .isTrue();
  }

  // --- cross-signing

  private static JsonNode json(String text) {
    return MatrixJson.parse(text.replace('\'', '"').getBytes(StandardCharsets.UTF_8));
  }

  private static SigningKey key(int seed) {
    byte[] bytes = new byte[SigningKey.SEED_BYTES];
    bytes[0] = (byte) seed;
    String name = new SigningKey(KeyId.parse("ed25519:x"), bytes).publicKeyBase64();
    return new SigningKey(KeyId.ed25519(name), bytes);
  }

  private static ObjectNode signingKey(String user, String usage, SigningKey key) {
    ObjectNode content = JsonNodeFactory.instance.objectNode().put("user_id", user);
    content.putArray("usage").add(usage);
    content.putObject("keys").put(key.id().value(), key.publicKeyBase64());
    return content;
  }

  private static ObjectNode master(String user) {
    return signingKey(user, "master", key(1));
  }

  @Test
  void whatAUserSignsOfAnothersKeyIsShownToThatUserOnly() {
    String token = follow();
    server.edu(
        peer.name().value(),
        "m.signing_key_update",
        "{'user_id': '%s', 'master_key': %s, 'self_signing_key': %s}"
            .formatted(bob, master(bob), signingKey(bob, "self_signing", key(2))));
    var _ = awaitChange(token);
    JsonNode known = query();
    assertThat(known.path("master_keys").path(bob)).isEqualTo(master(bob));
    assertThat(known.path("self_signing_keys").path(bob))
        .isEqualTo(signingKey(bob, "self_signing", key(2)));
    String user = "@alice:hearth.test";
    ObjectNode own = JsonNodeFactory.instance.objectNode();
    own.set("master_key", signingKey(user, "master", key(3)));
    own.set(
        "user_signing_key",
        Signatures.sign(signingKey(user, "user_signing", key(4)), user, key(3)));
    alice.post(V3 + "/keys/device_signing/upload", own).expect(200);
    ObjectNode signed = Signatures.sign(master(bob), user, key(4));
    ObjectNode body = JsonNodeFactory.instance.objectNode();
    body.putObject(bob).set(key(1).publicKeyBase64(), signed);

    JsonNode failures =
        alice.post(V3 + "/keys/signatures/upload", body).expect(200).json().path("failures");

    assertThat(failures).isEmpty();
    assertThat(query().path("master_keys").path(bob)).isEqualTo(signed);
    TestClient carol = server.register("carol");
    assertThat(
            carol
                .post(V3 + "/keys/query", "{'device_keys': {'" + bob + "': []}}")
                .expect(200)
                .json()
                .path("master_keys")
                .path(bob))
        .isEqualTo(master(bob));
  }

  // --- what this server says

  @Test
  void theNumberOfAListIsThatOfTheLastUpdate() {
    server.membership(room, bob, "join");
    TestClient asking = server.peer(peer.name().value());
    String target = V1 + "/user/devices/%40alice%3Ahearth.test";
    long before = asking.get(target).expect(200).json().path("stream_id").asLong();

    alice
        .post(
            V3 + "/keys/upload",
            "{'device_keys': %s}".formatted(keys("@alice:hearth.test", "PHONE")))
        .expect(200);

    await(() -> asking.get(target).expect(200).json().path("stream_id").asLong() > before);
    assertThat(asking.get(target).expect(200).json().at("/devices/0/device_id").asText())
        .isEqualTo("PHONE");
  }

  /// "When that user joins a room which contains servers which are not already receiving updates".
  @Test
  void whoComesToARoomWithOtherServersIsToldOfThere() {
    server.membership(room, bob, "join");
    TestClient carol = server.register("carol");
    TestClient asking = server.peer(peer.name().value());
    String target = V1 + "/user/devices/%40carol%3Ahearth.test";
    LongSupplier stream = () -> asking.get(target).expect(200).json().path("stream_id").asLong();
    await(() -> stream.getAsLong() > 0);
    long before = stream.getAsLong();

    carol.post(V3 + "/rooms/" + TestClient.encoded(room.value()) + "/join", "{}").expect(200);

    await(() -> stream.getAsLong() > before);
  }

  /// Takes connections and says nothing.
  private static final class SilentServer implements AutoCloseable {
    private final java.net.ServerSocket socket =
        new java.net.ServerSocket(0, 50, java.net.InetAddress.getLoopbackAddress());

    SilentServer() throws IOException {}

    String name() {
      return "localhost:" + socket.getLocalPort();
    }

    @Override
    public void close() throws IOException {
      socket.close();
    }
  }
}
