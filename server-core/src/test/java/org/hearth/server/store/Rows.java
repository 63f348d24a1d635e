package org.hearth.server.store;

import java.util.List;

/// A table of the tests, shaped like the events: the position given by the commit, a unique name,
/// content.
final class Rows {
  static final Table TABLE = new Table("test_row", "a test's", "the test");
  static final String CREATE =
      "CREATE TABLE test_row (position BIGINT NOT NULL PRIMARY KEY, name VARCHAR(255) NOT NULL UNIQUE,"
          + " content VARCHAR(30000) FOR BIT DATA NOT NULL)";
  private static final String INSERT =
      "INSERT INTO test_row (position, name, content) VALUES (?, ?, ?)";

  private Rows() {}

  /// One stored row.
  record Row(long position, String name) {}

  static void create(Store store) {
    execute(store, CREATE);
  }

  static void execute(Store store, String sql) {
    store.committer().commit("test", List.of(RowChange.of(TABLE, sql, (_, _) -> {})), List.of());
  }

  /// A row with the position of the unit's `index`-th announcement.
  static RowChange insert(String name, int index) {
    return insert(name, index, new byte[100]);
  }

  static RowChange insert(String name, int index, byte[] content) {
    return RowChange.of(
        TABLE,
        INSERT,
        (statement, first) -> {
          statement.setLong(1, first.plus(index).value());
          statement.setString(2, name);
          statement.setBytes(3, content);
        });
  }

  static List<Row> all(Store store) {
    return store
        .reads()
        .select(
            "SELECT position, name FROM test_row ORDER BY position",
            row -> new Row(row.getLong(1), row.getString(2)));
  }
}
