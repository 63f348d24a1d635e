package org.hearth.server.store;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Comparator;
import java.util.List;
import java.util.function.Consumer;
import java.util.stream.Stream;
import org.hearth.ringlogs.LogPosition;
import org.hearth.server.store.derby.CommitHead;
import org.hearth.server.store.derby.Durably;
import org.hearth.server.store.derby.HighWaterMark;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.api.io.TempDir;

@Tag("long")
class StoreOpeningTest {
  @RegisterExtension final StoreExtension stores = new StoreExtension();
  @TempDir Path other;

  @Test
  void emptyFolderBecomesAStore() {
    try (Store store = Store.open(options(other))) {
      assertThat(store.head()).isEqualTo(LogPosition.ORIGIN);
      assertThat(store.state()).isEqualTo(new StoreState.Open());
      assertThat(store.identity().schemaVersion()).isEqualTo(Schema.newestKnown());
      assertThat(store.identity().epoch()).isZero();
      assertThat(store.figures().databaseBytes()).isPositive();
    }
  }

  @Test
  void anErrorWhileItOpensLeavesTheFolderFree() {
    NoClassDefFoundError failure = new NoClassDefFoundError("as if no descriptor were left");

    assertThatThrownBy(() ->
            Store.open(
                options(other),
                () -> {
                  throw failure;
                }))
        .isSameAs(failure);

    Store.open(options(other)).close();
  }

  @Test
  void anErrorWhileItIsMadeLeavesNothingOpen() {
    NoClassDefFoundError failure = new NoClassDefFoundError("as if no descriptor were left");
    StoreOptions failing =
        options(other)
            .withClock(() -> {
              throw failure;
            });

    assertThatThrownBy(() -> Store.open(failing)).isSameAs(failure);

    try (Store store = Store.open(options(other))) {
      assertThat(store.head()).isEqualTo(LogPosition.ORIGIN);
    }
  }

  @Test
  void identityOutlivesARestart() {
    StoreIdentity before = stores.store().identity();

    assertThat(stores.reopen().identity()).isEqualTo(before);
  }

  @Test
  void secondStoreOnAFolderIsRefusedAndNamesTheHolder() {
    assertRefused(
        stores.options(),
        refusal -> {
          assertThat(refusal).isInstanceOf(Refusal.Held.class);
          assertThat(refusal.problem())
              .contains(stores.folder().toString())
              .contains("process " + ProcessHandle.current().pid());
        });
  }

  @Test
  void secondProcessOnAFolderIsRefused() throws Exception {
    Process child = ChildProcess.start(OpenOnce.class, stores.folder().toString());
    String said = new String(child.getInputStream().readAllBytes(), StandardCharsets.UTF_8);

    assertThat(child.waitFor()).as(said).isEqualTo(3);
    assertThat(said).contains("Held").contains("" + ProcessHandle.current().pid());
  }

  /// Opens the store once, in a process of its own.
  static final class OpenOnce {
    public static void main(String[] args) {
      try {
        Store.open(StoreOptions.of(Path.of(args[0])).withMinimumFreeBytes(0)).close();
      } catch (StoreRefusedException e) {
        System.out.println(e.refusal());
        System.exit(3);
      }
    }
  }

  @Test
  void newerSchemaIsRefusedUntouched() {
    Rows.execute(stores.store(), "UPDATE store_identity SET schema_version = 9999");
    stores.store().close();

    assertRefused(
        stores.options(),
        refusal ->
            assertThat(refusal)
                .isEqualTo(new Refusal.NewerSchema(stores.folder(), 9999, Schema.newestKnown())));
  }

  @Test
  void databaseOfAnotherProductIsRefused() {
    Rows.execute(stores.store(), "UPDATE store_identity SET product = 'kiln'");
    stores.store().close();

    assertRefused(
        stores.options(), refusal -> assertThat(refusal).isInstanceOf(Refusal.OtherProduct.class));
  }

