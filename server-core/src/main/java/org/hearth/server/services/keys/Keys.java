package org.hearth.server.services.keys;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import com.github.benmanes.caffeine.cache.Cache;
import com.github.benmanes.caffeine.cache.Caffeine;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.TreeMap;
import java.util.function.Function;
import java.util.stream.Collectors;
import org.hearth.ringlogs.LogPosition;
import org.hearth.server.box.AccountCompanion;
import org.hearth.server.matrix.error.MatrixException;
import org.hearth.server.matrix.id.DeviceId;
import org.hearth.server.matrix.id.KeyId;
import org.hearth.server.matrix.id.ServerName;
import org.hearth.server.matrix.id.UserId;
import org.hearth.server.matrix.json.MatrixJson;
import org.hearth.server.store.ReadPool;
import org.hearth.server.store.RowChange;
import org.hearth.server.store.Table;

/// The tables of keys: reads them, remembers counts, and makes the changes that [KeyService]
/// commits.
///
/// **thread**: any.
public final class Keys implements KeyQueries, AccountCompanion {
  /// One-time keys of one device that are there to be claimed.
  static final int MOST_ONE_TIME_KEYS = 1_000;

  /// A one-time key that was given away is known for so many further uploads: a client that did not
  /// get the answer to an upload repeats it, and no key may be given twice.
  ///
  /// So a key is given once as long as its device does not upload it again later than that. A
  /// client marks a key as uploaded before it makes another upload of new ones, so only one does
  /// that whose storage is a copy from before. It cannot be found out within a bound: it would take
  /// a row for each key that was ever given, and the ids of keys have no order by which an old one
  /// would be known.
  static final int UPLOADS_THAT_ARE_KNOWN = 3;

  /// Users of other servers whose keys a user has signed.
  static final int MOST_SIGNATURES_ELSEWHERE = 5_000;

  /// Algorithms of which a device has a fallback key.
  static final int MOST_FALLBACK_KEYS = 10;

  static final Table DEVICE_KEY =
      new Table("device_key", "one row a device", "deleted with the device");
  static final Table ONE_TIME_KEY =
      new Table(
          "one_time_key",
          "1,000 rows a device, and those that were given away of its last 3 uploads",
          "a key beyond the bound is refused; one that was given away is deleted by a later upload;"
              + " deleted with the device");
  static final Table FALLBACK_KEY =
      new Table(
          "fallback_key",
          "10 rows a device",
          "a key of a further algorithm is refused; deleted with the device");
  static final Table CROSS_SIGNING_KEY =
      new Table("cross_signing_key", "3 rows a user", "deleted with the account");
  static final Table KEY_SIGNATURE =
      new Table(
          "key_signature",
          "one row a device or master key and key that has signed it: of each user the own devices,"
              + " the own master key, and the master keys of others, of other servers 5,000",
          "deleted with the device, the account, and the key that signed or was signed");
  static final Table DEVICE_LIST =
      new Table(
          "device_list",
          "one row a user, and one for each two users of whom one has signed the other's key",
          "the first row stays: who comes back later must learn that the devices are gone; the"
              + " others are deleted with the account");

  private static final DeviceRow DEVICE_KEYS = new DeviceRow(DEVICE_KEY, "content BLOB(16K)");
  private static final DeviceRow ONE_TIME_KEYS =
      new DeviceRow(
          ONE_TIME_KEY,
          "algorithm VARCHAR(255)",
          "key_id VARCHAR(255)",
          "content BLOB(4K)",
          "upload BIGINT");
  private static final DeviceRow FALLBACK_KEYS =
      new DeviceRow(
          FALLBACK_KEY,
          "algorithm VARCHAR(255)",
          "key_id VARCHAR(255)",
          "used SMALLINT",
          "content BLOB(4K)");

  private static final String ALL_DEVICE_KEYS =
      "SELECT device_id, content FROM device_key WHERE user_id = ?";

  private static final String CROSS_SIGNING =
      "SELECT key_usage, public_key, content FROM cross_signing_key WHERE user_id = ?";

  private static final int CACHE_BYTES = 2 << 20;
  private static final int ENTRY_BYTES = 300;
  private static final int DEVICE_BYTES = 250;

  private final ReadPool reads;
  private final DehydratedDevices dehydrated;
  private final Cache<UserId, Map<DeviceId, KeyCounts>> counts =
      Caffeine.newBuilder()
          .maximumWeight(CACHE_BYTES)
          .weigher((UserId _, Map<DeviceId, KeyCounts> devices) ->
              ENTRY_BYTES + DEVICE_BYTES * devices.size())
          .build();

