package org.hearth.server.services.accountdata;

import com.fasterxml.jackson.databind.node.ObjectNode;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.hearth.ringlogs.LogPosition;
import org.hearth.server.matrix.id.RoomId;
import org.hearth.server.matrix.id.UserId;

/// What others may ask about account data.
///
/// **thread**: any; a call may read from the disk.
public interface AccountDataQueries {
  /// How many users [#global(List, String)] answers at once.
  int MOST_USERS = 100;

  /// The user's push rules.
  String PUSH_RULES = "m.push_rules";

  /// Whom the user ignores.
  String IGNORED_USERS = "m.ignored_user_list";

  /// All of the user's account data, global and of rooms, by position. An item that was set after
  /// `upTo` is missing, even if it had an older value: whoever then asks for the changes since
  /// `upTo` gets it.
  List<AccountDataItem> all(UserId user, LogPosition upTo);

  /// What was set after one position up to another, by position.
  ///
  /// @param after exclusive
  /// @param upTo inclusive
  List<AccountDataItem> changed(UserId user, LogPosition after, LogPosition upTo);

  /// All of the user's account data of one room, by position.
  List<AccountDataItem> ofRoom(UserId user, RoomId room, LogPosition upTo);

  /// Global account data of a type, now.
  Optional<ObjectNode> global(UserId user, String type);

  /// [#IGNORED_USERS], now. A damaged list must not keep everything else from its user: it is none,
  /// and the owner is warned.
  Optional<ObjectNode> ignoredUsers(UserId user);

  /// Global account data of a type, now, of those users who have it.
  ///
  /// @param users at most [#MOST_USERS]
  Map<UserId, ObjectNode> global(List<UserId> users, String type);

  /// Counts how often [#PUSH_RULES] or [#IGNORED_USERS] of the user may have changed. Who keeps
  /// what was read of these after this number was asked for has the newest as long as the number is
  /// the same: it changes before the change is acknowledged. It is asked from memory.
  long ruleChanges(UserId user);

  /// Account data of a room and type, now.
  Optional<ObjectNode> ofRoom(UserId user, RoomId room, String type);
}
