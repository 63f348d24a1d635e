package org.hearth.server.services.media;

import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Types;
import java.util.Optional;

/// The columns of a [MediaFile], which both tables of media have.
final class FileColumns {
  static final String NAMES = "sha256, length_bytes, content_type, file_name, quarantined";

  private FileColumns() {}

  /// @param first the number of the first of them in the row
  static MediaFile read(ResultSet row, int first) throws SQLException {
    return new MediaFile(
        row.getString(first),
        row.getLong(first + 1),
        row.getString(first + 2),
        Optional.ofNullable(row.getString(first + 3)),
        row.getInt(first + 4) != 0);
  }

  /// @param first the number of the first of their parameters
  static void bind(PreparedStatement statement, int first, MediaFile file) throws SQLException {
    statement.setString(first, file.sha256());
    statement.setLong(first + 1, file.lengthBytes());
    statement.setString(first + 2, file.contentType());
    if (file.fileName().isPresent()) {
      statement.setString(first + 3, file.fileName().get());
    } else {
      statement.setNull(first + 3, Types.VARCHAR);
    }
    statement.setInt(first + 4, file.quarantined() ? 1 : 0);
  }
}
