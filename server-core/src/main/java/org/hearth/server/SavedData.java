package org.hearth.server;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.hearth.server.admin.AdminException;
import org.hearth.server.admin.Amounts;
import org.hearth.server.configuration.ConfigurationException;
import org.hearth.server.configuration.ConfigurationReader;
import org.hearth.server.configuration.DataFolder;
import org.hearth.server.configuration.FirstSetup;
import org.hearth.server.services.media.MediaBackup;
import org.hearth.server.store.BackupManifest;
import org.hearth.server.store.BackupManifest.BackupFile;
import org.hearth.server.store.BackupManifest.Progress.Step;
import org.hearth.server.store.Refusal;
import org.hearth.server.store.StorageException;
import org.hearth.server.store.Store;
import org.hearth.server.store.StoreOptions;
import org.hearth.server.store.StoreRefusedException;

/// The ways out when the data of a server that does not run was damaged: a backup, or what is left.
///
/// **errors**: what is refused is an [AdminException] with a sentence.
public final class SavedData {
  private SavedData() {}

  /// Follows work on a backup.
  @FunctionalInterface
  public interface Progress {
    /// Called every now and then; quick.
    ///
    /// @param step what is being done, for a progress line
    /// @param done how much of it is done
    /// @param total how much there is; 0 if that is not known
    /// @throws java.util.concurrent.CancellationException to end the work
    void at(String step, long done, long total);
  }

  /// Compares every file of a backup with its checksum.
  ///
  /// @param backup the backup's folder
  /// @return what it holds, in a sentence
  /// @throws IOException if its pictures and files cannot be looked for
  public static String verify(Path backup) throws IOException {
    Checked found = whole(backup, refusing(() -> Store.verify(backup)), (_, _, _) -> {});
    if (!found.whole()) {
      throw new AdminException(found.sentence());
    }
    return found.sentence();
  }

  /// What was found of a backup.
  ///
  /// @param whole whether nothing of it is damaged or missing
  /// @param sentence what it holds, or what is wrong
  public record Checked(boolean whole, String sentence) {}

  /// What a backup holds whose database is whole, with its pictures and files.
  private static Checked whole(Path backup, BackupManifest manifest, Progress progress)
      throws IOException {
    MediaBackup.Restored media =
        MediaBackup.verify(backup, () -> progress.at("comparing pictures and files", 0, 0));
    if (!media.lost().isEmpty()) {
      return new Checked(
          false,
          "Of the pictures and files that belong to the backup, %d are missing or damaged in %s, such as %s."
              .formatted(
                  media.lost().size(), backup.resolveSibling("media"), media.lost().getFirst()));
    }
    return new Checked(
        true,
        "The backup of %s is whole: %d files, %s%s."
            .formatted(
                Amounts.moment(manifest.takenAt()),
                manifest.files().size(),
                Amounts.bytes(manifest.lengthBytes()),
                media.whole() == 0 ? "" : ", and %d pictures and files".formatted(media.whole())));
  }

  /// Compares every file of a backup with its checksum, and opens its database: in a copy, which is
  /// removed again.
  ///
  /// @param backup the backup's folder
  /// @param folder the data folder, which gets the copy if this user may write there; its server
  ///   may run
  /// @throws AdminException if that cannot be told, since something else has failed
  /// @throws IOException if the disk fails
  public static Checked check(Path backup, DataFolder folder, Progress progress)
      throws IOException {
    return refusing(() -> {
      try {
        Optional<BackupManifest> opened = InPlaceRestore.tryOut(backup, folder, progress);
        BackupManifest manifest =
            opened.isPresent() ? opened.get() : Store.verify(backup, comparing(progress));
        Checked found = whole(backup, manifest, progress);
        String trial =
            opened.isPresent()
                ? " Its database opens."
                : " Whether its database opens was not tried, since there is no room for a copy.";
        return found.whole() ? new Checked(true, found.sentence() + trial) : found;
      } catch (StorageException e) {
        if (isOfBackup(e)) {
          return new Checked(false, String.valueOf(e.getMessage()));
        }
        throw e;
      }
    });
  }

