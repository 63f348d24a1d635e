package org.hearth.server.servers.presence;

import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.hearth.server.box.AccountCompanion;
import org.hearth.server.matrix.error.MatrixException;
import org.hearth.server.matrix.id.UserId;
import org.hearth.server.matrix.json.Utf8;
import org.hearth.server.store.ReadPool;
import org.hearth.server.store.RowChange;
import org.hearth.server.store.Table;

/// The table `presence_status`: what users have set to go with their presence, which is all of
/// presence that outlives the program.
///
/// **thread**: any.
public final class StatusMessages implements AccountCompanion {
  static final int LONGEST_BYTES = 1_024;

  static final Table TABLE =
      new Table(
          "presence_status",
          "a row for each account, of 1,024 bytes",
          "a new message takes the place of the old one; deleted with the account");

  private static final String DELETE = "DELETE FROM presence_status WHERE user_id = ?";

  private final ReadPool reads;

  /// Reads from that database.
  public StatusMessages(ReadPool reads) {
    this.reads = reads;
  }

  /// Checks a message that a client sent.
  ///
  /// @throws MatrixException `M_TOO_LARGE` if it is longer than [#LONGEST_BYTES], `M_INVALID_PARAM`
  ///   if it has a NUL character
  public static void check(String message) {
    if (Utf8.length(message) > LONGEST_BYTES) {
      throw MatrixException.tooLarge("A status message has at most " + LONGEST_BYTES + " bytes");
    }
    if (message.indexOf('\0') >= 0) {
      throw MatrixException.invalidParam("A status message has no NUL character");
    }
  }

  /// The user's message.
  Optional<String> of(UserId user) {
    return reads.first(
        "SELECT message FROM presence_status WHERE user_id = ?",
        statement -> statement.setString(1, user.value()),
        row -> row.getString(1));
  }

  /// Replaces the user's message.
  ///
  /// @param message empty for none
  static List<RowChange> set(UserId user, String message) {
    List<RowChange> changes = new ArrayList<>();
    changes.add(delete(user));
    if (!message.isEmpty()) {
      changes.add(
          RowChange.of(
              TABLE,
              "INSERT INTO presence_status (user_id, message) VALUES (?, ?)",
              (statement, _) -> {
                statement.setString(1, user.value());
                statement.setString(2, message);
              }));
    }
    return changes;
  }

  private static RowChange delete(UserId user) {
    return RowChange.of(TABLE, DELETE, (statement, _) -> statement.setString(1, user.value()));
  }

  @Override
  public List<RowChange> closing(UserId user, boolean erase) {
    return List.of(delete(user));
  }
}
