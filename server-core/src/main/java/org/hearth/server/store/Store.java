package org.hearth.server.store;

import java.io.File;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.AccessDeniedException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.security.SecureRandom;
import java.sql.SQLException;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.UUID;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.function.Consumer;
import org.hearth.ringlogs.DeadLetters;
import org.hearth.ringlogs.Log.ParkedKey;
import org.hearth.ringlogs.LogPosition;
import org.hearth.server.store.StorageException.Reason;
import org.hearth.server.store.derby.Derby;
import org.hearth.server.store.derby.DerbyFault;
import org.hearth.server.store.derby.Durably;
import org.hearth.server.store.derby.FolderOwner;
import org.hearth.server.store.derby.HighWaterMark;

/// The database of one server: open, it holds the data folder for itself.
///
/// **Thread**: any.
public final class Store implements AutoCloseable {
  /// The tables that the store itself writes.
  public static final List<Table> TABLES =
      List.of(
          new Table("store_identity", "one row", "made once"),
          new Table("commit_head", "one row", "made once"),
          new Table("flyway_schema_history", "one row a migration", "nothing: there are few"),
          StoredDeadLetters.DEAD_LETTER,
          Journal.TABLE,
          Journal.FLOOR,
          SigningKeys.TABLE);

  private static final long MEGABYTE = 1_000_000;

  /// The file in a data folder that names the backup which is being restored into it.
  private static final String RESTORING = "restoring";

  /// Derby's settings belong to the JVM, so one database is opened at a time.
  private static final Object OPENING = new Object();

  private final StoreOptions options;
  private final FolderLock lock;
  private final Derby derby;
  private final StoreIdentity identity;
  private final HighWaterMark mark;
  private final Health health;
  private final GroupCommit groupCommit;
  private final Committer committer;
  private final ReadPool reads;
  private final Keeper keeper;
  private final StoredDeadLetters deadLetters;
  private final AtomicBoolean closed = new AtomicBoolean();

  private Store(StoreOptions options, FolderLock lock, Opening.Opened opened, long salt) {
    this.options = options;
    this.lock = lock;
    derby = opened.derby();
    health = new Health(derby);
    identity = opened.identity();
    mark = opened.mark();
    reads = new ReadPool(derby, options.readers(), options.readDeadline(), health);
    groupCommit = new GroupCommit(derby, health, mark, opened.head(), salt);
    committer = new Committer(groupCommit, health, Committer.PATIENCE);
    keeper = new Keeper(options, derby, health, mark, reads, committer);
    deadLetters = new StoredDeadLetters(committer, reads);
  }

  /// Opens the database in a data folder; makes it if there is none; migrates it, after a backup,
  /// if it is older.
  ///
  /// @throws StoreRefusedException if it must not be opened; the refusal says why and what to do
  /// @throws StorageException if the disk fails or is full
  public static Store open(StoreOptions options) {
    return open(options, () -> {});
  }

  /// Opens the database, which may take long.
  ///
  /// @param onHeld called as soon as the data folder is this process's own
  public static Store open(StoreOptions options, OnHeld onHeld) {
    try {
      return holding(options, "opening the store in", lock -> open(options, onHeld, lock));
    } catch (RuntimeException e) {
      throw refusal(options.dataFolder(), e);
    }
  }

  private static Store open(StoreOptions options, OnHeld onHeld, FolderLock lock)
      throws IOException, SQLException {
    requireRestored(options.dataFolder());
    long salt = new SecureRandom().nextLong();
    onHeld.run();
    Opening.Opened opened;
    synchronized (OPENING) {
      opened = new Opening(options, salt).open();
    }
    Store store = new Store(options, lock, opened, salt);
    store.keeper.start();
    store.committer.start();
    return store;
  }

  private static void requireRestored(Path dataFolder) throws IOException {
    Optional<String> restoring = restoring(dataFolder);
    if (restoring.isPresent()) {
      throw new StoreRefusedException(new Refusal.Restoring(dataFolder, restoring.get()));
    }
  }

  /// What is done with a data folder that is held, before its database is open.
  @FunctionalInterface
  public interface OnHeld {
    void run() throws IOException;
  }

  @FunctionalInterface
  private interface WithLock<T> {
    T run(FolderLock lock) throws IOException, SQLException;
  }

  /// @param action leaves the folder held, or closes the lock; if it fails, it is closed here
  private static <T> T holding(StoreOptions options, String doing, WithLock<T> action) {
    try {
      Files.createDirectories(options.dataFolder());
      FolderLock lock = FolderLock.take(options.dataFolder());
      try {
        return action.run(lock);
      } catch (IOException | SQLException | RuntimeException | Error e) {
        lock.close();
        throw e;
      }
    } catch (IOException | SQLException e) {
      Optional<Refusal> notAllowed = notAllowed(e);
      if (notAllowed.isPresent()) {
        throw new StoreRefusedException(notAllowed.get(), e);
      }
      throw failure(doing + " " + options.dataFolder(), e);
    }
  }

