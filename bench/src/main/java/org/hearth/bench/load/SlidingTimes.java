package org.hearth.bench.load;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.IOException;
import java.net.URI;
import java.util.ArrayList;
import java.util.List;

/// How long sliding sync takes, by the number of the user's rooms: the first window of 20 rooms,
/// and an answer after one event, with a window of 20 and with one of all rooms.
///
/// ```
/// SlidingTimes --url URL [--rooms 100,1000,10000] [--rounds 400] [--out FILE]
/// ```
///
/// A user makes rooms up to each number in turn. What is asked for is what Element X asks for. The
/// server needs open registration and no rate limits. The first rounds of each number warm the
/// server up and do not count; the very first answer is told apart.
public final class SlidingTimes {
  private static final String API = "/_matrix/client/v3";
  private static final String SYNC =
      "/_matrix/client/unstable/org.matrix.simplified_msc3575/sync?timeout=0";
  private static final int WARM_UP = 200;
  private static final int WINDOW = 20;
  private static final String BODY =
      """
      {"conn_id": "%s",
       "lists": {"all_rooms": {
         "ranges": [[0, %d]], "timeline_limit": 1,
         "filters": {"not_room_types": ["m.space"]},
         "required_state": [
           ["m.room.name", ""], ["m.room.encryption", ""], ["m.room.member", "$LAZY"],
           ["m.room.member", "$ME"], ["m.room.topic", ""], ["m.room.avatar", ""],
           ["m.room.canonical_alias", ""], ["m.room.power_levels", ""],
           ["m.space.parent", "*"], ["m.space.child", "*"], ["m.room.create", ""],
           ["m.room.history_visibility", ""], ["m.room.join_rules", ""],
           ["m.room.tombstone", ""], ["m.room.pinned_events", ""]]}},
       "extensions": {"account_data": {"enabled": true}, "receipts": {"enabled": true},
                      "typing": {"enabled": true}}}
      """;

  private final Connection writing;
  private final Connection reading;
  private final List<String> rooms = new ArrayList<>();
  private String token = "";
  private int messages;

  private SlidingTimes(Connection writing, Connection reading) {
    this.writing = writing;
    this.reading = reading;
  }

  /// Runs it.
  ///
  /// @param arguments as above
  /// @throws IOException if the server does not answer as a homeserver
  public static void main(String[] arguments) throws IOException {
    Options options = Options.of(arguments, 0);
    URI server = options.server();
    int rounds = options.number("rounds", 400);
    ObjectNode result = JsonNodeFactory.instance.objectNode();
    try (Connection writing = new Connection(server);
        Connection reading = new Connection(server)) {
      SlidingTimes times = new SlidingTimes(writing, reading);
      times.register();
      for (String each : options.text("rooms", "100,1000,10000").split(",", -1)) {
        times.makeRooms(Integer.parseInt(each));
        ObjectNode measured = JsonNodeFactory.instance.objectNode();
        measured.put("coldMillis", times.firstWindow() / 1_000_000);
        measured.set("firstWindow", times.firstWindows(rounds));
        measured.set("afterOneEvent", times.afterOneEvent("few", WINDOW, rounds));
        measured.set("afterOneEventOfAll", times.afterOneEvent("all", times.rooms.size(), rounds));
        System.out.println(each + " rooms: " + measured);
        result.set(each + "_rooms", measured);
      }
    }
    options.tell(result);
  }

  private void register() throws IOException {
    token = writing.register("slides" + System.currentTimeMillis()).path("access_token").asText();
  }

  private void makeRooms(int count) throws IOException {
    while (rooms.size() < count) {
      rooms.add(writing.makeRoom(token, "Room " + rooms.size()));
    }
  }

  private ObjectNode firstWindows(int rounds) throws IOException {
    Times times = new Times();
    for (int i = -WARM_UP; i < rounds; i++) {
      long taken = firstWindow();
      if (i >= 0) {
        times.add(taken);
      }
    }
    return times.json();
  }

  /// @return how many nanoseconds it took
  private long firstWindow() throws IOException {
    long begun = System.nanoTime();
    JsonNode answer = ask(reading, "POST", SYNC, BODY.formatted("first", WINDOW - 1));
    long taken = System.nanoTime() - begun;
    if (answer.path("rooms").size() != Math.min(WINDOW, rooms.size())) {
      throw new IOException("a window has so many rooms: " + answer.path("rooms").size());
    }
    return taken;
  }

  private ObjectNode afterOneEvent(String connection, int window, int rounds) throws IOException {
    String body = BODY.formatted(connection, window - 1);
    String pos = ask(reading, "POST", SYNC, body).path("pos").asText();
    Times times = new Times();
    for (int i = -WARM_UP; i < rounds; i++) {
      String room = rooms.get(rooms.size() - 1 - messages % Math.min(WINDOW, rooms.size()));
      ask(
          writing,
          "PUT",
          API + "/rooms/%s/send/m.room.message/%d".formatted(room, messages++),
          "{\"msgtype\":\"m.text\",\"body\":\"Hello\"}");
      long begun = System.nanoTime();
      JsonNode news = ask(reading, "POST", SYNC + "&pos=" + pos, body);
      long taken = System.nanoTime() - begun;
      pos = news.path("pos").asText();
      if (news.path("rooms").size() != 1) {
        throw new IOException("one room has news, but the answer was " + news);
      }
      if (i >= 0) {
        times.add(taken);
      }
    }
    return times.json();
  }

  private JsonNode ask(Connection connection, String method, String path, String body)
      throws IOException {
    return connection.granted(method, path, token, body);
  }
}
