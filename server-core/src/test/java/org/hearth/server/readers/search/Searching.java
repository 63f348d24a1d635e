package org.hearth.server.readers.search;

import static org.hearth.server.http.TestClient.encoded;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.atomic.AtomicInteger;
import org.hearth.server.http.TestClient;

/// What users say in rooms, and what they find.
final class Searching {
  static final String V3 = "/_matrix/client/v3";
  private static final AtomicInteger TRANSACTIONS = new AtomicInteger();

  private Searching() {}

  static String path(String room) {
    return V3 + "/rooms/" + encoded(room);
  }

  /// Makes a room that anybody may join.
  static String open(TestClient who) {
    return who.post(V3 + "/createRoom", "{'preset': 'public_chat'}").expect(200).text("room_id");
  }

  static void join(TestClient who, String room) {
    who.post(path(room) + "/join", "{}").expect(200);
  }

  static void leave(TestClient who, String room) {
    who.post(path(room) + "/leave", "{}").expect(200);
  }

  /// Sends a message.
  ///
  /// @return the event's id
  static String send(TestClient who, String room, ObjectNode content) {
    String target = path(room) + "/send/m.room.message/search" + TRANSACTIONS.incrementAndGet();
    return who.put(target, content).expect(200).text("event_id");
  }

  static ObjectNode message(String body) {
    return JsonNodeFactory.instance.objectNode().put("msgtype", "m.text").put("body", body);
  }

  static String say(TestClient who, String room, String body) {
    return send(who, room, message(body));
  }

  static String edit(TestClient who, String room, String event, String body) {
    ObjectNode content = message("* " + body);
    content.set("m.new_content", message(body));
    content.putObject("m.relates_to").put("rel_type", "m.replace").put("event_id", event);
    return send(who, room, content);
  }

  static void redact(TestClient who, String room, String event) {
    who.put(
            path(room) + "/redact/" + encoded(event) + "/search" + TRANSACTIONS.incrementAndGet(),
            "{}")
        .expect(200);
  }

  static void set(TestClient who, String room, String type, String content) {
    who.put(path(room) + "/state/" + type + "/", content).expect(200);
  }

  /// The category of a request.
  static ObjectNode looking(String term) {
    return JsonNodeFactory.instance.objectNode().put("search_term", term);
  }

  static TestClient.Answer post(TestClient who, ObjectNode criteria, String query) {
    ObjectNode body = JsonNodeFactory.instance.objectNode();
    body.putObject("search_categories").set("room_events", criteria);
    return who.post(V3 + "/search" + query, body);
  }

  /// The category of the answer.
  static JsonNode search(TestClient who, ObjectNode criteria) {
    return post(who, criteria, "").expect(200).at("/search_categories/room_events");
  }

  static JsonNode next(TestClient who, ObjectNode criteria, String token) {
    return post(who, criteria, "?next_batch=" + encoded(token))
        .expect(200)
        .at("/search_categories/room_events");
  }

  /// The ids of what is found, in order.
  static List<String> found(JsonNode category) {
    List<String> ids = new ArrayList<>();
    category.path("results").forEach(each -> ids.add(each.at("/result/event_id").asText()));
    return ids;
  }

  static List<String> found(TestClient who, String term) {
    return found(search(who, looking(term)));
  }

  static List<String> texts(JsonNode array) {
    List<String> texts = new ArrayList<>();
    array.forEach(each -> texts.add(each.asText()));
    return texts;
  }
}
