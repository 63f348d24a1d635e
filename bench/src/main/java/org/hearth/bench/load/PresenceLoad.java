package org.hearth.bench.load;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.IOException;
import java.net.URI;
import java.net.URLEncoder;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collections;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Random;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.atomic.AtomicInteger;
import org.jspecify.annotations.Nullable;

/// What presence costs a server while many users sync and some of them come and go.
///
/// ```
/// PresenceLoad --url URL --pid N [--users 1000] [--seconds 120] [--changes 0,3.3] [--out FILE]
/// ```
///
/// Each user is in five rooms of 50 and syncs with long polls of 30 s. A round measures the
/// server's processor time while so many users a second say that they are unavailable, or online
/// again, each a random one. The same rounds against a server without presence, which answers as
/// many requests and tells nobody, say what is presence's own.
///
/// The server needs open registration, no rate limits, and 127.0.0.1 as a trusted proxy: all
/// connections come from one address. A second run on the same server goes on with its users.
public final class PresenceLoad {
  private static final String API = "/_matrix/client/v3";
  private static final String SYNC = API + "/sync";
  private static final int ROOMS_OF_USER = 5;
  private static final int MEMBERS = 50;
  private static final Duration SETTLE = Duration.ofSeconds(40);
  private static final Duration RETRY = Duration.ofSeconds(3);

  private final URI server;
  private final Optional<Long> process;
  private final Random random = new Random(1);
  private final List<User> users = new ArrayList<>();
  private final AtomicInteger answers = new AtomicInteger();
  private final AtomicInteger told = new AtomicInteger();
  private volatile boolean ended;
  private volatile @Nullable IOException failure;

  private record User(String id, String token) {}

  private PresenceLoad(URI server, Optional<Long> process) {
    this.server = server;
    this.process = process;
  }

  /// Runs it.
  ///
  /// @param arguments as above
  /// @throws IOException if the server does not answer as a homeserver
  public static void main(String[] arguments) throws IOException, InterruptedException {
    Options options = Options.of(arguments, 0);
    PresenceLoad load = new PresenceLoad(options.server(), options.process());
    load.prepare(options.number("users", 1000));
    ObjectNode result =
        load.measure(
            options.text("changes", "0,3.3").split(",", -1), options.seconds("seconds", 120));
    options.tell(result);
  }

  /// Brings the users and their rooms in.
  private void prepare(int count) throws IOException {
    try (Connection connection = new Connection(server)) {
      for (int i = 0; i < count; i++) {
        users.add(user(connection, i));
      }
      for (int round = 0; round < ROOMS_OF_USER; round++) {
        List<User> order = new ArrayList<>(users);
        Collections.shuffle(order, new Random(round));
        for (int i = 0; i < order.size(); i += MEMBERS) {
          List<User> members = order.subList(i, Math.min(i + MEMBERS, order.size()));
          room(connection, "presence-%d-%d".formatted(round, i / MEMBERS), members);
        }
      }
    }
    System.out.println(users.size() + " users are in their rooms");
  }

  private static User user(Connection connection, int number) throws IOException {
    String name = "presence" + number;
    String password = "a long password " + number;
    Connection.Answer made =
        connection.ask(
            "POST",
            API + "/register",
            "",
            "{\"username\":\"%s\",\"password\":\"%s\",\"auth\":{\"type\":\"m.login.dummy\"}}"
                .formatted(name, password));
    JsonNode answer = made.json();
    if (made.status() != 200) {
      answer =
          ask(
              connection,
              "POST",
              "/login",
              "",
              "{\"type\":\"m.login.password\",\"user\":\"%s\",\"password\":\"%s\",\"device_id\":\"BENCH\"}"
                  .formatted(name, password));
    }
    return new User(answer.path("user_id").asText(), answer.path("access_token").asText());
  }

  /// Makes a room of that alias with these members, unless there is one.
  private static void room(Connection connection, String alias, List<User> members)
      throws IOException {
    User creator = members.getFirst();
    String serverName = creator.id().split(":", 2)[1];
    String full = encoded("#" + alias + ":" + serverName);
    Connection.Answer known =
        connection.ask("GET", API + "/directory/room/" + full, creator.token(), "");
    if (known.status() == 200) {
      return;
    }
    String room =
        ask(
                connection,
                "POST",
                "/createRoom",
                creator.token(),
                "{\"preset\":\"public_chat\",\"room_alias_name\":\"%s\"}".formatted(alias))
            .path("room_id")
            .asText();
    for (User each : members.subList(1, members.size())) {
      ask(connection, "POST", "/join/" + encoded(room), each.token(), "{}");
    }
  }

