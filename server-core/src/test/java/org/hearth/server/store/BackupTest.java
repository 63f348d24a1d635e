package org.hearth.server.store;

import static java.nio.charset.StandardCharsets.ISO_8859_1;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.catchThrowableOfType;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import ch.qos.logback.classic.Logger;
import ch.qos.logback.classic.spi.ILoggingEvent;
import ch.qos.logback.core.read.ListAppender;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Queue;
import java.util.Set;
import java.util.concurrent.CancellationException;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.FutureTask;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.stream.LongStream;
import java.util.stream.Stream;
import org.hearth.server.store.BackupManifest.BackupFile;
import org.hearth.server.store.BackupManifest.Origin;
import org.hearth.server.store.BackupManifest.Others;
import org.hearth.server.store.BackupManifest.Progress.Step;
import org.hearth.server.store.Rows.Row;
import org.hearth.server.store.derby.FolderOwner;
import org.hearth.server.store.derby.ReportedDamage;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.api.io.TempDir;
import org.slf4j.LoggerFactory;

@Tag("long")
class BackupTest {
  @RegisterExtension final StoreExtension stores = new StoreExtension();
  @TempDir Path temporary;

  @Test
  void backupUnderLoadHoldsWhatWasAcknowledgedBeforeIt() throws Exception {
    Rows.create(stores.store());
    Queue<Row> acknowledged = new ConcurrentLinkedQueue<>();
    AtomicBoolean stop = new AtomicBoolean();
    Thread writer = Thread.ofVirtual().start(() -> write(acknowledged, stop));
    Eventually.until("there is some load", () -> acknowledged.size() >= 100);

    List<Row> before = List.copyOf(acknowledged);
    BackupManifest manifest = take(temporary.resolve("backup"));
    stop.set(true);
    writer.join();

    assertThat(manifest.head().value()).isGreaterThanOrEqualTo(before.getLast().position());
    StoreOptions restored = StoreOptions.of(temporary.resolve("new")).withMinimumFreeBytes(0);
    assertThat(restore(temporary.resolve("backup"), restored)).isEqualTo(manifest);
    try (Store store = Store.open(restored)) {
      List<Row> rows = Rows.all(store);
      assertThat(rows).containsAll(before);
      assertThat(rows)
          .extracting(Row::position)
          .containsExactlyElementsOf(LongStream.rangeClosed(1, rows.size()).boxed().toList());
      assertThat(store.head().value()).isEqualTo(rows.size());
      assertThat(store.identity().id()).isEqualTo(stores.store().identity().id());
      assertThat(store.identity().epoch()).isPositive();
    }
  }

  private static BackupManifest restore(Path backup, StoreOptions options) {
    return Store.restore(backup, options, () -> {}, () -> {});
  }

  private BackupManifest take(Path folder) {
    return stores.store().backup(folder, Others.NONE, (_, _, _) -> {});
  }

  /// A change of a table's file before the manifest is written.
  private interface Damage {
    void make(Path file) throws IOException;
  }

  /// Takes a backup of a damaged database, of which the manifest says that it is whole.
  private StoreRefusedException restoreDamaged(Damage damage) throws IOException {
    String text = "zqxv".repeat(100);
    Rows.create(stores.store());
    stores
        .store()
        .committer()
        .commit("test", List.of(Rows.insert("a", 0, text.getBytes(ISO_8859_1))), List.of());
    Path backup = temporary.resolve("backup");
    BackupManifest taken = take(backup);
    Files.delete(backup.resolve("manifest.json"));
    try (Stream<Path> files = Files.list(backup.resolve("derby/seg0"))) {
      for (Path file : files.toList()) {
        if (Files.readString(file, ISO_8859_1).contains(text)) {
          damage.make(file);
        }
      }
    }
    ManifestFile.write(
        backup,
        new BackupManifest(
            taken.id(),
            taken.epoch(),
            taken.schemaVersion(),
            taken.head(),
            taken.commits(),
            taken.takenAt(),
            ManifestFile.list(backup, (_, _, _) -> {}),
            taken.origin()));
    StoreOptions restored = StoreOptions.of(temporary.resolve("new")).withMinimumFreeBytes(0);
    long reported = ReportedDamage.count();
    StoreRefusedException refused =
        catchThrowableOfType(StoreRefusedException.class, () -> restore(backup, restored));
    assertThat(ReportedDamage.since(reported)).as("it is not of the open store").isEmpty();
    assertThat(restored.derbyFolder()).doesNotExist();
    return refused;
  }