  /// Reads from that database.
  public Keys(ReadPool reads) {
    this.reads = reads;
    dehydrated = new DehydratedDevices(reads);
  }

  // --- reading

  /// A one-time or fallback key.
  ///
  /// @param id without the algorithm
  /// @param content a text or an object
  record ClaimableKey(String algorithm, String id, JsonNode content) {
    String name() {
      return algorithm + ":" + id;
    }

    /// Whether it is the same key; a client that repeats an upload may have signed it anew.
    boolean isSame(ClaimableKey other) {
      boolean areObjects = content.isObject() && other.content.isObject();
      return name().equals(other.name())
          && (areObjects
              ? content.path("key").equals(other.content.path("key"))
              : content.equals(other.content));
    }
  }

  /// A signature that came later than what it signs.
  ///
  /// @param target the id of a device, or a master key
  record KeySignature(
      UserId user, String target, UserId signer, KeyId signerKey, String signature) {}

  /// What the user's devices say of themselves; one whose row cannot be read says nothing.
  Map<DeviceId, StoredKeys> deviceKeys(UserId user) {
    return reads
        .selectReadable(
            ALL_DEVICE_KEYS,
            statement -> statement.setString(1, user.value()),
            row -> Map.entry(new DeviceId(row.getString(1)), storedKeys(row.getBytes(2))))
        .stream()
        .collect(Collectors.toMap(Map.Entry::getKey, Map.Entry::getValue));
  }

  private StoredKeys storedKeys(byte[] json) {
    return () -> reads.readable(ALL_DEVICE_KEYS, () -> MatrixJson.restoreObject(json));
  }

  /// What the keys of the user's devices take as they are stored.
  long deviceKeyBytes(UserId user) {
    return reads
        .first(
            "SELECT SUM(LENGTH(content)) FROM device_key WHERE user_id = ?",
            statement -> statement.setString(1, user.value()),
            row -> row.getLong(1))
        .orElseThrow();
  }

  /// What a device says of itself, if it can be read.
  Optional<ObjectNode> deviceKeys(UserId user, DeviceId device) {
    return reads.firstReadable(
        "SELECT content FROM device_key WHERE user_id = ? AND device_id = ?",
        statement -> bind(statement, user, device),
        row -> MatrixJson.restoreObject(row.getBytes(1)));
  }

  /// The devices that nobody is logged in on.
  DehydratedDevices dehydrated() {
    return dehydrated;
  }

  @Override
  public Optional<DeviceId> dehydratedDevice(UserId user) {
    return dehydrated.idOf(user);
  }

  /// "Servers therefore must ensure that device IDs will not collide with cross-signing public
  /// keys."
  @Override
  public void admit(UserId user, DeviceId device) {
    if (crossSigningKeys(user).values().stream()
        .anyMatch(each -> each.publicKey().equals(device.value()))) {
      throw MatrixException.forbidden("The device has the id of a cross-signing key");
    }
  }

  /// A one-time key that is kept.
  ///
  /// @param upload the number of the upload that brought it
  /// @param given whether it was given away
  record OneTimeKey(ClaimableKey key, long upload, boolean given) {}

  /// The one-time keys of a device, by [ClaimableKey#name], with those that were given away.
  ///
  /// @param rows takes the removal of those that cannot be read
  Map<String, OneTimeKey> oneTimeKeys(UserId user, DeviceId device, List<RowChange> rows) {
    return reads
        .selectReadable(
            "SELECT algorithm, key_id, content, upload FROM one_time_key"
                + " WHERE user_id = ? AND device_id = ?",
            statement -> bind(statement, user, device),
            row ->
                new OneTimeKey(
                    claimable(row, user, device, rows),
                    Math.abs(row.getLong(4)),
                    row.getLong(4) < 0))
        .stream()
        .collect(Collectors.toMap(each -> each.key().name(), Function.identity()));
  }

  /// The next one-time key of a device: "given out in the order that they were uploaded".
  ///
  /// @param rows takes the removal of those before it that cannot be read
  Optional<ClaimableKey> nextOneTimeKey(
      UserId user, DeviceId device, String algorithm, List<RowChange> rows) {
    return reads.firstReadable(
        "SELECT algorithm, key_id, content FROM one_time_key"
            + " WHERE user_id = ? AND device_id = ? AND algorithm = ? AND upload > 0"
            + " ORDER BY upload, key_id",
        statement -> {
          bind(statement, user, device);
          statement.setString(3, algorithm);
        },
        row -> claimable(row, user, device, rows));
  }

