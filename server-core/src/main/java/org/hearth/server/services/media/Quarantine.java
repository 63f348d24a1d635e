package org.hearth.server.services.media;

import java.util.List;
import java.util.Optional;
import org.hearth.server.matrix.id.MxcUri;
import org.hearth.server.store.ReadPool;
import org.hearth.server.store.RowChange;
import org.hearth.server.store.Table;

/// What the owner keeps from everybody, by its bytes and by its address. It outlasts the media:
/// what was removed and comes again is in quarantine as before.
///
/// **thread**: any; changes are made by [MediaStore] in turns.
final class Quarantine {
  static final Table TABLE =
      new Table(
          "media_quarantine",
          "one row a piece of media that the owner keeps from everybody",
          "deleted when the owner lets it go again");

  private final ReadPool reads;

  Quarantine(ReadPool reads) {
    this.reads = reads;
  }

  /// Whether these bytes are in it.
  boolean has(String sha256) {
    return reads
        .first(
            "SELECT 1 FROM media_quarantine WHERE sha256 = ? FETCH FIRST 1 ROWS ONLY",
            statement -> statement.setString(1, sha256),
            row -> row.getInt(1))
        .isPresent();
  }

  /// Whether what is, or was, at that address of another server is in it.
  boolean has(MxcUri uri) {
    return sha256(uri, uri.server().value()).isPresent();
  }

  /// The bytes because of which that address is in it.
  ///
  /// @param isHere whether this server has made the address
  Optional<String> sha256(MxcUri uri, boolean isHere) {
    return sha256(uri, isHere ? "" : uri.server().value());
  }

  private Optional<String> sha256(MxcUri uri, String origin) {
    return reads.first(
        "SELECT sha256 FROM media_quarantine WHERE origin = ? AND media_id = ?"
            + " FETCH FIRST 1 ROWS ONLY",
        statement -> {
          statement.setString(1, origin);
          statement.setString(2, uri.mediaId());
        },
        row -> row.getString(1));
  }

  /// Takes in all that has these bytes now and is not protected.
  static List<RowChange> adding(String sha256) {
    return List.of(
        RowChange.of(
            TABLE,
            "INSERT INTO media_quarantine (sha256, origin, media_id)"
                + " SELECT sha256, '', media_id FROM media m WHERE sha256 = ? AND protected = 0"
                + " AND NOT EXISTS (SELECT 1 FROM media_quarantine q WHERE q.sha256 = m.sha256"
                + " AND q.origin = '' AND q.media_id = m.media_id)",
            (statement, _) -> statement.setString(1, sha256)),
        RowChange.of(
            TABLE,
            "INSERT INTO media_quarantine (sha256, origin, media_id)"
                + " SELECT sha256, origin, media_id FROM media_remote m WHERE sha256 = ?"
                + " AND NOT EXISTS (SELECT 1 FROM media_quarantine q WHERE q.sha256 = m.sha256"
                + " AND q.origin = m.origin AND q.media_id = m.media_id)",
            (statement, _) -> statement.setString(1, sha256)));
  }

  /// Lets all go that has these bytes, or had.
  static RowChange removal(String sha256) {
    return RowChange.of(
        TABLE,
        "DELETE FROM media_quarantine WHERE sha256 = ?",
        (statement, _) -> statement.setString(1, sha256));
  }
}
