package org.hearth.server.services.keybackup;

import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.util.Collection;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.hearth.server.matrix.id.RoomId;
import org.hearth.server.matrix.id.UserId;
import org.hearth.server.store.ReadPool;
import org.hearth.server.store.RowChange;
import org.hearth.server.store.Table;
import org.jspecify.annotations.Nullable;

/// The tables `key_backup` and `backed_up_key`.
///
/// **thread**: any.
final class BackupTables {
  static final Table BACKUPS =
      new Table(
          "key_backup",
          "100 rows a user, versions that were deleted among them",
          "a further version is refused; the next that is made takes the place of those that were deleted; deleted with the account");
  static final Table KEYS =
      new Table(
          "backed_up_key",
          "500,000 rows and 512 MiB of session data a user",
          "a key beyond the bound is refused; those of a deleted version or a closed account are removed after its commit, 500 at a time, or at the next start");

  private static final String OF_VERSION = " WHERE user_id = ? AND version = ?";
  private static final String OF_SESSION = OF_VERSION + " AND room_id = ? AND session_id = ?";
  private static final String CONTENT =
      "session_id, is_verified, first_message_index, forwarded_count, session_data";

  private final ReadPool reads;

  BackupTables(ReadPool reads) {
    this.reads = reads;
  }

  private static void bindVersion(PreparedStatement statement, UserId user, long version)
      throws SQLException {
    statement.setString(1, user.value());
    statement.setLong(2, version);
  }

  // --- versions

  /// All versions of a user.
  Backups of(UserId user) {
    return new Backups(
        reads.select(
            "SELECT version, CASE WHEN definition IS NULL THEN 1 ELSE 0 END, etag, key_count,"
                + " key_bytes FROM key_backup WHERE user_id = ? ORDER BY version",
            statement -> statement.setString(1, user.value()),
            row ->
                new Backup(
                    row.getLong(1),
                    row.getInt(2) == 1,
                    row.getLong(3),
                    row.getLong(4),
                    row.getLong(5))));
  }

  /// Algorithm and `auth_data` of a version, as JSON; empty if it is gone.
  Optional<byte[]> definition(UserId user, long version) {
    return reads.first(
        "SELECT definition FROM key_backup" + OF_VERSION + " AND definition IS NOT NULL",
        statement -> bindVersion(statement, user, version),
        row -> row.getBytes(1));
  }

  /// Makes a version, in whose place those go that were deleted.
  static List<RowChange> make(UserId user, long version, byte[] definition) {
    return List.of(
        RowChange.of(
            BACKUPS,
            "DELETE FROM key_backup WHERE user_id = ? AND definition IS NULL",
            (statement, _) -> statement.setString(1, user.value())),
        RowChange.of(
            BACKUPS,
            "INSERT INTO key_backup (user_id, version, definition, etag, key_count, key_bytes)"
                + " VALUES (?, ?, ?, 0, 0, 0)",
            (statement, _) -> {
              bindVersion(statement, user, version);
              statement.setBytes(3, definition);
            }));
  }

  /// Sets another definition.
  static RowChange define(UserId user, long version, byte[] definition) {
    return RowChange.of(
        BACKUPS,
        "UPDATE key_backup SET definition = ?" + OF_VERSION + " AND definition IS NOT NULL",
        (statement, _) -> {
          statement.setBytes(1, definition);
          statement.setString(2, user.value());
          statement.setLong(3, version);
        });
  }

  /// Leaves of a version its number only; its keys belong to nothing then.
  static RowChange delete(UserId user, long version) {
    return RowChange.of(
        BACKUPS,
        "UPDATE key_backup SET definition = NULL, key_count = 0, key_bytes = 0" + OF_VERSION,
        (statement, _) -> bindVersion(statement, user, version));
  }

  /// Deletes all versions of a user.
  static RowChange deleteAll(UserId user) {
    return RowChange.of(
        BACKUPS,
        "DELETE FROM key_backup WHERE user_id = ?",
        (statement, _) -> statement.setString(1, user.value()));
  }

  /// Counts a change of the keys. What is added may have been decided before an earlier unit that
  /// was given up is committed, so it is no absolute number.
  static RowChange count(UserId user, long version, long moreKeys, long moreBytes) {
    return RowChange.of(
        BACKUPS,
        "UPDATE key_backup SET etag = etag + 1, key_count = key_count + ?,"
            + " key_bytes = key_bytes + ?"
            + OF_VERSION,
        (statement, _) -> {
          statement.setLong(1, moreKeys);
          statement.setLong(2, moreBytes);
          statement.setString(3, user.value());
          statement.setLong(4, version);
        });
  }

  // --- keys

  /// A key in a backup, by its session.
  record Entry(String session, BackedUpKey key) {}

  /// What has to be known of a key to replace or delete it.
  record Kept(Session session, KeyRank rank, int bytes) {}

  /// Those of the sessions that have a key.
  Map<Session, Kept> kept(UserId user, long version, Collection<Session> sessions) {
    return reads.read(connection -> {
      try (PreparedStatement statement =
          connection.prepareStatement(
              "SELECT is_verified, first_message_index, forwarded_count, LENGTH(session_data)"
                  + " FROM backed_up_key"
                  + OF_SESSION)) {
        Map<Session, Kept> found = new HashMap<>();
        for (Session each : sessions) {
          bindSession(statement, 1, user, version, each);
          try (ResultSet row = statement.executeQuery()) {
            if (row.next()) {
              KeyRank rank = new KeyRank(row.getBoolean(1), row.getLong(2), row.getLong(3));
              found.put(each, new Kept(each, rank, row.getInt(4)));
            }
          }
        }
        return found;
      }
    });
  }