  @Test
  void aBackupOfADatabaseThatLacksAFileIsNotRestored() throws Exception {
    assertThat(restoreDamaged(Files::delete).refusal())
        .isInstanceOfSatisfying(
            Refusal.BadBackup.class,
            bad -> assertThat(bad.detail()).contains("of its table test_row is missing"));
  }

  @Test
  void aBackupOfADatabaseWithADamagedPageIsNotRestored() throws Exception {
    Damage ofPage =
        file -> {
          byte[] bytes = Files.readAllBytes(file);
          bytes[new String(bytes, ISO_8859_1).indexOf("zqxv")] ^= 1;
          Files.write(file, bytes);
        };

    assertThat(restoreDamaged(ofPage).refusal())
        .isInstanceOfSatisfying(
            Refusal.BadBackup.class,
            bad -> assertThat(bad.detail()).contains("TEST_ROW", "Invalid checksum"));
  }

  @Test
  void aBackupOfADatabaseWithADamagedPageOfDerbysOwnIsNotRestored() throws Exception {
    Damage ofDependencies =
        file -> {
          Path pages = file.resolveSibling("c150.dat");
          byte[] bytes = Files.readAllBytes(pages);
          bytes[6000] ^= 1;
          Files.write(pages, bytes);
        };

    assertThat(restoreDamaged(ofDependencies).refusal())
        .isInstanceOfSatisfying(
            Refusal.BadBackup.class,
            bad -> assertThat(bad.detail()).contains("SYSDEPENDS", "Invalid checksum"));
  }

  /// A server starts while a backup is tried in the same process.
  @Test
  void anotherStoreOpensWhileTheTablesOfABackupAreComparedWhichCanBeEnded() throws Exception {
    Path backup = temporary.resolve("backup");
    take(backup);
    StoreOptions other = StoreOptions.of(temporary.resolve("other")).withMinimumFreeBytes(0);
    StoreOptions tried = StoreOptions.of(temporary.resolve("new")).withMinimumFreeBytes(0);
    FutureTask<Boolean> opens =
        new FutureTask<>(() -> {
          Store.open(other).close();
          return true;
        });
    BackupManifest.Progress ending =
        (step, _, _) -> {
          if (step == Step.TABLES) {
            Thread.ofPlatform().start(opens);
            assertThat(opens).succeedsWithin(Duration.ofSeconds(60));
            throw new CancellationException("ended");
          }
        };

    assertThatThrownBy(() -> Store.restore(backup, tried, ending, () -> {}, () -> {}))
        .isInstanceOf(CancellationException.class);

    assertThat(tried.derbyFolder()).doesNotExist();
  }

  /// Clients that came after the first restore must not take the second history for the first.
  @Test
  void twoRestoresOfOneBackupAreTwoEpochs() {
    take(temporary.resolve("backup"));
    StoreOptions first = StoreOptions.of(temporary.resolve("first")).withMinimumFreeBytes(0);
    StoreOptions second = StoreOptions.of(temporary.resolve("second")).withMinimumFreeBytes(0);

    restore(temporary.resolve("backup"), first);
    long before;
    try (Store store = Store.open(first)) {
      before = store.identity().epoch();
    }
    restore(temporary.resolve("backup"), second);

    try (Store store = Store.open(second)) {
      assertThat(store.identity().epoch()).isGreaterThan(before);
    }
  }

