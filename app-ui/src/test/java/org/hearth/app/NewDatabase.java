package org.hearth.app;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.SecureRandom;
import java.time.InstantSource;
import java.util.Comparator;
import java.util.List;
import java.util.stream.Stream;
import org.hearth.server.configuration.DataFolder;
import org.hearth.server.configuration.ServerKeys;
import org.hearth.server.store.Store;
import org.hearth.server.store.StoreOptions;

/// A database with all its tables and nothing in them, made once for all tests of a JVM and copied
/// for each: making one takes longer than most tests.
final class NewDatabase {
  private static final Path MADE = make();

  private NewDatabase() {}

  private static Path make() {
    try {
      Path folder = Files.createTempDirectory("hearth-database");
      Store.open(StoreOptions.of(folder).withMinimumFreeBytes(0)).close();
      Runtime.getRuntime().addShutdownHook(new Thread(() -> remove(folder)));
      return folder.resolve("database");
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /// Leaves a folder without a database as a first start does that ended when it had made one.
  static void lay(DataFolder folder) throws IOException {
    var _ = ServerKeys.open(folder, new SecureRandom(), InstantSource.system());
    for (Path each : paths(MADE)) {
      Files.copy(each, folder.database().resolve(MADE.relativize(each).toString()));
    }
  }

  /// A folder and what is below it, from the top down.
  private static List<Path> paths(Path folder) throws IOException {
    try (Stream<Path> walk = Files.walk(folder)) {
      return walk.toList();
    }
  }

  private static void remove(Path folder) {
    try {
      for (Path each : paths(folder).stream().sorted(Comparator.reverseOrder()).toList()) {
        Files.delete(each);
      }
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }
}