  /// Whether the backup is the reason of a failure: a full disk, or a file that this user may not
  /// read, says nothing of what it holds.
  private static boolean isOfBackup(StorageException failure) {
    return failure instanceof StoreRefusedException refused
        ? refused.refusal() instanceof Refusal.BadBackup
            || refused.refusal() instanceof Refusal.Unreadable
        : StorageException.isOfDamage(failure);
  }

  /// Told of the comparison with the checksums, and of that of the tables.
  static BackupManifest.Progress comparing(Progress progress) {
    return (step, done, all) ->
        progress.at(step == Step.TABLES ? "comparing tables" : "comparing files", done, all);
  }

  /// What a server needs and its backup does not hold, since it is not the server's own.
  ///
  /// @param backup the backup's folder
  /// @return sentences
  public static List<String> elsewhere(Path backup) {
    return refusing(() -> Store.manifest(backup)).origin().elsewhere().stream()
        .map(
            "The configuration names %s, which is not among the server's files and not in the backup: keep a copy of it yourself."
                ::formatted)
        .toList();
  }

  /// Puts a backup into a data folder: what belongs to the database, then the database. One that
  /// was interrupted can be made again, with the same backup or another. What apps have seen since
  /// is not known any more, so they sync anew.
  ///
  /// @param backup the backup's folder
  /// @param folder holds nothing, or what a restore has put there that did not come to its end, be
  ///   it half of a file
  /// @return what is to be known or done before the server is started, in sentences
  /// @throws IOException if the folder cannot be written
  public static List<String> restore(Path backup, DataFolder folder) throws IOException {
    Optional<String> interrupted = refusing(() -> Store.restoring(folder.root()));
    boolean again = interrupted.isPresent();
    for (var there : folder.belongings().entrySet()) {
      Path held = backup.resolve(there.getKey());
      if (again
          && Files.notExists(held)
          && interrupted.filter(backup.toString()::equals).isEmpty()) {
        throw new AdminException(
            "The backup holds no %s, but a restore that did not come to its end may have put one into %s. Remove that one, and type the command again."
                .formatted(there.getKey(), folder.root()));
      }
      if (!again && (Files.notExists(held) || Files.mismatch(there.getValue(), held) >= 0)) {
        throw new AdminException(
            "There is a server's %s in %s already. Restore into an empty folder; nothing is overwritten."
                .formatted(there.getKey(), folder.root()));
      }
    }
    BackupManifest manifest = refusing(() -> Store.verify(backup));
    List<String> held = manifest.files().stream().map(BackupFile::path).toList();
    List<String> named = held.stream().filter(path -> path.startsWith(Belongings.NAMED)).toList();
    if (!again) {
      requireNothingElse(folder.root(), named);
    } else if (interrupted.filter(backup.toString()::equals).isEmpty()) {
      requireNothingLeft(folder.root(), named);
    }
    for (String path : named) {
      Path there = folder.root().resolve(place(path));
      if (!again && Files.exists(there) && Files.mismatch(there, backup.resolve(path)) >= 0) {
        throw new AdminException(
            "There is another %s already. Restore into an empty folder; nothing is overwritten."
                .formatted(there));
      }
    }
    folder.create();
    List<String> told = new ArrayList<>();
    for (String name : DataFolder.BELONGINGS) {
      if (!held.contains(name)) {
        told.add("It holds no " + name + ": put that into the folder before you start.");
      }
    }
    refusing(() ->
        Store.restore(
            backup,
            StoreOptions.of(folder.root()),
            () -> restoreFiles(backup, folder, held),
            () -> {
              told.addAll(restoreMedia(backup, folder, () -> {}));
              RunBefore.keepRestored(folder, backup);
            }));
    manifest
        .origin()
        .configuration()
        .map(file ->
            "The configuration was %s. It is %s now, which is read without --config."
                .formatted(file, folder.configuration()))
        .ifPresent(told::add);
    told.addAll(missing(folder, named));
    return told;
  }

