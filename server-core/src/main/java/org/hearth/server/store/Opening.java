package org.hearth.server.store;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.lang.System.Logger.Level;
import java.nio.file.AccessDeniedException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.SQLException;
import java.time.ZoneOffset;
import java.time.format.DateTimeFormatter;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.UUID;
import java.util.stream.Stream;
import org.hearth.server.store.derby.Catalogue;
import org.hearth.server.store.derby.Catalogue.TableName;
import org.hearth.server.store.derby.CommitHead;
import org.hearth.server.store.derby.Derby;
import org.hearth.server.store.derby.DerbyFault;
import org.hearth.server.store.derby.Durably;
import org.hearth.server.store.derby.HighWaterMark;
import org.hearth.server.store.derby.HighWaterMark.Contents;
import org.hearth.server.store.derby.PageDumps;
import org.hearth.server.store.derby.ReportedDamage;

/// Opens the database of a data folder that is held, or says why not.
///
/// A database is being made as long as the file `making` is beside it: nothing was acknowledged
/// yet, and one that was not finished is made anew.
final class Opening {
  private static final String FILES_DAMAGED = "its files are damaged";
  private static final String MAKING = "making";
  private static final String HELD_BY_ANOTHER = "XSDB6";
  private static final System.Logger LOG = System.getLogger(Opening.class.getName());

  /// How many backups stay that were taken before a newer version changed the tables.
  private static final int KEPT_BEFORE_SCHEMA = 3;

  private static final DateTimeFormatter STAMP =
      DateTimeFormatter.ofPattern("yyyyMMdd-HHmmss").withZone(ZoneOffset.UTC);

  private final StoreOptions options;
  private final Path folder;
  private final Derby derby;
  private final int newestSchema = Schema.newestKnown();
  private final long salt;

  /// @param salt for the running hash of the commits of this run
  Opening(StoreOptions options, long salt) {
    this.options = options;
    this.folder = options.databaseFolder();
    this.derby = new Derby(options.derbyFolder());
    this.salt = salt;
  }

  /// What is open.
  record Opened(Derby derby, StoreIdentity identity, CommitHead head, HighWaterMark mark) {}

  /// Whether a database was being made there when the program ended: nothing is lost with it.
  static boolean isUnfinished(Path databaseFolder) {
    return Files.exists(databaseFolder.resolve(MAKING));
  }

  /// Opens, makes or migrates the database.
  ///
  /// @throws StoreRefusedException if it must not be opened; it is shut down then
  Opened open() throws IOException, SQLException {
    prepare();
    if (isUnfinished(folder)) {
      discard();
    }
    try {
      return Files.notExists(options.derbyFolder()) ? make() : openExisting();
    } catch (IOException | SQLException | RuntimeException | Error e) {
      derby.shutDown();
      throw e;
    }
  }

  /// Makes the folder, and the settings that the database is booted with.
  private void prepare() throws IOException {
    Files.createDirectories(folder);
    Optional<String> unsafe = Derby.unsafeSetting(folder);
    if (unsafe.isPresent()) {
      throw new StoreRefusedException(new Refusal.UnsafeSettings(unsafe.get()));
    }
    Derby.configure(folder, options.cacheBytes());
  }

  private Opened make() throws IOException, SQLException {
    Optional<Contents> mark = HighWaterMark.read(folder);
    if (mark.isPresent() && !options.acceptLoss()) {
      throw behind(CommitHead.START, mark.get().head());
    }
    CommitHead head = mark.map(Contents::head).orElse(CommitHead.START);
    UUID id = UUID.randomUUID();
    beginMaking();
    derby.create();
    Schema.migrate(derby);
    StoreIdentity identity = Schema.identify(derby, id, newestSchema, options.clock().instant());
    if (mark.isPresent() || options.acceptLoss()) {
      identity = newEpoch(identity, head);
    }
    return new Opened(derby, identity, head, finishMaking(id, head));
  }

