package org.hearth.bench.load;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.IOException;
import java.net.URI;
import java.net.URLEncoder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.atomic.AtomicBoolean;

/// What initial syncs cost: alone, and many at once beside somebody who sends.
///
/// ```
/// FullSyncs prepare --url URL --state FILE [--rooms 1000] [--members 50] [--large 20000]
/// FullSyncs measure --url URL --state FILE [--pid N] [--at-once 20] [--sends 500] [--out FILE]
/// ```
///
/// `prepare` makes accounts that are all in the same rooms, and a room of guests; the server needs
/// open registration, guests and no rate limits. `measure` can be repeated, also after a restart.
/// Those at once sync anew, round by round, until so many messages were sent beside them: the 99th
/// percentile of a hundred is the second longest.
public final class FullSyncs {
  private static final String API = "/_matrix/client/v3";
  private static final String LAZY =
      "&filter=" + encoded("{\"room\":{\"state\":{\"lazy_load_members\":true}}}");
  private static final int THREADS = 16;
  private static final int ROUNDS = 5;

  /// However few messages go out beside them.
  private static final int MOST_ROUNDS = 200;

  private final URI server;
  private final Options options;
  private final ExecutorService threads = Executors.newFixedThreadPool(64);

  private FullSyncs(URI server, Options options) {
    this.server = server;
    this.options = options;
  }

  /// Runs it.
  ///
  /// @param arguments as above
  /// @throws Exception if the server does not answer as a homeserver
  public static void main(String[] arguments) throws Exception {
    Options options = Options.of(arguments, 1);
    FullSyncs run = new FullSyncs(options.server(), options);
    try {
      switch (arguments[0]) {
        case "prepare" -> run.prepare();
        case "measure" -> run.measure();
        default -> throw new IllegalArgumentException("prepare or measure");
      }
    } finally {
      run.threads.shutdownNow();
    }
  }

  private void prepare() throws Exception {
    ObjectNode state = JsonNodeFactory.instance.objectNode();
    ArrayNode members = state.putArray("members");
    each(
        options.number("members", 50),
        4,
        (connection, i) -> {
          String token = connection.register("member" + i).path("access_token").asText();
          synchronized (members) {
            members.add(token);
          }
        });
    List<String> rooms = new ArrayList<>();
    each(
        options.number("rooms", 1000),
        1,
        (connection, i) ->
            rooms.add(connection.makeRoom(members.get(i % members.size()).asText(), "Room " + i)));
    each(
        members.size(),
        THREADS,
        (connection, i) -> {
          for (String room : rooms) {
            ask(connection, "POST", "/join/" + encoded(room), members.get(i).asText(), "{}");
          }
        });
    String owner = members.get(0).asText();
    try (Connection connection = new Connection(server)) {
      String large = connection.makeRoom(owner, "Large");
      state.put("large", large);
      String access = "/rooms/" + encoded(large) + "/state/m.room.guest_access";
      ask(connection, "PUT", access, owner, "{\"guest_access\":\"can_join\"}");
    }
    ArrayNode guests = state.putArray("guests");
    String join = "/join/" + encoded(state.path("large").asText());
    each(
        options.number("large", 20_000),
        THREADS,
        (connection, i) -> {
          String token =
              ask(connection, "POST", "/register?kind=guest", "", "{}")
                  .path("access_token")
                  .asText();
          ask(connection, "POST", join, token, "{}");
          if (i < 64) {
            synchronized (guests) {
              guests.add(token);
            }
          }
        });
    Files.writeString(Path.of(options.required("state")), state.toString());
  }

  private void measure() throws Exception {
    JsonNode state = Connection.JSON.readTree(Path.of(options.required("state")).toFile());
    List<String> members = texts(state.path("members"));
    List<String> guests = texts(state.path("guests"));
    String large = state.path("large").asText();
    ObjectNode result = JsonNodeFactory.instance.objectNode();
    result.put("resident_mib_before", resident());
    result.set("many_rooms", alone(members, ""));
    result.set("many_rooms_lazily", alone(members, LAZY));
    result.set("large_room", alone(guests, ""));
    result.set("large_room_lazily", alone(guests, LAZY));
    int atOnce = options.number("at-once", 20);
    result.set("many_rooms_at_once", atOnce(members, atOnce, members.getFirst(), large));
    result.set("large_room_at_once", atOnce(guests, atOnce, members.getFirst(), large));
    result.put("resident_mib_after", resident());
    options.tell(result);
  }

