package org.hearth.server.services.media;

import java.sql.ResultSet;
import java.sql.SQLException;
import java.time.Instant;
import java.util.List;
import java.util.Optional;
import org.hearth.server.matrix.id.MxcUri;
import org.hearth.server.matrix.id.ServerName;
import org.hearth.server.store.ReadPool;
import org.hearth.server.store.RowChange;
import org.hearth.server.store.Table;

/// The rows of copies of what is on other servers.
///
/// **thread**: any; changes are decided by [RemoteCache] in turns.
final class RemoteTables {
  static final Table REMOTE =
      new Table(
          "media_remote",
          "%,d, and so many bytes as the configuration says, of which one site has a quarter"
              .formatted(RemoteCache.MOST_FILES),
          "each that comes: those go that were not used for longest; the daily removal of what is too old");
  static final Table USAGE =
      new Table(
          "media_remote_usage",
          "one row a site of which there are copies, and one",
          "each copy that goes");

  /// All sites together.
  static final String ALL = "";

  private static final String COLUMNS =
      "origin, media_id, " + FileColumns.NAMES + ", fetched_millis, used_millis";

  private final ReadPool reads;

  RemoteTables(ReadPool reads) {
    this.reads = reads;
  }

  /// @param site or [#ALL]
  Optional<MediaTables.Usage> usage(String site) {
    return reads.first(
        "SELECT files, bytes FROM media_remote_usage WHERE site = ?",
        statement -> statement.setString(1, site),
        row -> new MediaTables.Usage(row.getLong(1), row.getLong(2)));
  }

  Optional<RemoteMedia> media(MxcUri uri) {
    return reads.first(
        "SELECT " + COLUMNS + " FROM media_remote WHERE origin = ? AND media_id = ?",
        statement -> {
          statement.setString(1, uri.server().value());
          statement.setString(2, uri.mediaId());
        },
        RemoteTables::remote);
  }

  /// Those that were not used for longest, first; none that is in quarantine.
  List<RemoteMedia> leastUsed(int limit) {
    return reads.select(
        "SELECT "
            + COLUMNS
            + " FROM media_remote WHERE quarantined = 0"
            + " ORDER BY used_millis FETCH FIRST ? ROWS ONLY",
        statement -> statement.setInt(1, limit),
        RemoteTables::remote);
  }

  /// The same of one site.
  List<RemoteMedia> leastUsed(String site, int limit) {
    return reads.select(
        "SELECT "
            + COLUMNS
            + " FROM media_remote WHERE site = ? AND quarantined = 0"
            + " ORDER BY used_millis FETCH FIRST ? ROWS ONLY",
        statement -> {
          statement.setString(1, site);
          statement.setInt(2, limit);
        },
        RemoteTables::remote);
  }

  /// What nobody has downloaded since then, by the time of its last use.
  ///
  /// @param after used later than that, or then and with a higher address
  List<RemoteMedia> unusedSince(Instant since, long after, MxcPosition afterUri, int limit) {
    return reads.select(
        "SELECT "
            + COLUMNS
            + " FROM media_remote WHERE used_millis < ? AND quarantined = 0"
            + " AND (used_millis > ? OR (used_millis = ?"
            + " AND (origin > ? OR (origin = ? AND media_id > ?))))"
            + " ORDER BY used_millis, origin, media_id FETCH FIRST ? ROWS ONLY",
        statement -> {
          statement.setLong(1, since.toEpochMilli());
          statement.setLong(2, after);
          statement.setLong(3, after);
          statement.setString(4, afterUri.origin());
          statement.setString(5, afterUri.origin());
          statement.setString(6, afterUri.mediaId());
          statement.setInt(7, limit);
        },
        RemoteTables::remote);
  }

  /// All, by address, a page at a time.
  List<RemoteMedia> after(MxcPosition position, int limit) {
    return reads.select(
        "SELECT "
            + COLUMNS
            + " FROM media_remote WHERE origin > ? OR (origin = ? AND media_id > ?)"
            + " ORDER BY origin, media_id FETCH FIRST ? ROWS ONLY",
        statement -> {
          statement.setString(1, position.origin());
          statement.setString(2, position.origin());
          statement.setString(3, position.mediaId());
          statement.setInt(4, limit);
        },
        RemoteTables::remote);
  }

  /// A place among the addresses.
  record MxcPosition(String origin, String mediaId) {
    static final MxcPosition FIRST = new MxcPosition("", "");

    static MxcPosition of(MxcUri uri) {
      return new MxcPosition(uri.server().value(), uri.mediaId());
    }
  }

  boolean names(String sha256) {
    return reads
        .first(
            "SELECT 1 FROM media_remote WHERE sha256 = ? FETCH FIRST 1 ROWS ONLY",
            statement -> statement.setString(1, sha256),
            row -> row.getInt(1))
        .isPresent();
  }

  private static RemoteMedia remote(ResultSet row) throws SQLException {
    return new RemoteMedia(
        MxcUri.create(new ServerName(row.getString(1)), row.getString(2)),
        FileColumns.read(row, 3),
        Instant.ofEpochMilli(row.getLong(8)),
        Instant.ofEpochMilli(row.getLong(9)));
  }

  static RowChange insertion(RemoteMedia media) {
    return RowChange.of(
        REMOTE,
        "INSERT INTO media_remote (" + COLUMNS + ", site) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
        (statement, _) -> {
          statement.setString(1, media.uri().server().value());
          statement.setString(2, media.uri().mediaId());
          FileColumns.bind(statement, 3, media.file());
          statement.setLong(8, media.fetched().toEpochMilli());
          statement.setLong(9, media.used().toEpochMilli());
          statement.setString(10, media.uri().server().site());
        });
  }

  static RowChange deletion(MxcUri uri) {
    return RowChange.of(
        REMOTE,
        "DELETE FROM media_remote WHERE origin = ? AND media_id = ?",
        (statement, _) -> {
          statement.setString(1, uri.server().value());
          statement.setString(2, uri.mediaId());
        });
  }

  static RowChange used(MxcUri uri, Instant when) {
    return RowChange.coalescing(
        REMOTE,
        "UPDATE media_remote SET used_millis = ? WHERE origin = ? AND media_id = ?",
        uri,
        (statement, _) -> {
          statement.setLong(1, when.toEpochMilli());
          statement.setString(2, uri.server().value());
          statement.setString(3, uri.mediaId());
        });
  }

  static RowChange quarantine(String sha256, boolean quarantined) {
    return RowChange.of(
        REMOTE,
        "UPDATE media_remote SET quarantined = ? WHERE sha256 = ?",
        (statement, _) -> {
          statement.setInt(1, quarantined ? 1 : 0);
          statement.setString(2, sha256);
        });
  }

  /// The site has so much more, or less.
  static RowChange usage(String site, long files, long bytes) {
    return RowChange.of(
        USAGE,
        "UPDATE media_remote_usage SET files = files + ?, bytes = bytes + ? WHERE site = ?",
        (statement, _) -> {
          statement.setLong(1, files);
          statement.setLong(2, bytes);
          statement.setString(3, site);
        });
  }

  static RowChange firstUsage(String site) {
    return RowChange.of(
        USAGE,
        "INSERT INTO media_remote_usage (site, files, bytes) VALUES (?, 0, 0)",
        (statement, _) -> statement.setString(1, site));
  }

  /// Sites of which there is nothing any more.
  static RowChange forgetEmptySites() {
    return RowChange.of(
        USAGE, "DELETE FROM media_remote_usage WHERE files = 0 AND site <> ''", (_, _) -> {});
  }
}
