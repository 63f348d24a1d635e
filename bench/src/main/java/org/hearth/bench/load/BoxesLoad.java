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
import java.util.HexFormat;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ThreadLocalRandom;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.atomic.AtomicReference;
import org.jspecify.annotations.Nullable;

/// How much the boxes beside the rooms take: receipts, messages to devices and claims of one-time
/// keys, one after the other, each as fast as it is answered by many users at once who also sync.
///
/// ```
/// BoxesLoad --url URL [--pid N] [--users 64] [--rooms 16] [--events 2000] [--seconds 15] [--warm-up 5] [--out FILE]
/// ```
///
/// Receipts move on with each request, over `--events` messages that are sent to each room before;
/// who has read all ends the round. A device uploads 50 keys for 50 claims, in the same time.
///
/// The server needs open registration and no rate limits.
public final class BoxesLoad {
  private static final String API = "/_matrix/client/v3";
  private static final int KEYS_AT_ONCE = 50;
  private static final String FILTER =
      "{\"presence\":{\"types\":[]},\"room\":{\"timeline\":{\"limit\":20},\"state\":{\"lazy_load_members\":true}}}";

  private final URI server;
  private final Optional<Long> process;
  private final Duration warmUp;
  private final Duration measured;
  private final String run = HexFormat.of().toHexDigits(ThreadLocalRandom.current().nextInt());
  private final List<User> users = new ArrayList<>();
  private final AtomicLong messagesRead = new AtomicLong();
  private final AtomicReference<@Nullable IOException> failure = new AtomicReference<>();
  private volatile boolean ended;

  private record Room(String id, List<String> events) {}

  private record User(int number, String id, String device, String token, Room room) {}

  /// What a user asks again and again.
  private interface Step {
    /// @param number how often this user has asked before
    /// @return whether it counts; empty if there is nothing more to ask
    Optional<Boolean> ask(Connection connection, User user, int number) throws IOException;
  }

  private BoxesLoad(URI server, Optional<Long> process, Duration warmUp, Duration measured) {
    this.server = server;
    this.process = process;
    this.warmUp = warmUp;
    this.measured = measured;
  }

  /// Runs it.
  ///
  /// @param arguments as above
  /// @throws IOException if the server does not answer as a homeserver
  public static void main(String[] arguments) throws IOException, InterruptedException {
    Options options = Options.of(arguments, 0);
    BoxesLoad load =
        new BoxesLoad(
            options.server(),
            options.process(),
            options.seconds("warm-up", 5),
            options.seconds("seconds", 15));
    load.prepare(
        options.number("users", 64), options.number("rooms", 16), options.number("events", 2000));
    ObjectNode result = load.measure();
    result.put("command", "bench/run boxes " + String.join(" ", arguments));
    options.tell(result);
  }

  private void prepare(int people, int places, int events)
      throws IOException, InterruptedException {
    List<Room> rooms = new ArrayList<>();
    try (Connection connection = new Connection(server)) {
      for (int i = 0; i < people; i++) {
        JsonNode made = connection.register("boxes-%s-%d".formatted(run, i));
        String token = made.path("access_token").asText();
        if (i < places) {
          String room = connection.makeRoom(token, "Boxes " + i);
          rooms.add(new Room(room, new ArrayList<>()));
        } else {
          connection.granted(
              "POST", API + "/join/" + encoded(rooms.get(i % places).id()), token, "{}");
        }
        users.add(
            new User(
                i,
                made.path("user_id").asText(),
                made.path("device_id").asText(),
                token,
                rooms.get(i % places)));
      }
    }
    // Who made a room is the one who writes its list of events; the others read it later.
    everyone(
        users.subList(0, places),
        (connection, user, number) -> {
          if (number == events) {
            return Optional.empty();
          }
          String answer =
              connection
                  .granted(
                      "PUT",
                      API
                          + "/rooms/%s/send/m.room.message/%d"
                              .formatted(encoded(user.room().id()), number),
                      user.token(),
                      "{\"msgtype\":\"m.text\",\"body\":\"Message %d\"}".formatted(number))
                  .path("event_id")
                  .asText();
          user.room().events().add(answer);
          return Optional.of(true);
        });
    check();
  }

  /// Lets each of these ask until there is nothing more to ask.
  private void everyone(List<User> those, Step step) throws InterruptedException {
    List<Thread> threads =
        those.stream()
            .map(user ->
                Thread.startVirtualThread(() -> {
                  try (Connection connection = new Connection(server)) {
                    int number = 0;
                    while (step.ask(connection, user, number).isPresent()) {
                      number++;
                    }
                  } catch (IOException e) {
                    failure.set(e);
                  }
                }))
            .toList();
    for (Thread each : threads) {
      each.join();
    }
  }

  private ObjectNode measure() throws IOException, InterruptedException {
    ObjectNode result = JsonNodeFactory.instance.objectNode();
    CountDownLatch synced = new CountDownLatch(users.size());
    List<Thread> followers =
        users.stream().map(each -> Thread.startVirtualThread(() -> follow(each, synced))).toList();
    synced.await();
    result.set("receipts", round(this::receipt));
    long before = messagesRead.get();
    ObjectNode messages = round(this::message);
    messages.put("read", messagesRead.get() - before);
    result.set("messages_to_devices", messages);
    result.set("one_time_keys_claimed", round(this::claim));
    ended = true;
    for (Thread each : followers) {
      each.join();
    }
    return result;
  }

