package org.hearth.server.store;

import static java.nio.charset.StandardCharsets.ISO_8859_1;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowable;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import java.io.EOFException;
import java.io.FileNotFoundException;
import java.io.IOException;
import java.nio.file.AccessDeniedException;
import java.nio.file.FileSystemException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.sql.SQLException;
import java.util.List;
import java.util.OptionalLong;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import org.assertj.core.api.ThrowableAssert.ThrowingCallable;
import org.hearth.server.ServerState;
import org.hearth.server.WholeServer;
import org.hearth.server.admin.Admin;
import org.hearth.server.configuration.OrdinaryRights;
import org.hearth.server.store.StorageException.Reason;
import org.hearth.server.store.derby.DerbyFault;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.api.io.TempDir;

/// A file of the database that is whole and cannot be opened: this user may not, or there are no
/// descriptors left.
@Tag("long")
class UnopenedFileTest {
  private static final String TEXT = "zqxv".repeat(100);
  private static final String USER = System.getProperty("user.name");

  @RegisterExtension final StoreExtension stores = new StoreExtension();

  @BeforeEach
  void storeARow() {
    Rows.create(stores.store());
    stores
        .store()
        .committer()
        .commit("test", List.of(Rows.insert("a", 0, TEXT.getBytes(ISO_8859_1))), List.of());
    stores.reopen();
  }

  private Path tables() {
    return stores.folder().resolve("database/derby/seg0");
  }

  private Path table() throws IOException {
    try (Stream<Path> files = Files.list(tables())) {
      for (Path file : files.toList()) {
        if (Files.readString(file, ISO_8859_1).contains(TEXT)) {
          return file;
        }
      }
    }
    throw new AssertionError("no file has the text");
  }

  @Test
  void whoReadsItLearnsWhichFileItIsAndOfNoDamage() throws Exception {
    Path table = table();

    RuntimeException refused =
        OrdinaryRights.without(
            table,
            () -> {
              StorageException failure =
                  catchThrowableOfType(StorageException.class, () -> Rows.all(stores.store()));
              assertThat(failure.reason()).isEqualTo(Reason.FAILED);
              assertThat(failure).hasMessageContaining(table.toString());
              assertThat(failure.getMessage()).doesNotContain("damage");
              return stores.store().refusal(failure);
            });

    // Derby has shut the database down: nothing can be stored until it is started again.
    assertThat(stores.store().state())
        .isInstanceOfSatisfying(
            StoreState.Failed.class,
            failed -> {
              assertThat(failed.damaged()).isFalse();
              assertThat(failed.detail()).contains(table.toString());
              assertThat(failed.unopened()).contains(table);
            });
    assertThat(stores.store().damage()).isEmpty();
    assertThat(refused)
        .isInstanceOfSatisfying(
            StoreRefusedException.class,
            e -> assertThat(e.refusal()).isEqualTo(new Refusal.NotAllowed(table.toString(), USER)));
    assertThat(Rows.all(stores.reopen())).hasSize(1);
  }

  @Test
  void theServerSaysWhichRightIsMissing(@TempDir Path folder) throws Exception {
    try (WholeServer server = new WholeServer(folder)) {
      CompletableFuture<ServerState.Failed> told = server.failure();
      server.start();
      Path tables = folder.resolve("database/derby/seg0");
      Admin admin = server.homeserver().admin().orElseThrow();

      OrdinaryRights.without(
          tables, () -> catchThrowable(() -> admin.reports(OptionalLong.empty(), 1)));

      ServerState.Failed failed = told.get(1, TimeUnit.MINUTES);
      assertThat(failed.reason())
          .startsWith("The user %s may no longer read and write %s".formatted(USER, tables));
      assertThat(failed.remedy())
          .isEqualTo("Give the data folder to that user again, then restart the server.");
    }
  }

