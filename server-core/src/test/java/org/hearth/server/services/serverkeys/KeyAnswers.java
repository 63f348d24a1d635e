package org.hearth.server.services.serverkeys;

import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.util.Arrays;
import org.hearth.server.matrix.id.KeyId;
import org.hearth.server.matrix.id.ServerName;
import org.hearth.server.matrix.json.MatrixJson;
import org.hearth.server.matrix.sign.Signatures;
import org.hearth.server.matrix.sign.SigningKey;

/// What servers of tests say of their keys.
final class KeyAnswers {
  private KeyAnswers() {}

  /// A key, which follows from its name and a number.
  static SigningKey key(String id, int number) {
    byte[] seed = new byte[SigningKey.SEED_BYTES];
    Arrays.fill(seed, (byte) number);
    return new SigningKey(KeyId.ed25519(id), seed);
  }

  /// An answer without signatures.
  static ObjectNode unsigned(ServerName server, long validUntilTs, SigningKey... keys) {
    ObjectNode json = JsonNodeFactory.instance.objectNode();
    json.put("server_name", server.value());
    json.put("valid_until_ts", validUntilTs);
    ObjectNode current = json.putObject("verify_keys");
    for (SigningKey key : keys) {
      current.putObject(key.id().value()).put("key", key.publicKeyBase64());
    }
    json.putObject("old_verify_keys");
    return json;
  }

  /// Adds an old key.
  static ObjectNode with(ObjectNode json, SigningKey old, long expiredTs) {
    ((ObjectNode) json.path("old_verify_keys"))
        .putObject(old.id().value())
        .put("key", old.publicKeyBase64())
        .put("expired_ts", expiredTs);
    return json;
  }

  static ObjectNode signed(ObjectNode json, String entity, SigningKey... keys) {
    ObjectNode signed = json;
    for (SigningKey key : keys) {
      signed = Signatures.sign(signed, entity, key);
    }
    return signed;
  }

  /// An answer that all of its keys have signed.
  static ObjectNode answer(ServerName server, long validUntilTs, SigningKey... keys) {
    return signed(unsigned(server, validUntilTs, keys), server.value(), keys);
  }

  static byte[] bytes(ObjectNode json) {
    return MatrixJson.write(json);
  }
}
