package org.hearth.server.services.media;

import java.sql.ResultSet;
import java.sql.SQLException;
import java.time.Instant;
import java.util.List;
import java.util.Optional;
import org.hearth.server.matrix.id.UserId;
import org.hearth.server.store.ReadPool;
import org.hearth.server.store.RowChange;
import org.hearth.server.store.Table;

/// The rows of what users of this server have uploaded.
///
/// **thread**: any; changes are decided by [MediaStore] in turns.
final class MediaTables {
  static final Table MEDIA =
      new Table(
          "media",
          "%,d files a user, and so many bytes as the configuration says"
              .formatted(MediaStore.MOST_FILES),
          "each upload; the daily removal of what is too old, if the configuration says so");
  static final Table PENDING =
      new Table(
          "media_pending",
          "%d a user, for %d hours"
              .formatted(MediaStore.MOST_PENDING, MediaStore.PENDING_TIME.toHours()),
          "each request for an address; an hourly job");
  static final Table USAGE =
      new Table("media_usage", "one row a user who uploads, and one", "nothing: there are few");

  /// All users together.
  static final String ALL = "";

  private static final String COLUMNS =
      "media_id, user_id, "
          + FileColumns.NAMES
          + ", uploaded_millis, used_millis, protected, without_login, missing_millis";

  private final ReadPool reads;

  MediaTables(ReadPool reads) {
    this.reads = reads;
  }

  /// What somebody has uploaded.
  record Usage(long files, long bytes) {
    static final Usage NONE = new Usage(0, 0);
  }

  /// @param user or [#ALL]
  Optional<Usage> usage(String user) {
    return reads.first(
        "SELECT files, bytes FROM media_usage WHERE user_id = ?",
        statement -> statement.setString(1, user),
        row -> new Usage(row.getLong(1), row.getLong(2)));
  }

  /// A user who has media, or had.
  record UserUsage(UserId user, Usage usage) {}

  /// Those who have most, first.
  List<UserUsage> largest(int limit) {
    return reads.select(
        "SELECT user_id, files, bytes FROM media_usage WHERE user_id <> '' AND files > 0"
            + " ORDER BY bytes DESC, user_id FETCH FIRST ? ROWS ONLY",
        statement -> statement.setInt(1, limit),
        row ->
            new UserUsage(new UserId(row.getString(1)), new Usage(row.getLong(2), row.getLong(3))));
  }

  Optional<LocalMedia> media(String mediaId) {
    return reads.first(
        "SELECT " + COLUMNS + " FROM media WHERE media_id = ?",
        statement -> statement.setString(1, mediaId),
        MediaTables::local);
  }

  /// A user's, newest first.
  ///
  /// @param before uploaded earlier than that, or then and with a lower id
  List<LocalMedia> ofUser(UserId user, long before, String beforeId, int limit) {
    return reads.select(
        "SELECT "
            + COLUMNS
            + " FROM media WHERE user_id = ?"
            + " AND (uploaded_millis < ? OR (uploaded_millis = ? AND media_id < ?))"
            + " ORDER BY uploaded_millis DESC, media_id DESC FETCH FIRST ? ROWS ONLY",
        statement -> {
          statement.setString(1, user.value());
          statement.setLong(2, before);
          statement.setLong(3, before);
          statement.setString(4, beforeId);
          statement.setInt(5, limit);
        },
        MediaTables::local);
  }

  /// What nobody has downloaded since then, by the time of its last use.
  ///
  /// @param after used later than that, or then and with a higher id
  List<LocalMedia> unusedSince(Instant since, long after, String afterId, int limit) {
    return reads.select(
        "SELECT "
            + COLUMNS
            + " FROM media WHERE used_millis < ? AND protected = 0"
            + " AND (used_millis > ? OR (used_millis = ? AND media_id > ?))"
            + " ORDER BY used_millis, media_id FETCH FIRST ? ROWS ONLY",
        statement -> {
          statement.setLong(1, since.toEpochMilli());
          statement.setLong(2, after);
          statement.setLong(3, after);
          statement.setString(4, afterId);
          statement.setInt(5, limit);
        },
        MediaTables::local);
  }

  /// All, by id, a page at a time.
  List<LocalMedia> after(String mediaId, int limit) {
    return reads.select(
        "SELECT "
            + COLUMNS
            + " FROM media WHERE media_id > ? ORDER BY media_id FETCH FIRST ? ROWS ONLY",
        statement -> {
          statement.setString(1, mediaId);
          statement.setInt(2, limit);
        },
        MediaTables::local);
  }

  boolean names(String sha256) {
    return reads
        .first(
            "SELECT 1 FROM media WHERE sha256 = ? FETCH FIRST 1 ROWS ONLY",
            statement -> statement.setString(1, sha256),
            row -> row.getInt(1))
        .isPresent();
  }

  private static LocalMedia local(ResultSet row) throws SQLException {
    return new LocalMedia(
        row.getString(1),
        new UserId(row.getString(2)),
        FileColumns.read(row, 3),
        Instant.ofEpochMilli(row.getLong(8)),
        Instant.ofEpochMilli(row.getLong(9)),
        row.getInt(10) != 0,
        row.getInt(11) != 0,
        row.getLong(12) != 0);
  }

  static RowChange insertion(LocalMedia media) {
    return RowChange.of(
        MEDIA,
        "INSERT INTO media (" + COLUMNS + ") VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
        (statement, _) -> {
          statement.setString(1, media.mediaId());
          statement.setString(2, media.owner().value());
          FileColumns.bind(statement, 3, media.file());
          statement.setLong(8, media.uploaded().toEpochMilli());
          statement.setLong(9, media.used().toEpochMilli());
          statement.setInt(10, media.isProtected() ? 1 : 0);
          statement.setInt(11, media.withoutLogin() ? 1 : 0);
          statement.setLong(12, 0);
        });
  }

