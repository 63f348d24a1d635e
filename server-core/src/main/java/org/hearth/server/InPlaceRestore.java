package org.hearth.server;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.time.Instant;
import java.time.ZoneOffset;
import java.time.format.DateTimeFormatter;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.List;
import java.util.Optional;
import java.util.stream.Stream;
import org.hearth.server.admin.AdminException;
import org.hearth.server.admin.Amounts;
import org.hearth.server.configuration.ConfigurationException;
import org.hearth.server.configuration.ConfigurationReader;
import org.hearth.server.configuration.DataFolder;
import org.hearth.server.services.media.MediaBackup;
import org.hearth.server.store.BackupManifest;
import org.hearth.server.store.FolderLock;
import org.hearth.server.store.Store;
import org.hearth.server.store.StoreOptions;

/// Puts a backup in the place of what a data folder holds, and keeps that.
///
/// | step | the server | on the disk |
/// |---|---|---|
/// | prepare | may run | the backup is restored into `restoring-TIME` in the data folder, which is held, and checked |
/// | put in place | has stopped | database, key, pictures and files go into `before-restore-TIME`, and the restored ones take their place: renames on one disk |
///
/// The settings (`hearth.yaml`, and what it names) stay as they are. What is set aside is a data
/// folder itself, with a copy of the settings.
///
/// When it is cut short before the database is set aside, nothing has changed; afterwards no server
/// starts until a restore of the backup has come to its end, as its refusal says.
///
/// **thread**: one. **errors**: what is refused is an [AdminException] with a sentence.
public final class InPlaceRestore implements AutoCloseable {
  private static final DateTimeFormatter STAMP =
      DateTimeFormatter.ofPattern("uuuuMMdd-HHmmss").withZone(ZoneOffset.UTC);

  /// What goes with the database. The index of the search is made anew.
  private static final List<String> EXCHANGED = List.of("media", "search");

  private final Path backup;
  private final DataFolder folder;
  private final Copy copy;
  private final DataFolder prepared;
  private final DataFolder aside;
  private final List<String> told;

  private InPlaceRestore(
      Path backup, DataFolder folder, Copy copy, DataFolder aside, List<String> told) {
    this.backup = backup;
    this.folder = folder;
    this.copy = copy;
    this.prepared = copy.data();
    this.aside = aside;
    this.told = told;
  }

  /// What became of it.
  ///
  /// @param aside the folder with what was there before
  /// @param told what else is to be known, in sentences
  public record Done(Path aside, List<String> told) {
    public Done {
      told = List.copyOf(told);
    }
  }

  /// Restores a backup beside what is there, of which nothing is touched.
  ///
  /// @param backup the backup's folder
  /// @param folder the data folder, whose server may run
  /// @param now for the names of what is made
  /// @param progress follows it, and may end it
  /// @throws IOException if the disk fails
  public static InPlaceRestore prepare(
      Path backup, DataFolder folder, Instant now, SavedData.Progress progress) throws IOException {
    requireSameServer(backup, folder);
    removePrepared(folder);
    requireRoom(backup, folder);
    String stamp = STAMP.format(now);
    Path where = Files.createDirectory(folder.root().resolve(DataFolder.PREPARED + stamp));
    DataFolder aside = new DataFolder(folder.root().resolve(DataFolder.SET_ASIDE + stamp));
    Copy copy = Copy.in(where);
    try {
      return new InPlaceRestore(
          backup, folder, copy, aside, SavedData.restoreDatabase(backup, copy.data(), progress));
    } catch (IOException | RuntimeException e) {
      try {
        copy.close();
      } catch (IOException removing) {
        e.addSuppressed(removing);
      }
      throw e;
    }
  }

  /// A data folder in a folder that is held: nobody else takes it for one that was left.
  private record Copy(Path where, FolderLock lock, DataFolder data) implements AutoCloseable {
    /// @param where a new folder
    private static Copy in(Path where) throws IOException {
      Copy copy = new Copy(where, FolderLock.take(where), new DataFolder(where.resolve("data")));
      try {
        make(copy.data);
        return copy;
      } catch (IOException | RuntimeException e) {
        try {
          copy.close();
        } catch (IOException closing) {
          e.addSuppressed(closing);
        }
        throw e;
      }
    }

    @Override
    public void close() throws IOException {
      try {
        Store.remove(data.root());
      } finally {
        lock.close();
      }
      Store.remove(where);
    }
  }

  private static void requireSameServer(Path backup, DataFolder folder) {
    if (Files.notExists(folder.configuration())) {
      throw new AdminException(
          "There is no hearth.yaml in %s. Restore into an empty folder, or put it back: every backup has a copy."
              .formatted(folder.root()));
    }
    Optional<String> here = serverName(folder.configuration());
    Optional<String> there = serverName(backup.resolve("hearth.yaml"));
    if (here.isPresent() && there.isPresent() && !here.equals(there)) {
      throw new AdminException(
          "This is a backup of the server %s, and here is %s. Restore it into an empty folder (hearth restore)."
              .formatted(there.get(), here.get()));
    }
  }

  private static Optional<String> serverName(Path configuration) {
    try {
      return Files.exists(configuration)
          ? Optional.of(ConfigurationReader.read(configuration).serverName())
          : Optional.empty();
    } catch (ConfigurationException _) {
      return Optional.empty(); // Whose it is cannot be told; that is no reason to refuse it.
    }
  }