  private ObjectNode measure(String[] rates, Duration measured)
      throws IOException, InterruptedException {
    ObjectNode result = JsonNodeFactory.instance.objectNode();
    CountDownLatch synced = new CountDownLatch(users.size());
    List<Connection> connections = new ArrayList<>();
    try {
      ServerProcess before = ServerProcess.read(process);
      for (User each : users) {
        Connection connection = new Connection(server);
        connections.add(connection);
        Thread.ofVirtual().start(() -> follow(connection, each, synced));
      }
      synced.await();
      Thread.sleep(SETTLE);
      ServerProcess after = ServerProcess.read(process);
      result.put("cpu_seconds_until_all_have_come", after.cpuSeconds() - before.cpuSeconds());
      System.out.println("all have come: " + result);
      try (Connection saying = new Connection(server)) {
        for (String each : rates) {
          ObjectNode round = round(saying, Double.parseDouble(each), measured);
          System.out.println(each + " changes a second: " + round);
          result.set(each + "_changes_per_second", round);
        }
      }
      return result;
    } finally {
      ended = true;
      for (Connection each : connections) {
        each.close();
      }
    }
  }

  private ObjectNode round(Connection saying, double rate, Duration measured)
      throws IOException, InterruptedException {
    Map<User, Boolean> away = new HashMap<>();
    long begun = System.nanoTime();
    long end = begun + measured.toNanos();
    int answersBefore = answers.get();
    int toldBefore = told.get();
    int said = 0;
    ServerProcess before = ServerProcess.read(process);
    while (System.nanoTime() < end) {
      double due = (System.nanoTime() - begun) / 1e9 * rate;
      if (said < due) {
        User user = users.get(random.nextInt(users.size()));
        boolean isAway = away.merge(user, true, (known, _) -> !known);
        ask(
            saying,
            "PUT",
            "/presence/%s/status".formatted(encoded(user.id())),
            user.token(),
            "{\"presence\":\"%s\"}".formatted(isAway ? "unavailable" : "online"));
        said++;
      } else {
        Thread.sleep(20);
      }
    }
    ServerProcess after = ServerProcess.read(process);
    double seconds = (System.nanoTime() - begun) / 1e9;
    IOException failed = failure;
    if (failed != null) {
      throw new IOException("a client could not sync", failed);
    }
    ObjectNode round = JsonNodeFactory.instance.objectNode();
    round.put(
        "cores", Math.round((after.cpuSeconds() - before.cpuSeconds()) / seconds * 1e4) / 1e4);
    round.put("said_per_second", Math.round(said / seconds * 10) / 10.0);
    round.put("answers_per_second", Math.round((answers.get() - answersBefore) / seconds));
    round.put("presences_told_per_second", Math.round((told.get() - toldBefore) / seconds));
    round.put("resident_mib", after.residentMib());
    return round;
  }

  private void follow(Connection connection, User user, CountDownLatch synced) {
    try {
      String since = sync(connection, user, SYNC);
      synced.countDown();
      while (!ended) {
        since = sync(connection, user, SYNC + "?timeout=30000&since=" + since);
      }
    } catch (IOException e) {
      if (!ended) {
        failure = e;
        synced.countDown();
      }
    } catch (InterruptedException _) {
      Thread.currentThread().interrupt();
    }
  }

  private String sync(Connection connection, User user, String target)
      throws IOException, InterruptedException {
    Connection.Answer answer = connection.ask("GET", target, user.token(), "");
    while (answer.status() == 503 || answer.status() == 429) {
      // So many first syncs at once may be too many.
      Thread.sleep(RETRY);
      answer = connection.ask("GET", target, user.token(), "");
    }
    if (answer.status() != 200) {
      throw new IOException("a sync was answered " + answer.status());
    }
    JsonNode news = answer.json();
    answers.incrementAndGet();
    told.addAndGet(news.at("/presence/events").size());
    return news.path("next_batch").asText();
  }

  private static JsonNode ask(
      Connection connection, String method, String path, String token, String body)
      throws IOException {
    return connection.granted(method, API + path, token, body);
  }

  private static String encoded(String text) {
    return URLEncoder.encode(text, StandardCharsets.UTF_8);
  }
}
