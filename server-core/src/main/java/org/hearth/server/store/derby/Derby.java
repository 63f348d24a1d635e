package org.hearth.server.store.derby;

import java.lang.System.Logger.Level;
import java.nio.file.AccessDeniedException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.SQLException;
import java.util.Optional;
import java.util.Properties;
import org.apache.derby.jdbc.EmbeddedDriver;

/// One Derby database in one folder: settings, boot, connections, shutdown.
///
/// Derby's settings are the JVM's system properties and are read when a database is booted; two
/// stores in one JVM (tests) therefore share them.
///
/// | setting | value | why |
/// |---|---|---|
/// | log buffer | 1 MiB | with slow forced writes it halves the tail of the commit time, with the next two |
/// | log switch, checkpoint | 16 MiB, 64 MiB | fewer checkpoints under load |
/// | page size | 16 KiB | events of a kilobyte or more; 4 KiB is the slowest |
/// | lock escalation | off in effect | a commit must never lock a table against readers |
/// | management beans | none | nobody asks them, and they are a twentieth of the start |
/// | lock wait | 5 s | readers lock a row at a time, so a longer wait is a defect to be shown |
public final class Derby {
  private static final System.Logger LOG = System.getLogger(Derby.class.getName());

  static final int PAGE_BYTES = 16 << 10;
  private static final int FEWEST_PAGES = 100;
  private static final String DURABILITY = "derby.system.durability";
  private static final String DATABASE_SHUT_DOWN = "08006";

  private final Path folder;

  /// @param folder the database's own folder, which Derby makes
  public Derby(Path folder) {
    this.folder = folder;
  }

  /// The database's own folder.
  public Path folder() {
    return folder;
  }

  /// What a failure really is, if Derby has not found a file and may not look for it: that the user
  /// has no right to.
  public Optional<AccessDeniedException> unseen(Throwable failure) {
    Path files = folder.resolve(Catalogue.FILES);
    if (!DerbyFault.isMissing(failure) || Files.notExists(files) || Files.isExecutable(files)) {
      return Optional.empty();
    }
    AccessDeniedException denied = new AccessDeniedException(files.toString());
    denied.initCause(failure);
    return Optional.of(denied);
  }

  /// A setting from outside that may take away the durability; empty if there is none.
  ///
  /// @param home where Derby looks for `derby.properties`, instead of the working directory
  public static Optional<String> unsafeSetting(Path home) {
    if (System.getProperty(DURABILITY) != null) {
      return Optional.of(DURABILITY);
    }
    Path file = home.resolve("derby.properties");
    return Files.exists(file) ? Optional.of("file " + file) : Optional.empty();
  }

  /// Sets Derby's settings for the next boot.
  ///
  /// @param home as of [#unsafeSetting]
  public static void configure(Path home, long cacheBytes) {
    set("derby.system.home", home.toString());
    set("derby.stream.error.method", DerbyMessages.class.getName() + ".writer");
    set("derby.storage.pageSize", PAGE_BYTES);
    set("derby.storage.pageCacheSize", Math.max(FEWEST_PAGES, cacheBytes / PAGE_BYTES));
    set("derby.storage.logBufferSize", 1 << 20);
    set("derby.storage.logSwitchInterval", 16 << 20);
    set("derby.storage.checkpointInterval", 64 << 20);
    set("derby.locks.escalationThreshold", Integer.MAX_VALUE);
    set("derby.locks.waitTimeout", 5);
    set("derby.language.statementCache.size", 400);
    set("derby.drda.startNetworkServer", false);
    set("derby.module.mgmt.jmx", "org.apache.derby.impl.services.jmxnone.NoManagementService");
    set("derby.system.bootAll", false);
  }

  private static void set(String property, Object value) {
    System.setProperty(property, value.toString());
  }

  /// Makes the database and opens it.
  public void create() throws SQLException {
    connect("create", "true").close();
  }

  /// Makes the database from a backup's copy and opens it.
  public void createFrom(Path copy) throws SQLException {
    connect("createFrom", copy.toString()).close();
  }

  /// Opens the database; recovers it if it was not shut down.
  public void boot() throws SQLException {
    connect().close();
  }

  /// A connection that commits by itself after each statement, until it is told otherwise.
  public Connection connect() throws SQLException {
    return connect(new Properties());
  }

  private Connection connect(String attribute, String value) throws SQLException {
    Properties attributes = new Properties();
    attributes.setProperty(attribute, value);
    return connect(attributes);
  }

  private Connection connect(Properties attributes) throws SQLException {
    Connection connection = new EmbeddedDriver().connect("jdbc:derby:" + folder, attributes);
    if (connection == null) {
      throw new SQLException("Derby does not take the path " + folder, "08001");
    }
    return connection;
  }

  /// Closes the database with all its connections, after a checkpoint. One that is closed already
  /// is no error.
  public void shutDown() {
    try {
      connect("shutdown", "true").close();
    } catch (SQLException e) {
      // Derby reports success by this state; any other means that it was down already, or that the
      // checkpoint failed and the log will be replayed at the next boot.
      if (!DATABASE_SHUT_DOWN.equals(e.getSQLState())) {
        LOG.log(Level.DEBUG, "shutting down the database in {0}: {1}", folder, e.getMessage());
      }
    }
  }
}
