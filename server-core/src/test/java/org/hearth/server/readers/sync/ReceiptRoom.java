package org.hearth.server.readers.sync;

import static org.assertj.core.api.Assertions.assertThat;
import static org.hearth.server.readers.sync.SyncClient.join;

import com.fasterxml.jackson.databind.JsonNode;
import java.util.Map;
import java.util.TreeMap;
import org.hearth.server.http.TestClient;
import org.hearth.server.matrix.id.EventId;
import org.hearth.server.matrix.id.RoomId;

/// A room in which receipts are set, by requests, and read, in what `/sync` tells.
abstract class ReceiptRoom extends SharedRoom {
  TestClient.Answer post(String user, RoomId where, String type, String event, String body) {
    return server
        .http(user)
        .post(
            "/_matrix/client/v3/rooms/%s/receipt/%s/%s"
                .formatted(where.value(), type, TestClient.encoded(event)),
            body);
  }

  void read(String user, EventId event, String thread) {
    String body = thread.isEmpty() ? "{}" : "{'thread_id':'" + thread + "'}";
    assertThat(post(user, room, "m.read", event.value(), body).expect(200).json()).isEmpty();
  }

  void read(String user, EventId event) {
    read(user, event, "");
  }

  TestClient.Answer markers(String user, RoomId where, String body) {
    return server
        .http(user)
        .post("/_matrix/client/v3/rooms/" + where.value() + "/read_markers", body);
  }

  EventId say(String body) {
    return rooms.say(room, "alice", body);
  }

  EventId relate(String relType, EventId to) {
    return rooms.send(
        room,
        "alice",
        "m.room.message",
        "{'msgtype':'m.text','body':'x','m.relates_to':{'rel_type':'%s','event_id':'%s'}}"
            .formatted(relType, to.value()));
  }

  /// What an answer tells of the room: `user type thread` → event, of its one event of receipts.
  Map<String, String> receipts(JsonNode answer, RoomId where) {
    Map<String, String> told = new TreeMap<>();
    JsonNode events = join(answer, where).at("/ephemeral/events");
    assertThat(events.size()).as("one event a room").isLessThanOrEqualTo(1);
    for (JsonNode event : events) {
      assertThat(event.path("type").asText()).isEqualTo("m.receipt");
      assertThat(event.has("room_id")).isFalse();
      event.path("content").properties().forEach(each -> add(each.getKey(), each.getValue(), told));
      assertThat(told).isNotEmpty();
    }
    return told;
  }

  private static void add(String event, JsonNode types, Map<String, String> told) {
    types
        .properties()
        .forEach(type ->
            type.getValue()
                .properties()
                .forEach(user -> {
                  assertThat(user.getValue().path("ts").isIntegralNumber()).isTrue();
                  JsonNode thread = user.getValue().path("thread_id");
                  String key = user.getKey() + " " + type.getKey();
                  told.put(thread.isMissingNode() ? key : key + " " + thread.asText(), event);
                }));
  }

  Map<String, String> receipts(JsonNode answer) {
    return receipts(answer, room);
  }

  Map<String, String> receiptsFromNothing(String user) {
    return receipts(server.client(user, "NEW").sync());
  }

  static String isRead(String name) {
    return id(name) + " m.read";
  }

  long rows() {
    return count("SELECT COUNT(*) FROM receipt");
  }

  long count(String query) {
    return server.store().reads().select(query, row -> row.getLong(1)).getFirst();
  }
}
