package org.hearth.server.services.notices;

import java.util.List;
import java.util.Optional;
import org.hearth.server.box.AccountCompanion;
import org.hearth.server.matrix.id.RoomId;
import org.hearth.server.matrix.id.UserId;
import org.hearth.server.store.RowChange;
import org.hearth.server.store.Store;
import org.hearth.server.store.Table;

/// The table `server_notice_room`: "Servers should manage exactly 1 server notices room per user."
///
/// **thread**: any; [NoticeService] changes it in the user's turn.
public final class NoticeRooms implements AccountCompanion {
  static final Table TABLE =
      new Table("server_notice_room", "one row a user", "deleted with the account");

  private final Store store;

  /// The rooms in that database.
  public NoticeRooms(Store store) {
    this.store = store;
  }

  Optional<RoomId> of(UserId user) {
    return store
        .reads()
        .first(
            "SELECT room_id FROM server_notice_room WHERE user_id = ?",
            statement -> statement.setString(1, user.value()),
            row -> RoomId.parse(row.getString(1)));
  }

  /// Puts a room in the place of the one before, durably.
  void set(UserId user, RoomId room) {
    RowChange insertion =
        RowChange.of(
            TABLE,
            "INSERT INTO server_notice_room (user_id, room_id) VALUES (?, ?)",
            (statement, _) -> {
              statement.setString(1, user.value());
              statement.setString(2, room.value());
            });
    var _ =
        store.committer().commit(NoticeService.BOX, List.of(deletion(user), insertion), List.of());
  }

  private static RowChange deletion(UserId user) {
    return RowChange.of(
        TABLE,
        "DELETE FROM server_notice_room WHERE user_id = ?",
        (statement, _) -> statement.setString(1, user.value()));
  }

  @Override
  public List<RowChange> closing(UserId user, boolean erase) {
    return List.of(deletion(user));
  }
}
