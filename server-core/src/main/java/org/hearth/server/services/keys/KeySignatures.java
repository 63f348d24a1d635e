package org.hearth.server.services.keys;

import com.fasterxml.jackson.databind.node.ObjectNode;
import java.sql.PreparedStatement;
import java.sql.SQLException;
import java.util.List;
import org.hearth.server.matrix.id.UserId;
import org.hearth.server.matrix.sign.Signatures;
import org.hearth.server.services.keys.Keys.KeySignature;
import org.hearth.server.store.RowChange;

/// Changes of the table of signatures that came later than what they sign.
///
/// **thread**: any.
final class KeySignatures {
  /// Whether the user has a device or a cross-signing key of an id.
  private static final String IS_KEY =
      "(EXISTS (SELECT 1 FROM device WHERE user_id = ? AND device_id = ?) OR EXISTS"
          + " (SELECT 1 FROM dehydrated_device WHERE user_id = ? AND device_id = ?) OR EXISTS"
          + " (SELECT 1 FROM cross_signing_key WHERE user_id = ? AND public_key = ?))";

  private static final int PARAMETERS_OF_KEY = 6;

  private KeySignatures() {}

  /// Adds a signature if there are the key that signed and the device or key that was signed: of a
  /// request that was under way when one of them was removed nothing stays.
  static List<RowChange> add(KeySignature signature) {
    return List.of(
        RowChange.of(
            Keys.KEY_SIGNATURE,
            "DELETE FROM key_signature"
                + " WHERE user_id = ? AND target_key = ? AND signer_id = ? AND signer_key = ?",
            (statement, _) -> bind(statement, signature)),
        RowChange.of(
            Keys.KEY_SIGNATURE,
            "INSERT INTO key_signature (user_id, target_key, signer_id, signer_key, signature)"
                + " SELECT CAST(? AS VARCHAR(255)), CAST(? AS VARCHAR(255)),"
                + " CAST(? AS VARCHAR(255)), CAST(? AS VARCHAR(255)), CAST(? AS VARCHAR(255))"
                + " FROM sysibm.sysdummy1 WHERE "
                + IS_KEY
                + " AND "
                + IS_KEY,
            (statement, _) -> {
              bind(statement, signature);
              statement.setString(5, signature.signature());
              bindKey(statement, 6, signature.user(), signature.target());
              bindKey(
                  statement,
                  6 + PARAMETERS_OF_KEY,
                  signature.signer(),
                  signature.signerKey().identifier());
            }));
  }

  /// Adds a signature of a user's of another server, of whom there is one key at a time: one that
  /// is not that any more is of no use.
  static List<RowChange> addElsewhere(KeySignature signature) {
    return List.of(
        RowChange.of(
            Keys.KEY_SIGNATURE,
            "DELETE FROM key_signature WHERE user_id = ? AND signer_id = ?",
            (statement, _) -> {
              statement.setString(1, signature.user().value());
              statement.setString(2, signature.signer().value());
            }),
        RowChange.of(
            Keys.KEY_SIGNATURE,
            "INSERT INTO key_signature (user_id, target_key, signer_id, signer_key, signature)"
                + " SELECT CAST(? AS VARCHAR(255)), CAST(? AS VARCHAR(255)),"
                + " CAST(? AS VARCHAR(255)), CAST(? AS VARCHAR(255)), CAST(? AS VARCHAR(255))"
                + " FROM sysibm.sysdummy1 WHERE "
                + IS_KEY,
            (statement, _) -> {
              bind(statement, signature);
              statement.setString(5, signature.signature());
              bindKey(statement, 6, signature.signer(), signature.signerKey().identifier());
            }));
  }

  private static void bindKey(PreparedStatement statement, int at, UserId user, String key)
      throws SQLException {
    for (int i = at; i < at + PARAMETERS_OF_KEY; i += 2) {
      statement.setString(i, user.value());
      statement.setString(i + 1, key);
    }
  }

  private static void bind(PreparedStatement statement, KeySignature signature)
      throws SQLException {
    statement.setString(1, signature.user().value());
    statement.setString(2, signature.target());
    statement.setString(3, signature.signer().value());
    statement.setString(4, signature.signerKey().value());
  }

  /// Adds signatures to what they sign. What stands in their place and is no object goes.
  ///
  /// @return the content, which is changed
  static ObjectNode addTo(ObjectNode content, List<KeySignature> signatures) {
    for (KeySignature each : signatures) {
      object(object(content, "signatures"), each.signer().value())
          .put(each.signerKey().value(), each.signature());
    }
    return content;
  }

  private static ObjectNode object(ObjectNode parent, String name) {
    return parent.get(name) instanceof ObjectNode object ? object : parent.putObject(name);
  }

  /// Forgets who has signed a device or key that goes, and what that has signed.
  static List<RowChange> forget(UserId user, String key) {
    return List.of(
        forgetSigners(user, key),
        RowChange.of(
            Keys.KEY_SIGNATURE,
            "DELETE FROM key_signature WHERE signer_id = ? AND signer_key = ?",
            (statement, _) -> {
              statement.setString(1, user.value());
              statement.setString(2, Signatures.ED25519 + ":" + key);
            }));
  }

  /// Forgets who has signed a device or key.
  static RowChange forgetSigners(UserId user, String target) {
    return RowChange.of(
        Keys.KEY_SIGNATURE,
        "DELETE FROM key_signature WHERE user_id = ? AND target_key = ?",
        (statement, _) -> {
          statement.setString(1, user.value());
          statement.setString(2, target);
        });
  }
}