  static RowChange deletion(String mediaId) {
    return RowChange.of(
        MEDIA,
        "DELETE FROM media WHERE media_id = ?",
        (statement, _) -> statement.setString(1, mediaId));
  }

  static RowChange used(String mediaId, Instant when) {
    return RowChange.coalescing(
        MEDIA,
        "UPDATE media SET used_millis = ? WHERE media_id = ?",
        mediaId,
        (statement, _) -> {
          statement.setLong(1, when.toEpochMilli());
          statement.setString(2, mediaId);
        });
  }

  /// All media with these bytes, but for what is protected.
  static RowChange quarantine(String sha256, boolean quarantined) {
    return RowChange.of(
        MEDIA,
        "UPDATE media SET quarantined = ? WHERE sha256 = ? AND protected = 0",
        (statement, _) -> {
          statement.setInt(1, quarantined ? 1 : 0);
          statement.setString(2, sha256);
        });
  }

  static RowChange protect(String mediaId, boolean isProtected) {
    return RowChange.of(
        MEDIA,
        "UPDATE media SET protected = ? WHERE media_id = ?",
        (statement, _) -> {
          statement.setInt(1, isProtected ? 1 : 0);
          statement.setString(2, mediaId);
        });
  }

  /// @param sinceMillis 0 if its file is there
  static RowChange missing(String mediaId, long sinceMillis) {
    return RowChange.of(
        MEDIA,
        "UPDATE media SET missing_millis = ? WHERE media_id = ?",
        (statement, _) -> {
          statement.setLong(1, sinceMillis);
          statement.setString(2, mediaId);
        });
  }

  /// What is missing since before that time.
  List<LocalMedia> missingSince(Instant before, int limit) {
    return reads.select(
        "SELECT "
            + COLUMNS
            + " FROM media WHERE missing_millis > 0 AND missing_millis < ?"
            + " ORDER BY media_id FETCH FIRST ? ROWS ONLY",
        statement -> {
          statement.setLong(1, before.toEpochMilli());
          statement.setInt(2, limit);
        },
        MediaTables::local);
  }

  /// The user has so much more, or less.
  static RowChange usage(String user, long files, long bytes) {
    return RowChange.of(
        USAGE,
        "UPDATE media_usage SET files = files + ?, bytes = bytes + ? WHERE user_id = ?",
        (statement, _) -> {
          statement.setLong(1, files);
          statement.setLong(2, bytes);
          statement.setString(3, user);
        });
  }

  /// There is a row of the user.
  static RowChange firstUsage(String user) {
    return RowChange.of(
        USAGE,
        "INSERT INTO media_usage (user_id, files, bytes, erasing)"
            + " SELECT CAST(? AS VARCHAR(255)), 0, 0, 0 FROM sysibm.sysdummy1"
            + " WHERE NOT EXISTS (SELECT 1 FROM media_usage WHERE user_id = ?)",
        (statement, _) -> {
          statement.setString(1, user);
          statement.setString(2, user);
        });
  }

  /// All of the user's is to go.
  static RowChange erasing(UserId user) {
    return RowChange.of(
        USAGE,
        "UPDATE media_usage SET erasing = 1 WHERE user_id = ?",
        (statement, _) -> statement.setString(1, user.value()));
  }

  /// All of the user's is gone.
  static RowChange erased(UserId user) {
    return RowChange.of(
        USAGE,
        "DELETE FROM media_usage WHERE user_id = ?",
        (statement, _) -> statement.setString(1, user.value()));
  }

  /// Those whose media is to go.
  List<UserId> erased() {
    return reads.select(
        "SELECT user_id FROM media_usage WHERE erasing = 1 FETCH FIRST 1000 ROWS ONLY",
        row -> new UserId(row.getString(1)));
  }

  /// An address that was given out.
  record Pending(String mediaId, UserId owner, Instant expires) {}

  Optional<Pending> pending(String mediaId) {
    return reads.first(
        "SELECT media_id, user_id, expires_millis FROM media_pending WHERE media_id = ?",
        statement -> statement.setString(1, mediaId),
        row ->
            new Pending(
                row.getString(1),
                new UserId(row.getString(2)),
                Instant.ofEpochMilli(row.getLong(3))));
  }

  /// How many addresses of the user wait, those that have expired not counted.
  int pendingOf(UserId user, Instant now) {
    return reads
        .first(
            "SELECT COUNT(*) FROM media_pending WHERE user_id = ? AND expires_millis > ?",
            statement -> {
              statement.setString(1, user.value());
              statement.setLong(2, now.toEpochMilli());
            },
            row -> row.getInt(1))
        .orElse(0);
  }

  static RowChange pending(Pending pending) {
    return RowChange.of(
        PENDING,
        "INSERT INTO media_pending (media_id, user_id, expires_millis) VALUES (?, ?, ?)",
        (statement, _) -> {
          statement.setString(1, pending.mediaId());
          statement.setString(2, pending.owner().value());
          statement.setLong(3, pending.expires().toEpochMilli());
        });
  }

  static RowChange notPending(String mediaId) {
    return RowChange.of(
        PENDING,
        "DELETE FROM media_pending WHERE media_id = ?",
        (statement, _) -> statement.setString(1, mediaId));
  }

  static RowChange expire(Instant now) {
    return RowChange.of(
        PENDING,
        "DELETE FROM media_pending WHERE expires_millis <= ?",
        (statement, _) -> statement.setLong(1, now.toEpochMilli()));
  }

  static RowChange notPendingOf(UserId user) {
    return RowChange.of(
        PENDING,
        "DELETE FROM media_pending WHERE user_id = ?",
        (statement, _) -> statement.setString(1, user.value()));
  }
}
