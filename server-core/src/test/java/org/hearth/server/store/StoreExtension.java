package org.hearth.server.store;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Objects;
import java.util.function.UnaryOperator;
import java.util.stream.Stream;
import org.hearth.server.store.derby.Durably;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.extension.AfterEachCallback;
import org.junit.jupiter.api.extension.BeforeEachCallback;
import org.junit.jupiter.api.extension.ExtensionContext;

/// Gives each test a store of its own, on a real database in a folder of its own.
///
///     @RegisterExtension final StoreExtension stores = new StoreExtension();
///
/// The tables are made once for all tests of a JVM and copied for each, because migrations take longer than most tests.
public final class StoreExtension implements BeforeEachCallback, AfterEachCallback {
  private static final class Template {
    private static final Path FOLDER = make();

    private static Path make() {
      Path folder = temporaryFolder();
      Store.open(StoreOptions.of(folder).withMinimumFreeBytes(0)).close();
      Runtime.getRuntime().addShutdownHook(new Thread(() -> remove(folder)));
      return folder;
    }
  }

  private final UnaryOperator<StoreOptions> options;
  private @Nullable Path folder;
  private @Nullable Store store;

  public StoreExtension() {
    this(UnaryOperator.identity());
  }

  /// @param options changes the options of each test's store
  public StoreExtension(UnaryOperator<StoreOptions> options) {
    this.options = options;
  }

  @Override
  public void beforeEach(ExtensionContext context) throws IOException {
    Path fresh = temporaryFolder();
    folder = fresh;
    layTables(fresh);
    store = Store.open(options());
  }

  /// Puts a new database into a data folder, with all its tables and nothing in them, where there
  /// is none.
  ///
  /// @param folder exists
  public static void layTables(Path folder) throws IOException {
    Path database = folder.resolve("database");
    if (Files.notExists(database)) {
      copy(Template.FOLDER.resolve("database"), database);
    }
  }

  @Override
  public void afterEach(ExtensionContext context) {
    try {
      if (store != null) {
        store.close();
      }
    } finally {
      remove(folder());
    }
  }

  /// The open store.
  public Store store() {
    return Objects.requireNonNull(store, "a store is open during a test only");
  }

  /// The data folder.
  public Path folder() {
    return Objects.requireNonNull(folder, "there is a folder during a test only");
  }

  /// The options that the store is opened with.
  public StoreOptions options() {
    return options.apply(
        StoreOptions.of(folder())
            .withMinimumFreeBytes(0)
            .withCacheBytes(8 << 20)
            .withReaders(4, Duration.ofSeconds(60)));
  }

  /// Closes the store and opens it again, as a restart does.
  public Store reopen() {
    store().close();
    Store reopened = Store.open(options());
    store = reopened;
    return reopened;
  }

  static Path temporaryFolder() {
    try {
      return Files.createTempDirectory("hearth-store");
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  static void remove(Path folder) {
    try {
      Durably.remove(folder);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  static void copy(Path from, Path to) throws IOException {
    try (Stream<Path> walk = Files.walk(from)) {
      for (Path each : walk.toList()) {
        Files.copy(each, to.resolve(from.relativize(each).toString()));
      }
    }
  }
}
