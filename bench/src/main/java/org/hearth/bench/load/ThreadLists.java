package org.hearth.bench.load;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.IOException;
import java.net.URI;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;

/// How long the list of threads of a large room takes, and a page of the replies of a long thread.
///
/// ```
/// ThreadLists --url URL [--events 100000] [--threads 5000] [--rounds 300] [--out FILE]
/// ```
///
/// Two users fill a room: of the events every twentieth begins a thread, up to the number of
/// threads, three of twenty reply in one, and one of twenty replies in the first thread of all. Who
/// asks has begun every hundredth thread. The server needs open registration and no rate limits.
/// The first rounds warm the server up and do not count.
public final class ThreadLists {
  private static final String API = "/_matrix/client";
  private static final int WARM_UP = 200;
  private static final int SPACING = 20;
  private static final int OWN = 2_000;
  private static final int SENDERS = 4;

  private final URI server;
  private final int events;
  private final int threads;

  private ThreadLists(URI server, int events, int threads) {
    this.server = server;
    this.events = events;
    this.threads = threads;
  }

  /// Runs it.
  ///
  /// @param arguments as above
  /// @throws Exception if the server does not answer as a homeserver
  public static void main(String[] arguments) throws Exception {
    Options options = Options.of(arguments, 0);
    ThreadLists lists =
        new ThreadLists(
            options.server(), options.number("events", 100000), options.number("threads", 5000));
    ObjectNode result = lists.measure(options.number("rounds", 300));
    options.tell(result);
  }

  private ObjectNode measure(int rounds) throws Exception {
    try (Connection connection = new Connection(server)) {
      String asking = register(connection, "asks");
      String other = register(connection, "talks");
      String room = connection.makeRoom(asking, "Threads");
      var _ = ask(connection, other, "POST", "/v3/join/" + room, "{}");
      String first = fill(connection, room, asking, other);
      ObjectNode result = JsonNodeFactory.instance.objectNode();
      String list = "/v1/rooms/" + room + "/threads?limit=20";
      time(result, "first_page", connection, asking, list, rounds);
      time(result, "participated", connection, asking, list + "&include=participated", rounds);
      String next = ask(connection, asking, "GET", list, "").path("next_batch").asText();
      time(result, "second_page", connection, asking, list + "&from=" + next, rounds);
      String relations = "/v1/rooms/" + room + "/relations/" + first;
      time(result, "replies", connection, asking, relations + "/m.thread?limit=20", rounds);
      time(
          result,
          "replies_recursively",
          connection,
          asking,
          relations + "?limit=20&recurse=true",
          rounds);
      return result;
    }
  }

  /// Sends all events, some at a time; the roots and those between in turn.
  ///
  /// @return the first thread's root
  private String fill(Connection connection, String room, String asking, String other)
      throws Exception {
    String first = send(connection, room, asking, 0, "");
    try (ExecutorService senders = Executors.newFixedThreadPool(SENDERS)) {
      Future<?>[] under = new Future<?>[SENDERS];
      for (int i = 0; i < SENDERS; i++) {
        int part = i;
        under[i] = senders.submit(() -> fillPart(part, room, first, asking, other));
      }
      for (Future<?> each : under) {
        var _ = each.get();
      }
    }
    return first;
  }

  private Void fillPart(int part, String room, String first, String asking, String other)
      throws IOException {
    try (Connection connection = new Connection(server)) {
      String root = first;
      for (int i = 1; i <= events / SENDERS; i++) {
        int number = i * SENDERS + part;
        String sender = i % OWN == 0 ? asking : other;
        int kind = i % SPACING;
        if (kind == 0 && i / SPACING <= threads / SENDERS) {
          root = send(connection, room, sender, number, "");
        } else if (kind >= 1 && kind <= 3) {
          var _ = send(connection, room, sender, number, reply(root));
        } else if (kind == 4) {
          var _ = send(connection, room, sender, number, reply(first));
        } else {
          var _ = send(connection, room, sender, number, "");
        }
      }
    }
    return null;
  }

  private static String reply(String root) {
    return ",\"m.relates_to\":{\"rel_type\":\"m.thread\",\"event_id\":\"" + root + "\"}";
  }

  private static String send(
      Connection connection, String room, String token, int number, String relation)
      throws IOException {
    String path = "/v3/rooms/%s/send/m.room.message/%d".formatted(room, number);
    String body = "{\"msgtype\":\"m.text\",\"body\":\"Message %d\"%s}".formatted(number, relation);
    return ask(connection, token, "PUT", path, body).path("event_id").asText();
  }

  private static void time(
      ObjectNode result, String what, Connection connection, String token, String path, int rounds)
      throws IOException {
    Times times = new Times();
    int told = 0;
    for (int i = -WARM_UP; i < rounds; i++) {
      long begun = System.nanoTime();
      JsonNode answer = ask(connection, token, "GET", path, "");
      if (i >= 0) {
        times.add(System.nanoTime() - begun);
      }
      told = answer.path("chunk").size();
    }
    result.set(what, times.json().put("events", told));
  }

  private static String register(Connection connection, String name) throws IOException {
    return connection.register(name + System.currentTimeMillis()).path("access_token").asText();
  }

  private static JsonNode ask(
      Connection connection, String token, String method, String path, String body)
      throws IOException {
    return connection.granted(method, API + path, token, body);
  }
}