  private static Optional<Refusal> notAllowed(Throwable failure) {
    Optional<String> denied = Optional.empty();
    for (Throwable each = failure; each != null; each = each.getCause()) {
      if (each instanceof AccessDeniedException found) {
        denied = Optional.of(found.getFile());
      }
    }
    return denied
        .or(() -> DerbyFault.unopened(failure).filter(each -> !each.canRead()).map(File::toString))
        .map(each -> new Refusal.NotAllowed(each, System.getProperty("user.name")));
  }

  private static StorageException failure(String doing, Exception cause) {
    Reason reason =
        switch (DerbyFault.ofMedium(cause)) {
          case DISK_FULL -> Reason.DISK_FULL;
          case READ_ONLY -> Reason.READ_ONLY;
          case STATEMENT, CONFLICT, FAILED -> Reason.FAILED;
        };
    return new StorageException(reason, doing + ": " + StorageException.said(cause), cause);
  }

  StoreOptions options() {
    return options;
  }

  public Committer committer() {
    return committer;
  }

  public ReadPool reads() {
    return reads;
  }

  /// Entries that consumers could not handle, in table `dead_letter`.
  public DeadLetters deadLetters() {
    return deadLetters;
  }

  /// What is parked in table `dead_letter`, by log, consumer and first position, without the bytes.
  ///
  /// @param limit at most so many
  public List<ParkedKey> parkedKeys(int limit) {
    return deadLetters.parkedKeys(limit);
  }

  /// The last committed position. What is at or before it can be read.
  public LogPosition head() {
    return groupCommit.head();
  }

  /// The position up to which every announcement, to whatever log, is published; at or shortly
  /// behind [#head]. A log's own head does not say that, because the announcements of one commit go
  /// out log by log. Who waits for a commit may be told of it a little later.
  public LogPosition published() {
    return groupCommit.published();
  }

  public StoreIdentity identity() {
    return identity;
  }

  public StoreState state() {
    return health.state();
  }

  /// Follows the end of the store, from which only a restart helps.
  ///
  /// @param listener told in the thread that found it; quick
  public void onFailed(Consumer<StoreState.Failed> listener) {
    health.onFailed(listener);
  }

  /// What to tell of a database that is open and damaged.
  ///
  /// @return empty unless a reader or the writer has found damage
  public Optional<Refusal> damage() {
    return state() instanceof StoreState.Failed(_, boolean damaged, _) && damaged
        ? Optional.of(new Refusal.Damaged(options.dataFolder()))
        : Optional.empty();
  }

  /// Nobody waits for a database that has failed, nor starts with it.
  ///
  /// @throws StorageException if it has; a [StoreRefusedException] if [#damage] was found
  public void requireNotFailed() {
    Optional<Refusal> damage = damage();
    if (damage.isPresent()) {
      throw new StoreRefusedException(damage.get());
    }
    if (state() instanceof StoreState.Failed(String detail, _, _)) {
      throw new StorageException(Reason.FAILED, detail);
    }
  }

  /// What a start has met, as the refusal that it is if the database is damaged or may not be read.
  ///
  /// @return else why the store has failed, or the failure itself
  public RuntimeException refusal(RuntimeException failure) {
    // What fails after the damage was found says nothing of it.
    health.settle(failure);
    Optional<Refusal> refusal = damage().or(() -> notAllowed(failure));
    if (refusal.isPresent()) {
      return new StoreRefusedException(refusal.get(), failure);
    }
    return state() instanceof StoreState.Failed(String detail, _, _)
        ? new StorageException(Reason.FAILED, detail, failure)
        : refusal(options.dataFolder(), failure);
  }

  static RuntimeException refusal(Path dataFolder, RuntimeException failure) {
    return !(failure instanceof StoreRefusedException) && StorageException.isOfDamage(failure)
        ? new StoreRefusedException(new Refusal.Damaged(dataFolder), failure)
        : failure;
  }

  public StoreFigures figures() {
    var unitsPerCommit = groupCommit.unitsPerCommit();
    var rowsPerCommit = groupCommit.rowsPerCommit();
    return new StoreFigures(
        state(),
        head(),
        unitsPerCommit.count(),
        committer.handled(),
        unitsPerCommit.sum(),
        rowsPerCommit.sum(),
        groupCommit.failedUnits(),
        groupCommit.repeatedCommits(),
        unitsPerCommit,
        rowsPerCommit,
        groupCommit.commitNanos(),
        committer.queued(),
        Committer.CAPACITY,
        committer.waits(),
        committer.taken(),
        reads.queries(),
        reads.active(),
        reads.waiting(),
        reads.unreadableCount(),
        keeper.databaseBytes(),
        keeper.logBytes(),
        keeper.freeBytes());
  }

