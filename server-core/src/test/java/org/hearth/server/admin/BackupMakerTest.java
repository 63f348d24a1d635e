package org.hearth.server.admin;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.tuple;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.UUID;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.function.Supplier;
import java.util.stream.Stream;
import org.hearth.server.admin.SavedBackup.Content;
import org.hearth.server.configuration.Configuration;
import org.hearth.server.configuration.DataFolder;
import org.hearth.server.configuration.OrdinaryRights;
import org.hearth.server.services.activity.Happening;
import org.hearth.server.services.activity.Kind;
import org.hearth.server.store.BackupManifest.Origin;
import org.hearth.server.store.BackupManifest.Others;
import org.hearth.server.store.Eventually;
import org.hearth.server.store.Store;
import org.hearth.server.store.StoreExtension;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.api.io.TempDir;

/// The backups that are made every day.
@Tag("long")
class BackupMakerTest {
  private static final int KEPT = 2;

  @RegisterExtension final StoreExtension stores = new StoreExtension();
  @TempDir private Path folder;
  private final List<Happening> told = new CopyOnWriteArrayList<>();
  private volatile Instant now = Instant.parse("2026-03-01T04:00:00Z");

  private List<String> names() throws IOException {
    try (Stream<Path> all = Files.list(folder)) {
      return all.map(each -> each.getFileName().toString()).sorted().toList();
    }
  }

  private String partial(String name) {
    return of(name, stores.store().identity().id());
  }

  private static String of(String name, UUID database) {
    return name + "." + database + ".partial";
  }

  private BackupMaker maker(Path into, Supplier<Others> others) {
    return new BackupMaker(
        stores.store(), others, into, KEPT, () -> now, told::add, Optional.empty());
  }

  @Test
  void oneThatTheOwnerAskedForIsNotedAsTheOwners() throws Exception {
    BackupMaker maker = maker(folder, () -> Others.NONE);

    maker.begin(Optional.empty());
    maker.stop(); // That waits for it.

    assertThat(told).singleElement().extracting(Happening::by).isEqualTo(Happening.OWNER);
  }

  @Test
  void oneIsMadeADayAndTheNewestAreKept() throws Exception {
    Files.createDirectories(folder.resolve(partial("daily-20260228-040000") + "/derby"));
    Files.createDirectories(folder.resolve("backup-20250101-000000"));
    BackupMaker maker = maker(folder, () -> Others.NONE);
    try {
      maker.makeDaily();
      now = now.plus(Duration.ofHours(23));
      maker.makeDaily();
      assertThat(names()).containsExactly("backup-20250101-000000", "daily-20260301-040000");

      now = now.plus(Duration.ofHours(1));
      maker.makeDaily();
      now = now.plus(Duration.ofDays(1));
      maker.makeDaily();

      assertThat(names())
          .containsExactly(
              "backup-20250101-000000", "daily-20260302-040000", "daily-20260303-040000");
      assertThat(maker.status().state()).isEqualTo(BackupStatus.State.DONE);
      assertThat(maker.trouble()).isEmpty();
      assertThat(told).hasSize(3).allMatch(each -> each.kind() == Kind.BACKUP_MADE);
      assertThat(told).extracting(Happening::by).containsOnly(Happening.SERVER);
      assertThat(Store.verify(folder.resolve("daily-20260303-040000")).id())
          .isEqualTo(stores.store().identity().id());
    } finally {
      maker.stop();
    }
  }

  /// Another server may have been given the same folder.
  @Test
  void backupsOfAnotherDatabaseAreNeitherCountedNorRemoved() throws Exception {
    BackupMaker maker = maker(folder, () -> Others.NONE);
    try {
      maker.makeDaily();
      Path own = folder.resolve("daily-20260301-040000/manifest.json");
      String manifest = Files.readString(own);
      String id = stores.store().identity().id().toString();
      assertThat(manifest).contains(id);
      for (String other : List.of("daily-20260228-040000", "daily-20260303-030000")) {
        Files.createDirectories(folder.resolve(other));
        Files.writeString(
            folder.resolve(other).resolve("manifest.json"),
            manifest.replace(id, UUID.randomUUID().toString()));
      }

      now = now.plus(Duration.ofDays(2));
      maker.makeDaily();

      assertThat(names())
          .containsExactly(
              "daily-20260228-040000",
              "daily-20260301-040000",
              "daily-20260303-030000",
              "daily-20260303-040000");
    } finally {
      maker.stop();
    }
  }

  @Test
  void backupsThatCannotBeReadOrAreOfAnotherFormatAreNeitherCountedNorRemoved() throws Exception {
    BackupMaker maker = maker(folder, () -> Others.NONE);
    try {
      maker.makeDaily();
      Path closed = Files.createDirectories(folder.resolve("daily-20260304-030000"));
      Path closedManifest =
          Files.copy(
              folder.resolve("daily-20260301-040000/manifest.json"),
              closed.resolve("manifest.json"));
      Path later = Files.createDirectories(folder.resolve("daily-20260304-030001"));
      Files.writeString(
          later.resolve("manifest.json"),
          Files.readString(closedManifest).replace("\"format\" : 1", "\"format\" : 2"));

      now = Instant.parse("2026-03-04T04:00:00Z");
      List<String> made =
          OrdinaryRights.without(
              closedManifest,
              () -> {
                maker.makeDaily();
                return names();
              });

      assertThat(made)
          .containsExactly(
              "daily-20260301-040000",
              "daily-20260304-030000",
              "daily-20260304-030001",
              "daily-20260304-040000");
      assertThat(maker.trouble()).isEmpty();
    } finally {
      maker.stop();
    }
  }

