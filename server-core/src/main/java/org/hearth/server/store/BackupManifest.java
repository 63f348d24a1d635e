package org.hearth.server.store;

import java.time.Instant;
import java.util.List;
import java.util.UUID;
import org.hearth.ringlogs.LogPosition;

/// What a backup holds.
///
/// @param id the database it is of
/// @param epoch the database's epoch when it was made
/// @param schemaVersion the schema it has
/// @param head everything up to this position is in it; later commits may be
/// @param commits the number of the commit that gave that position
/// @param takenAt when it was begun
/// @param files every file with its length and checksum
public record BackupManifest(
    UUID id,
    long epoch,
    int schemaVersion,
    LogPosition head,
    long commits,
    Instant takenAt,
    List<BackupFile> files) {

  /// One file.
  ///
  /// @param path relative to the backup's folder, with slashes
  /// @param sha256 in hexadecimal
  public record BackupFile(String path, long lengthBytes, String sha256) {}

  public BackupManifest {
    files = List.copyOf(files);
  }

  /// The size of the backup.
  public long lengthBytes() {
    return files.stream().mapToLong(BackupFile::lengthBytes).sum();
  }
}