  /// Copies the database into a new folder while it is in use.
  ///
  /// @param folder does not exist yet, or is empty
  /// @param others what belongs to it
  /// @param progress told how far it is
  /// @throws StorageException if the copy cannot be made, or would fill the disk; an incomplete one
  ///   is removed
  public BackupManifest backup(
      Path folder, BackupManifest.Others others, BackupManifest.Progress progress) {
    try {
      checkSpace(folder);
      return Backups.take(
          derby,
          new Backups.State(identity, groupCommit.commitHead()),
          folder,
          others,
          progress,
          options.clock());
    } catch (IOException | SQLException e) {
      if (DerbyFault.isDamage(e)) {
        throw health.damaged(e);
      }
      if (e instanceof SQLException sql && DerbyFault.endsUnopened(sql)) {
        throw health.fault(DerbyFault.FAILED, "making a backup in " + folder, e);
      }
      health.settle(e);
      StorageException failed = health.refusal(e);
      throw failed != null ? failed : failure("making a backup in " + folder, e);
    }
  }

  /// Leaves what this process has made in a folder for backups to the owner of the data folder, if
  /// that folder is his too.
  ///
  /// @param names what in it
  public void leave(Path folder, Set<String> names) {
    FolderOwner.giveBack(options.dataFolder(), folder, names);
  }

  /// A backup must not make the server read-only for want of space.
  private void checkSpace(Path folder) throws IOException {
    Path parent = folder.toAbsolutePath().normalize().getParent();
    if (parent != null) {
      Files.createDirectories(parent);
      long needed = Durably.lengthBytes(options.derbyFolder()) + options.minimumFreeBytes();
      long free = Files.getFileStore(parent).getUsableSpace();
      if (free < needed) {
        throw new IOException(
            "there is not enough space in %s: %,d MB are free, %,d MB are needed"
                .formatted(parent, free / MEGABYTE, Math.ceilDiv(needed, MEGABYTE)));
      }
    }
  }

  /// Reads all of a database that nobody has opened: each row, and each index.
  ///
  /// @return a sentence for each table of which something cannot be read; empty if all is well, and
  ///   where there is no database
  /// @throws StoreRefusedException if it cannot be opened at all
  /// @throws StorageException if the disk fails or is full
  public static List<String> check(StoreOptions options) {
    try {
      return holding(
          options,
          "reading the database in",
          lock -> {
            requireRestored(options.dataFolder());
            List<String> problems;
            synchronized (OPENING) {
              problems =
                  Files.exists(options.derbyFolder())
                      ? new Opening(options, new SecureRandom().nextLong()).check()
                      : List.of();
            }
            lock.close();
            return problems;
          });
    } catch (RuntimeException e) {
      throw refusal(options.dataFolder(), e);
    }
  }

  /// Reads a backup and compares it with what it was when it was made.
  ///
  /// @throws StoreRefusedException [Refusal.BadBackup] if it is damaged or none
  public static BackupManifest verify(Path backup) {
    return verify(backup, (_, _, _) -> {});
  }

  /// The same, followed by somebody, who may end it by what he throws.
  public static BackupManifest verify(Path backup, BackupManifest.Progress progress) {
    return ManifestFile.verified(backup, progress);
  }

  /// Which database a data folder has.
  ///
  /// @return empty if there is none
  /// @throws IOException if that cannot be read
  public static Optional<UUID> idIn(Path dataFolder) throws IOException {
    return HighWaterMark.read(StoreOptions.of(dataFolder).databaseFolder())
        .map(HighWaterMark.Contents::store);
  }

  /// What a backup says that it holds; nothing is compared.
  ///
  /// @throws StoreRefusedException [Refusal.BadBackup] if it does not say so
  public static BackupManifest manifest(Path backup) {
    return ManifestFile.read(backup);
  }

  /// The backup that is being restored into a data folder, or was when the program ended. No store
  /// opens there until that has come to its end.
  ///
  /// @throws StoreRefusedException [Refusal.NoFile]
  public static Optional<String> restoring(Path dataFolder) throws IOException {
    Path mark = dataFolder.resolve(RESTORING);
    return FolderLock.isFileThere(mark)
        ? Optional.of(new String(Files.readAllBytes(mark), StandardCharsets.UTF_8))
        : Optional.empty();
  }

