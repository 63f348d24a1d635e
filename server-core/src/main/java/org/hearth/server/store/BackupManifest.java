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

  /// Follows a backup that is being made.
  @FunctionalInterface
  public interface Progress {
    /// What is being done.
    enum Step {
      /// The database is copied.
      COPYING,
      /// The copy is read and its checksums are written.
      CHECKING
    }

    /// Called every now and then, from any thread; quick.
    ///
    /// @param step what is being done
    /// @param doneBytes how much of it is done, about
    /// @param totalBytes how much there is, about
    void at(Step step, long doneBytes, long totalBytes);
  }

  public BackupManifest {
    files = List.copyOf(files);
  }

  /// The size of the backup.
  public long lengthBytes() {
    return files.stream().mapToLong(BackupFile::lengthBytes).sum();
  }
}
