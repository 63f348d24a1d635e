package org.hearth.server.store.derby;

import java.nio.file.AccessDeniedException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.ResultSetMetaData;
import java.sql.SQLException;
import java.sql.Statement;
import java.sql.Types;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;

/// What a database says that it consists of.
public final class Catalogue {
  /// The folder of the files of tables and indexes in that of a database.
  static final String FILES = "seg0";

  private static final String CONGLOMERATES =
      "SELECT c.conglomeratenumber, t.tablename FROM sys.sysconglomerates c"
          + " JOIN sys.systables t ON c.tableid = t.tableid";

  /// Has passwords, which Derby gives to nobody.
  private static final String USERS = "SYSUSERS";

  private Catalogue() {}

  /// Compares the files of a database, or of a copy of it, with its catalogue: each table and each
  /// index has one, `c` with its number in hexadecimal digits and `.dat`.
  ///
  /// @param connection to the database
  /// @param folder of the database or the copy
  /// @throws SQLException if a file is not there, of which [DerbyFault#isDamage] says so; or if the
  ///   catalogue cannot be read
  /// @throws AccessDeniedException if this user may not read one
  public static void requireFiles(Connection connection, Path folder)
      throws SQLException, AccessDeniedException {
    try (Statement statement = connection.createStatement();
        ResultSet rows = statement.executeQuery(CONGLOMERATES)) {
      while (rows.next()) {
        Path file = folder.resolve(FILES, "c%x.dat".formatted(rows.getLong(1)));
        if (Files.notExists(file)) {
          throw DerbyFault.missing(
              "the file %s of its table %s is missing"
                  .formatted(file.getFileName(), rows.getString(2).toLowerCase(Locale.ROOT)));
        }
        if (!Files.isReadable(file)) {
          throw new AccessDeniedException(file.toString());
        }
      }
    }
  }

  /// A table.
  ///
  /// @param ofDerby whether it is Derby's, without which no other can be read
  public record TableName(String schema, String table, boolean ofDerby) {
    /// In small letters.
    @Override
    public String toString() {
      return table.toLowerCase(Locale.ROOT);
    }
  }

  /// All tables, Derby's first.
  public static List<TableName> tables(Connection connection) throws SQLException {
    try (Statement statement = connection.createStatement();
        ResultSet rows =
            statement.executeQuery(
                "SELECT s.schemaname, t.tablename, t.tabletype FROM sys.systables t"
                    + " JOIN sys.sysschemas s ON t.schemaid = s.schemaid"
                    + " WHERE t.tabletype IN ('S', 'T') ORDER BY t.tabletype, t.tablename")) {
      List<TableName> names = new ArrayList<>();
      while (rows.next()) {
        names.add(
            new TableName(rows.getString(1), rows.getString(2), rows.getString(3).equals("S")));
      }
      return names;
    }
  }

  /// Reads all of a table, and compares it with its indexes.
  ///
  /// @throws SQLException if a page cannot be read, or an index does not agree with its table
  public static void check(Connection connection, TableName name) throws SQLException {
    try (PreparedStatement check =
        connection.prepareStatement("VALUES SYSCS_UTIL.SYSCS_CHECK_TABLE(?, ?)")) {
      check.setString(1, name.schema());
      check.setString(2, name.table());
      try (ResultSet row = check.executeQuery()) {
        row.next(); // Derby checks when the row is asked for.
      }
    }
  }

  /// Reads all values of a table: also those that are so long that the indexes' check leaves out
  /// their pages.
  ///
  /// @param name one of [#tables]
  /// @throws SQLException if a page cannot be read
  public static void read(Connection connection, TableName name) throws SQLException {
    String what = name.table().equals(USERS) ? "COUNT(*)" : "*";
    try (Statement statement = connection.createStatement();
        ResultSet rows =
            statement.executeQuery(
                "SELECT %s FROM \"%s\".\"%s\"".formatted(what, name.schema(), name.table()))) {
      ResultSetMetaData columns = rows.getMetaData();
      while (rows.next()) {
        for (int column = 1; column <= columns.getColumnCount(); column++) {
          var _ =
              switch (columns.getColumnType(column)) {
                case Types.BLOB -> rows.getBytes(column);
                case Types.CLOB -> rows.getString(column);
                default -> rows.getObject(column);
              };
        }
      }
    }
  }
}