  /// Puts the database of a backup, its key and its pictures and files into a new folder.
  ///
  /// @param folder there is nothing in it
  /// @return what is to be known, in sentences
  static List<String> restoreDatabase(Path backup, DataFolder folder, Progress progress)
      throws IOException {
    List<String> held =
        refusing(() -> Store.manifest(backup)).files().stream()
            .map(BackupFile::path)
            .filter(DataFolder.SIGNING_KEY::equals)
            .toList();
    List<String> told = new ArrayList<>();
    refusing(() ->
        Store.restore(
            backup,
            StoreOptions.of(folder.root()),
            comparing(progress),
            () -> {
              progress.at("copying the database", 0, 0);
              restoreFiles(backup, folder, held);
            },
            () -> {
              told.addAll(
                  restoreMedia(
                      backup, folder, () -> progress.at("copying pictures and files", 0, 0)));
              RunBefore.keepRestored(folder, backup);
            }));
    return told;
  }

  /// Restores nothing among things that are not a server's.
  ///
  /// @param named the files of the backup that its configuration names
  private static void requireNothingElse(Path folder, List<String> named) throws IOException {
    if (!Files.isDirectory(folder)) {
      return;
    }
    Set<String> ofBackup =
        named.stream()
            .map(path -> Path.of(place(path)).getName(0).toString())
            .collect(Collectors.toUnmodifiableSet());
    Optional<String> other = FirstSetup.otherThing(folder, ofBackup);
    if (other.isPresent()) {
      throw new AdminException(
          "There are other things in %s, such as %s. Restore into an empty folder, or a new name inside it."
              .formatted(folder, other.get()));
    }
  }

  /// Half a file of the backup whose restore was interrupted must not pass for one of this server.
  ///
  /// @param named the files of the backup that its configuration names: they are put there anew
  private static void requireNothingLeft(Path folder, List<String> named) throws IOException {
    Set<Path> expected =
        named.stream()
            .map(path -> folder.resolve(place(path)))
            .collect(Collectors.toUnmodifiableSet());
    try (Stream<Path> all = Files.walk(folder)) {
      Optional<Path> left =
          all.filter(each -> !Files.isDirectory(each, LinkOption.NOFOLLOW_LINKS))
              .filter(each -> !expected.contains(each))
              .filter(each -> !isPutAnew(folder.relativize(each)))
              .findFirst();
      if (left.isPresent()) {
        throw new AdminException(
            "A restore of another backup, which did not come to its end, has left %s. Remove it, and type the command again."
                .formatted(left.get()));
      }
    } catch (UncheckedIOException e) {
      throw e.getCause();
    }
  }

  /// @param path in the data folder
  private static boolean isPutAnew(Path path) {
    String top = String.valueOf(path.getName(0));
    return Set.of("keys", DataFolder.CERTIFICATES).contains(top)
        ? DataFolder.BELONGINGS.contains(path.toString().replace('\\', '/'))
        : FirstSetup.isOwn(top);
  }

  /// Puts what belongs to the database, and the files that the configuration names.
  ///
  /// @param held the files of the backup
  private static void restoreFiles(Path backup, DataFolder folder, List<String> held)
      throws IOException {
    for (String path : held) {
      if (DataFolder.BELONGINGS.contains(path)) {
        folder.put(path, Files.readAllBytes(backup.resolve(path)));
      } else if (path.startsWith(Belongings.NAMED)) {
        folder.put(place(path), Files.readAllBytes(backup.resolve(path)));
      }
    }
  }

  private static List<String> restoreMedia(Path backup, DataFolder folder, Runnable met)
      throws IOException {
    MediaBackup.Restored media = MediaBackup.restore(backup, folder.media(), met);
    return media.lost().isEmpty()
        ? List.of()
        : List.of(
            "Of the pictures and files of the backup, %d are missing or damaged in %s. If you have them elsewhere, put them into %s."
                .formatted(media.lost().size(), backup.resolveSibling("media"), folder.media()));
  }

  /// The files that the restored configuration names, and that are not there.
  private static List<String> missing(DataFolder folder, List<String> named) {
    if (Files.notExists(folder.configuration())) {
      return List.of();
    }
    try {
      return ConfigurationReader.read(folder.configuration()).namedFiles().stream()
          .filter(file -> !Files.exists(file))
          .map(file -> missing(file, folder, named))
          .toList();
    } catch (ConfigurationException e) {
      return List.of("The server will not start with this configuration: " + e.getMessage() + ".");
    }
  }