  /// Puts the copy of a database here, in place of one that was not put whole, in a new epoch, and
  /// shuts it down again.
  ///
  /// @param least the head that it must have reached
  /// @param progress told of each table
  /// @param booting held while Derby reads its settings, which are the JVM's
  void restore(Path copy, BackupManifest least, BackupManifest.Progress progress, Object booting)
      throws IOException, SQLException {
    Files.createDirectories(folder);
    discard();
    beginMaking();
    try (var _ = ReportedDamage.leaveOut()) {
      synchronized (booting) {
        prepare();
        derby.createFrom(copy);
      }
      StoreIdentity identity = identity();
      CommitHead head = readHead();
      if (!identity.id().equals(least.id()) || head.position() < least.head().value()) {
        throw new StoreRefusedException(
            new Refusal.BadBackup(
                copy,
                "it holds %s at position %d instead of %s at position %s or later"
                    .formatted(identity.id(), head.position(), least.id(), least.head())));
      }
      Backups.checkTables(derby, copy, progress);
      CommitHead restored = head.next(head.position(), salt);
      newEpoch(identity, restored);
      derby.shutDown();
      finishMaking(identity.id(), restored).close();
    } catch (IOException | SQLException | RuntimeException | Error e) {
      derby.shutDown();
      discard();
      throw e;
    }
  }

  /// The epoch is a time, so that it is new also when a database goes back to one point twice.
  private StoreIdentity newEpoch(StoreIdentity identity, CommitHead head) throws SQLException {
    long epoch = Math.max(identity.epoch() + 1, options.clock().millis());
    return Schema.newEpoch(derby, identity, epoch, head);
  }

  private void beginMaking() throws IOException {
    Files.writeString(folder.resolve(MAKING), "a database is being made here\n");
    Durably.forceFile(folder.resolve(MAKING));
    Durably.forceFolder(folder);
  }

  private HighWaterMark finishMaking(UUID id, CommitHead head) throws IOException {
    HighWaterMark mark = HighWaterMark.begin(folder, id, head);
    Files.delete(folder.resolve(MAKING));
    Durably.forceFolder(folder);
    return mark;
  }

  /// Removes what was being made. A mark that was there before remains.
  private void discard() throws IOException {
    Durably.remove(options.derbyFolder());
    Files.deleteIfExists(folder.resolve(MAKING));
  }

  private Opened openExisting() throws IOException, SQLException {
    boot();
    StoreIdentity identity = identity();
    CommitHead head = readHead();
    requireFiles();
    Optional<StoreRefusedException> contradiction = compareWithMark(identity, head);
    if (contradiction.isPresent()) {
      if (!options.acceptLoss()) {
        throw contradiction.get();
      }
      head = headAfterLoss(head);
      identity = newEpoch(identity, head);
    }
    if (identity.schemaVersion() < newestSchema) {
      identity = upgrade(identity, head);
    }
    return new Opened(derby, identity, head, HighWaterMark.begin(folder, identity.id(), head));
  }

  private void boot() throws IOException, SQLException {
    try {
      derby.boot();
    } catch (SQLException e) {
      for (Throwable each = e; each != null; each = each.getCause()) {
        if (each instanceof SQLException sql && HELD_BY_ANOTHER.equals(sql.getSQLState())) {
          throw new StoreRefusedException(
              new Refusal.Held(options.dataFolder(), OptionalLong.empty()), e);
        }
      }
      if (DerbyFault.ofMedium(e) != DerbyFault.FAILED) {
        throw e;
      }
      throw unreadable(e);
    }
  }

  /// @throws AccessDeniedException if there is nothing wrong but that this user may not read a
  ///   file, for which Derby has no words of its own
  /// @throws IOException if a file could not be opened for another reason
  private StoreRefusedException unreadable(Exception failure) throws IOException {
    try (Stream<Path> all = Files.walk(options.derbyFolder())) {
      Optional<Path> closed = all.filter(each -> !Files.isReadable(each)).findFirst();
      if (closed.isPresent()) {
        throw new AccessDeniedException(closed.get().toString());
      }
    } catch (UncheckedIOException e) {
      throw e.getCause();
    }
    if (DerbyFault.unopened(failure).isPresent()) {
      throw new IOException(innermost(failure), failure);
    }
    return new StoreRefusedException(
        new Refusal.Unreadable(
            options.dataFolder(),
            StorageException.isOfDamage(failure) ? FILES_DAMAGED : innermost(failure)),
        failure);
  }

