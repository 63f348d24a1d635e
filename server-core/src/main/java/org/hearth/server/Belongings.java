package org.hearth.server;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.hearth.server.certificates.HomeAuthority;
import org.hearth.server.configuration.Configuration;
import org.hearth.server.configuration.DataFolder;
import org.hearth.server.store.BackupManifest.Origin;
import org.hearth.server.store.BackupManifest.Others;
import org.jspecify.annotations.Nullable;

/// What a backup holds beside the database.
///
/// A server's own files are its key, its configuration wherever that lies, and what the
/// configuration names in its own folder or in the data folder. A file that it names elsewhere is
/// somebody else's, such as the certificate that a tool renews for every program of the computer:
/// its key is not copied to where backups go, and nobody would want it back as it was months ago.
/// The backup names it.
///
/// **thread**: any.
final class Belongings {
  /// Before the place, in the folder of the configuration, of a file that the configuration names.
  static final String NAMED = "named/";

  private Belongings() {} // no instance

  /// What there is of them now.
  static Others of(DataFolder folder, Configuration configuration) {
    Path root = folder.root().toAbsolutePath().normalize();
    Path usual = root.resolve("hearth.yaml");
    Path used = configuration.file().orElse(usual);
    Map<String, Path> held = new LinkedHashMap<>(folder.belongings());
    if (Files.isRegularFile(used)) {
      held.put("hearth.yaml", used);
    }
    List<String> elsewhere = new ArrayList<>();
    List<Path> named = new ArrayList<>(configuration.namedFiles());
    if (configuration.hasHomeAuthority()) {
      named.add(HomeAuthority.file(root.resolve(DataFolder.CERTIFICATES)));
    }
    for (Path file : named) {
      Optional<String> place = place(file, used.getParent()).or(() -> place(file, root));
      if (place.isEmpty()
          || !Files.isReadable(file)
          || held.putIfAbsent(NAMED + place.get(), file) != null) {
        elsewhere.add(file.toString());
      }
    }
    return new Others(
        held,
        new Origin(
            used.equals(usual) ? Optional.empty() : Optional.of(used.toString()), elsewhere));
  }

  /// Where a file is in a folder, with slashes.
  private static Optional<String> place(Path file, @Nullable Path folder) {
    return folder != null && file.startsWith(folder)
        ? Optional.of(folder.relativize(file).toString().replace('\\', '/'))
        : Optional.empty();
  }
}
