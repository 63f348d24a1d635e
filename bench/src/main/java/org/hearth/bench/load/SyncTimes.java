package org.hearth.bench.load;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.IOException;
import java.net.URI;
import java.util.ArrayList;
import java.util.List;

/// How long `/sync` takes after one event, by the number of the user's rooms.
///
/// ```
/// SyncTimes --url URL [--rooms 4,400,2000] [--rounds 400] [--out FILE]
/// ```
///
/// A user makes rooms up to each number in turn. A round sends a message to one of them and then
/// asks, on another connection, for what is new since the last answer: only that second request is
/// timed. The server needs open registration and no rate limits. The first rounds of each number
/// warm the server up and do not count.
public final class SyncTimes {
  private static final String API = "/_matrix/client/v3";
  private static final int WARM_UP = 200;

  private final Connection writing;
  private final Connection reading;
  private final List<String> rooms = new ArrayList<>();
  private String token = "";
  private String since = "";
  private int messages;

  private SyncTimes(Connection writing, Connection reading) {
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
      SyncTimes times = new SyncTimes(writing, reading);
      times.register();
      for (String each : options.text("rooms", "4,400,2000").split(",", -1)) {
        times.makeRooms(Integer.parseInt(each));
        ObjectNode measured = times.measure(rounds);
        System.out.println(each + " rooms: " + measured);
        result.set(each + "_rooms", measured);
      }
    }
    options.tell(result);
  }

  private void register() throws IOException {
    token = writing.register("syncs" + System.currentTimeMillis()).path("access_token").asText();
  }

  private void makeRooms(int count) throws IOException {
    while (rooms.size() < count) {
      rooms.add(writing.makeRoom(token, "Room " + rooms.size()));
    }
  }

  private ObjectNode measure(int rounds) throws IOException {
    since = ask(reading, "GET", "/sync?timeout=0", "").path("next_batch").asText();
    Times times = new Times();
    for (int i = -WARM_UP; i < rounds; i++) {
      String room = rooms.get(messages % rooms.size());
      ask(
          writing,
          "PUT",
          "/rooms/%s/send/m.room.message/%d".formatted(room, messages++),
          "{\"msgtype\":\"m.text\",\"body\":\"Hello\"}");
      long begun = System.nanoTime();
      JsonNode news = ask(reading, "GET", "/sync?timeout=0&since=" + since, "");
      long taken = System.nanoTime() - begun;
      since = news.path("next_batch").asText();
      if (news.path("rooms").path("join").size() != 1) {
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
    return connection.granted(method, API + path, token, body);
  }
}