  /// A one-time key that cannot be read is of no use, and is not to be counted: its device uploads
  /// another in its place.
  private static ClaimableKey claimable(
      ResultSet row, UserId user, DeviceId device, List<RowChange> rows) throws SQLException {
    try {
      return claimable(row);
    } catch (RuntimeException e) {
      rows.add(removeOneTimeKey(user, device, row.getString(1), row.getString(2)));
      throw e;
    }
  }

  /// The fallback keys of a device, by algorithm; not those that cannot be read.
  Map<String, ClaimableKey> fallbackKeys(UserId user, DeviceId device) {
    return reads
        .selectReadable(
            "SELECT algorithm, key_id, content FROM fallback_key"
                + " WHERE user_id = ? AND device_id = ?",
            statement -> bind(statement, user, device),
            Keys::claimable)
        .stream()
        .collect(Collectors.toMap(ClaimableKey::algorithm, Function.identity()));
  }

  private static ClaimableKey claimable(ResultSet row) throws SQLException {
    return new ClaimableKey(row.getString(1), row.getString(2), MatrixJson.parse(row.getBytes(3)));
  }

  @Override
  public KeyCounts counts(UserId user, DeviceId device) {
    return Objects.requireNonNull(counts.get(user, this::readCounts))
        .getOrDefault(device, KeyCounts.NONE);
  }

  /// An algorithm of which a device has keys, and how many.
  private record Counted(DeviceId device, String algorithm, long keys) {}

  private Map<DeviceId, KeyCounts> readCounts(UserId user) {
    Map<DeviceId, Map<String, Long>> oneTime = new HashMap<>();
    Map<DeviceId, List<String>> fallback = new HashMap<>();
    for (Counted each :
        counted(
            "SELECT device_id, algorithm, COUNT(*) FROM one_time_key WHERE user_id = ?"
                + " AND upload > 0",
            user)) {
      oneTime
          .computeIfAbsent(each.device(), _ -> new TreeMap<>())
          .put(each.algorithm(), each.keys());
    }
    for (Counted each :
        counted(
            "SELECT device_id, algorithm, COUNT(*) FROM fallback_key WHERE user_id = ? AND used ="
                + " 0",
            user)) {
      fallback.computeIfAbsent(each.device(), _ -> new ArrayList<>()).add(each.algorithm());
    }
    Map<DeviceId, KeyCounts> all = new HashMap<>();
    oneTime.forEach((device, each) ->
        all.put(device, new KeyCounts(each, fallback.getOrDefault(device, List.of()))));
    fallback.forEach((device, each) -> all.putIfAbsent(device, new KeyCounts(Map.of(), each)));
    return Map.copyOf(all);
  }

  private List<Counted> counted(String query, UserId user) {
    return reads.select(
        query + " GROUP BY device_id, algorithm",
        statement -> statement.setString(1, user.value()),
        row -> new Counted(new DeviceId(row.getString(1)), row.getString(2), row.getLong(3)));
  }

  /// The user's cross-signing key of one usage, if it can be read.
  Optional<CrossSigningKey> crossSigningKey(UserId user, SigningKeyUsage usage) {
    return reads.firstReadable(
        CROSS_SIGNING + " AND key_usage = ?",
        statement -> {
          statement.setString(1, user.value());
          statement.setString(2, usage.word());
        },
        CrossSigningKey::restored);
  }

  /// The user's cross-signing keys, for who decides by them: all of them or none.
  Map<SigningKeyUsage, CrossSigningKey> crossSigningKeys(UserId user) {
    return reads
        .select(
            CROSS_SIGNING,
            statement -> statement.setString(1, user.value()),
            CrossSigningKey::restored)
        .stream()
        .collect(Collectors.toMap(CrossSigningKey::usage, Function.identity()));
  }

  /// The signatures on the user's keys that this viewer may see: the user's own, and the viewer's.
  List<KeySignature> signatures(UserId user, UserId viewer) {
    return reads.selectReadable(
        "SELECT target_key, signer_id, signer_key, signature FROM key_signature"
            + " WHERE user_id = ? AND (signer_id = ? OR signer_id = ?)",
        statement -> {
          statement.setString(1, user.value());
          statement.setString(2, user.value());
          statement.setString(3, viewer.value());
        },
        row ->
            new KeySignature(
                user,
                row.getString(1),
                UserId.parse(row.getString(2)),
                KeyId.parse(row.getString(3)),
                row.getString(4)));
  }

