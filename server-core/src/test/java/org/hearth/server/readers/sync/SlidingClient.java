package org.hearth.server.readers.sync;

import com.fasterxml.jackson.databind.JsonNode;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import org.hearth.server.http.TestClient;
import org.hearth.server.matrix.id.RoomId;
import org.jspecify.annotations.Nullable;

/// One connection of a device that syncs by a sliding window.
final class SlidingClient {
  static final String PATH = "/_matrix/client/unstable/org.matrix.simplified_msc3575/sync";

  private TestClient http;
  private @Nullable String pos;

  SlidingClient(TestClient http) {
    this.http = http;
  }

  String pos() {
    return Objects.requireNonNull(pos);
  }

  void moveTo(TestClient other) {
    http = other;
  }

  /// Forgets all, as a client does that was told `M_UNKNOWN_POS`.
  void begin() {
    pos = null;
  }

  /// Syncs without waiting from where it is.
  JsonNode sync(String body) {
    return sync(body, 0);
  }

  JsonNode sync(String body, long timeoutMillis) {
    JsonNode answer = ask(body, timeoutMillis).expect(200).json();
    pos = answer.path("pos").textValue();
    return answer;
  }

  /// Asks, and stays where it is, as one that did not get the answer.
  TestClient.Answer ask(String body, long timeoutMillis) {
    String target = PATH + "?timeout=" + timeoutMillis;
    return http.post(pos == null ? target : target + "&pos=" + pos, body);
  }

  /// A body with one list.
  static String list(int first, int last, int limit, String more) {
    return "{'lists':{'all':{'ranges':[[%d,%d]],'timeline_limit':%d%s}}}"
        .formatted(first, last, limit, more.isEmpty() ? "" : "," + more);
  }

  /// The rooms that are told.
  static List<String> rooms(JsonNode answer) {
    List<String> rooms = new ArrayList<>();
    answer.path("rooms").fieldNames().forEachRemaining(rooms::add);
    return rooms;
  }

  static JsonNode room(JsonNode answer, RoomId room) {
    return answer.path("rooms").path(room.value());
  }

  /// What the events of a field say.
  static List<String> said(JsonNode events) {
    List<String> said = new ArrayList<>();
    events.forEach(each -> said.add(SyncClient.said(each)));
    return said;
  }
}