  /// Reads something without which a database is none.
  private <T> T essential(Essential<T> reading) throws IOException, SQLException {
    try {
      return reading.read();
    } catch (SQLException e) {
      if (DerbyFault.ofMedium(e) != DerbyFault.FAILED) {
        throw e;
      }
      throw unreadable(e);
    } catch (IllegalArgumentException e) {
      throw unreadable(e);
    }
  }

  @FunctionalInterface
  private interface Essential<T> {
    T read() throws SQLException;
  }

  /// What is at the bottom of a failure; what Derby says at its top is that it has failed.
  static String innermost(Throwable failure) {
    Throwable last = failure;
    Throwable next = failure;
    while (next != null) {
      last = next;
      next =
          last instanceof SQLException sql && sql.getNextException() != null
              ? sql.getNextException()
              : last.getCause();
    }
    // Where Derby trips over its own feet it has no words for what is wrong with the files.
    String said = last instanceof RuntimeException ? null : last.getMessage();
    return said == null ? FILES_DAMAGED : PageDumps.cut(said).replaceFirst("\\.+$", "");
  }

  private StoreIdentity identity() throws IOException, SQLException {
    Schema.Recorded recorded =
        essential(() -> Schema.read(derby)).orElseThrow(this::withoutIdentity);
    if (!recorded.product().equals(Schema.PRODUCT)) {
      throw new StoreRefusedException(
          new Refusal.OtherProduct(options.dataFolder(), recorded.product()));
    }
    StoreIdentity identity = recorded.identity();
    if (identity.schemaVersion() > newestSchema) {
      throw new StoreRefusedException(
          new Refusal.NewerSchema(options.dataFolder(), identity.schemaVersion(), newestSchema));
    }
    return identity;
  }

  /// Where there is a mark, there was a database of ours.
  private StoreRefusedException withoutIdentity() {
    return new StoreRefusedException(
        Files.exists(folder.resolve(HighWaterMark.FILE))
            ? new Refusal.Unreadable(
                options.dataFolder(), "it does not say any more which database it is")
            : new Refusal.OtherProduct(options.dataFolder(), "somebody else"));
  }

  private CommitHead readHead() throws IOException, SQLException {
    return essential(() -> {
      try (WriteConnection connection = WriteConnection.open(derby)) {
        return connection.readHead();
      }
    });
  }

  /// No server starts that would meet the lack of a file when somebody asks for what was in it.
  private void requireFiles() throws IOException, SQLException {
    try (Connection connection = derby.connect()) {
      Catalogue.requireFiles(connection, derby.folder());
    } catch (SQLException e) {
      throw DerbyFault.isMissing(e)
          ? new StoreRefusedException(new Refusal.Unreadable(options.dataFolder(), innermost(e)), e)
          : unreadable(e);
    }
  }

  /// Opens the database that is there, reads all of it and shuts it down.
  ///
  /// @return a sentence for each table that cannot be read, or does not agree with its indexes
  /// @throws StoreRefusedException if it cannot be opened at all
  List<String> check() throws IOException, SQLException {
    prepare();
    try {
      boot();
      identity();
      readHead();
      requireFiles();
      List<String> problems = new ArrayList<>();
      for (TableName table : essential(this::tables)) {
        problem(table)
            .map(each -> "The table %s cannot be read: %s.".formatted(table, each))
            .ifPresent(problems::add);
        if (table.ofDerby() && !problems.isEmpty()) {
          break; // All others are read by means of it.
        }
      }
      return problems;
    } finally {
      derby.shutDown();
    }
  }