  @Test
  void olderSchemaIsMigratedAfterABackup() throws IOException {
    int newest = Schema.newestKnown();
    Rows.execute(stores.store(), "UPDATE store_identity SET schema_version = " + (newest - 1));

    Store reopened = stores.reopen();

    assertThat(reopened.identity().schemaVersion()).isEqualTo(newest);
    try (Stream<Path> backups = Files.list(stores.folder().resolve("backups"))) {
      List<Path> made = backups.toList();
      assertThat(made).singleElement().asString().contains("before-schema-" + newest);
      assertThat(Store.verify(made.getFirst()).schemaVersion()).isEqualTo(newest - 1);
    }
  }

  @Test
  void ofTheBackupsBeforeAMigrationTheNewestStay() throws IOException {
    Path folder = stores.folder().resolve("backups");
    for (String old :
        List.of(
            "before-schema-8-20250101-000000",
            "before-schema-9-20250201-000000",
            "before-schema-10-20250301-000000",
            "daily-20240101-000000")) {
      Files.createDirectories(folder.resolve(old));
    }
    Rows.execute(
        stores.store(), "UPDATE store_identity SET schema_version = " + (Schema.newestKnown() - 1));

    stores.reopen();

    try (Stream<Path> backups = Files.list(folder)) {
      assertThat(backups.map(each -> String.valueOf(each.getFileName())).sorted())
          .hasSize(4)
          .contains(
              "before-schema-10-20250301-000000",
              "before-schema-9-20250201-000000",
              "daily-20240101-000000");
    }
  }

  @Test
  void databaseThatWasNotFinishedIsMadeAnew() throws IOException {
    stores.store().close();
    Files.createFile(database(stores.folder()).resolve("making"));
    Files.delete(database(stores.folder()).resolve(HighWaterMark.FILE));
    Files.delete(database(stores.folder()).resolve("derby/service.properties"));

    assertThat(stores.reopen().head()).isEqualTo(LogPosition.ORIGIN);
    assertThat(database(stores.folder()).resolve("making")).doesNotExist();
  }

  @Test
  void damagedWriteAheadLogIsNotServed() throws IOException {
    crashedCopyWithRows(50);
    Path log = newestLog();
    byte[] bytes = Files.readAllBytes(log);
    bytes[lastWritten(bytes) - 3_000] ^= 0x40; // well after the last checkpoint
    Files.write(log, bytes);

    assertRefused(
        options(other),
        refusal -> {
          assertThat(refusal)
              .isInstanceOfSatisfying(
                  Refusal.BehindMark.class,
                  behind -> {
                    assertThat(behind.acknowledged().value()).isEqualTo(50);
                    assertThat(behind.found().value()).isLessThan(50);
                    assertThat(behind.lostCommits()).isPositive();
                  });
          assertThat(refusal.remedy()).contains("restore");
        });
  }

  @Test
  void missingWriteAheadLogIsNotServed() throws IOException {
    crashedCopyWithRows(20);
    Files.delete(newestLog());

    assertRefused(
        options(other),
        refusal ->
            assertThat(refusal)
                .isInstanceOfSatisfying(
                    Refusal.BehindMark.class,
                    behind -> {
                      assertThat(behind.acknowledged().value()).isEqualTo(20);
                      assertThat(behind.lostCommits()).isGreaterThanOrEqualTo(20);
                    }));
  }

  @Test
  void missingDatabaseIsNotServedAsANewOne() throws IOException {
    crashedCopyWithRows(3);
    Durably.remove(database(other).resolve("derby"));

    assertRefused(
        options(other), refusal -> assertThat(refusal).isInstanceOf(Refusal.BehindMark.class));
  }

  @Test
  void lossThatIsAcceptedBeginsANewEpochAndGivesNoPositionTwice() throws IOException {
    crashedCopyWithRows(20);
    Files.delete(newestLog());

    long epoch;
    try (Store store = Store.open(options(other).acceptingLoss())) {
      epoch = store.identity().epoch();
      assertThat(epoch).isPositive();
      assertThat(store.head().value()).isEqualTo(20);
    }
    try (Store store = Store.open(options(other))) {
      assertThat(store.identity().epoch()).isEqualTo(epoch);
    }
  }