  /// Compares the files of a backup with their checksums and opens its database, in a copy that is
  /// removed again.
  ///
  /// @return empty if there is no room for the copy: then nothing was done
  static Optional<BackupManifest> tryOut(
      Path backup, DataFolder folder, SavedData.Progress progress) throws IOException {
    boolean here = Files.isWritable(folder.root());
    Path where = here ? folder.root() : Path.of(System.getProperty("java.io.tmpdir"));
    if (here) {
      removePrepared(folder);
    }
    if (freeBytes(where) < neededBytes(backup, folder)) {
      return Optional.empty();
    }
    try (Copy copy = Copy.in(Files.createTempDirectory(where, DataFolder.PREPARED))) {
      return Optional.of(
          Store.restore(
              backup,
              StoreOptions.of(copy.data().root()),
              SavedData.comparing(progress),
              () -> progress.at("opening its database", 0, 0),
              () -> {}));
    }
  }

  /// Removes what others have left that were cut short.
  private static void removePrepared(DataFolder folder) throws IOException {
    for (Path left : named(folder, DataFolder.PREPARED)) {
      Store.removeUnlessHeld(left);
    }
  }

  private static void requireRoom(Path backup, DataFolder folder) throws IOException {
    long needed =
        SavedData.refusing(() -> neededBytes(backup, folder)) + MediaBackup.lengthBytes(backup);
    long free = freeBytes(folder.root());
    if (free < needed) {
      throw new AdminException(
          "There is not enough room in %s: %s are needed, since what is there now is kept, and %s are free."
              .formatted(folder.root(), Amounts.bytes(needed), Amounts.bytes(free)));
    }
  }

  private static long neededBytes(Path backup, DataFolder folder) {
    return Store.manifest(backup).lengthBytes() + StoreOptions.of(folder.root()).minimumFreeBytes();
  }

  private static long freeBytes(Path where) throws IOException {
    return Files.getFileStore(where).getUsableSpace();
  }

  /// What earlier restores have set aside in a data folder.
  ///
  /// @return folders, the newest last
  /// @throws IOException if the folder cannot be read
  public static List<Path> setAside(DataFolder folder) throws IOException {
    return named(folder, DataFolder.SET_ASIDE);
  }

  private static List<Path> named(DataFolder folder, String prefix) throws IOException {
    try (Stream<Path> all = Files.list(folder.root())) {
      return all.filter(each ->
              String.valueOf(each.getFileName()).startsWith(prefix)
                  && Files.isDirectory(each, LinkOption.NOFOLLOW_LINKS))
          .sorted()
          .toList();
    }
  }

  /// Where what is there now is going to be.
  public Path aside() {
    return aside.root();
  }

  /// Exchanges what is there for what was prepared. No server may run on the folder.
  ///
  /// @throws AdminException if that cannot be done; then all is as it was, or the sentence says
  ///   where it is
  public Done putInPlace() {
    try {
      SavedData.refusing(() -> {
        Store.exchange(backup, StoreOptions.of(folder.root()), new Exchange());
        return true;
      });
    } catch (AdminException e) {
      throw new AdminException(
          e.getMessage()
              + (Files.exists(aside.root())
                  ? " What was there before is in %s.".formatted(aside.root())
                  : " Everything is as it was."),
          e);
    }
    return new Done(aside.root(), told);
  }

  /// A file or folder that has got another place.
  private record Move(Path from, Path to) {}

  private final class Exchange implements Store.Exchange {
    private final Deque<Move> made = new ArrayDeque<>();
    private boolean begun;

    /// What is small is copied, so that nothing is missing whenever this is cut short.
    @Override
    public void setAside() throws IOException {
      make(aside);
      begun = true;
      for (var each : folder.belongings().entrySet()) {
        aside.put(each.getKey(), Files.readAllBytes(each.getValue()));
      }
      move(folder.database(), aside.database());
    }

    @Override
    public void put() throws IOException {
      for (String name : EXCHANGED) {
        move(folder.root().resolve(name), aside.root().resolve(name));
        move(prepared.root().resolve(name), folder.root().resolve(name));
      }
      move(key(prepared), key(folder));
      move(
          prepared.root().resolve(DataFolder.RESTORED), folder.root().resolve(DataFolder.RESTORED));
      moveThere(prepared.database(), folder.database());
    }

    private void move(Path from, Path to) throws IOException {
      if (Files.exists(from)) {
        moveThere(from, to);
      }
    }

    private void moveThere(Path from, Path to) throws IOException {
      Store.rename(from, to);
      made.push(new Move(from, to));
    }

    @Override
    public void undo() throws IOException {
      if (!begun) {
        return; // What is aside is that of another restore.
      }
      for (Move each : made) {
        Store.rename(each.to(), each.from());
      }
      if (Files.exists(key(aside))) {
        folder.put(DataFolder.SIGNING_KEY, Files.readAllBytes(key(aside)));
      }
      Store.remove(aside.root());
    }
  }

  /// Makes a new folder. Whoever owns the data folder could lay a link there.
  private static void make(DataFolder fresh) throws IOException {
    Files.createDirectory(fresh.root());
    fresh.create();
  }

  private static Path key(DataFolder folder) {
    return folder.root().resolve(DataFolder.SIGNING_KEY);
  }

  /// Removes what was prepared and did not take its place.
  @Override
  public void close() throws IOException {
    copy.close();
  }
}