  /// What their servers have said since the backup is not in it.
  @Test
  void devicesOfUsersElsewhereAreOutOfDateAfterARestore() {
    RowChange list =
        RowChange.of(
            new Table("remote_device_list", "a test's", "the test"),
            "INSERT INTO remote_device_list (user_id, server_name, stream_id, fresh, marks,"
                + " changed_position, devices, bytes, master_key, self_signing_key)"
                + " VALUES ('@bob:peer.test', 'peer.test', 7, 1, 3, 0, 0, 0, ?, ?)",
            (statement, _) -> {
              statement.setBytes(1, new byte[0]);
              statement.setBytes(2, new byte[0]);
            });
    var _ = stores.store().committer().commit("test", List.of(list), List.of());
    take(temporary.resolve("backup"));
    StoreOptions restored = StoreOptions.of(temporary.resolve("new")).withMinimumFreeBytes(0);

    restore(temporary.resolve("backup"), restored);

    try (Store store = Store.open(restored)) {
      assertThat(
              store
                  .reads()
                  .select(
                      "SELECT fresh, marks FROM remote_device_list",
                      row -> row.getInt(1) + " " + row.getLong(2)))
          .containsExactly("0 4");
    }
  }

  @Test
  void otherFilesAreInTheBackupAndProgressIsTold() throws IOException {
    Path letter = Files.writeString(temporary.resolve("letter"), "private");
    Set<Step> steps = ConcurrentHashMap.newKeySet();

    BackupManifest manifest =
        stores
            .store()
            .backup(
                temporary.resolve("backup"),
                new Others(
                    Map.of("keys/letter", letter),
                    new Origin(Optional.of("/etc/server.yaml"), List.of("/etc/tls/key.pem"))),
                (step, done, total) -> {
                  assertThat(total).isPositive();
                  steps.add(step);
                });

    assertThat(manifest.files()).extracting(BackupFile::path).contains("keys/letter");
    assertThat(temporary.resolve("backup/keys/letter")).hasContent("private");
    assertThat(steps).containsExactlyInAnyOrder(Step.COPYING, Step.CHECKING);
    assertThat(Store.verify(temporary.resolve("backup"))).isEqualTo(manifest);
  }

  @Test
  void backupThatWouldFillTheDiskIsNotBegun() {
    StoreOptions small =
        StoreOptions.of(temporary.resolve("small")).withMinimumFreeBytes(Long.MAX_VALUE / 2);
    try (Store store = Store.open(small)) {
      assertThatThrownBy(
              () -> store.backup(temporary.resolve("backup"), Others.NONE, (_, _, _) -> {}))
          .isInstanceOf(StorageException.class)
          .as("by the backup, or by the store that has seen it before")
          .hasMessageMatching("(?s).*(not enough space|writing needs).*");
    }
    assertThat(temporary.resolve("backup")).doesNotExist();
  }

  @Test
  void whatTheManifestDoesNotListIsNotRestored() throws IOException {
    Path backup = temporary.resolve("backup");
    take(backup);
    Path more = Files.writeString(backup.resolve("derby/extra.jar"), "nobody knows it");
    assertThatThrownBy(() -> Store.verify(backup)).hasMessageContaining("derby/extra.jar");
    Files.delete(more);
    Path manifest = backup.resolve("manifest.json");
    String whole = Files.readString(manifest);

    Files.writeString(manifest, whole.replaceAll("(?s)\"files\" : \\[.*]", "\"files\" : []"));
    assertThatThrownBy(() -> Store.verify(backup)).hasMessageContaining("lists no database");

    Files.writeString(manifest, whole);
    Path properties = backup.resolve("derby/service.properties");
    Path elsewhere = Files.move(properties, temporary.resolve("elsewhere"));
    Files.createSymbolicLink(properties, elsewhere);
    assertThatThrownBy(() -> Store.verify(backup)).hasMessageContaining("is a link");
  }

