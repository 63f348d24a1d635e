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
          "of a room 5,000 redactions, of events that are not here, by those who may redact any,"
              + " and 5,000 by all others, 1,000 of a site; one row a previous event that is missing"
              + " or rejected, 20 at most for an event that cites them; for an event that was"
              + " rejected 10 auth events that are missing or rejected",
          "deleted when the wanted event arrives; the unit of an insert deletes the oldest"
              + " redactions beyond");
  static final Table RELATION =
      new Table("room_relation", "at most one row an event", "a redaction of the event deletes it");
  static final Table THREAD =
      new Table(
          "room_thread",
          "one row an event with replies in a thread",
          "deleted when the last reply is redacted");
  static final Table GAP =
      new Table("room_gap", "at most one row a live event", AS_LONG_AS_THE_ROOM);
  static final Table ALERT =
      new Table("room_alert", "the newest hundred of a room", "an insert deletes the older ones");

  static final Table REFUSED =
      new Table(
          "room_refused",
          "of a room one row a site whose events it keeps though it has refused them: 5,000 events"
              + " and 32 MiB of a room, 1,000 and 4 MiB of a site",
          "what is beyond is not stored unless accepted events refer to it");

  static final Table OUTSIDE =
      new Table(
          "room_outside",
          "of a user 1,000 invitations and knocks and 16 MiB, of all 100,000 and 512 MiB; of a user"
              + " 20 that are over",
          "what is beyond is refused; what is over goes when more is; all of a room goes when the"
              + " room comes here");

  /// All of them.
  public static final List<Table> ALL =
      List.of(
          ROOM, EVENT, STATE_KEY, STATE, MEMBER, AUTH, CURRENT, PLACED, WANT, RELATION, THREAD, GAP,
          ALERT, REFUSED, OUTSIDE);

  private RoomTables() {}
}