  private static String missing(Path file, DataFolder folder, List<String> named) {
    return named.stream()
        .map(SavedData::place)
        .filter(file::endsWith)
        .findFirst()
        .map(place ->
            "hearth.yaml names %s, which is not there; its copy is %s. Change the one or move the other before you start."
                .formatted(file, folder.root().resolve(place)))
        .orElseGet(() ->
            "hearth.yaml names %s, which is not there and not in the backup: put it back before you start."
                .formatted(file));
  }

  /// Where in a data folder something goes that the configuration names.
  private static String place(String pathInBackup) {
    return pathInBackup.substring(Belongings.NAMED.length());
  }

  /// What the database of a stopped server has lost.
  ///
  /// @param folder the data folder
  /// @return in a sentence; empty if it opens and all of it can be read
  /// @throws AdminException if it is damaged: that is no loss that can be accepted
  /// @throws IOException if the folder cannot be read
  public static Optional<String> loss(DataFolder folder) throws IOException {
    requireServer(folder);
    if (!folder.hasDatabase()) {
      return Optional.of("The whole database of " + folder.root() + " is missing.");
    }
    try {
      Store.open(StoreOptions.of(folder.root())).close();
      requireReadable(folder);
      return Optional.empty();
    } catch (StoreRefusedException e) {
      return switch (e.refusal()) {
        case Refusal.BehindMark behind -> readable(folder, behind);
        case Refusal.OtherHistory other -> readable(folder, other);
        case Refusal.Held _,
            Refusal.NewerSchema _,
            Refusal.OtherProduct _,
            Refusal.OtherStore _,
            Refusal.OtherKey _,
            Refusal.NotAllowed _,
            Refusal.NotEmpty _,
            Refusal.NoFile _,
            Refusal.Restoring _,
            Refusal.BadBackup _,
            Refusal.NoBackup _,
            Refusal.ClosedBackup _,
            Refusal.UnsafeSettings _,
            Refusal.Unreadable _,
            Refusal.Damaged _ ->
            throw new AdminException(String.valueOf(e.getMessage()), e);
      };
    } catch (StorageException e) {
      throw new AdminException(String.valueOf(e.getMessage()), e);
    }
  }

  /// @param loss what the database lacks
  private static Optional<String> readable(DataFolder folder, Refusal loss) {
    requireReadable(folder);
    return Optional.of(loss.problem());
  }

  /// A server would end as soon as it met what cannot be read.
  private static void requireReadable(DataFolder folder) {
    List<String> problems = refusing(() -> Store.check(StoreOptions.of(folder.root())));
    if (!problems.isEmpty()) {
      Refusal damage = new Refusal.Unreadable(folder.root(), "");
      throw new AdminException(
          "The database in %s opens, but it is damaged, which is no loss that can be accepted. %s %s"
              .formatted(folder.root(), String.join(" ", problems), damage.remedy()));
    }
  }

  /// Opens the database as it is, once: from then on it is what the server has.
  ///
  /// @param folder the data folder of a server that does not run
  /// @throws IOException if the folder cannot be read
  public static void acceptLoss(DataFolder folder) throws IOException {
    requireServer(folder);
    refusing(() -> {
      Store.open(StoreOptions.of(folder.root()).acceptingLoss()).close();
      return true;
    });
  }

  /// Without its key there is no server that could go on.
  private static void requireServer(DataFolder folder) throws IOException {
    if (!folder.hasServerData() && Files.notExists(folder.configuration())) {
      throw new AdminException(
          "There is no server in %s. Name its data folder with --data-dir."
              .formatted(folder.root()));
    }
    if (!folder.belongings().containsKey(DataFolder.SIGNING_KEY)) {
      throw new AdminException(
          "There is no %s in %s. Restore a backup into an empty folder."
              .formatted(DataFolder.SIGNING_KEY, folder.root()));
    }
  }

  @FunctionalInterface
  interface Operation<T, X extends Exception> {
    T perform() throws X;
  }

  /// Does something with a store, whose refusals are told as they are.
  static <T, X extends Exception> T refusing(Operation<T, X> operation) throws X {
    try {
      return operation.perform();
    } catch (StorageException e) {
      throw new AdminException(String.valueOf(e.getMessage()), e);
    }
  }
}
