package org.hearth.server.store;

import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Savepoint;
import java.sql.Statement;
import java.util.LinkedHashMap;
import java.util.Map;
import org.hearth.server.store.derby.CommitHead;
import org.hearth.server.store.derby.Derby;
import org.hearth.server.store.derby.DerbyFault;

/// The one connection that writes, with its prepared statements.
///
/// **Thread**: the committer's, or that of [Store#open] before there is one.
final class WriteConnection implements AutoCloseable {
  private static final int KEPT_STATEMENTS = 256;
  private static final float LOAD_FACTOR = 0.75f;

  private final Connection connection;
  private final Map<String, PreparedStatement> statements =
      new LinkedHashMap<>(KEPT_STATEMENTS, LOAD_FACTOR, true);

  private WriteConnection(Connection connection) {
    this.connection = connection;
  }

  static WriteConnection open(Derby derby) throws SQLException {
    Connection connection = derby.connect();
    connection.setAutoCommit(false);
    return new WriteConnection(connection);
  }

  /// What the database says about how far it has come.
  CommitHead readHead() throws SQLException {
    CommitHead head;
    try (Statement statement = connection.createStatement();
        ResultSet row = statement.executeQuery("SELECT commits, position, hash FROM commit_head")) {
      if (!row.next()) {
        throw new SQLException("table commit_head has no row");
      }
      head = new CommitHead(row.getLong(1), row.getLong(2), row.getLong(3));
    }
    connection.commit();
    return head;
  }

  /// Writes the changes of one run.
  ///
  /// @throws RuntimeException what a change threw when it was bound
  void write(CommitPlan.Run run) throws SQLException {
    PreparedStatement statement = prepared(run.sql());
    boolean written = false;
    try {
      if (run.changes().size() == 1) {
        CommitPlan.PlacedChange only = run.changes().getFirst();
        only.change().bind(statement, only.first());
        statement.executeUpdate();
      } else {
        for (CommitPlan.PlacedChange each : run.changes()) {
          each.change().bind(statement, each.first());
          statement.addBatch();
        }
        statement.executeBatch();
      }
      written = true;
    } finally {
      if (!written) {
        // It may hold half a batch.
        statements.remove(run.sql());
        closeQuietly(statement);
      }
    }
  }

  /// Writes the head in the same transaction.
  void writeHead(CommitHead head) throws SQLException {
    PreparedStatement statement =
        prepared("UPDATE commit_head SET commits = ?, position = ?, hash = ?");
    statement.setLong(1, head.commits());
    statement.setLong(2, head.position());
    statement.setLong(3, head.hash());
    statement.executeUpdate();
  }

  /// Writes the epoch in the same transaction.
  void writeEpoch(long epoch) throws SQLException {
    PreparedStatement statement = prepared("UPDATE store_identity SET epoch = ?");
    statement.setLong(1, epoch);
    statement.executeUpdate();
  }

  /// Removes the keys that are given away once, in the same transaction.
  void forgetOneTimeKeys() throws SQLException {
    prepared("DELETE FROM one_time_key").executeUpdate();
  }

  /// Calls out of date what is known of devices of users of other servers, in the same transaction.
  void markRemoteDevices() throws SQLException {
    prepared("UPDATE remote_device_list SET fresh = 0, marks = marks + 1").executeUpdate();
  }

  private PreparedStatement prepared(String sql) throws SQLException {
    PreparedStatement known = statements.get(sql);
    if (known != null) {
      return known;
    }
    if (statements.size() >= KEPT_STATEMENTS) {
      String eldest = statements.keySet().iterator().next();
      PreparedStatement unused = statements.remove(eldest);
      if (unused != null) {
        unused.close();
      }
    }
    PreparedStatement made = connection.prepareStatement(sql);
    statements.put(sql, made);
    return made;
  }

  Savepoint savepoint() throws SQLException {
    return connection.setSavepoint();
  }

  void rollbackTo(Savepoint savepoint) throws SQLException {
    connection.rollback(savepoint);
  }

  void release(Savepoint savepoint) throws SQLException {
    connection.releaseSavepoint(savepoint);
  }

  void commit() throws SQLException {
    connection.commit();
  }

  void rollback() throws SQLException {
    connection.rollback();
  }

  DerbyFault faultOf(SQLException exception) {
    return DerbyFault.of(exception, connection);
  }

  /// Closes the connection, also one that is broken; what is not committed is undone.
  @Override
  public void close() {
    statements.values().forEach(WriteConnection::closeQuietly);
    statements.clear();
    try {
      connection.rollback();
    } catch (SQLException _) {
      // Broken: Derby has undone it, or will at the next boot.
    }
    try {
      connection.close();
    } catch (SQLException _) {
      // Broken: there is nothing left to close.
    }
  }

  private static void closeQuietly(PreparedStatement statement) {
    try {
      statement.close();
    } catch (SQLException _) {
      // Its connection is broken, or it is closed.
    }
  }
}
