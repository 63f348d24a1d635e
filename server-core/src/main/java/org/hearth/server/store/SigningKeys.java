package org.hearth.server.store;

import java.sql.PreparedStatement;
import java.sql.SQLException;
import java.sql.Types;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.OptionalLong;

/// The keys that the server has signed with, table `signing_key`: a key file that was damaged or
/// replaced contradicts it.
///
/// **Thread**: that which opens the server, and then one at a time.
public final class SigningKeys {
  /// How many keys a server may have had.
  public static final int MOST = 200;

  static final Table TABLE =
      new Table("signing_key", "at most 200 keys that were used", "a further rotation is refused");

  private static final String BOX = "signing keys";

  private SigningKeys() {} // no instance

  /// A key.
  ///
  /// @param keyId such as `ed25519:a_1234`
  /// @param publicKey in unpadded base64
  /// @param expiredMillis when it was signed with last; empty of the one that signs
  public record Used(String keyId, String publicKey, OptionalLong expiredMillis) {
    boolean isKey(Used other) {
      return keyId.equals(other.keyId) && publicKey.equals(other.publicKey);
    }
  }

  /// Compares the keys of the file with those that were used, and notes what is new.
  ///
  /// The file may be ahead: it says that the key that signs here as the last one known was rotated
  /// out. A rotation does this, and so does a start after one that came no further than the file.
  ///
  /// @param current signs
  /// @param old have signed before, as the file says
  /// @return all old ones
  /// @throws StoreRefusedException [Refusal.OtherKey] if the server has signed with another key,
  ///   and the file does not say that this one came after it
  public static List<Used> use(Store store, Used current, List<Used> old, Instant now) {
    List<Used> known = known(store);
    List<RowChange> changes = new ArrayList<>();
    for (Used each : known) {
      if (each.expiredMillis.isEmpty() && !each.isKey(current)) {
        Used rotatedOut =
            old.stream()
                .filter(each::isKey)
                .findAny()
                .orElseThrow(() -> otherKey(store, current, known));
        changes.add(expiry(rotatedOut));
      }
    }
    if (knows(known, current) && known.stream().noneMatch(each -> isInUse(each, current))) {
      throw otherKey(store, current, known); // It was rotated out and has been put back.
    }
    if (!knows(known, current)) {
      changes.add(insert(current, now));
    }
    old.stream()
        .filter(each -> !knows(known, each))
        .forEach(each -> changes.add(insert(each, now)));
    if (!changes.isEmpty()) {
      store.committer().commit(BOX, changes, List.of());
    }
    return known(store).stream().filter(each -> each.expiredMillis.isPresent()).toList();
  }

  private static boolean isInUse(Used known, Used current) {
    return known.isKey(current) && known.expiredMillis.isEmpty();
  }

  private static boolean knows(List<Used> known, Used key) {
    return known.stream().anyMatch(each -> each.keyId.equals(key.keyId));
  }

  private static StoreRefusedException otherKey(Store store, Used current, List<Used> known) {
    return new StoreRefusedException(
        new Refusal.OtherKey(
            store.options().dataFolder(),
            current.keyId,
            known.stream().map(Used::keyId).sorted().toList()));
  }

  private static List<Used> known(Store store) {
    return store
        .reads()
        .select(
            "SELECT key_id, public_key, expired_millis FROM signing_key ORDER BY key_id",
            row -> {
              long expired = row.getLong(3);
              OptionalLong expiry = row.wasNull() ? OptionalLong.empty() : OptionalLong.of(expired);
              return new Used(row.getString(1), row.getString(2), expiry);
            });
  }

  private static RowChange insert(Used key, Instant now) {
    return RowChange.of(
        TABLE,
        "INSERT INTO signing_key (key_id, public_key, since_millis, expired_millis)"
            + " VALUES (?, ?, ?, ?)",
        (statement, _) -> {
          statement.setString(1, key.keyId);
          statement.setString(2, key.publicKey);
          statement.setLong(3, now.toEpochMilli());
          setExpiry(statement, 4, key);
        });
  }

  private static RowChange expiry(Used key) {
    return RowChange.of(
        TABLE,
        "UPDATE signing_key SET expired_millis = ? WHERE key_id = ?",
        (statement, _) -> {
          setExpiry(statement, 1, key);
          statement.setString(2, key.keyId);
        });
  }

  private static void setExpiry(PreparedStatement statement, int index, Used key)
      throws SQLException {
    if (key.expiredMillis.isPresent()) {
      statement.setLong(index, key.expiredMillis.getAsLong());
    } else {
      statement.setNull(index, Types.BIGINT);
    }
  }
}
