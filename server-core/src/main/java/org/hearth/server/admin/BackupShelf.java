package org.hearth.server.admin;

import java.io.IOException;
import java.nio.file.Path;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.UUID;
import org.hearth.server.admin.SavedBackup.Content;
import org.hearth.server.admin.SavedBackup.Kind;
import org.hearth.server.configuration.Configuration;
import org.hearth.server.configuration.DataFolder;
import org.hearth.server.store.BackupFolder;
import org.hearth.server.store.BackupManifest;
import org.hearth.server.store.StorageException;
import org.hearth.server.store.Store;

/// The backups that there are, whether the server runs or not.
///
/// **thread**: any.
public final class BackupShelf {
  private static final String KINDS = "(backup|daily|before-schema-[0-9]+)";

  private BackupShelf() {}

  /// Where backups go.
  ///
  /// @param settings what `hearth.yaml` says
  public static Path folder(DataFolder data, Configuration.Backups settings) {
    return settings.folder().orElse(data.backups());
  }

  /// The backups in the folder where they go, and in that of the data folder: an update leaves its
  /// own there, and so did the server before it was told of another folder.
  ///
  /// @param settings what `hearth.yaml` says
  /// @return newest first
  /// @throws IOException if a folder cannot be read
  public static List<SavedBackup> list(DataFolder data, Configuration.Backups settings)
      throws IOException {
    Optional<UUID> own = own(data);
    Set<Path> folders = new LinkedHashSet<>();
    folders.add(folder(data, settings).toAbsolutePath().normalize());
    folders.add(data.backups().toAbsolutePath().normalize());
    List<SavedBackup> all = new ArrayList<>();
    for (Path folder : folders) {
      for (Path each : new BackupFolder(folder, KINDS, own.orElse(new UUID(0, 0))).all()) {
        Optional<Instant> begun = BackupFolder.begun(each);
        if (begun.isPresent()) {
          all.add(read(each, begun.get(), own));
        }
      }
    }
    all.sort(Comparator.comparing(SavedBackup::begun).reversed());
    return List.copyOf(all);
  }

  /// Whoever has lost his database restores what he has.
  private static Optional<UUID> own(DataFolder data) {
    try {
      return Store.idIn(data.root());
    } catch (IOException _) {
      return Optional.empty();
    }
  }

  private static SavedBackup read(Path backup, Instant begun, Optional<UUID> own) {
    Kind kind = kind(String.valueOf(backup.getFileName()));
    if (BackupFolder.isPartial(backup)) {
      return new SavedBackup(backup, begun, kind, Content.PARTIAL, 0);
    }
    try {
      BackupManifest manifest = Store.manifest(backup);
      Content content =
          own.filter(id -> !id.equals(manifest.id())).isPresent()
              ? Content.OF_ANOTHER
              : Content.WHOLE;
      return new SavedBackup(backup, begun, kind, content, manifest.lengthBytes());
    } catch (StorageException _) {
      return new SavedBackup(backup, begun, kind, Content.DAMAGED, 0);
    }
  }

  private static Kind kind(String name) {
    if (name.startsWith("daily-")) {
      return Kind.DAILY;
    }
    return name.startsWith("backup-") ? Kind.BY_HAND : Kind.BEFORE_UPDATE;
  }
}