  /// One after the other, each of another user.
  private ObjectNode alone(List<String> tokens, String filter) throws IOException {
    ObjectNode result = JsonNodeFactory.instance.objectNode();
    ArrayNode seconds = result.putArray("seconds");
    ArrayNode cpuSeconds = result.putArray("server_cpu_seconds");
    try (Connection connection = new Connection(server)) {
      for (int i = 0; i < ROUNDS; i++) {
        double cpu = process().cpuSeconds();
        long start = System.nanoTime();
        Connection.Answer answer =
            connection.ask("GET", API + "/sync?timeout=0" + filter, tokens.get(i), "");
        seconds.add(seconds(start));
        cpuSeconds.add(Math.round((process().cpuSeconds() - cpu) * 100) / 100.0);
        result.put("status", answer.status());
        result.put("bytes", answer.body().bytes().length);
      }
    }
    return result;
  }

  /// @param sender who sends to that room meanwhile
  private ObjectNode atOnce(List<String> tokens, int count, String sender, String large)
      throws Exception {
    ObjectNode result = JsonNodeFactory.instance.objectNode();
    AtomicBoolean over = new AtomicBoolean();
    Times sends = new Times();
    Future<Integer> failed = threads.submit(() -> send(sender, large, over, sends));
    int leastSends = options.number("sends", 500);
    ArrayNode each = result.putArray("seconds");
    ArrayNode rounds = JsonNodeFactory.instance.arrayNode();
    double longest = 0;
    int refused = 0;
    int broken = 0;
    while (rounds.isEmpty()
        || (sends.count() < leastSends && rounds.size() < MOST_ROUNDS && !failed.isDone())) {
      long start = System.nanoTime();
      List<Future<Answered>> syncs = new ArrayList<>();
      for (int i = 0; i < count; i++) {
        String token = tokens.get(i);
        syncs.add(threads.submit(() -> untilAnswered(token)));
      }
      for (Future<Answered> sync : syncs) {
        Answered answered = sync.get();
        each.add(answered.seconds());
        refused += answered.refused();
        broken += answered.broken();
      }
      double seconds = seconds(start);
      rounds.add(seconds);
      longest = Math.max(longest, seconds);
    }
    result.put("seconds_for_all", longest);
    result.set("seconds_for_all_of_each_round", rounds);
    result.put("refused_and_asked_again", refused);
    result.put("broken_and_asked_again", broken);
    over.set(true);
    result.put("sends_failed", failed.get());
    result.set("sends_meanwhile", sends.json());
    result.put("resident_mib", resident());
    return result;
  }

  private record Answered(double seconds, int refused, int broken) {}

  private Answered untilAnswered(String token) throws IOException, InterruptedException {
    long start = System.nanoTime();
    int refused = 0;
    int broken = 0;
    while (refused + broken < 100) {
      try (Connection connection = new Connection(server)) {
        if (connection.ask("GET", API + "/sync?timeout=0", token, "").status() == 200) {
          return new Answered(seconds(start), refused, broken);
        }
        refused++;
      } catch (IOException _) {
        broken++;
      }
      Thread.sleep(1000);
    }
    return new Answered(-1, refused, broken);
  }

  /// Ten messages a second.
  ///
  /// @return how many failed
  private int send(String token, String room, AtomicBoolean over, Times times)
      throws IOException, InterruptedException {
    int failed = 0;
    try (Connection connection = new Connection(server)) {
      for (int i = 0; !over.get(); i++) {
        String path = "/rooms/" + encoded(room) + "/send/m.room.message/" + System.nanoTime();
        long start = System.nanoTime();
        int status =
            connection
                .ask(
                    "PUT",
                    API + path,
                    token,
                    "{\"msgtype\":\"m.text\",\"body\":\"%d\"}".formatted(i))
                .status();
        times.add(System.nanoTime() - start);
        failed += status == 200 ? 0 : 1;
        Thread.sleep(100);
      }
    }
    return failed;
  }

  private interface Task {
    void run(Connection connection, int number) throws IOException;
  }

  /// Does it for each number, spread over so many threads.
  private void each(int count, int spread, Task task)
      throws InterruptedException, ExecutionException {
    List<Future<?>> all = new ArrayList<>();
    for (int thread = 0; thread < spread; thread++) {
      int first = thread;
      all.add(
          threads.submit(() -> {
            try (Connection connection = new Connection(server)) {
              for (int i = first; i < count; i += spread) {
                task.run(connection, i);
              }
            }
            return null;
          }));
    }
    for (Future<?> done : all) {
      done.get();
    }
  }

  private static JsonNode ask(
      Connection connection, String method, String path, String token, String body)
      throws IOException {
    return connection.granted(method, API + path, token, body);
  }

  private ServerProcess process() throws IOException {
    return ServerProcess.read(options.process());
  }

  private long resident() throws IOException {
    return process().residentMib();
  }

  private static double seconds(long startNanos) {
    return Math.round((System.nanoTime() - startNanos) / 1e6) / 1e3;
  }

  private static List<String> texts(JsonNode array) {
    List<String> texts = new ArrayList<>();
    array.forEach(each -> texts.add(each.asText()));
    return texts;
  }

  private static String encoded(String text) {
    return URLEncoder.encode(text, StandardCharsets.UTF_8);
  }
}
