package org.hearth.server.readers.sync.v2;

import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import org.hearth.server.matrix.id.RoomId;
import org.hearth.server.readers.sync.view.SyncToken;

/// The body of a `/sync` response in the making.
///
/// **Thread:** one request's.
final class SyncAnswer {
  private static final JsonNodeFactory JSON = JsonNodeFactory.instance;

  private final ObjectNode accountData = JSON.objectNode();
  private final ObjectNode join = JSON.objectNode();
  private final ObjectNode invite = JSON.objectNode();
  private final ObjectNode knock = JSON.objectNode();
  private final ObjectNode leave = JSON.objectNode();

  void join(RoomId room, ObjectNode section) {
    join.set(room.value(), section);
  }

  void invite(RoomId room, ObjectNode section) {
    invite.set(room.value(), section);
  }

  void knock(RoomId room, ObjectNode section) {
    knock.set(room.value(), section);
  }

  void leave(RoomId room, ObjectNode section) {
    leave.set(room.value(), section);
  }

  void accountData(ObjectNode event) {
    accountData.withArray("/events").add(event);
  }

  /// Whether there is nothing to tell.
  boolean isEmpty() {
    return accountData.isEmpty()
        && join.isEmpty()
        && invite.isEmpty()
        && knock.isEmpty()
        && leave.isEmpty();
  }

  /// The whole body. Rooms and account data without news are left out. Presence, messages to
  /// devices and keys have no server yet that could have news, and are told as empty.
  ObjectNode json(SyncToken nextBatch) {
    ObjectNode json = JSON.objectNode();
    json.put("next_batch", nextBatch.toString());
    if (!accountData.isEmpty()) {
      json.set("account_data", accountData);
    }
    ObjectNode rooms = JSON.objectNode();
    addUnlessEmpty(rooms, "join", join);
    addUnlessEmpty(rooms, "invite", invite);
    addUnlessEmpty(rooms, "knock", knock);
    addUnlessEmpty(rooms, "leave", leave);
    addUnlessEmpty(json, "rooms", rooms);
    json.putObject("presence").putArray("events");
    json.putObject("to_device").putArray("events");
    ObjectNode devices = json.putObject("device_lists");
    devices.putArray("changed");
    devices.putArray("left");
    json.putObject("device_one_time_keys_count");
    return json;
  }

  private static void addUnlessEmpty(ObjectNode to, String name, ObjectNode section) {
    if (!section.isEmpty()) {
      to.set(name, section);
    }
  }
}
