package org.hearth.server.store;

import java.io.IOException;
import java.lang.System.Logger.Level;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.sql.CallableStatement;
import java.sql.Connection;
import java.sql.SQLException;
import java.time.Instant;
import java.time.InstantSource;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import org.hearth.server.store.BackupManifest.Progress.Step;
import org.hearth.server.store.derby.Catalogue;
import org.hearth.server.store.derby.Catalogue.TableName;
import org.hearth.server.store.derby.CommitHead;
import org.hearth.server.store.derby.Derby;
import org.hearth.server.store.derby.DerbyFault;
import org.hearth.server.store.derby.Durably;
import org.hearth.server.store.derby.PageDumps;

/// Makes and checks copies of a database.
///
/// A backup is a folder:
///
///     manifest.json   what it holds, see BackupManifest; written last
///     derby/          Derby's copy, with as much of the write-ahead log as it needs
///     …               other files of the server, such as keys and configuration
final class Backups {
  static final String DERBY = "derby";

  private static final System.Logger LOG = System.getLogger(Backups.class.getName());
  private static final int LOOK_MILLIS = 250;

  private Backups() {} // no instance

  /// What a database is, and everything up to which is in it.
  record State(StoreIdentity identity, CommitHead head) {}

  /// Copies a database that is in use; its writer goes on meanwhile.
  ///
  /// @param state what the database is and how far it has come, at least
  /// @param folder where to; it does not exist or is empty
  /// @param others what belongs to it
  static BackupManifest take(
      Derby derby,
      State state,
      Path folder,
      BackupManifest.Others others,
      BackupManifest.Progress progress,
      InstantSource clock)
      throws IOException, SQLException {
    Path target = folder.toAbsolutePath().normalize();
    if (Files.exists(target) && !isEmpty(target)) {
      throw new IOException("the folder " + target + " is not empty");
    }
    Instant begun = clock.instant();
    Path partial = BackupFolder.partial(target, state.identity().id());
    Durably.remove(partial);
    Files.createDirectories(partial);
    try {
      copy(derby, partial, progress);
      for (Map.Entry<String, Path> other : others.held().entrySet()) {
        Path copy = partial.resolve(other.getKey());
        Path above = copy.getParent();
        if (above != null) {
          Files.createDirectories(above);
        }
        Files.copy(other.getValue(), copy);
      }
      List<BackupManifest.BackupFile> files = ManifestFile.list(partial, progress);
      BackupManifest manifest =
          new BackupManifest(
              state.identity().id(),
              state.identity().epoch(),
              state.identity().schemaVersion(),
              state.head().logPosition(),
              state.head().commits(),
              begun,
              files,
              others.origin());
      ManifestFile.write(partial, manifest);
      Files.deleteIfExists(target);
      Files.move(partial, target, StandardCopyOption.ATOMIC_MOVE);
      Path parent = target.getParent();
      if (parent != null) {
        Durably.forceFolder(parent);
      }
      return manifest;
    } catch (IOException | SQLException | RuntimeException e) {
      try {
        Durably.remove(partial);
      } catch (IOException removing) {
        e.addSuppressed(removing);
      }
      throw e;
    }
  }

  private static void copy(Derby derby, Path folder, BackupManifest.Progress progress)
      throws IOException, SQLException {
    long total = Durably.lengthBytes(derby.folder());
    CountDownLatch copied = new CountDownLatch(1);
    Thread.ofVirtual()
        .name("backup-progress")
        .start(() -> {
          try {
            while (!copied.await(LOOK_MILLIS, TimeUnit.MILLISECONDS)) {
              progress.at(Step.COPYING, Durably.lengthBytes(folder), total);
            }
          } catch (IOException | InterruptedException e) {
            LOG.log(Level.DEBUG, "the progress of a backup is not told any more", e);
          }
        });
    try (Connection connection = derby.connect();
        CallableStatement backup =
            connection.prepareCall("CALL SYSCS_UTIL.SYSCS_BACKUP_DATABASE(?)")) {
      progress.at(Step.COPYING, 0, total);
      backup.setString(1, folder.toString());
      backup.execute();
      // Derby copies the files that it finds.
      Catalogue.requireFiles(connection, folder.resolve(DERBY));
    } finally {
      copied.countDown();
    }
  }

  /// Checks that every file is there, and that every index agrees with its table.
  ///
  /// @param copy named in the refusal
  /// @throws StoreRefusedException if that is not so
  static void checkTables(Derby derby, Path copy, BackupManifest.Progress progress)
      throws IOException, SQLException {
    try (Connection connection = derby.connect()) {
      Catalogue.requireFiles(connection, derby.folder());
      List<TableName> tables = Catalogue.tables(connection);
      int done = 0;
      for (TableName table : tables) {
        progress.at(Step.TABLES, done++, tables.size());
        try {
          Catalogue.check(connection, table);
        } catch (SQLException e) {
          if (isOfMedium(e)) {
            throw e;
          }
          throw new StoreRefusedException(
              new Refusal.BadBackup(
                  copy, PageDumps.cut("table " + table.table() + ": " + e.getMessage())),
              e);
        }
      }
    } catch (SQLException e) {
      if (DerbyFault.isMissing(e) && !isOfMedium(e)) {
        throw new StoreRefusedException(new Refusal.BadBackup(copy, Opening.innermost(e)), e);
      }
      throw e;
    }
  }

  /// Whether the copy could not be read for a reason that says nothing of what it holds.
  private static boolean isOfMedium(SQLException failure) {
    return DerbyFault.ofMedium(failure) != DerbyFault.FAILED
        || DerbyFault.unopened(failure).isPresent();
  }

  static boolean isEmpty(Path folder) throws IOException {
    try (DirectoryStream<Path> entries = Files.newDirectoryStream(folder)) {
      return !entries.iterator().hasNext();
    }
  }
}