  @Test
  void restoreThatWasInterruptedCanBeMadeAgain() throws IOException {
    BackupManifest manifest = take(temporary.resolve("backup"));
    StoreOptions target = StoreOptions.of(temporary.resolve("new")).withMinimumFreeBytes(0);
    Files.createDirectories(target.derbyFolder().resolve("seg0"));
    Files.writeString(target.databaseFolder().resolve("making"), "half a database");

    assertThat(restore(temporary.resolve("backup"), target)).isEqualTo(manifest);

    try (Store store = Store.open(target)) {
      assertThat(store.identity().id()).isEqualTo(manifest.id());
    }
  }

  /// Neither half of the files nor an empty database is served in place of the backup.
  @Test
  void nothingOpensBetweenTheBeginningAndTheEndOfARestore() throws IOException {
    Path backup = temporary.resolve("backup");
    BackupManifest manifest = take(backup);
    StoreOptions target = StoreOptions.of(temporary.resolve("new")).withMinimumFreeBytes(0);
    Store.OnHeld killed =
        () -> {
          throw new IllegalStateException("killed");
        };

    for (boolean database : List.of(false, true)) {
      assertThatThrownBy(() -> Store.restore(backup, target, database ? () -> {} : killed, killed))
          .hasMessage("killed");
      assertThat(Store.restoring(target.dataFolder())).contains(backup.toString());
      assertThatThrownBy(() -> Store.open(target))
          .isInstanceOfSatisfying(
              StoreRefusedException.class,
              e ->
                  assertThat(e.refusal())
                      .isEqualTo(new Refusal.Restoring(target.dataFolder(), backup.toString())));
      assertThat(target.derbyFolder().toFile().exists()).isEqualTo(database);
    }

    assertThat(restore(backup, target)).isEqualTo(manifest);
    assertThat(Store.restoring(target.dataFolder())).isEmpty();
    try (Store store = Store.open(target)) {
      assertThat(store.identity().id()).isEqualTo(manifest.id());
    }
    assertRefused(backup, target, Refusal.NotEmpty.class);
    assertThat(Store.restoring(target.dataFolder())).isEmpty();
  }

  /// Another process may hold the folder as soon as this one does not.
  @Test
  void aRestoreThatFailsLeavesTheFolderToItsOwnerOnce() throws IOException {
    Path target = Files.createDirectory(temporary.resolve("new"));
    assumeTrue(Files.getOwner(target).getName().equals("root"), "this user may give files away");
    Files.setOwner(
        target,
        target.getFileSystem().getUserPrincipalLookupService().lookupPrincipalByName("nobody"));
    Files.createLink(target.resolve("linked"), Files.createFile(temporary.resolve("elsewhere")));
    Path backup = temporary.resolve("backup");
    take(backup);
    Logger log = (Logger) LoggerFactory.getLogger(FolderOwner.class);
    ListAppender<ILoggingEvent> logged = new ListAppender<>();
    logged.start();
    log.addAppender(logged);

    assertThatThrownBy(() ->
            Store.restore(
                backup,
                StoreOptions.of(target).withMinimumFreeBytes(0),
                () -> {
                  throw new IllegalStateException("killed");
                },
                () -> {}))
        .hasMessage("killed");

    log.detachAppender(logged);
    assertThat(logged.list)
        .singleElement()
        .satisfies(each -> assertThat(each.getFormattedMessage()).contains("a further name"));
  }

