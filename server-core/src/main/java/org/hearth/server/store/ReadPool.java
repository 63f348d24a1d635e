package org.hearth.server.store;

import static java.util.Objects.requireNonNull;

import com.zaxxer.hikari.HikariConfig;
import com.zaxxer.hikari.HikariDataSource;
import com.zaxxer.hikari.HikariPoolMXBean;
import java.lang.System.Logger.Level;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.SQLTransientConnectionException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.atomic.LongAdder;
import java.util.function.Supplier;
import org.hearth.server.store.StorageException.Reason;
import org.hearth.server.store.derby.Derby;
import org.hearth.server.store.derby.DerbyDataSource;
import org.hearth.server.store.derby.DerbyFault;

/// Reads from the database, at most so many at a time, with connections that cannot write.
///
/// A query sees what is committed when each of its statements runs (READ COMMITTED); it asks by key
/// and is bounded by a position it has taken before, so that later commits do not show.
///
/// **Thread**: any; request threads wait for their turn.
public final class ReadPool implements AutoCloseable {
  private static final System.Logger LOG = System.getLogger(ReadPool.class.getName());

  private final HikariDataSource pool;
  private final Health health;
  private final LongAdder queries = new LongAdder();
  private final LongAdder unreadable = new LongAdder();

  ReadPool(Derby derby, int readers, Duration deadline, Health health) {
    this.health = health;
    HikariConfig config = new HikariConfig();
    config.setPoolName("store-reads");
    config.setDataSource(new DerbyDataSource(derby));
    config.setMaximumPoolSize(readers);
    config.setMinimumIdle(0);
    config.setIdleTimeout(Duration.ofMinutes(10).toMillis());
    config.setMaxLifetime(0);
    config.setConnectionTimeout(deadline.toMillis());
    config.setInitializationFailTimeout(-1);
    config.setReadOnly(true);
    config.setAutoCommit(false);
    config.setTransactionIsolation("TRANSACTION_READ_COMMITTED");
    pool = new HikariDataSource(config);
  }

  /// Runs a query.
  ///
  /// @throws StorageException [StorageException.Reason#BUSY] if no connection is free within the
  ///   deadline, [StorageException.Reason#BAD_QUERY] if the query is wrong, else the state of the
  ///   store
  public <T> T read(Query<T> query) {
    switch (health.state()) {
      case StoreState.Open _, StoreState.ReadOnly _ -> {}
      case StoreState.Failed _, StoreState.Closed _ -> throw requireNonNull(health.refusal());
    }
    queries.increment();
    int openings = health.openings();
    try (Connection connection = pool.getConnection()) {
      return run(query, connection, openings);
    } catch (SQLTransientConnectionException e) {
      throw DerbyFault.isDamage(e)
          ? health.damaged(e)
          : new StorageException(Reason.BUSY, "no connection for reading within the deadline", e);
    } catch (SQLException e) {
      throw DerbyFault.isDamage(e)
          ? health.damaged(e)
          : new StorageException(Reason.FAILED, "reading failed: " + e.getMessage(), e);
    }
  }

  /// Sets the values of a query.
  @FunctionalInterface
  public interface Binding {
    void bind(PreparedStatement statement) throws SQLException;
  }

  /// Makes something of a row; it reads the columns of the row and goes to no other.
  ///
  /// @param <T> made of values, nothing that needs the connection later
  @FunctionalInterface
  public interface Row<T> {
    T read(ResultSet row) throws SQLException;
  }

  /// Runs a query of one statement.
  ///
  /// @param sql constant: values are bound
  /// @return its rows in their order, all of them: the statement has to bound how many that are
  /// @throws StorageException as [#read] does
  public <T> List<T> select(String sql, Binding binding, Row<T> row) {
    return read(connection -> {
      try (PreparedStatement statement = connection.prepareStatement(sql)) {
        binding.bind(statement);
        List<T> found = new ArrayList<>();
        try (ResultSet rows = statement.executeQuery()) {
          while (rows.next()) {
            found.add(row.read(rows));
          }
        }
        return List.copyOf(found);
      }
    });
  }

  /// Runs a query of one statement that has no values.
  ///
  /// @throws StorageException as [#read] does
  public <T> List<T> select(String sql, Row<T> row) {
    return select(sql, _ -> {}, row);
  }

  /// As [#select], without the rows that cannot be read: each costs only itself, and is logged.
  ///
  /// @throws StorageException as [#read] does
  public <T> List<T> selectReadable(String sql, Binding binding, Row<T> row) {
    return select(sql, binding, each -> readable(sql, each, row)).stream()
        .flatMap(Optional::stream)
        .toList();
  }

