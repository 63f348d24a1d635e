package org.hearth.server;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.function.Supplier;
import org.hearth.server.admin.AdminException;
import org.hearth.server.configuration.DataFolder;
import org.hearth.server.store.BackupManifest;
import org.hearth.server.store.BackupManifest.BackupFile;
import org.hearth.server.store.Refusal;
import org.hearth.server.store.StorageException;
import org.hearth.server.store.Store;
import org.hearth.server.store.StoreOptions;
import org.hearth.server.store.StoreRefusedException;

/// The ways out when the data of a server that does not run was damaged: a backup, or what is left.
///
/// **errors**: what is refused is an [AdminException] with a sentence.
public final class SavedData {
  private SavedData() {}

  /// Compares every file of a backup with its checksum.
  ///
  /// @param backup the backup's folder
  /// @return what it holds, in a sentence
  public static String verify(Path backup) {
    BackupManifest manifest = refusing(() -> Store.verify(backup));
    return "The backup of %s is whole: %d files, %,d bytes."
        .formatted(manifest.takenAt(), manifest.files().size(), manifest.lengthBytes());
  }

  /// Puts a backup into a data folder: what belongs to the database, then the database. One that
  /// was interrupted can be made again. What apps have seen since is not known any more, so they
  /// sync anew.
  ///
  /// @param backup the backup's folder
  /// @param folder holds no server
  /// @return the files that a server needs and the backup does not hold
  /// @throws IOException if the folder cannot be written
  public static List<String> restore(Path backup, DataFolder folder) throws IOException {
    folder.create();
    for (var there : folder.belongings().entrySet()) {
      Path held = backup.resolve(there.getKey());
      if (Files.notExists(held) || Files.mismatch(there.getValue(), held) >= 0) {
        throw new AdminException(
            "There is a server's %s in %s already. Restore into an empty folder; nothing is overwritten."
                .formatted(there.getKey(), folder.root()));
      }
    }
    BackupManifest manifest = refusing(() -> Store.verify(backup));
    List<String> held = manifest.files().stream().map(BackupFile::path).toList();
    List<String> missing = new ArrayList<>();
    for (String name : DataFolder.BELONGINGS) {
      if (held.contains(name)) {
        folder.put(name, Files.readAllBytes(backup.resolve(name)));
      } else {
        missing.add(name);
      }
    }
    refusing(() -> Store.restore(backup, StoreOptions.of(folder.root())));
    return missing;
  }

  /// What the database of a stopped server has lost.
  ///
  /// @param folder the data folder
  /// @return in a sentence; empty if it opens
  /// @throws IOException if the folder cannot be read
  public static Optional<String> loss(DataFolder folder) throws IOException {
    requireServer(folder);
    if (!folder.hasDatabase()) {
      return Optional.of("The whole database of " + folder.root() + " is missing.");
    }
    try {
      Store.open(StoreOptions.of(folder.root())).close();
      return Optional.empty();
    } catch (StoreRefusedException e) {
      return switch (e.refusal()) {
        case Refusal.BehindMark behind -> Optional.of(behind.problem());
        case Refusal.OtherHistory other -> Optional.of(other.problem());
        case Refusal.Held _,
            Refusal.NewerSchema _,
            Refusal.OtherProduct _,
            Refusal.OtherStore _,
            Refusal.OtherKey _,
            Refusal.NotAllowed _,
            Refusal.NotEmpty _,
            Refusal.BadBackup _,
            Refusal.UnsafeSettings _,
            Refusal.Unreadable _ ->
            throw new AdminException(String.valueOf(e.getMessage()), e);
      };
    } catch (StorageException e) {
      throw new AdminException(String.valueOf(e.getMessage()), e);
    }
  }

  /// Opens the database as it is, once: from then on it is what the server has.
  ///
  /// @param folder the data folder of a server that does not run
  /// @throws IOException if the folder cannot be read
  public static void acceptLoss(DataFolder folder) throws IOException {
    requireServer(folder);
    refusing(() -> {
      Store.open(StoreOptions.of(folder.root()).acceptingLoss()).close();
      return true;
    });
  }

  /// Without its key there is no server that could go on.
  private static void requireServer(DataFolder folder) throws IOException {
    if (!folder.belongings().containsKey(DataFolder.SIGNING_KEY)) {
      throw new AdminException(
          "There is no %s in %s. Restore a backup into an empty folder."
              .formatted(DataFolder.SIGNING_KEY, folder.root()));
    }
  }

  private static <T> T refusing(Supplier<T> operation) {
    try {
      return operation.get();
    } catch (StorageException e) {
      throw new AdminException(String.valueOf(e.getMessage()), e);
    }
  }
}