  @Test
  void whatAKilledBackupHasLeftGoesWhenTheNextIsMadeThere() throws Exception {
    Path shelf = folder.resolve("shelf");
    Files.createDirectories(shelf.resolve(partial("backup-20260228-040000") + "/derby"));
    Files.createDirectories(shelf.resolve("backup-20260227-035959.partial"));
    Files.createDirectories(shelf.resolve("backup-20260227-040000.partial"));
    Files.createDirectories(shelf.resolve(of("backup-20260227-035959", UUID.randomUUID())));
    String others = of("backup-20260228-040000", UUID.randomUUID());
    Files.createDirectories(shelf.resolve(others));
    Files.createDirectories(shelf.resolve(partial("daily-20260228-040000")));
    BackupMaker maker = maker(folder.resolve("backups"), () -> Others.NONE);
    try {
      var _ = maker.begin(Optional.of(shelf));
      Eventually.until(
          "the backup is made", () -> maker.status().state() == BackupStatus.State.DONE);

      try (Stream<Path> all = Files.list(shelf)) {
        assertThat(all.map(each -> each.getFileName().toString()))
            .containsExactlyInAnyOrder(
                "backup-20260301-040000",
                "backup-20260227-040000.partial",
                others,
                partial("daily-20260228-040000"));
      }
    } finally {
      maker.stop();
    }
  }

  @Test
  void aLeftoverThatCannotBeRemovedKeepsNoBackupFromBeingMade() throws Exception {
    for (String kind : List.of("backup", "daily")) {
      Path left = folder.resolve(partial(kind + "-20260228-040000")).resolve("derby");
      Files.createDirectories(left);
      BackupMaker maker = maker(folder, () -> Others.NONE);

      OrdinaryRights.without(
          left,
          () -> {
            if (kind.equals("daily")) {
              maker.makeDaily();
            } else {
              maker.begin(Optional.empty());
            }
            maker.stop(); // That waits for it.
            return left;
          });

      assertThat(maker.status().state()).as(kind).isEqualTo(BackupStatus.State.DONE);
      assertThat(names()).contains(kind + "-20260301-040000");
    }
    assertThat(told).hasSize(2).allMatch(each -> each.kind() == Kind.BACKUP_MADE);
  }

  @Test
  void oneThatIsCancelledLeavesNothingAndTheNextIsMade() throws Exception {
    CountDownLatch asked = new CountDownLatch(1);
    CountDownLatch cancelled = new CountDownLatch(1);
    BackupMaker maker =
        maker(
            folder,
            () -> {
              asked.countDown();
              awaitQuietly(cancelled);
              return Others.NONE;
            });
    assertThatThrownBy(maker::cancel).hasMessage("No backup is being made.");

    maker.begin(Optional.empty());
    asked.await();
    assertThat(maker.cancel().state()).isEqualTo(BackupStatus.State.RUNNING);
    cancelled.countDown();

    assertThat(maker.await().state()).isEqualTo(BackupStatus.State.CANCELLED);
    assertThat(names()).isEmpty();
    assertThat(told).isEmpty();
    assertThat(maker.trouble()).isEmpty();
    maker.begin(Optional.empty());
    maker.stop(); // That waits for it.
    assertThat(maker.status().state()).isEqualTo(BackupStatus.State.DONE);
    assertThat(names()).containsExactly("backup-20260301-040000");
  }

  private static void awaitQuietly(CountDownLatch latch) {
    try {
      latch.await();
    } catch (InterruptedException e) {
      throw new IllegalStateException(e);
    }
  }

  @Test
  void theNextOfTheDayIsToldWhenThereIsOne() throws Exception {
    BackupMaker maker = maker(folder, () -> Others.NONE);
    try {
      assertThat(maker.nextDaily()).isEmpty();

      maker.startDaily();
      assertThat(maker.nextDaily()).contains(now.plus(Duration.ofMinutes(10)));
      maker.makeDaily();
      assertThat(maker.nextDaily())
          .as("an hourly look, a day after the last")
          .contains(now.plus(Duration.ofDays(1)).plus(Duration.ofMinutes(10)));
    } finally {
      maker.stop();
    }
  }

