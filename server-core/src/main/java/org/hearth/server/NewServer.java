package org.hearth.server;

import java.io.IOException;
import java.nio.file.DirectoryNotEmptyException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.hearth.server.configuration.DataFolder;
import org.hearth.server.configuration.FirstSetup;
import org.hearth.server.store.Store;

/// What a first run makes on the disk, so that it can be taken back as long as nobody lives there.
///
/// @param folder the data folder
/// @param before what was in it already, by name; it stays
/// @param madeFolders the data folder and those above it that did not exist, the innermost first
public record NewServer(DataFolder folder, Set<String> before, List<Path> madeFolders) {
  public NewServer {
    before = Set.copyOf(before);
    madeFolders = List.copyOf(madeFolders);
  }

  /// Writes the first `hearth.yaml`. Nothing is overwritten, and nothing stays if it fails.
  ///
  /// @param folder the data folder; made if it does not exist
  /// @param serverName the permanent name
  /// @return what to take back if the server is not wanted
  /// @throws IOException if it cannot be written, or is there already
  public static NewServer write(DataFolder folder, String serverName) throws IOException {
    NewServer made = new NewServer(folder, names(folder.root()), missing(folder.root()));
    try {
      FirstSetup.write(folder, serverName);
      return made;
    } catch (IOException | RuntimeException e) {
      try {
        made.takeBack();
      } catch (IOException left) {
        e.addSuppressed(left);
      }
      throw e;
    }
  }

  /// Removes what was made since: the configuration, and the files of a server that was started
  /// with it and has stopped. What was there before stays, and so does what is not Hearth's.
  ///
  /// @throws IOException if something of it cannot be removed
  public void takeBack() throws IOException {
    LogRouting.toNoFile();
    for (String name : names(folder.root())) {
      if (FirstSetup.isOwn(name) && !before.contains(name)) {
        Store.remove(folder.root().resolve(name));
      }
    }
    for (Path made : madeFolders) {
      try {
        Files.deleteIfExists(made);
      } catch (DirectoryNotEmptyException _) {
        // Somebody has put something there meanwhile.
        return;
      }
    }
  }

  private static Set<String> names(Path folder) throws IOException {
    if (!Files.isDirectory(folder)) {
      return Set.of();
    }
    try (Stream<Path> entries = Files.list(folder)) {
      return entries
          .map(entry -> String.valueOf(entry.getFileName()))
          .collect(Collectors.toUnmodifiableSet());
    }
  }

  private static List<Path> missing(Path folder) {
    List<Path> missing = new ArrayList<>();
    for (Path each = folder; each != null && !Files.exists(each); each = each.getParent()) {
      missing.add(each);
    }
    return missing;
  }
}
