package org.hearth.server.readers.sync;

import com.fasterxml.jackson.databind.JsonNode;
import java.util.ArrayList;
import java.util.List;
import org.hearth.server.http.TestClient;
import org.hearth.server.matrix.id.EventId;
import org.hearth.server.matrix.id.RoomId;
import org.junit.jupiter.api.BeforeEach;

/// A room of alice, bob and carol for each test, and events that relate to others.
abstract class Relating extends OneSyncServer {
  static final String V1 = "/_matrix/client/v1/rooms/";
  static final String V3 = "/_matrix/client/v3/rooms/";

  RoomId room;
  EventId root;

  @BeforeEach
  void open() {
    room = rooms.open("alice", "shared");
    rooms.join(room, "bob");
    rooms.join(room, "carol");
    root = rooms.say(room, "alice", "root");
    server.setIgnored("alice", "{'ignored_users':{}}");
    server.setIgnored("bob", "{'ignored_users':{}}");
  }

  EventId related(String sender, String type, String relation, EventId target) {
    return rooms.send(
        room,
        sender,
        type,
        "{'body':'%s','m.relates_to':{'rel_type':'%s','event_id':'%s','key':'%s'}}"
            .formatted(relation, relation, target.value(), "k"));
  }

  EventId reply(String sender, EventId target) {
    return related(sender, "m.room.message", "m.thread", target);
  }

  EventId reaction(String sender, EventId target) {
    return related(sender, "m.reaction", "m.annotation", target);
  }

  EventId reference(String sender, EventId target) {
    return related(sender, "m.room.message", "m.reference", target);
  }

  EventId edit(String sender, EventId target, String words) {
    return edit(sender, "m.room.message", target, words);
  }

  EventId edit(String sender, String type, EventId target, String words) {
    return rooms.send(
        room,
        sender,
        type,
        "{'body':'%1$s','m.new_content':{'body':'%1$s'},'m.relates_to':{'rel_type':'m.replace','event_id':'%2$s'}}"
            .formatted(words, target.value()));
  }

  static TestClient as(String user) {
    return server.http(user);
  }

  /// One answer of `/relations`.
  JsonNode relations(String user, EventId event, String rest) {
    return as(user)
        .get(V1 + room + "/relations/" + TestClient.encoded(event.value()) + rest)
        .expect(200)
        .json();
  }

  /// All pages of `/relations`, put together.
  List<String> paged(String user, EventId event, String path, String parameters) {
    List<String> seen = new ArrayList<>();
    String from = "";
    for (int pages = 0; pages < 200; pages++) {
      JsonNode page = relations(user, event, path + "?" + parameters + from);
      seen.addAll(ids(page.path("chunk")));
      if (!page.has("next_batch")) {
        return seen;
      }
      from = "&from=" + page.path("next_batch").asText();
    }
    throw new AssertionError("the pages have no end");
  }

  static List<String> ids(JsonNode events) {
    List<String> ids = new ArrayList<>();
    events.forEach(each -> ids.add(each.path("event_id").asText()));
    return ids;
  }

  static List<String> ids(EventId... events) {
    return List.of(events).stream().map(EventId::value).toList();
  }

  /// The event as `/event` tells it.
  JsonNode event(String user, EventId event) {
    return as(user)
        .get(V3 + room + "/event/" + TestClient.encoded(event.value()))
        .expect(200)
        .json();
  }

  static JsonNode bundle(JsonNode event) {
    return event.path("unsigned").path("m.relations");
  }

  /// What is bundled with the event.
  JsonNode bundle(String user, EventId event) {
    return bundle(event(user, event));
  }
}