  @Test
  void tenBackupsUnderLoadHoldWhatWasAcknowledgedEach() throws Exception {
    Rows.create(stores.store());
    Queue<Row> acknowledged = new ConcurrentLinkedQueue<>();
    AtomicBoolean stop = new AtomicBoolean();
    Thread writer = Thread.ofVirtual().start(() -> write(acknowledged, stop));
    List<List<Row>> before = new ArrayList<>();
    for (int i = 0; i < 10; i++) {
      int enough = 200 * (i + 1);
      Eventually.until("there is some load", () -> acknowledged.size() >= enough);
      before.add(List.copyOf(acknowledged));
      take(temporary.resolve("backup" + i));
    }
    stop.set(true);
    writer.join();
    Set<Row> written = Set.copyOf(acknowledged);

    for (int i = 0; i < 10; i++) {
      StoreOptions restored = StoreOptions.of(temporary.resolve("new" + i)).withMinimumFreeBytes(0);
      restore(temporary.resolve("backup" + i), restored);
      try (Store store = Store.open(restored)) {
        List<Row> rows = Rows.all(store);
        assertThat(rows).as("backup %d", i).containsAll(before.get(i));
        assertThat(written).as("backup %d", i).containsAll(rows);
        assertThat(rows)
            .extracting(Row::position)
            .containsExactlyElementsOf(LongStream.rangeClosed(1, rows.size()).boxed().toList());
      }
    }
  }

  private void write(Queue<Row> acknowledged, AtomicBoolean stop) {
    for (int i = 0; !stop.get(); i++) {
      long position =
          stores
              .store()
              .committer()
              .commit("load", List.of(Rows.insert("n" + i, 0)), TestLogs.announcements(1))
              .value();
      acknowledged.add(new Row(position, "n" + i));
    }
  }

  @Test
  void nothingIsRestoredOverADatabase() {
    Path backup = temporary.resolve("backup");
    take(backup);
    stores.store().close();

    assertRefused(backup, stores.options(), Refusal.NotEmpty.class);
    stores.reopen();
  }

  @Test
  void damagedBackupIsRefusedAndLeavesNothing() throws IOException {
    Path backup = temporary.resolve("backup");
    BackupManifest manifest = take(backup);
    StoreOptions target = StoreOptions.of(temporary.resolve("new")).withMinimumFreeBytes(0);
    List<BackupFile> full =
        manifest.files().stream().filter(file -> file.lengthBytes() > 0).toList();
    for (BackupFile each : List.of(full.getFirst(), full.get(full.size() / 2), full.getLast())) {
      Path file = backup.resolve(each.path());
      byte[] bytes = Files.readAllBytes(file);
      byte[] damaged = bytes.clone();
      damaged[damaged.length / 2] ^= 1;
      Files.write(file, damaged);

      assertRefused(backup, target, Refusal.BadBackup.class);
      assertThat(target.derbyFolder()).doesNotExist();
      Files.write(file, bytes);
    }
    Files.delete(backup.resolve(full.getFirst().path()));
    assertRefused(backup, target, Refusal.BadBackup.class);
  }

  @Test
  void folderThatIsNoBackupIsRefused() {
    assertRefused(
        temporary,
        StoreOptions.of(temporary.resolve("new")).withMinimumFreeBytes(0),
        Refusal.BadBackup.class);
  }

  @Test
  void backupGoesIntoAnEmptyFolderOnly() throws IOException {
    Files.writeString(temporary.resolve("letter"), "private");

    assertThatThrownBy(() -> take(temporary))
        .isInstanceOf(StorageException.class)
        .hasMessageContaining("not empty");
    assertThat(temporary.resolve("letter")).exists();
  }

  @Test
  void backupHoldsNoLeftoverOfAnInterruptedOne() throws IOException {
    Path partial =
        Files.createDirectory(
            temporary.resolve("backup." + stores.store().identity().id() + ".partial"));
    Files.writeString(partial.resolve("junk"), "half a file");

    BackupManifest manifest = take(temporary.resolve("backup"));

    assertThat(manifest.files()).extracting(BackupFile::path).doesNotContain("junk");
    assertThat(partial).doesNotExist();
  }

  private static void assertRefused(
      Path backup, StoreOptions target, Class<? extends Refusal> refusal) {
    assertThatThrownBy(() -> restore(backup, target))
        .isInstanceOfSatisfying(
            StoreRefusedException.class, e -> assertThat(e.refusal()).isInstanceOf(refusal));
  }
}
