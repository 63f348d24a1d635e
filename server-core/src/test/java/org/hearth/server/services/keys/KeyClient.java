package org.hearth.server.services.keys;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.hearth.server.WholeServer;
import org.hearth.server.http.TestClient;
import org.hearth.server.matrix.id.KeyId;
import org.hearth.server.matrix.sign.Signatures;
import org.hearth.server.matrix.sign.SigningKey;

/// One device of a user, with real keys, as far as tests of the server need them.
///
/// **thread**: one.
record KeyClient(TestClient http, String user, String device, SigningKey deviceKey) {
  static final String KEYS = "/_matrix/client/v3/keys/";

  /// A new user's first device.
  static KeyClient register(WholeServer server, String name) {
    return of(server, server.newAccount(name));
  }

  /// A further device of a user.
  static KeyClient logIn(WholeServer server, String name, String device) {
    return of(
        server,
        server
            .client()
            .post(
                "/_matrix/client/v3/login",
                "{'type': 'm.login.password', 'device_id': '%s', 'initial_device_display_name': 'The %s', 'password': '%s', 'identifier': {'type': 'm.id.user', 'user': '%s'}}"
                    .formatted(device, device, WholeServer.PASSWORD, name))
            .expect(200));
  }

  private static KeyClient of(WholeServer server, TestClient.Answer account) {
    String device = account.text("device_id");
    return new KeyClient(
        server.client().as(account.text("access_token")),
        account.text("user_id"),
        device,
        key(account.text("user_id") + device, device));
  }

  /// Another device of the user, whose keys come by the same connection.
  KeyClient another(String id) {
    return new KeyClient(http, user, id, key(user + id, id));
  }

  /// The same device on a server that was started again.
  KeyClient at(WholeServer server) {
    return new KeyClient(http.at(server.base()), user, device, deviceKey);
  }

  /// A key that follows from a text.
  private static SigningKey key(String text, String id) {
    byte[] seed =
        Arrays.copyOf(
            new StringBuilder(text).reverse().toString().getBytes(StandardCharsets.UTF_8),
            SigningKey.SEED_BYTES);
    return new SigningKey(KeyId.ed25519(id), seed);
  }

  /// A key that is named by itself.
  static SigningKey crossSigningKey(String text) {
    return key(text, key(text, "x").publicKeyBase64());
  }

  ObjectNode deviceKeys() {
    ObjectNode keys = JsonNodeFactory.instance.objectNode();
    keys.put("user_id", user).put("device_id", device);
    keys.putArray("algorithms").add("m.olm.v1.curve25519-aes-sha2");
    keys.putObject("keys")
        .put("ed25519:" + device, deviceKey.publicKeyBase64())
        .put("curve25519:" + device, "3C5BFWi2Y8MaVvjM8M22DBmh24PmgR0nPvJOIArzgyI");
    return Signatures.sign(keys, user, deviceKey);
  }

  TestClient.Answer upload(String field, JsonNode value) {
    return http.post(KEYS + "upload", JsonNodeFactory.instance.objectNode().set(field, value));
  }

  void uploadDeviceKeys() {
    upload("device_keys", deviceKeys()).expect(200);
  }

  TestClient.Answer uploadOneTimeKeys(String... names) {
    return upload("one_time_keys", claimable(names));
  }

  ObjectNode claimable(String... names) {
    ObjectNode keys = JsonNodeFactory.instance.objectNode();
    for (String each : names) {
      keys.set(
          each,
          Signatures.sign(
              JsonNodeFactory.instance.objectNode().put("key", "the key " + each),
              user,
              deviceKey));
    }
    return keys;
  }

  /// Claims a key of another device.
  ///
  /// @return its name; empty for none
  String claim(KeyClient other) {
    JsonNode answer =
        http.post(
                KEYS + "claim",
                "{'one_time_keys': {'%s': {'%s': 'signed_curve25519'}}}"
                    .formatted(other.user(), other.device()))
            .expect(200)
            .json();
    JsonNode keys = answer.path("one_time_keys").path(other.user()).path(other.device());
    return keys.isMissingNode() ? "" : keys.fieldNames().next();
  }

  JsonNode query(String of) {
    return http.post(KEYS + "query", "{'device_keys': {'%s': []}}".formatted(of))
        .expect(200)
        .json();
  }

  JsonNode sync(String since) {
    String target = "/_matrix/client/v3/sync";
    return http.get(since.isEmpty() ? target : target + "?since=" + since).expect(200).json();
  }

  /// Waits for what is new, but for who is online: that is told some time after the first sync.
  JsonNode await(String since) {
    String filter = "%7B%22presence%22:%7B%22not_types%22:%5B%22*%22%5D%7D%7D";
    return http.get(
            "/_matrix/client/v3/sync?timeout=60000&since=%s&filter=%s".formatted(since, filter))
        .expect(200)
        .json();
  }

  static String next(JsonNode answer) {
    return answer.path("next_batch").textValue();
  }

  static List<String> texts(JsonNode array) {
    List<String> all = new ArrayList<>();
    array.forEach(each -> all.add(each.textValue()));
    return all;
  }

  /// A cross-signing key as it is uploaded.
  ///
  /// @param signedBy the master key; the key itself for none
  ObjectNode crossSigning(String usage, SigningKey key, SigningKey signedBy) {
    ObjectNode content = JsonNodeFactory.instance.objectNode().put("user_id", user);
    content.putArray("usage").add(usage);
    content.putObject("keys").put(key.id().value(), key.publicKeyBase64());
    return key.id().equals(signedBy.id()) ? content : Signatures.sign(content, user, signedBy);
  }
}