  private List<TableName> tables() throws SQLException {
    try (Connection connection = derby.connect()) {
      return Catalogue.tables(connection);
    }
  }

  /// Derby shuts the database down when it meets damage; the next connection opens it again.
  private Optional<String> problem(TableName table) throws IOException, SQLException {
    long before = ReportedDamage.count();
    try (Connection connection = derby.connect()) {
      Catalogue.read(connection, table);
      Catalogue.check(connection, table);
      return Optional.empty();
    } catch (SQLException e) {
      if (DerbyFault.ofMedium(e) != DerbyFault.FAILED || DerbyFault.unopened(e).isPresent()) {
        throw e;
      }
      LOG.log(Level.DEBUG, "the table " + table + " cannot be read", PageDumps.without(e));
      return Optional.of(ReportedDamage.since(before).orElseGet(() -> innermost(e)));
    }
  }

  private Optional<StoreRefusedException> compareWithMark(StoreIdentity identity, CommitHead head)
      throws AccessDeniedException {
    Optional<Contents> mark;
    try {
      mark = HighWaterMark.read(folder);
    } catch (AccessDeniedException e) {
      throw e; // Nothing is wrong with it.
    } catch (IOException e) {
      return Optional.of(otherHistory(head, String.valueOf(e.getMessage())));
    }
    if (mark.isEmpty()) {
      return Optional.of(
          otherHistory(head, "the file " + HighWaterMark.FILE + " beside it is missing"));
    }
    if (!mark.get().store().equals(identity.id())) {
      return Optional.of(
          new StoreRefusedException(
              new Refusal.OtherStore(options.dataFolder(), mark.get().store(), identity.id())));
    }
    CommitHead marked = mark.get().head();
    if (head.commits() < marked.commits()) {
      return Optional.of(behind(head, marked));
    }
    if (head.commits() == marked.commits()
        && (head.position() != marked.position() || head.hash() != marked.hash())) {
      return Optional.of(
          otherHistory(head, "it has as many commits as were acknowledged, but others"));
    }
    // Equal, or ahead: the mark of the last commits had not been written when the power failed.
    return Optional.empty();
  }

  private StoreRefusedException behind(CommitHead found, CommitHead marked) {
    return new StoreRefusedException(
        new Refusal.BehindMark(
            options.dataFolder(),
            found.logPosition(),
            marked.logPosition(),
            marked.commits() - found.commits()));
  }

  private StoreRefusedException otherHistory(CommitHead found, String detail) {
    return new StoreRefusedException(
        new Refusal.OtherHistory(options.dataFolder(), found.logPosition(), detail));
  }

  /// No number is given twice that may have been seen.
  private CommitHead headAfterLoss(CommitHead found) {
    CommitHead marked;
    try {
      marked = HighWaterMark.read(folder).map(Contents::head).orElse(found);
    } catch (IOException _) {
      marked = found; // Damaged, which the refusal has said; there is nothing to learn from it.
    }
    CommitHead later =
        new CommitHead(
            Math.max(found.commits(), marked.commits()),
            Math.max(found.position(), marked.position()),
            found.hash());
    return later.next(later.position(), salt);
  }

  private StoreIdentity upgrade(StoreIdentity identity, CommitHead head)
      throws IOException, SQLException {
    String name =
        "before-schema-%d-%s".formatted(newestSchema, STAMP.format(options.clock().instant()));
    Path backups = Files.createDirectories(options.dataFolder().resolve("backups"));
    Backups.take(
        derby,
        new Backups.State(identity, head),
        backups.resolve(name),
        BackupManifest.Others.NONE,
        (_, _, _) -> {},
        options.clock());
    Schema.migrate(derby);
    StoreIdentity upgraded = Schema.upgraded(derby, identity, newestSchema);
    try {
      new BackupFolder(backups, "before-schema-[0-9]+", identity.id())
          .keepNewest(KEPT_BEFORE_SCHEMA);
    } catch (IOException e) {
      LOG.log(Level.WARNING, "Old backups in " + backups + " could not be removed", e);
    }
    return upgraded;
  }
}