  @Test
  void theServerSaysThatTooManyFilesAreOpen(@TempDir Path folder) throws Exception {
    try (WholeServer server = new WholeServer(folder)) {
      CompletableFuture<ServerState.Failed> told = server.failure();
      server.start();
      Admin admin = server.homeserver().admin().orElseThrow();
      Path tables = folder.resolve("database/derby/seg0");
      Path aside = folder.resolve("aside");
      Files.move(tables, aside);
      Files.createDirectory(tables);
      try (Stream<Path> files = Files.list(aside)) {
        for (Path file : files.toList()) {
          Files.createDirectory(tables.resolve(file.getFileName()));
        }
      }

      assertThat(catchThrowable(() -> admin.reports(OptionalLong.empty(), 1))).isNotNull();

      ServerState.Failed failed = told.get(1, TimeUnit.MINUTES);
      assertThat(failed.reason())
          .startsWith("A file of the database cannot be opened")
          .contains(tables.toString());
      assertThat(failed.remedy()).contains("ulimit -n");
    }
  }

  @Test
  void aBackupSaysTheSame() throws Exception {
    Path table = table();

    StorageException failure =
        OrdinaryRights.without(
            table,
            () ->
                catchThrowableOfType(
                    StorageException.class,
                    () ->
                        stores
                            .store()
                            .backup(
                                stores.folder().resolve("backups/one"),
                                BackupManifest.Others.NONE,
                                (_, _, _) -> {})));

    assertFailed(failure, table);
  }

  @Test
  void theWriterSaysTheSame() throws Exception {
    Path table = table();

    StorageException failure =
        unopened(table, () -> Rows.execute(stores.store(), "UPDATE test_row SET content = X'00'"));

    assertFailed(failure, table);
  }

  private void assertFailed(StorageException failure, Path table) {
    assertThat(failure.reason()).isEqualTo(Reason.FAILED);
    assertThat(failure).hasMessageContaining(table.toString());
    assertThat(failure.getMessage()).doesNotContain("damage", "hearth restore");
    assertThat(stores.store().state())
        .isInstanceOfSatisfying(
            StoreState.Failed.class, failed -> assertThat(failed.damaged()).isFalse());
    assertThat(Rows.all(stores.reopen())).hasSize(1);
  }

  /// Does something while a file cannot be opened that is there and may be read, as when there is
  /// no descriptor left: a folder has its name.
  private StorageException unopened(Path table, ThrowingCallable action) throws IOException {
    Path aside = stores.folder().resolve("aside");
    Files.move(table, aside);
    Files.createDirectory(table);
    StorageException failure = catchThrowableOfType(StorageException.class, action);
    Files.delete(table);
    Files.move(aside, table);
    return failure;
  }

  /// What fails because Derby has shut the database down says nothing of its files.
  @Test
  void aStartThatFailsBecauseOfItIsNotRefusedForDamage() throws Exception {
    Path table = table();
    OrdinaryRights.without(
        table, () -> catchThrowableOfType(StorageException.class, () -> Rows.all(stores.store())));

    RuntimeException failure =
        stores
            .store()
            .refusal(
                new StorageException(
                    Reason.FAILED, "reading failed", new SQLException("Java exception", "XJ001")));

    assertThat(failure).isNotInstanceOf(StoreRefusedException.class);
    assertThat(failure).hasMessageContaining(table.toString());
    stores.reopen();
  }

  @Test
  void aStoreThatCannotOpenAFileIsNotRefusedForDamage() throws Exception {
    stores.store().close();
    Path table = tables().resolve("c20.dat");

    StorageException failure = unopened(table, () -> Store.open(stores.options()));

    assertThat(failure).isNotInstanceOf(StoreRefusedException.class);
    assertThat(failure.reason()).isEqualTo(Reason.FAILED);
    assertThat(failure).hasMessageContaining(table.toString());
    assertThat(Rows.all(stores.reopen())).hasSize(1);
  }

  /// A table that nobody has opened yet: Derby says that it does not know it.
  @Test
  void aFileThatIsNotThereIsDamage() throws Exception {
    Files.delete(table());

    for (ThrowingCallable each :
        List.<ThrowingCallable>of(
            () -> Rows.execute(stores.store(), "UPDATE test_row SET content = X'00'"),
            () -> Rows.all(stores.store()))) {
      assertThat(catchThrowableOfType(StorageException.class, each))
          .hasMessageContaining("the database is damaged");
    }
    assertThat(stores.store().damage()).contains(new Refusal.Damaged(stores.folder()));
  }

