package org.hearth.server.store;

import java.nio.file.Path;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.Optional;
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
/// @param origin where what it holds beside the database was
public record BackupManifest(
    UUID id,
    long epoch,
    int schemaVersion,
    LogPosition head,
    long commits,
    Instant takenAt,
    List<BackupFile> files,
    Origin origin) {

  /// One file.
  ///
  /// @param path relative to the backup's folder, with slashes
  /// @param sha256 in hexadecimal
  public record BackupFile(String path, long lengthBytes, String sha256) {}

  /// Where a server had what belongs to its database, for whoever restores it.
  ///
  /// @param configuration the configuration's file, if it was not in the data folder
  /// @param elsewhere files that the configuration names and the backup does not hold
  public record Origin(Optional<String> configuration, List<String> elsewhere) {
    /// There is nothing to say.
    public static final Origin NONE = new Origin(Optional.empty(), List.of());

    public Origin {
      elsewhere = List.copyOf(elsewhere);
    }
  }

  /// What a backup is to hold beside the database.
  ///
  /// @param held files, by their path in the backup
  /// @param origin told in the manifest
  public record Others(Map<String, Path> held, Origin origin) {
    /// Nothing.
    public static final Others NONE = new Others(Map.of(), Origin.NONE);

    public Others {
      held = Map.copyOf(held);
    }
  }

  /// Follows a backup that is being made.
  @FunctionalInterface
  public interface Progress {
    /// What is being done.
    enum Step {
      /// The database is copied.
      COPYING,
      /// The copy is read and its checksums are written.
      CHECKING,
      /// The tables of a database that is restored are compared with their indexes: so many of so
      /// many.
      TABLES
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
