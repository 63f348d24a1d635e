package org.hearth.server.readers.sync;

import com.fasterxml.jackson.databind.JsonNode;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.TreeMap;
import org.hearth.server.http.TestClient;
import org.hearth.server.matrix.id.RoomId;
import org.jspecify.annotations.Nullable;

/// One device of a user, that syncs and keeps what it is told as the specification says a client
/// does.
final class SyncClient {
  private TestClient http;
  private boolean fillsGaps;
  private String parameters = "";
  private @Nullable String since;

  /// What the client keeps of a room: state by type and key, and the ids of its timeline with a gap
  /// as an empty text.
  record Room(Map<String, String> state, List<String> timeline) {
    Room() {
      this(new TreeMap<>(), new ArrayList<>());
    }
  }

  private final Map<String, Room> joined = new TreeMap<>();

  SyncClient(TestClient http) {
    this.http = http;
  }

  TestClient http() {
    return http;
  }

  /// Goes on with another server, such as the same one after a restart.
  void moveTo(TestClient other) {
    http = other;
  }

  /// From now on reads what a gap leaves out, so that its timelines are whole.
  SyncClient fillingGaps() {
    fillsGaps = true;
    return this;
  }

  /// The same parameters for every sync, without the leading `&`.
  SyncClient with(String name, String value) {
    parameters += "&" + name + "=" + TestClient.encoded(value.replace('\'', '"'));
    return this;
  }

  String since() {
    return Objects.requireNonNull(since);
  }

  /// Syncs without waiting from where it is.
  JsonNode sync() {
    return sync(0);
  }

  JsonNode sync(long timeoutMillis) {
    String target = "/_matrix/client/v3/sync?timeout=" + timeoutMillis + parameters;
    JsonNode answer =
        http.get(since == null ? target : target + "&since=" + since).expect(200).json();
    String before = since;
    since = answer.path("next_batch").textValue();
    keep(answer, before);
    return answer;
  }

  /// Syncs without waiting, and leaves what the client keeps alone.
  JsonNode look(String token) {
    String target = "/_matrix/client/v3/sync?timeout=0" + parameters + "&since=" + token;
    return http.get(target).expect(200).json();
  }

  private void keep(JsonNode answer, @Nullable String before) {
    answer
        .at("/rooms/join")
        .properties()
        .forEach(each -> keep(each.getKey(), each.getValue(), before));
    answer.at("/rooms/leave").properties().forEach(each -> joined.remove(each.getKey()));
  }

  private void keep(String id, JsonNode section, @Nullable String before) {
    boolean isNew = !joined.containsKey(id);
    Room room = joined.computeIfAbsent(id, _ -> new Room());
    boolean after = section.has("state_after");
    for (JsonNode each : section.path(after ? "state_after" : "state").path("events")) {
      apply(room, each);
    }
    if (section.path("timeline").path("limited").asBoolean()) {
      if (fillsGaps) {
        String start = section.path("timeline").path("prev_batch").asText();
        room.timeline().addAll(gap(id, start, isNew ? null : before));
      } else {
        room.timeline().clear();
      }
    }
    for (JsonNode each : section.path("timeline").path("events")) {
      room.timeline().add(each.path("event_id").textValue());
      if (!after) {
        apply(room, each);
      }
    }
  }

  /// The ids of what is between two tokens, oldest first.
  ///
  /// @param start the token of the later end
  /// @param end null for the beginning of the room
  private List<String> gap(String id, String start, @Nullable String end) {
    List<String> newestFirst = new ArrayList<>();
    String from = start;
    while (true) {
      String target =
          "/_matrix/client/v3/rooms/%s/messages?dir=b&limit=4&from=%s".formatted(id, from);
      JsonNode page = http.get(end == null ? target : target + "&to=" + end).expect(200).json();
      page.path("chunk").forEach(each -> newestFirst.add(each.path("event_id").textValue()));
      if (!page.has("end") || page.path("end").asText().equals(end)) {
        return newestFirst.reversed();
      }
      from = page.path("end").asText();
    }
  }

  private static void apply(Room room, JsonNode event) {
    if (event.has("state_key")) {
      room.state()
          .put(
              event.path("type").textValue() + "|" + event.path("state_key").textValue(),
              event.path("event_id").textValue());
    }
  }

  Map<String, Room> joined() {
    return joined;
  }

  Room room(RoomId room) {
    return Objects.requireNonNull(joined.get(room.value()), () -> "not in " + room);
  }

  static JsonNode join(JsonNode answer, RoomId room) {
    return section(answer, "join", room);
  }

  static JsonNode section(JsonNode answer, String name, RoomId room) {
    return answer.path("rooms").path(name).path(room.value());
  }

  /// What the events of a part say: the bodies of messages, else types, with the state key if there
  /// is one.
  static List<String> events(JsonNode part) {
    List<String> said = new ArrayList<>();
    for (JsonNode each : part.path("events")) {
      said.add(said(each));
    }
    return said;
  }

  static String said(JsonNode event) {
    if (event.path("content").has("body")) {
      return event.path("content").path("body").asText();
    }
    String key = event.path("state_key").asText("");
    return event.path("type").asText() + (key.isEmpty() ? "" : " " + key);
  }
}