  /// Makes something of a row, unless it cannot be read, which is logged. For queries in which such
  /// a row has a place of its own.
  ///
  /// @param sql what gave the row
  public <T> Optional<T> readable(String sql, ResultSet at, Row<T> row) throws SQLException {
    try {
      return Optional.of(row.read(at));
    } catch (RuntimeException e) {
      return leftOut(sql, e);
    }
  }

  /// The same of what a row has given before.
  public <T> Optional<T> readable(String sql, Supplier<T> made) {
    try {
      return Optional.of(made.get());
    } catch (RuntimeException e) {
      return leftOut(sql, e);
    }
  }

  private <T> Optional<T> leftOut(String sql, RuntimeException e) {
    unreadable();
    LOG.log(Level.ERROR, "a row cannot be read and is left out of " + sql, e);
    return Optional.empty();
  }

  /// Something that must be here is not, or is damaged, and is left out of what is told. The owner
  /// is warned.
  public void unreadable() {
    unreadable.increment();
  }

  long unreadableCount() {
    return unreadable.sum();
  }

  /// Runs a query of one statement, and reads the first row if there is one.
  ///
  /// @throws StorageException as [#read] does
  public <T> Optional<T> first(String sql, Binding binding, Row<T> row) {
    return read(connection -> {
      try (PreparedStatement statement = connection.prepareStatement(sql)) {
        binding.bind(statement);
        try (ResultSet rows = statement.executeQuery()) {
          return rows.next() ? Optional.of(row.read(rows)) : Optional.empty();
        }
      }
    });
  }

  /// As [#first], of the rows that can be read: those before it that cannot are logged.
  ///
  /// @throws StorageException as [#read] does
  public <T> Optional<T> firstReadable(String sql, Binding binding, Row<T> row) {
    return read(connection -> {
      try (PreparedStatement statement = connection.prepareStatement(sql)) {
        binding.bind(statement);
        Optional<T> found = Optional.empty();
        try (ResultSet rows = statement.executeQuery()) {
          while (found.isEmpty() && rows.next()) {
            found = readable(sql, rows, row);
          }
        }
        return found;
      }
    });
  }

  private <T> T run(Query<T> query, Connection connection, int openings) {
    try {
      T answer = query.run(connection);
      connection.commit();
      return answer;
    } catch (SQLException e) {
      // Derby has shut the database down for everybody: whoever waits for it waits in vain.
      if (DerbyFault.isDamage(e)) {
        throw health.damaged(e);
      }
      if (DerbyFault.endsUnopened(e)) {
        throw health.fault(DerbyFault.FAILED, "reading", e);
      }
      DerbyFault fault = DerbyFault.of(e, connection);
      throw switch (fault) {
        case STATEMENT ->
            new StorageException(Reason.BAD_QUERY, "a query failed: " + e.getMessage(), e);
        case CONFLICT ->
            new StorageException(
                Reason.BUSY, "a query waited too long for a row: " + e.getMessage(), e);
        // Not a verdict about the store: else only its writer and its keeper pass that.
        case DISK_FULL, READ_ONLY, FAILED -> unavailable(e, connection, openings);
      };
    }
  }

  /// @param openings how often the store had been opened when the query began
  private StorageException unavailable(SQLException cause, Connection connection, int openings) {
    if (health.isOpen() && DerbyFault.mayFollowDamage(cause) && !isAlive(connection)) {
      health.settle(cause);
      // A server without a database would run on.
      if (health.isOpen() && health.openings() == openings) {
        health.ended(cause);
      }
    }
    StorageException known = health.refusal(cause);
    return known == null
        ? new StorageException(Reason.FAILED, "reading failed: " + cause.getMessage(), cause)
        : known;
  }

  private static boolean isAlive(Connection connection) {
    try {
      return connection.isValid(1);
    } catch (SQLException e) {
      LOG.log(Level.DEBUG, "a connection is broken: {0}", e.getMessage());
      return false;
    }
  }

  /// Forgets all connections: the database has been opened anew.
  void renew() {
    pool.getHikariPoolMXBean().softEvictConnections();
  }

  /// How many queries were begun.
  long queries() {
    return queries.sum();
  }

  int active() {
    HikariPoolMXBean figures = pool.getHikariPoolMXBean();
    return figures == null ? 0 : figures.getActiveConnections();
  }

  int waiting() {
    HikariPoolMXBean figures = pool.getHikariPoolMXBean();
    return figures == null ? 0 : figures.getThreadsAwaitingConnection();
  }

  @Override
  public void close() {
    pool.close();
  }
}