  @Test
  void thoseThatThereAreAreListedWithWhatIsKnownOfThem() throws Exception {
    DataFolder data = new DataFolder(stores.folder());
    Path before = data.backups().resolve("before-schema-7-20260101-040000");
    Files.createDirectories(before);
    Files.createDirectories(folder.resolve("media"));
    BackupMaker maker = maker(folder, () -> Others.NONE);
    maker.makeDaily();
    Files.createDirectories(folder.resolve(partial("daily-20260228-040000")));
    now = now.plusSeconds(1);
    maker.begin(Optional.empty());
    maker.stop(); // That waits for it.
    Path others = folder.resolve("daily-20260227-040000");
    Files.createDirectories(others);
    Files.writeString(
        others.resolve("manifest.json"),
        Files.readString(folder.resolve("daily-20260301-040000/manifest.json"))
            .replace(stores.store().identity().id().toString(), UUID.randomUUID().toString()));

    List<SavedBackup> all =
        BackupShelf.list(data, new Configuration.Backups(true, 7, Optional.of(folder)));

    assertThat(all)
        .extracting(SavedBackup::folder, SavedBackup::kind, SavedBackup::content)
        .containsExactly(
            tuple(
                folder.resolve("backup-20260301-040001"), SavedBackup.Kind.BY_HAND, Content.WHOLE),
            tuple(folder.resolve("daily-20260301-040000"), SavedBackup.Kind.DAILY, Content.WHOLE),
            tuple(
                folder.resolve(partial("daily-20260228-040000")),
                SavedBackup.Kind.DAILY,
                Content.PARTIAL),
            tuple(others, SavedBackup.Kind.DAILY, Content.OF_ANOTHER),
            tuple(before, SavedBackup.Kind.BEFORE_UPDATE, Content.DAMAGED));
    assertThat(all.getFirst().begun()).isEqualTo(now);
    assertThat(all.getFirst().lengthBytes())
        .isEqualTo(Store.manifest(all.getFirst().folder()).lengthBytes());
    assertThat(
            BackupShelf.list(
                new DataFolder(folder.resolve("none")),
                new Configuration.Backups(true, 7, Optional.empty())))
        .isEmpty();
  }

  @Test
  void daysWhoseFolderCannotBeReadAreToldToo() throws Exception {
    Path file = Files.createFile(folder.resolve("a file"));
    BackupMaker maker = maker(file.resolve("below"), () -> Others.NONE);
    try {
      maker.makeDaily();

      assertThat(maker.trouble()).isPresent();
    } finally {
      maker.stop();
    }
  }

  @Test
  void anErrorDoesNotEndTheDailyBackups() throws Exception {
    AtomicBoolean broken = new AtomicBoolean(true);
    BackupMaker maker =
        maker(
            folder,
            () -> {
              if (broken.get()) {
                throw new NoClassDefFoundError("org/example/Missing");
              }
              return Others.NONE;
            });
    try {
      maker.makeDaily();

      assertThat(maker.status().state()).isEqualTo(BackupStatus.State.FAILED);
      assertThat(maker.trouble()).get().extracting(Alert::text).asString().contains("Missing");

      broken.set(false);
      maker.makeDaily();

      assertThat(maker.status().state()).isEqualTo(BackupStatus.State.DONE);
      assertThat(maker.trouble()).isEmpty();
    } finally {
      maker.stop();
    }
  }

  @Test
  void backupThatFailsIsToldAndTakesNothingAway() throws Exception {
    BackupMaker maker =
        maker(
            folder,
            () -> new Others(Map.of("keys/signing.key", folder.resolve("none")), Origin.NONE));
    try {
      Files.createDirectories(folder.resolve("daily-20250101-000000"));
      Files.createDirectories(folder.resolve("daily-20250102-000000"));
      Files.createDirectories(folder.resolve("daily-20250103-000000"));

      maker.makeDaily();

      assertThat(maker.status().state()).isEqualTo(BackupStatus.State.FAILED);
      assertThat(maker.status().failure()).get().asString().contains("none");
      assertThat(names()).hasSize(3);
      assertThat(maker.trouble()).get().extracting(Alert::text).asString().contains("none");
      assertThat(told).extracting(Happening::kind).containsExactly(Kind.BACKUP_FAILED);
    } finally {
      maker.stop();
    }
  }

  @Test
  void backupsThatAreNotMadeAreMissedAfterTwoDays() throws Exception {
    Files.createDirectories(folder.resolve("daily-20260225-040000"));
    BackupMaker maker = maker(folder, () -> Others.NONE);
    try {
      assertThat(maker.trouble()).as("nobody has them made daily").isEmpty();

      maker.look();
      assertThat(maker.trouble()).get().extracting(Alert::text).asString().contains("the last 4 d");
      maker.makeDaily();
      assertThat(maker.trouble()).isEmpty();

      now = now.plus(Duration.ofDays(2));
      assertThat(maker.trouble()).isEmpty();
      now = now.plus(Duration.ofMinutes(1));
      assertThat(maker.trouble()).get().extracting(Alert::text).asString().contains("the last 2 d");
    } finally {
      maker.stop();
    }
  }

  @Test
  void serverWithoutABackupMissesOneWhenItIsTwoDaysOld() throws Exception {
    BackupMaker maker = maker(folder, () -> Others.NONE);
    try {
      now = stores.store().identity().createdAt().plus(Duration.ofDays(2));
      maker.look();
      assertThat(maker.trouble()).isEmpty();

      now = now.plusSeconds(1);
      assertThat(maker.trouble()).isPresent();
    } finally {
      maker.stop();
    }
  }
}
