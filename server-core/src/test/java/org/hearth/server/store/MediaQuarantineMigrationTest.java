package org.hearth.server.store;

import static org.assertj.core.api.Assertions.assertThat;

import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.ArrayList;
import java.util.List;
import org.flywaydb.core.Flyway;
import org.junit.jupiter.api.Test;

/// Databases from before quarantine outlasted the media.
class MediaQuarantineMigrationTest {
  private static final String DATABASE = "jdbc:derby:memory:quarantine;create=true";

  private static void migrate(String target) {
    Flyway.configure(MediaQuarantineMigrationTest.class.getClassLoader())
        .dataSource(DATABASE, null, null)
        .locations("classpath:db/migration")
        .loggers("slf4j")
        .target(target)
        .load()
        .migrate();
  }

  @Test
  void whatIsInQuarantineStaysThere() throws SQLException {
    String bad = "b".repeat(64);
    migrate("52");
    try (Connection connection = DriverManager.getConnection(DATABASE);
        Statement statement = connection.createStatement()) {
      for (int i = 0; i < 2; i++) {
        statement.execute(
            "INSERT INTO media VALUES ('id%d', '@a:hearth.test', '%s', 1, 'a/b', NULL, 0, 0, %d, 0, 0, 0)"
                .formatted(i, i == 0 ? bad : "c".repeat(64), 1 - i));
        statement.execute(
            "INSERT INTO media_remote VALUES ('o.test', 'o.test', 'id%d', '%s', 1, 'a/b', NULL, 0, 0, %d)"
                .formatted(i, bad, 1 - i));
      }
    }

    migrate("53");

    List<String> found = new ArrayList<>();
    try (Connection connection = DriverManager.getConnection(DATABASE);
        Statement statement = connection.createStatement();
        ResultSet rows =
            statement.executeQuery(
                "SELECT sha256, origin, media_id FROM media_quarantine ORDER BY origin")) {
      while (rows.next()) {
        assertThat(rows.getString(1)).isEqualTo(bad);
        found.add(rows.getString(2) + "/" + rows.getString(3));
      }
    }
    assertThat(found).containsExactly("/id0", "o.test/id0");
  }
}
