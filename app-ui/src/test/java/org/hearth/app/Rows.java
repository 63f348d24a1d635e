package org.hearth.app;

import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.PreparedStatement;
import java.sql.SQLException;
import java.util.Locale;

/// Changes rows behind the server's back, in the database of a server that runs in this process.
///
/// @param folder the data folder
record Rows(Path folder) {
  /// Runs one statement.
  ///
  /// @return how many rows it changed
  int change(String sql, Object... values) throws SQLException {
    try (Connection connection = connect();
        PreparedStatement statement = connection.prepareStatement(sql)) {
      for (int i = 0; i < values.length; i++) {
        statement.setObject(i + 1, values[i]);
      }
      return statement.executeUpdate();
    }
  }

  /// Makes accounts without passwords: `@p00000:home.example` and on, with the names `Person 0` and
  /// on.
  void addPeople(int count) throws SQLException {
    try (Connection connection = connect();
        PreparedStatement account =
            connection.prepareStatement(
                "INSERT INTO account VALUES (?, NULL, FALSE, FALSE, FALSE, FALSE, FALSE, FALSE, 0)");
        PreparedStatement profile =
            connection.prepareStatement("INSERT INTO profile VALUES (?, ?, FALSE)")) {
      connection.setAutoCommit(false);
      for (int i = 0; i < count; i++) {
        String id = String.format(Locale.ROOT, "@p%05d:home.example", i);
        account.setString(1, id);
        account.addBatch();
        profile.setString(1, id);
        profile.setBytes(
            2, ("{\"displayname\":\"Person " + i + "\"}").getBytes(StandardCharsets.UTF_8));
        profile.addBatch();
      }
      account.executeBatch();
      profile.executeBatch();
      connection.commit();
    }
  }

  private Connection connect() throws SQLException {
    return DriverManager.getConnection("jdbc:derby:" + folder.resolve("database/derby"));
  }
}
