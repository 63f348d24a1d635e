package org.hearth.server.store;

import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;

/// The keys that the server has signed with, table `signing_key`: a key file that was damaged or
/// replaced contradicts it.
///
/// **Thread**: that which opens the server.
public final class SigningKeys {
  static final Table TABLE =
      new Table("signing_key", "one row a key that was used", "nothing: there are few");

  private SigningKeys() {} // no instance

  /// Compares the key with those that were used, and notes the first one.
  ///
  /// @param keyId such as `ed25519:a_1234`
  /// @param publicKey in unpadded base64
  /// @throws StoreRefusedException [Refusal.OtherKey] if the server has signed with another key
  public static void use(Store store, String keyId, String publicKey, Instant now) {
    Map<String, String> used = used(store);
    if (used.isEmpty()) {
      store.committer().commit("signing keys", List.of(insert(keyId, publicKey, now)), List.of());
    } else if (!publicKey.equals(used.get(keyId))) {
      throw new StoreRefusedException(
          new Refusal.OtherKey(store.options().dataFolder(), keyId, List.copyOf(used.keySet())));
    }
  }

  private static Map<String, String> used(Store store) {
    return store
        .reads()
        .read(connection -> {
          Map<String, String> keys = new TreeMap<>();
          try (PreparedStatement statement =
                  connection.prepareStatement("SELECT key_id, public_key FROM signing_key");
              ResultSet rows = statement.executeQuery()) {
            while (rows.next()) {
              keys.put(rows.getString(1), rows.getString(2));
            }
          }
          return keys;
        });
  }

  private static RowChange insert(String keyId, String publicKey, Instant now) {
    return RowChange.of(
        TABLE,
        "INSERT INTO signing_key (key_id, public_key, since_millis) VALUES (?, ?, ?)",
        (statement, _) -> {
          statement.setString(1, keyId);
          statement.setString(2, publicKey);
          statement.setLong(3, now.toEpochMilli());
        });
  }
}
