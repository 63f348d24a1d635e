package org.hearth.server.services.media.thumbnail;

import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Types;
import java.time.Instant;
import java.util.List;
import java.util.Optional;
import java.util.stream.Stream;
import org.hearth.server.services.media.thumbnail.ThumbnailSize.Method;
import org.hearth.server.store.RowChange;
import org.hearth.server.store.Store;
import org.hearth.server.store.Table;
import org.jspecify.annotations.Nullable;

/// The table `media_thumbnail`: what has been made, and what cannot be.
///
/// **thread**: any reads; who writes says [Thumbnails].
final class ThumbnailRows {
  /// How many rows there are.
  static final int MOST = 200_000;

  static final Table TABLE =
      new Table(
          "media_thumbnail",
          "200,000, and 2 GiB of files",
          "the thread `thumbnails` removes those not used for longest before one too many; what was"
              + " not used for 90 days goes hourly");

  private static final String COLUMNS =
      "sha256, width, height, cropped, animated, outcome, content_type, length_bytes, used_millis";

  private final Store store;

  ThumbnailRows(Store store) {
    this.store = store;
  }

  /// What a thumbnail is made of.
  ///
  /// @param sha256 of the original
  record Key(String sha256, ThumbnailSize size) {
    /// The name of its file.
    String fileName() {
      return "%s-%dx%d-%s%s"
          .formatted(
              sha256,
              size.width(),
              size.height(),
              size.method() == Method.CROP ? "crop" : "scale",
              size.animated() ? "-animated" : "");
    }
  }

  /// What became of it.
  enum Outcome {
    /// It is in a file.
    THUMBNAIL(0),
    /// The original is given.
    ORIGINAL(1),
    /// There can be none.
    NOT_POSSIBLE(2),
    /// It would cost too much.
    TOO_LARGE(3);

    /// In the column `outcome`.
    private final int code;

    Outcome(int code) {
      this.code = code;
    }

    private static Outcome of(int code) {
      return Stream.of(values())
          .filter(each -> each.code == code)
          .findFirst()
          .orElseThrow(() -> new IllegalArgumentException("no outcome has the code " + code));
    }
  }

  /// A row.
  ///
  /// @param contentType empty where nothing is given
  /// @param lengthBytes of the file; 0 if there is none
  /// @param used when it was last asked for, to the day
  record Row(
      Key key, Outcome outcome, Optional<String> contentType, long lengthBytes, Instant used) {}

  /// How much there is.
  record Totals(long rows, long bytes) {}

  Optional<Row> row(Key key) {
    return store
        .reads()
        .select(
            "SELECT "
                + COLUMNS
                + " FROM media_thumbnail WHERE sha256 = ? AND width = ? AND height = ?"
                + " AND cropped = ? AND animated = ?",
            statement -> set(statement, key),
            ThumbnailRows::row)
        .stream()
        .findFirst();
  }

  /// All that was made of an original.
  List<Row> of(String sha256) {
    return store
        .reads()
        .select(
            "SELECT " + COLUMNS + " FROM media_thumbnail WHERE sha256 = ?",
            statement -> statement.setString(1, sha256),
            ThumbnailRows::row);
  }

  /// Those that were not used for longest.
  List<Row> leastUsed(int limit) {
    return store
        .reads()
        .select(
            "SELECT "
                + COLUMNS
                + " FROM media_thumbnail ORDER BY used_millis FETCH FIRST ? ROWS ONLY",
            statement -> statement.setInt(1, limit),
            ThumbnailRows::row);
  }

  Totals totals() {
    return store
        .reads()
        .select(
            "SELECT COUNT(*), COALESCE(SUM(length_bytes), 0) FROM media_thumbnail",
            row -> new Totals(row.getLong(1), row.getLong(2)))
        .getFirst();
  }

  private static Row row(ResultSet row) throws SQLException {
    return new Row(
        new Key(
            row.getString(1),
            new ThumbnailSize(
                row.getInt(2),
                row.getInt(3),
                row.getInt(4) == 1 ? Method.CROP : Method.SCALE,
                row.getInt(5) == 1)),
        Outcome.of(row.getInt(6)),
        Optional.ofNullable(row.getString(7)),
        row.getLong(8),
        Instant.ofEpochMilli(row.getLong(9)));
  }

  static RowChange insertion(Row row) {
    return RowChange.of(
        TABLE,
        "INSERT INTO media_thumbnail (" + COLUMNS + ") VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)",
        (statement, _) -> {
          set(statement, row.key);
          statement.setInt(6, row.outcome.code);
          setText(statement, 7, row.contentType.orElse(null));
          statement.setLong(8, row.lengthBytes);
          statement.setLong(9, row.used.toEpochMilli());
        });
  }

  static RowChange deletion(Key key) {
    return RowChange.of(
        TABLE,
        "DELETE FROM media_thumbnail WHERE sha256 = ? AND width = ? AND height = ?"
            + " AND cropped = ? AND animated = ?",
        (statement, _) -> set(statement, key));
  }

  static RowChange used(Key key, Instant when) {
    return RowChange.of(
        TABLE,
        "UPDATE media_thumbnail SET used_millis = ? WHERE sha256 = ? AND width = ?"
            + " AND height = ? AND cropped = ? AND animated = ?",
        (statement, _) -> {
          statement.setLong(1, when.toEpochMilli());
          set(statement, key, 2);
        });
  }

  private static void set(PreparedStatement statement, Key key) throws SQLException {
    set(statement, key, 1);
  }

  private static void set(PreparedStatement statement, Key key, int first) throws SQLException {
    statement.setString(first, key.sha256);
    statement.setInt(first + 1, key.size.width());
    statement.setInt(first + 2, key.size.height());
    statement.setInt(first + 3, key.size.method() == Method.CROP ? 1 : 0);
    statement.setInt(first + 4, key.size.animated() ? 1 : 0);
  }

  private static void setText(PreparedStatement statement, int index, @Nullable String text)
      throws SQLException {
    if (text == null) {
      statement.setNull(index, Types.VARCHAR);
    } else {
      statement.setString(index, text);
    }
  }
}