  @Override
  public List<UserId> changedDevices(UserId viewer, LogPosition after, LogPosition upTo) {
    return reads.selectReadable(
        "SELECT DISTINCT user_id FROM device_list WHERE log_position > ? AND log_position <= ?"
            + " AND (viewer_id = '' OR viewer_id = ?)",
        statement -> {
          statement.setLong(1, after.value());
          statement.setLong(2, upTo.value());
          statement.setString(3, viewer.value());
        },
        row -> UserId.parse(row.getString(1)));
  }

  /// How many keys of users of other servers the user has signed.
  long signaturesElsewhere(UserId signer, ServerName here) {
    return reads
        .select(
            "SELECT DISTINCT user_id FROM key_signature WHERE signer_id = ?",
            statement -> statement.setString(1, signer.value()),
            row -> UserId.parse(row.getString(1)))
        .stream()
        .filter(each -> !each.isOn(here))
        .count();
  }

  @Override
  public ObjectNode deviceListUpdate(
      UserId user, DeviceId device, long streamId, List<Long> prevId) {
    return new KeyUpdates(reads, this).ofDevice(user, device, streamId, prevId);
  }

  @Override
  public ObjectNode signingKeyUpdate(UserId user) {
    return new KeyUpdates(reads, this).ofSigningKeys(user);
  }

  // --- changing

  private static void bind(PreparedStatement statement, UserId user, DeviceId device)
      throws SQLException {
    statement.setString(1, user.value());
    statement.setString(2, device.value());
  }

  private static RowChange delete(Table table, UserId user, DeviceId device) {
    return RowChange.of(
        table,
        "DELETE FROM " + table.name() + " WHERE user_id = ? AND device_id = ?",
        (statement, _) -> bind(statement, user, device));
  }

  static List<RowChange> setDeviceKeys(UserId user, DeviceId device, ObjectNode keys) {
    byte[] content = MatrixJson.write(keys);
    return List.of(
        delete(DEVICE_KEY, user, device),
        // What was signed was another key.
        KeySignatures.forgetSigners(user, device.value()),
        DEVICE_KEYS.insert(
            user.value(),
            device.value(),
            (statement, _) -> statement.setBytes(DeviceRow.FIRST, content)));
  }

  /// Adds a one-time key that the device has not.
  ///
  /// @param upload the number of the upload
  static RowChange addOneTimeKey(UserId user, DeviceId device, ClaimableKey key, long upload) {
    byte[] content = MatrixJson.write(key.content());
    return ONE_TIME_KEYS.insert(
        user.value(),
        device.value(),
        (statement, _) -> {
          statement.setString(3, key.algorithm());
          statement.setString(4, key.id());
          statement.setBytes(5, content);
          statement.setLong(6, upload);
        });
  }

  /// Notes that a key is given away: the number of its upload is negative from then on. Of a unit
  /// that was given up it may be said twice.
  static RowChange giveOneTimeKey(UserId user, DeviceId device, ClaimableKey key) {
    return change(
        "UPDATE one_time_key SET upload = -ABS(upload)", user, device, key.algorithm(), key.id());
  }

  static RowChange removeOneTimeKey(UserId user, DeviceId device, String algorithm, String id) {
    return change("DELETE FROM one_time_key", user, device, algorithm, id);
  }

  private static RowChange change(
      String what, UserId user, DeviceId device, String algorithm, String id) {
    return RowChange.of(
        ONE_TIME_KEY,
        what + " WHERE user_id = ? AND device_id = ? AND algorithm = ? AND key_id = ?",
        (statement, _) -> {
          bind(statement, user, device);
          statement.setString(3, algorithm);
          statement.setString(4, id);
        });
  }

  /// Removes those that were given away of the uploads up to that one.
  static RowChange forgetGivenKeys(UserId user, DeviceId device, long upload) {
    return RowChange.of(
        ONE_TIME_KEY,
        "DELETE FROM one_time_key"
            + " WHERE user_id = ? AND device_id = ? AND upload < 0 AND upload >= ?",
        (statement, _) -> {
          bind(statement, user, device);
          statement.setLong(3, -upload);
        });
  }

  static List<RowChange> setFallbackKey(UserId user, DeviceId device, ClaimableKey key) {
    byte[] content = MatrixJson.write(key.content());
    return List.of(
        RowChange.of(
            FALLBACK_KEY,
            "DELETE FROM fallback_key WHERE user_id = ? AND device_id = ? AND algorithm = ?",
            (statement, _) -> {
              bind(statement, user, device);
              statement.setString(3, key.algorithm());
            }),
        FALLBACK_KEYS.insert(
            user.value(),
            device.value(),
            (statement, _) -> {
              statement.setString(3, key.algorithm());
              statement.setString(4, key.id());
              statement.setInt(5, 0);
              statement.setBytes(6, content);
            }));
  }

