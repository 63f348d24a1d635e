package org.hearth.server.servers.room.state;

import java.util.List;
import org.hearth.server.store.Table;

/// The tables of the Room Server.
public final class RoomTables {
  private static final String AS_LONG_AS_THE_ROOM = "nothing: it lasts as long as the room";

  static final Table ROOM = new Table("room", "one row a room", AS_LONG_AS_THE_ROOM);
  static final Table EVENT =
      new Table("room_event", "one row an event, the room's history", AS_LONG_AS_THE_ROOM);
  static final Table STATE_KEY =
      new Table(
          "room_state_key", "one row a type and state key of a room's state", AS_LONG_AS_THE_ROOM);
  static final Table STATE =
      new Table(
          "room_state",
          "one row a state that an event, the current state or another row refers to",
          "the sweep of states, once a day, drops what nothing refers to");
  static final Table MEMBER =
      new Table("room_member", "one row a user who was ever in a room", AS_LONG_AS_THE_ROOM);
  static final Table AUTH = new Table("room_auth", "one row a state event", AS_LONG_AS_THE_ROOM);
  static final Table CURRENT =
      new Table(
          "room_current",
          "one row a command after which branches of the history came together",
          AS_LONG_AS_THE_ROOM);
  static final Table PLACED =
      new Table("room_placed", "at most one row an event", AS_LONG_AS_THE_ROOM);
  static final Table WANT =
      new Table(
          "room_want",
          "one row an event that is cited and not here, for each event that cites it",
          "deleted when the wanted event arrives");
  static final Table RELATION =
      new Table("room_relation", "at most one row an event", AS_LONG_AS_THE_ROOM);
  static final Table GAP =
      new Table("room_gap", "at most one row a live event", AS_LONG_AS_THE_ROOM);
  static final Table ALERT =
      new Table("room_alert", "the newest hundred of a room", "an insert deletes the older ones");

  /// All of them.
  public static final List<Table> ALL =
      List.of(
          ROOM, EVENT, STATE_KEY, STATE, MEMBER, AUTH, CURRENT, PLACED, WANT, RELATION, GAP, ALERT);

  private RoomTables() {}
}