  /// Everybody asks at once.
  private ObjectNode round(Step step) throws IOException, InterruptedException {
    Times times = new Times();
    CountDownLatch over = new CountDownLatch(1);
    AtomicReference<Boolean> counting = new AtomicReference<>(false);
    Thread asking =
        Thread.startVirtualThread(() -> {
          try {
            everyone(
                users,
                (connection, user, number) -> {
                  if (over.getCount() == 0) {
                    return Optional.empty();
                  }
                  long began = System.nanoTime();
                  Optional<Boolean> counts = step.ask(connection, user, number);
                  if (counts.isEmpty()) {
                    over.countDown();
                  } else if (counts.get() && counting.get()) {
                    times.add(System.nanoTime() - began);
                  }
                  return counts;
                });
          } catch (InterruptedException _) {
            Thread.currentThread().interrupt();
          }
          over.countDown();
        });
    Thread.sleep(warmUp);
    ServerProcess before = ServerProcess.read(process);
    long began = System.nanoTime();
    counting.set(true);
    boolean ranOut = over.await(measured.toMillis(), TimeUnit.MILLISECONDS);
    counting.set(false);
    double seconds = (System.nanoTime() - began) / 1e9;
    ServerProcess after = ServerProcess.read(process);
    over.countDown();
    asking.join();
    check();
    ObjectNode json = JsonNodeFactory.instance.objectNode();
    json.put("seconds", Math.round(seconds * 10) / 10.0);
    json.put("ran_out", ranOut);
    json.put("per_second", Math.round(times.count() / seconds));
    json.set("answered", times.json());
    if (after.known()) {
      json.put(
          "server_cores",
          Math.round((after.cpuSeconds() - before.cpuSeconds()) / seconds * 100) / 100.0);
      json.put("server_resident_mib", after.residentMib());
    }
    return json;
  }

  private void check() throws IOException {
    IOException failed = failure.get();
    if (failed != null) {
      throw new IOException("a client was not answered", failed);
    }
  }

  private Optional<Boolean> receipt(Connection connection, User user, int number)
      throws IOException {
    List<String> events = user.room().events();
    if (number / 2 == events.size()) {
      return Optional.empty();
    }
    String type = number % 2 == 0 ? "m.read" : "m.read.private";
    connection.granted(
        "POST",
        API
            + "/rooms/%s/receipt/%s/%s"
                .formatted(encoded(user.room().id()), type, encoded(events.get(number / 2))),
        user.token(),
        "{}");
    return Optional.of(true);
  }

  private Optional<Boolean> message(Connection connection, User user, int number)
      throws IOException {
    User other = users.get((user.number() + 1 + number % (users.size() - 1)) % users.size());
    connection.granted(
        "PUT",
        API + "/sendToDevice/m.room_key_request/" + number,
        user.token(),
        "{\"messages\":{\"%s\":{\"%s\":{\"action\":\"request_cancellation\",\"request_id\":\"%d\"}}}}"
            .formatted(other.id(), other.device(), number));
    return Optional.of(true);
  }

  private Optional<Boolean> claim(Connection connection, User user, int number) throws IOException {
    if (number % (KEYS_AT_ONCE + 1) == 0) {
      ObjectNode body = JsonNodeFactory.instance.objectNode();
      ObjectNode keys = body.putObject("one_time_keys");
      for (int i = 0; i < KEYS_AT_ONCE; i++) {
        keys.putObject("signed_curve25519:%d-%d".formatted(number, i))
            .put("key", "zKbLg+NrIjpnagy+pIY6uPL4ZwEG2v+8F9lmgsnlZzs")
            .putObject("signatures")
            .putObject(user.id())
            .put(
                "ed25519:" + user.device(),
                "Definitely88characters+long+like+a+signature+of+Ed25519+is+in+unpadded+Base64+abcdefgh");
      }
      connection.granted("POST", API + "/keys/upload", user.token(), body.toString());
      return Optional.of(false);
    }
    User other = users.get((user.number() + 1) % users.size());
    JsonNode given =
        connection
            .granted(
                "POST",
                API + "/keys/claim",
                other.token(),
                "{\"one_time_keys\":{\"%s\":{\"%s\":\"signed_curve25519\"}}}"
                    .formatted(user.id(), user.device()))
            .path("one_time_keys");
    if (given.path(user.id()).path(user.device()).isEmpty()) {
      throw new IOException("no key was left");
    }
    return Optional.of(true);
  }

  private void follow(User user, CountDownLatch synced) {
    String target = API + "/sync?filter=" + encoded(FILTER);
    try (Connection connection = new Connection(server)) {
      String since =
          connection.granted("GET", target, user.token(), "").path("next_batch").asText();
      synced.countDown();
      while (!ended) {
        JsonNode news =
            connection.granted(
                "GET", target + "&timeout=2000&since=" + encoded(since), user.token(), "");
        messagesRead.addAndGet(news.at("/to_device/events").size());
        since = news.path("next_batch").asText();
      }
    } catch (IOException e) {
      failure.set(e);
      synced.countDown();
    }
  }

  private static String encoded(String text) {
    return URLEncoder.encode(text, StandardCharsets.UTF_8);
  }
}