  @Test
  void missingMarkIsNotServed() throws IOException {
    crashedCopyWithRows(1);
    Files.delete(database(other).resolve(HighWaterMark.FILE));

    assertRefused(
        options(other), refusal -> assertThat(refusal).isInstanceOf(Refusal.OtherHistory.class));
  }

  @Test
  void databaseOfAnotherHistoryIsNotServed() throws IOException {
    crashedCopyWithRows(2);
    Path mark = database(other).resolve(HighWaterMark.FILE);
    HighWaterMark.Contents contents = HighWaterMark.read(database(other)).orElseThrow();
    CommitHead head = contents.head();
    HighWaterMark.begin(
            database(other),
            contents.store(),
            new CommitHead(head.commits(), head.position(), head.hash() + 1))
        .close();

    assertThat(mark).exists();
    assertRefused(
        options(other), refusal -> assertThat(refusal).isInstanceOf(Refusal.OtherHistory.class));
  }

  @Test
  void crashedDatabaseThatIsWholeIsServed() throws IOException {
    crashedCopyWithRows(50);

    try (Store store = Store.open(options(other))) {
      assertThat(Rows.all(store)).hasSize(50);
    }
  }

  @Test
  void damagedPageIsRefusedWithASentence() throws IOException {
    stores.store().close();
    try (Stream<Path> files = Files.list(database(stores.folder()).resolve("derby/seg0"))) {
      for (Path file : files.toList()) {
        byte[] bytes = Files.readAllBytes(file);
        bytes[bytes.length / 2] ^= 0x40;
        Files.write(file, bytes);
      }
    }

    assertRefused(
        stores.options(), refusal -> assertThat(refusal).isInstanceOf(Refusal.Unreadable.class));
  }

  @Test
  void databaseThatHasLostTheRowOfItsIdentityIsCalledDamaged() {
    stores
        .store()
        .committer()
        .commit(
            "test",
            List.of(
                RowChange.of(
                    new Table("store_identity", "a test's", "the test"),
                    "DELETE FROM store_identity",
                    (_, _) -> {})),
            List.of());
    stores.store().close();

    assertRefused(
        stores.options(),
        refusal -> {
          assertThat(refusal).isInstanceOf(Refusal.Unreadable.class);
          assertThat(refusal.problem()).contains("which database it is");
        });
  }

  @Test
  void settingThatTakesDurabilityAwayIsRefused() {
    System.setProperty("derby.system.durability", "test");
    try {
      assertRefused(
          options(other),
          refusal -> assertThat(refusal).isInstanceOf(Refusal.UnsafeSettings.class));
    } finally {
      System.clearProperty("derby.system.durability");
    }
  }

  @Test
  void nothingIsWrittenToTheWorkingDirectory() {
    assertThat(Path.of("derby.log")).doesNotExist();
  }

  private static void assertRefused(StoreOptions options, Consumer<Refusal> check) {
    assertThatThrownBy(() -> Store.open(options).close())
        .isInstanceOfSatisfying(
            StoreRefusedException.class,
            e -> {
              check.accept(e.refusal());
              assertThat(e).hasMessageContaining(e.refusal().problem());
            });
  }

  /// Copies the files of a store in use, as a power cut leaves them.
  private void crashedCopyWithRows(int count) throws IOException {
    Rows.create(stores.store());
    for (int i = 0; i < count; i++) {
      stores
          .store()
          .committer()
          .commit("test", List.of(Rows.insert("n" + i, 0)), TestLogs.announcements(1));
    }
    StoreExtension.copy(database(stores.folder()), database(other));
  }

  private Path newestLog() throws IOException {
    try (Stream<Path> logs = Files.list(database(other).resolve("derby/log"))) {
      return logs.filter(file -> file.getFileName().toString().matches("log[0-9]+\\.dat"))
          .max(Comparator.comparing(Path::toString))
          .orElseThrow();
    }
  }

  private static int lastWritten(byte[] bytes) {
    int end = bytes.length;
    while (end > 0 && bytes[end - 1] == 0) {
      end--;
    }
    return end;
  }

  private static Path database(Path folder) {
    return folder.resolve("database");
  }

  private static StoreOptions options(Path folder) {
    return StoreOptions.of(folder).withMinimumFreeBytes(0);
  }
}