  /// Puts a backup into the data folder of `options`, where there must be no database but that of a
  /// restore that was interrupted, and verifies it. Open the store afterwards.
  ///
  /// @param before puts what belongs to the database into the folder, which is held
  /// @param after puts what else belongs to it
  /// @throws StoreRefusedException if the backup is damaged, or the folder holds a database
  public static BackupManifest restore(
      Path backup, StoreOptions options, OnHeld before, OnHeld after) {
    return restore(backup, options, (_, _, _) -> {}, before, after);
  }

  /// The same, of which somebody follows the comparison with the checksums and that of the tables,
  /// and may end it by what he throws.
  public static BackupManifest restore(
      Path backup,
      StoreOptions options,
      BackupManifest.Progress progress,
      OnHeld before,
      OnHeld after) {
    return holding(
        options,
        "restoring a backup into",
        lock -> {
          Path folder = options.dataFolder();
          Path database = options.databaseFolder();
          if (restoring(folder).isEmpty()
              && Files.exists(database)
              && !Backups.isEmpty(database)
              && !Opening.isUnfinished(database)) {
            throw new StoreRefusedException(new Refusal.NotEmpty(database));
          }
          BackupManifest manifest = verify(backup, progress);
          mark(folder, backup);
          before.run();
          new Opening(options, new SecureRandom().nextLong())
              .restore(backup.resolve(Backups.DERBY), manifest, progress, OPENING);
          after.run();
          unmark(folder);
          lock.close();
          return manifest;
        });
  }

  private static void mark(Path folder, Path backup) throws IOException {
    Path mark = folder.resolve(RESTORING);
    Files.deleteIfExists(mark);
    // Whoever owns the folder could lay a link there, to a file that is not theirs.
    Files.writeString(
        mark, backup.toString(), StandardOpenOption.CREATE_NEW, StandardOpenOption.WRITE);
    Durably.forceFile(mark);
    Durably.forceFolder(folder);
  }

  private static void unmark(Path folder) throws IOException {
    Files.deleteIfExists(folder.resolve(RESTORING));
    Durably.forceFolder(folder);
  }

  /// Moves a file or folder to another place on its disk, in the place of what is there; for good.
  public static void rename(Path from, Path to) throws IOException {
    Files.move(from, to, StandardCopyOption.ATOMIC_MOVE, StandardCopyOption.REPLACE_EXISTING);
    for (Path each : List.of(from, to)) {
      Durably.forceFolder(each.toAbsolutePath().resolveSibling(""));
    }
  }

  /// Removes a folder with what is in it. One that is not there is no error.
  public static void remove(Path folder) throws IOException {
    Durably.remove(folder);
  }

  /// The same, unless somebody holds the folder.
  public static void removeUnlessHeld(Path folder) throws IOException {
    try {
      FolderLock.take(folder).close();
    } catch (StoreRefusedException e) {
      if (e.refusal() instanceof Refusal.Held) {
        return;
      }
    }
    remove(folder);
  }

  /// How a restored database takes the place of the one that is there.
  public interface Exchange {
    /// Sets aside what is there: until that is done, no other restore may go on in its place.
    void setAside() throws IOException;

    /// Puts what was restored in its place.
    void put() throws IOException;

    /// Puts everything back, of what was done.
    void undo() throws IOException;
  }

  /// Exchanges the database of a data folder that nobody has opened, which is held meanwhile. If it
  /// is cut short, no store opens there until a restore of the backup has come to its end; if it
  /// fails, all is as it was.
  ///
  /// @throws StoreRefusedException if somebody has opened it
  /// @throws StorageException if it fails; a failure to undo it is suppressed in the cause
  public static void exchange(Path backup, StoreOptions options, Exchange exchange) {
    var _ =
        holding(
            options,
            "restoring a backup into",
            lock -> {
              try {
                exchange.setAside();
                mark(options.dataFolder(), backup);
                exchange.put();
                unmark(options.dataFolder());
              } catch (IOException | RuntimeException e) {
                try {
                  exchange.undo();
                  unmark(options.dataFolder());
                } catch (IOException undoing) {
                  e.addSuppressed(undoing);
                }
                throw e;
              }
              lock.close();
              return true;
            });
  }

  /// Writes what is waiting, closes the database, releases the data folder. Closing again does
  /// nothing.
  @Override
  public void close() {
    if (!closed.compareAndSet(false, true)) {
      return;
    }
    committer.drainAndStop();
    health.closed();
    keeper.close();
    reads.close();
    try {
      mark.close();
    } catch (IOException e) {
      throw failure("closing the high-water mark", e);
    } finally {
      derby.shutDown();
      lock.close();
    }
  }
}
