package org.hearth.server.readers.userdirectory;

import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Types;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.hearth.ringlogs.LogPosition;
import org.hearth.server.box.AccountCompanion;
import org.hearth.server.matrix.id.UserId;
import org.hearth.server.store.RowChange;
import org.hearth.server.store.Store;
import org.hearth.server.store.Table;
import org.jspecify.annotations.Nullable;

/// The tables `user_directory` and `user_directory_position`.
///
/// **Thread:** any reads; the log's reader writes, and who closes an account.
public final class Names implements AccountCompanion {
  static final Table TABLE =
      new Table(
          "user_directory",
          "one row a user who was seen in a room",
          "deleted with an account of this server");
  static final Table POSITION =
      new Table("user_directory_position", "one row", "made by the migration");

  private static final String FIND =
      "SELECT user_id, display_name, avatar_url FROM user_directory WHERE "
          + String.join(
              " AND ", Collections.nCopies(SearchText.MOST_WORDS, "search_text LIKE ? ESCAPE '!'"))
          + " ORDER BY user_id FETCH FIRST ? ROWS ONLY";

  private static final String DELETE = "DELETE FROM user_directory WHERE user_id = ?";

  private final Store store;

  /// The names in that database.
  public Names(Store store) {
    this.store = store;
  }

  /// Up to where the log is in the table.
  LogPosition position() {
    return store
        .reads()
        .select(
            "SELECT position FROM user_directory_position", row -> new LogPosition(row.getLong(1)))
        .getFirst();
  }

  Optional<Named> of(UserId user) {
    return store
        .reads()
        .first(
            "SELECT user_id, display_name, avatar_url FROM user_directory WHERE user_id = ?",
            statement -> statement.setString(1, user.value()),
            Names::named);
  }

  /// Users in whose id or name all these words are, by id.
  ///
  /// @param words folded; at most [SearchText#MOST_WORDS], and at least one
  List<Named> find(List<String> words, int limit) {
    return store
        .reads()
        .select(
            FIND,
            statement -> {
              for (int i = 0; i < SearchText.MOST_WORDS; i++) {
                statement.setString(i + 1, i < words.size() ? pattern(words.get(i)) : "%");
              }
              statement.setInt(SearchText.MOST_WORDS + 1, limit);
            },
            Names::named);
  }

  private static String pattern(String word) {
    return "%" + word.replaceAll("[!%_]", "!$0") + "%";
  }

  private static Named named(ResultSet row) throws SQLException {
    return new Named(
        new UserId(row.getString(1)),
        Optional.ofNullable(row.getString(2)),
        Optional.ofNullable(row.getString(3)));
  }

  /// Keeps these, and that the log is in the table up to there.
  ///
  /// @param users empty for one who is to be in the table no more
  void keep(Map<UserId, Optional<Named>> users, LogPosition upTo) {
    List<RowChange> changes = new ArrayList<>();
    users.forEach((user, named) -> {
      changes.add(deletion(user));
      named.map(Names::insertion).ifPresent(changes::add);
    });
    changes.add(
        RowChange.of(
            POSITION,
            "UPDATE user_directory_position SET position = ?",
            (statement, _) -> statement.setLong(1, upTo.value())));
    store.committer().commit(UserDirectory.BOX, changes, List.of());
  }

  private static RowChange deletion(UserId user) {
    return RowChange.of(TABLE, DELETE, (statement, _) -> statement.setString(1, user.value()));
  }

  @Override
  public List<RowChange> closing(UserId user, boolean erase) {
    return List.of(deletion(user));
  }

  private static RowChange insertion(Named named) {
    return RowChange.of(
        TABLE,
        "INSERT INTO user_directory (user_id, display_name, avatar_url, search_text)"
            + " VALUES (?, ?, ?, ?)",
        (statement, _) -> {
          statement.setString(1, named.user().value());
          set(statement, 2, named.name().orElse(null));
          set(statement, 3, named.avatarUrl().orElse(null));
          statement.setString(4, SearchText.of(named.user(), named.name()));
        });
  }

  private static void set(PreparedStatement statement, int index, @Nullable String text)
      throws SQLException {
    if (text == null) {
      statement.setNull(index, Types.VARCHAR);
    } else {
      statement.setString(index, text);
    }
  }
}