  @Test
  void aBackupThatLacksAFileIsNone() throws Exception {
    Path table = table();
    Files.delete(table);
    Path backup = stores.folder().resolve("backups/one");

    StorageException failure =
        catchThrowableOfType(
            StorageException.class,
            () -> stores.store().backup(backup, BackupManifest.Others.NONE, (_, _, _) -> {}));

    assertThat(failure)
        .hasMessageContainingAll("the database is damaged", "the file", "its table test_row");
    assertThat(stores.store().damage()).isPresent();
    assertThat(backup).doesNotExist();
  }

  @Test
  void aStoreThatLacksAFileDoesNotOpen() throws Exception {
    Path table = table();
    stores.store().close();
    Path aside = stores.folder().resolve("aside");
    Files.move(table, aside);

    for (ThrowingCallable each :
        List.<ThrowingCallable>of(
            () -> Store.open(stores.options()), () -> Store.check(stores.options()))) {
      assertThat(catchThrowableOfType(StoreRefusedException.class, each).refusal())
          .isEqualTo(
              new Refusal.Unreadable(
                  stores.folder(),
                  "the file %s of its table test_row is missing".formatted(table.getFileName())));
    }
    Files.move(aside, table);
    assertThat(Rows.all(stores.reopen())).hasSize(1);
  }

  /// No server starts that would meet it when somebody asks for what is in it.
  @Test
  void aStoreThatMayNotReadAFileDoesNotOpen() throws Exception {
    Path table = table();
    stores.store().close();

    StoreRefusedException refused =
        OrdinaryRights.without(
            table,
            () ->
                catchThrowableOfType(
                    StoreRefusedException.class, () -> Store.open(stores.options())));

    assertThat(refused.refusal()).isEqualTo(new Refusal.NotAllowed(table.toString(), USER));
    assertThat(Rows.all(stores.reopen())).hasSize(1);
  }

  /// Derby says the same of it as of a file that is not there.
  @Test
  void aFileThatMayNotBeLookedForIsNoDamage() throws Exception {
    RuntimeException refused =
        OrdinaryRights.without(
            tables(),
            () ->
                stores
                    .store()
                    .refusal(
                        catchThrowableOfType(
                            StorageException.class, () -> Rows.all(stores.store()))));

    assertThat(stores.store().damage()).isEmpty();
    assertThat(refused)
        .isInstanceOfSatisfying(
            StoreRefusedException.class,
            e ->
                assertThat(e.refusal())
                    .isEqualTo(new Refusal.NotAllowed(tables().toString(), USER)));
    assertThat(Rows.all(stores.reopen())).hasSize(1);
  }

  @Test
  void whatIsWrongWithAPageIsDamageAndWhatCannotBeOpenedIsNot() {
    String file = stores.folder().toString();

    assertThat(
            Stream.of(
                new FileNotFoundException(file + " (Too many open files)"),
                new FileNotFoundException(file + " (Too many open files in system)"),
                new FileNotFoundException(file + " (Keine Berechtigung)"),
                new AccessDeniedException(file),
                new FileSystemException(file, null, "Too many open files")))
        .noneMatch(UnopenedFileTest::isDamage);
    assertThat(
            Stream.of(
                new EOFException("Reached end of file while attempting to read a whole page."),
                new IOException("Input/output error"),
                new FileNotFoundException(file + "/c290.dat (No such file or directory)")))
        .allMatch(UnopenedFileTest::isDamage);
  }

  private static boolean isDamage(IOException cause) {
    boolean ofPage = DerbyFault.isDamage(new SQLException("a page", "XSDG0", 45_000, cause));
    assertThat(DerbyFault.isDamage(new SQLException("a container", "XSDG3", 45_000, cause)))
        .isEqualTo(ofPage);
    return ofPage;
  }
}