  static RowChange useFallbackKey(UserId user, DeviceId device, ClaimableKey key) {
    return RowChange.of(
        FALLBACK_KEY,
        "UPDATE fallback_key SET used = 1 WHERE user_id = ? AND device_id = ? AND algorithm = ?",
        (statement, _) -> {
          bind(statement, user, device);
          statement.setString(3, key.algorithm());
        });
  }

  /// Puts a key in the place of the one before of its usage, if there is one; what that has signed,
  /// and who has signed it, is forgotten.
  static List<RowChange> setCrossSigningKey(
      UserId user, CrossSigningKey key, Optional<CrossSigningKey> before) {
    byte[] content = MatrixJson.write(key.content());
    List<RowChange> rows = new ArrayList<>();
    before.ifPresent(old -> rows.addAll(KeySignatures.forget(user, old.publicKey())));
    rows.add(
        RowChange.of(
            CROSS_SIGNING_KEY,
            "DELETE FROM cross_signing_key WHERE user_id = ? AND key_usage = ?",
            (statement, _) -> {
              statement.setString(1, user.value());
              statement.setString(2, key.usage().word());
            }));
    rows.add(
        RowChange.of(
            CROSS_SIGNING_KEY,
            "INSERT INTO cross_signing_key (user_id, key_usage, public_key, content)"
                + " VALUES (?, ?, ?, ?)",
            (statement, _) -> {
              statement.setString(1, user.value());
              statement.setString(2, key.usage().word());
              statement.setString(3, key.publicKey());
              statement.setBytes(4, content);
            }));
    return rows;
  }

  /// Notes that the devices or cross-signing keys of a user changed, at the unit's first position:
  /// it announces something.
  ///
  /// @param viewer to whom alone that is told; empty for all who share a room
  static List<RowChange> deviceListChanged(UserId user, Optional<UserId> viewer) {
    String viewerId = viewer.map(UserId::value).orElse("");
    return List.of(
        RowChange.of(
            DEVICE_LIST,
            "DELETE FROM device_list WHERE user_id = ? AND viewer_id = ?",
            (statement, _) -> {
              statement.setString(1, user.value());
              statement.setString(2, viewerId);
            }),
        RowChange.of(
            DEVICE_LIST,
            "INSERT INTO device_list (user_id, viewer_id, log_position) VALUES (?, ?, ?)",
            (statement, first) -> {
              statement.setString(1, user.value());
              statement.setString(2, viewerId);
              statement.setLong(3, first.value());
            }));
  }

  // --- accounts and devices that come and go

  @Override
  public List<RowChange> closing(UserId user, boolean erase) {
    List<RowChange> rows = new ArrayList<>();
    dehydratedDevice(user).ifPresent(device -> rows.addAll(clearing(user, device)));
    rows.add(deleteWhere(CROSS_SIGNING_KEY, "user_id = ?", user));
    rows.add(deleteWhere(KEY_SIGNATURE, "user_id = ?", user));
    rows.add(deleteWhere(KEY_SIGNATURE, "signer_id = ?", user));
    rows.add(deleteWhere(DEVICE_LIST, "user_id = ? AND viewer_id <> ''", user));
    rows.add(deleteWhere(DEVICE_LIST, "viewer_id = ?", user));
    if (!crossSigningKeys(user).isEmpty()) {
      rows.addAll(deviceListChanged(user, Optional.empty()));
    }
    return rows;
  }

  private static RowChange deleteWhere(Table table, String condition, UserId user) {
    return RowChange.of(
        table,
        "DELETE FROM " + table.name() + " WHERE " + condition,
        (statement, _) -> statement.setString(1, user.value()));
  }

  @Override
  public List<RowChange> clearing(UserId user, DeviceId device) {
    List<RowChange> rows = new ArrayList<>();
    rows.add(delete(DEVICE_KEY, user, device));
    rows.add(delete(ONE_TIME_KEY, user, device));
    rows.add(delete(FALLBACK_KEY, user, device));
    rows.add(DehydratedDevices.delete(user, device));
    rows.addAll(KeySignatures.forget(user, device.value()));
    rows.addAll(renaming(user, device));
    return rows;
  }

  /// Also of a device without keys: who keeps a list of devices learns of its name.
  @Override
  public List<RowChange> renaming(UserId user, DeviceId device) {
    return deviceListChanged(user, Optional.empty());
  }

  @Override
  public void devicesChanged(UserId user) {
    counts.invalidate(user);
  }
}