  /// Some of the keys of a version.
  ///
  /// @param room null for any
  /// @param session null for any
  List<Kept> some(
      UserId user, long version, @Nullable RoomId room, @Nullable String session, int most) {
    return reads.select(
        "SELECT room_id, session_id, is_verified, first_message_index, forwarded_count,"
            + " LENGTH(session_data) FROM backed_up_key"
            + OF_VERSION
            + (room == null ? "" : " AND room_id = ?")
            + (session == null ? "" : " AND session_id = ?")
            + " FETCH FIRST ? ROWS ONLY",
        statement -> {
          bindVersion(statement, user, version);
          int next = 3;
          if (room != null) {
            statement.setString(next++, room.value());
          }
          if (session != null) {
            statement.setString(next++, session);
          }
          statement.setInt(next, most);
        },
        row ->
            new Kept(
                new Session(new RoomId(row.getString(1)), row.getString(2)),
                new KeyRank(row.getBoolean(3), row.getLong(4), row.getLong(5)),
                row.getInt(6)));
  }

  /// The key of a session.
  Optional<BackedUpKey> key(UserId user, long version, Session session) {
    return reads
        .first(
            "SELECT " + CONTENT + " FROM backed_up_key" + OF_SESSION,
            statement -> bindSession(statement, 1, user, version, session),
            BackupTables::entry)
        .map(Entry::key);
  }

  /// The next keys of a room, in the order of their sessions.
  ///
  /// @param after a session; empty for the first
  List<Entry> keys(UserId user, long version, RoomId room, String after, int most) {
    return reads.select(
        "SELECT "
            + CONTENT
            + " FROM backed_up_key"
            + OF_VERSION
            + " AND room_id = ? AND session_id > ? ORDER BY session_id FETCH FIRST ? ROWS ONLY",
        statement -> {
          bindVersion(statement, user, version);
          statement.setString(3, room.value());
          statement.setString(4, after);
          statement.setInt(5, most);
        },
        BackupTables::entry);
  }

  private static Entry entry(ResultSet row) throws SQLException {
    return new Entry(
        row.getString(1),
        new BackedUpKey(
            new KeyRank(row.getBoolean(2), row.getLong(3), row.getLong(4)), row.getBytes(5)));
  }

  /// The first room with keys, in the order of the ids, after that one.
  Optional<RoomId> roomAfter(UserId user, long version, String room) {
    return reads.first(
        "SELECT room_id FROM backed_up_key"
            + OF_VERSION
            + " AND room_id > ? ORDER BY room_id FETCH FIRST ROW ONLY",
        statement -> {
          bindVersion(statement, user, version);
          statement.setString(3, room);
        },
        row -> new RoomId(row.getString(1)));
  }

  /// The first version with keys after that one, whether it is there any more or not.
  Optional<Long> versionAfter(UserId user, long version) {
    return reads.first(
        "SELECT version FROM backed_up_key WHERE user_id = ? AND version > ?"
            + " ORDER BY version FETCH FIRST ROW ONLY",
        statement -> bindVersion(statement, user, version),
        row -> row.getLong(1));
  }

  /// The first user with keys, in the order of the ids, after that one.
  Optional<UserId> userAfter(String user) {
    return reads.first(
        "SELECT user_id FROM backed_up_key WHERE user_id > ? ORDER BY user_id FETCH FIRST ROW ONLY",
        statement -> statement.setString(1, user),
        row -> UserId.parse(row.getString(1)));
  }

  /// Adds the key of a session that has none, or replaces the one it has.
  static RowChange set(UserId user, long version, Session session, BackedUpKey key, boolean isNew) {
    return RowChange.of(
        KEYS,
        isNew
            ? "INSERT INTO backed_up_key (is_verified, first_message_index, forwarded_count,"
                + " session_data, user_id, version, room_id, session_id)"
                + " VALUES (?, ?, ?, ?, ?, ?, ?, ?)"
            : "UPDATE backed_up_key SET is_verified = ?, first_message_index = ?,"
                + " forwarded_count = ?, session_data = ?"
                + OF_SESSION,
        (statement, _) -> {
          statement.setBoolean(1, key.rank().isVerified());
          statement.setLong(2, key.rank().firstMessageIndex());
          statement.setLong(3, key.rank().forwardedCount());
          statement.setBytes(4, key.sessionData());
          bindSession(statement, 5, user, version, session);
        });
  }

  /// Deletes the key of a session.
  static RowChange delete(UserId user, long version, Session session) {
    return RowChange.of(
        KEYS,
        "DELETE FROM backed_up_key" + OF_SESSION,
        (statement, _) -> bindSession(statement, 1, user, version, session));
  }

  private static void bindSession(
      PreparedStatement statement, int from, UserId user, long version, Session session)
      throws SQLException {
    statement.setString(from, user.value());
    statement.setLong(from + 1, version);
    statement.setString(from + 2, session.room().value());
    statement.setString(from + 3, session.id());
  }
}
