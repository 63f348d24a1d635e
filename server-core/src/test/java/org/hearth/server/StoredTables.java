package org.hearth.server;

import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.sql.Connection;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import org.hearth.server.store.Store;
import org.hearth.server.store.StoreOptions;

/// What a database holds, table by table, so that two moments can be compared: but for what
/// happened, where starts, ends and refused sign-ins are noted.
///
/// @param tables table → number of rows and a digest of all they say
record StoredTables(Map<String, String> tables) {
  /// When, from where and with what somebody was last seen changes with every request; so does the
  /// count of commits.
  private static final Set<String> VOLATILE =
      Set.of("LAST_SEEN_MILLIS", "LAST_SEEN_ADDRESS", "LAST_SEEN_USER_AGENT", "COMMITS", "HASH");

  /// What the database of a server that does not run holds. Every table is checked by Derby, too.
  static StoredTables of(Path dataFolder) {
    try (Store store = Store.open(StoreOptions.of(dataFolder).withMinimumFreeBytes(0))) {
      return store.reads().read(StoredTables::read);
    }
  }

  private static StoredTables read(Connection connection) throws SQLException {
    Map<String, String> tables = new TreeMap<>();
    for (String name : names(connection)) {
      tables.put(name, contents(connection, name));
    }
    return new StoredTables(tables);
  }

  private static List<String> names(Connection connection) throws SQLException {
    List<String> names = new ArrayList<>();
    try (Statement statement = connection.createStatement();
        ResultSet row =
            statement.executeQuery(
                "SELECT tablename FROM sys.systables WHERE tabletype = 'T'"
                    + " AND tablename NOT IN ('STORE_IDENTITY', 'ACTIVITY')")) {
      while (row.next()) {
        names.add(row.getString(1));
      }
    }
    return names;
  }

  private static String contents(Connection connection, String table) throws SQLException {
    List<String> rows = new ArrayList<>();
    try (Statement statement = connection.createStatement();
        ResultSet row = statement.executeQuery("SELECT * FROM \"" + table + "\"")) {
      while (row.next()) {
        StringBuilder text = new StringBuilder();
        for (int column = 1; column <= row.getMetaData().getColumnCount(); column++) {
          if (!VOLATILE.contains(row.getMetaData().getColumnName(column))) {
            text.append(row.getString(column)).append('|');
          }
        }
        rows.add(text.toString());
      }
    }
    try (Statement statement = connection.createStatement();
        ResultSet checked =
            statement.executeQuery("VALUES SYSCS_UTIL.SYSCS_CHECK_TABLE('APP', '" + table + "')")) {
      if (!checked.next() || checked.getInt(1) != 1) {
        throw new AssertionError("the table " + table + " is damaged");
      }
    }
    rows.sort(null);
    return rows.size() + " rows, " + digest(String.join("\n", rows));
  }

  private static String digest(String text) {
    try {
      byte[] hash =
          MessageDigest.getInstance("SHA-256").digest(text.getBytes(StandardCharsets.UTF_8));
      return HexFormat.of().formatHex(hash, 0, 8);
    } catch (NoSuchAlgorithmException e) {
      throw new IllegalStateException(e);
    }
  }
}
