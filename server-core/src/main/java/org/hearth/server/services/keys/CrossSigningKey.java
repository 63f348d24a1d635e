package org.hearth.server.services.keys;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.util.Locale;
import java.util.Optional;
import org.hearth.server.matrix.error.MatrixException;
import org.hearth.server.matrix.id.KeyId;
import org.hearth.server.matrix.id.UserId;
import org.hearth.server.matrix.json.MatrixJson;
import org.hearth.server.matrix.sign.SignatureVerdict;
import org.hearth.server.matrix.sign.Signatures;
import org.hearth.server.matrix.sign.VerifyKey;

/// A key by which a user vouches for devices or users.
///
/// @param publicKey in unpadded base64, as the client wrote it
/// @param content what the client uploaded
record CrossSigningKey(SigningKeyUsage usage, String publicKey, ObjectNode content) {
  static final int MOST_BYTES = 16 << 10;

  /// Reads a row of usage, public key and content.
  static CrossSigningKey restored(ResultSet row) throws SQLException {
    return new CrossSigningKey(
        SigningKeyUsage.valueOf(row.getString(1).toUpperCase(Locale.ROOT)),
        row.getString(2),
        MatrixJson.restoreObject(row.getBytes(3)));
  }

  /// Reads a key that a client uploads.
  ///
  /// @throws MatrixException `M_INVALID_PARAM` if it is none of that user and usage, `M_TOO_LARGE`
  static CrossSigningKey read(UserId user, SigningKeyUsage usage, ObjectNode content) {
    if (!PeerKeys.isSmall(MatrixJson.write(content), MOST_BYTES)) {
      throw MatrixException.tooLarge("A cross-signing key has at most 16 KiB");
    }
    if (!content.path("user_id").asText().equals(user.value())) {
      throw MatrixException.invalidParam("user_id must be that of the user who asks");
    }
    boolean fits = false;
    for (JsonNode each : content.path("usage")) {
      fits |= each.asText().equals(usage.word());
    }
    if (!fits) {
      throw MatrixException.invalidParam("usage must contain " + usage.word());
    }
    // "There must be exactly one key"
    if (!(content.get("keys") instanceof ObjectNode keys) || keys.size() != 1) {
      throw MatrixException.invalidParam("keys must have exactly one key");
    }
    var only = keys.properties().iterator().next();
    String publicKey = only.getValue().asText();
    if (!only.getKey().equals(Signatures.ED25519 + ":" + publicKey)
        || VerifyKey.parse(publicKey).isEmpty()) {
      throw MatrixException.invalidParam(
          "the key must be an Ed25519 key, named ed25519: and itself");
    }
    return new CrossSigningKey(usage, publicKey, content);
  }

  /// The public key of an object that was read as a key before.
  static String publicKey(ObjectNode content) {
    return content.path("keys").valueStream().map(JsonNode::asText).findFirst().orElse("");
  }

  /// The name by which its signatures are known.
  KeyId id() {
    return KeyId.ed25519(publicKey);
  }

  /// Whether this key has signed the object as that user.
  boolean hasSigned(ObjectNode object, UserId user) {
    return Signatures.verify(
            object,
            user.value(),
            id -> id.equals(id()) ? VerifyKey.parse(publicKey) : Optional.empty())
        instanceof SignatureVerdict.Valid;
  }

  /// Whether the other is the same key with the same meaning, whoever has signed it.
  boolean isSame(CrossSigningKey other) {
    return Signatures.signedPart(content).equals(Signatures.signedPart(other.content));
  }
}
