package org.hearth.server.store;

import java.io.IOException;
import java.net.JarURLConnection;
import java.net.URI;
import java.net.URISyntaxException;
import java.net.URL;
import java.nio.file.Files;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.time.Instant;
import java.util.List;
import java.util.Optional;
import java.util.UUID;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.flywaydb.core.Flyway;
import org.hearth.server.store.derby.CommitHead;
import org.hearth.server.store.derby.Derby;
import org.hearth.server.store.derby.DerbyDataSource;
import org.jspecify.annotations.Nullable;

/// The tables' versions, and which database this is.
///
/// Flyway applies the migrations; it is started only when there is something to apply, because it
/// takes longer to start than the rest of the store together.
final class Schema {
  static final String PRODUCT = "hearth";

  private static final String MIGRATIONS = "db/migration";
  private static final Pattern MIGRATION = Pattern.compile("V([0-9]+)__[a-z0-9_]+\\.sql");
  private static final String NO_SUCH_TABLE = "42X05";

  /// The first version with the table of one-time keys.
  private static final int ONE_TIME_KEYS = 20;

  /// The first version with the tables of devices of users of other servers.
  private static final int REMOTE_DEVICES = 46;

  private Schema() {} // no instance

  /// What the table `store_identity` says.
  record Recorded(String product, StoreIdentity identity) {}

  /// The identity; empty if the database has no tables yet.
  static Optional<Recorded> read(Derby derby) throws SQLException {
    try (Connection connection = derby.connect();
        Statement statement = connection.createStatement();
        ResultSet row =
            statement.executeQuery(
                "SELECT product, store_id, epoch, schema_version, created_at FROM"
                    + " store_identity")) {
      if (!row.next()) {
        return Optional.empty();
      }
      return Optional.of(
          new Recorded(
              row.getString(1),
              new StoreIdentity(
                  UUID.fromString(row.getString(2)),
                  row.getLong(3),
                  row.getInt(4),
                  Instant.ofEpochMilli(row.getLong(5)))));
    } catch (SQLException e) {
      if (NO_SUCH_TABLE.equals(e.getSQLState())) {
        return Optional.empty();
      }
      throw e;
    }
  }

  /// Applies what is missing.
  static void migrate(Derby derby) {
    Flyway.configure(Schema.class.getClassLoader())
        .dataSource(new DerbyDataSource(derby))
        .locations("classpath:" + MIGRATIONS)
        .loggers("slf4j")
        .load()
        .migrate();
  }

  /// Gives a database that has just been made its identity.
  static StoreIdentity identify(Derby derby, UUID id, int version, Instant now)
      throws SQLException {
    try (Connection connection = derby.connect();
        PreparedStatement insert =
            connection.prepareStatement(
                "INSERT INTO store_identity (product, store_id, epoch, schema_version, created_at)"
                    + " VALUES (?, ?, 0, ?, ?)")) {
      insert.setString(1, PRODUCT);
      insert.setString(2, id.toString());
      insert.setInt(3, version);
      insert.setLong(4, now.toEpochMilli());
      insert.executeUpdate();
    }
    return new StoreIdentity(id, 0, version, Instant.ofEpochMilli(now.toEpochMilli()));
  }

  /// Records that the tables have a version now.
  static StoreIdentity upgraded(Derby derby, StoreIdentity identity, int version)
      throws SQLException {
    try (Connection connection = derby.connect();
        PreparedStatement update =
            connection.prepareStatement("UPDATE store_identity SET schema_version = ?")) {
      update.setInt(1, version);
      update.executeUpdate();
    }
    return new StoreIdentity(identity.id(), identity.epoch(), version, identity.createdAt());
  }

  /// Begins a new epoch, in one transaction with the head that it begins at.
  ///
  /// One-time keys are forgotten: those that have been given away since are here again, and nobody
  /// may get them twice. Devices that have none left upload others. What other servers have said of
  /// devices since is not here: the lists are fetched again.
  static StoreIdentity newEpoch(Derby derby, StoreIdentity identity, long epoch, CommitHead head)
      throws SQLException {
    try (WriteConnection writing = WriteConnection.open(derby)) {
      writing.writeEpoch(epoch);
      writing.writeHead(head);
      if (identity.schemaVersion() >= ONE_TIME_KEYS) {
        writing.forgetOneTimeKeys();
      }
      if (identity.schemaVersion() >= REMOTE_DEVICES) {
        writing.markRemoteDevices();
      }
      writing.commit();
    }
    return new StoreIdentity(identity.id(), epoch, identity.schemaVersion(), identity.createdAt());
  }

  /// The newest version that there is a migration for.
  static int newestKnown() {
    String first = MIGRATIONS + "/V1__store.sql";
    URL url = Schema.class.getClassLoader().getResource(first);
    if (url == null) {
      throw new IllegalStateException("the migrations are missing from the program");
    }
    try {
      return newest(url);
    } catch (IOException | URISyntaxException e) {
      throw new IllegalStateException("the migrations cannot be listed at " + url, e);
    }
  }

  private static int newest(URL url) throws IOException, URISyntaxException {
    if (url.openConnection() instanceof JarURLConnection jar) {
      // The class path's own jar file, which stays open.
      return newest(
          jar.getJarFile().stream()
              .map(java.util.jar.JarEntry::getName)
              .filter(name -> name.startsWith(MIGRATIONS + "/"))
              .map(name -> name.substring(MIGRATIONS.length() + 1))
              .toList());
    }
    @Nullable Path folder = Path.of(new URI(url.toString())).getParent();
    if (folder == null) {
      throw new IOException("no folder around " + url);
    }
    try (Stream<Path> files = Files.list(folder)) {
      return newest(files.map(file -> String.valueOf(file.getFileName())).toList());
    }
  }

  private static int newest(List<String> names) {
    return names.stream()
        .map(MIGRATION::matcher)
        .filter(Matcher::matches)
        .mapToInt(matcher -> Integer.parseInt(matcher.group(1)))
        .max()
        .orElseThrow();
  }
}
