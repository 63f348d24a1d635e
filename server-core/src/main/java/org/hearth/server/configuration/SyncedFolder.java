package org.hearth.server.configuration;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Locale;
import java.util.Optional;

/// Recognises a folder that a program of this computer copies to other computers, by the names that
/// these programs give to their folders and by the files that they put there.
final class SyncedFolder {
  /// What tells of a service.
  ///
  /// @param service what people call it
  /// @param names how a folder's name begins, in lower case, without spaces and hyphens
  /// @param files what lies in a folder of it
  private record Sign(String service, List<String> names, List<String> files) {}

  private static final List<Sign> SIGNS =
      List.of(
          new Sign("Dropbox", List.of("dropbox"), List.of(".dropbox.cache")),
          new Sign("OneDrive", List.of("onedrive"), List.of()),
          new Sign(
              "iCloud",
              List.of("iclouddrive", "com~apple~clouddocs", "mobiledocuments"),
              List.of()),
          new Sign("Google Drive", List.of("googledrive", "mydrive"), List.of()),
          new Sign("Nextcloud", List.of("nextcloud"), List.of(".nextcloudsync.log")),
          new Sign("ownCloud", List.of("owncloud"), List.of(".owncloudsync.log")),
          new Sign("Syncthing", List.of(), List.of(".stfolder")),
          // Where macOS keeps the folders of every such program.
          new Sign("a cloud’s folder", List.of("cloudstorage"), List.of()));

  private SyncedFolder() {}

  /// The service that copies a folder, or the folder that it would be made in. Links are followed.
  ///
  /// @param folder an absolute path
  /// @return what people call the service; empty if there is no sign of one
  static Optional<String> serviceOf(Path folder) {
    return SIGNS.stream()
        .filter(sign -> has(sign, folder) || has(sign, real(folder)))
        .map(Sign::service)
        .findFirst();
  }

  private static boolean has(Sign sign, Path folder) {
    for (Path each = folder; each != null; each = each.getParent()) {
      String name =
          String.valueOf(each.getFileName()).toLowerCase(Locale.ROOT).replaceAll("[ -]", "");
      if (sign.names().stream().anyMatch(name::startsWith)
          || sign.files().stream().map(each::resolve).anyMatch(Files::exists)) {
        return true;
      }
    }
    return false;
  }

  private static Path real(Path folder) {
    for (Path each = folder; each != null; each = each.getParent()) {
      if (Files.exists(each)) {
        try {
          return each.toRealPath().resolve(each.relativize(folder));
        } catch (IOException _) {
          // Where the system does not tell, the path is as good as it gets.
          return folder;
        }
      }
    }
    return folder;
  }
}
