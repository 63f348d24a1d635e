package org.hearth.server;

import com.fasterxml.jackson.databind.JsonNode;
import org.hearth.server.http.TestClient;

/// A whole server with two users, and what they do with rooms by the client API.
@WholeServer.Started
abstract class UpgradedRooms {
  static final String V3 = "/_matrix/client/v3";

  final TestClient alice;
  final TestClient bob;

  UpgradedRooms(WholeServer server) {
    alice = server.register("alice");
    bob = server.register("bob");
  }

  /// The path of a room.
  static String path(String room) {
    return V3 + "/rooms/" + TestClient.encoded(room);
  }

  /// Makes a room of Alice's.
  ///
  /// @return its id
  String create(String body) {
    return alice.post(V3 + "/createRoom", body).expect(200).text("room_id");
  }

  static void join(TestClient who, String room) {
    who.post(path(room) + "/join", "{}").expect(200);
  }

  /// The content of a state event, as Alice sees it.
  JsonNode state(String room, String type) {
    return alice.get(path(room) + "/state/" + type + "/").expect(200).json();
  }

  /// Upgrades a room.
  ///
  /// @return the id of the room that replaces it
  static String upgrade(TestClient who, String room, String version) {
    return who.post(path(room) + "/upgrade", "{'new_version':'" + version + "'}")
        .expect(200)
        .text("replacement_room");
  }
}
