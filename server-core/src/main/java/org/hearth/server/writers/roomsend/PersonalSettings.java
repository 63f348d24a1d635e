package org.hearth.server.writers.roomsend;

import java.lang.System.Logger.Level;
import java.util.Optional;
import org.hearth.server.matrix.error.MatrixException;
import org.hearth.server.matrix.event.EventTypes;
import org.hearth.server.matrix.event.Pdu;
import org.hearth.server.matrix.id.Identifiers;
import org.hearth.server.matrix.id.RoomId;
import org.hearth.server.matrix.id.UserId;
import org.hearth.server.servers.room.RoomQueries;
import org.hearth.server.services.accountdata.AccountDataService;
import org.hearth.server.services.pushrules.PushRulesService;

/// Carries what users have set for a room over to the room that replaces it.
///
/// "When a user joins the new room, the server should automatically transfer/replicate some of the
/// user's personalized settings such as notifications, tags, etc."
///
/// **source**: [room upgrades](https://spec.matrix.org/v1.19/client-server-api/#room-upgrades)
final class PersonalSettings {
  private static final System.Logger LOG = System.getLogger(PersonalSettings.class.getName());

  private final RoomQueries rooms;
  private final AccountDataService accountData;
  private final PushRulesService pushRules;

  PersonalSettings(RoomQueries rooms, AccountDataService accountData, PushRulesService pushRules) {
    this.rooms = rooms;
    this.accountData = accountData;
    this.pushRules = pushRules;
  }

  /// For a user who has come into a room: nothing if that replaces none.
  void carryOver(UserId user, RoomId room) {
    predecessor(room).ifPresent(from -> carryOver(user, from, room));
  }

  /// Tags, push rules, and the place among direct chats. A user who keeps too much already keeps
  /// them for the old room only.
  void carryOver(UserId user, RoomId from, RoomId to) {
    try {
      accountData.carryOver(user, from, to);
      pushRules.carryOver(user, from, to);
    } catch (MatrixException e) {
      LOG.log(
          Level.WARNING,
          "not all settings of {0} for {1} could be carried over to {2}: {3}",
          user,
          from,
          to,
          e.safeMessage());
    }
  }

  /// The room that this one replaces. Both must say so: whoever makes a room can name any other as
  /// its predecessor.
  private Optional<RoomId> predecessor(RoomId room) {
    return named(room, EventTypes.CREATE, "/predecessor/room_id")
        .filter(from ->
            named(from, EventTypes.TOMBSTONE, "/replacement_room")
                .filter(room::equals)
                .isPresent());
  }

  private Optional<RoomId> named(RoomId room, String type, String place) {
    return rooms
        .currentState(room)
        .flatMap(state -> state.event(type))
        .flatMap(event -> roomId(event.pdu(), place));
  }

  /// Contents are other people's: what is no room id names no room.
  private static Optional<RoomId> roomId(Pdu event, String place) {
    return Identifiers.read(RoomId::parse, event.content().at(place).asText());
  }
}
