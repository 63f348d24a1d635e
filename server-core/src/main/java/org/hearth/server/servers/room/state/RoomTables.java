package org.hearth.server.servers.room.state;

import org.hearth.server.store.Table;

/// The tables of the Room Server.
final class RoomTables {
  static final Table ROOM = new Table("room");
  static final Table EVENT = new Table("room_event");
  static final Table STATE_KEY = new Table("room_state_key");
  static final Table STATE = new Table("room_state");
  static final Table MEMBER = new Table("room_member");

  static final Table AUTH = new Table("room_auth");
  static final Table CURRENT = new Table("room_current");
  static final Table PLACED = new Table("room_placed");
  static final Table WANT = new Table("room_want");
  static final Table RELATION = new Table("room_relation");
  static final Table GAP = new Table("room_gap");
  static final Table ALERT = new Table("room_alert");

  private RoomTables() {}
}
