package org.hearth.server.services.keys;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.lang.System.Logger.Level;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.BiConsumer;
import org.hearth.server.matrix.id.DeviceId;
import org.hearth.server.matrix.id.Identifiers;
import org.hearth.server.matrix.id.ServerName;
import org.hearth.server.matrix.id.UserId;
import org.hearth.server.matrix.json.MatrixJson;
import org.hearth.server.outbound.federation.FederationReply;
import org.hearth.server.outbound.federation.FederationRequest;
import org.hearth.server.services.keys.KeptDevices.KeptDevice;
import org.hearth.server.services.keys.KeptDevices.KeptList;

/// Asks other servers for keys of their users, many servers at once; who has not answered in time is
/// not waited for.
///
/// Of an answer counts what is about the users and devices that were asked for, and is as
/// [PeerKeys] has it: a server says nothing of others' users.
///
/// **thread**: any; a call waits for the servers. **source**: [end-to-end encryption][keys].
///
/// [keys]: https://spec.matrix.org/v1.19/server-server-api/#end-to-end-encryption
final class RemoteKeys {
  private static final System.Logger LOG = System.getLogger(RemoteKeys.class.getName());

  /// Users of one request; for more there are several.
  static final int MOST_USERS_A_REQUEST = 50;

  /// Devices of which one request claims keys.
  static final int MOST_CLAIMS_A_REQUEST = 200;

  /// Requests that one call makes; what is more counts as not answered.
  static final int MOST_REQUESTS_A_CALL = 200;

  /// What the keys of one call's answers take together; in memory it is some ten times as much.
  static final int MOST_BYTES_A_CALL = 4 << 20;

  /// Devices of one user.
  static final int MOST_DEVICES = 1_000;

  /// Requests at the same time: answers in memory take more than ten times their bytes.
  private static final int AT_ONCE = 32;

  /// Of these to one server.
  private static final int AT_ONCE_A_SERVER = 3;

  /// Of these on behalf of one user: who asks for users of servers that hang keeps nobody from the
  /// others.
  private static final int AT_ONCE_OF_ONE = 8;

  /// Requests that wait for their turn or their answer.
  private static final int MOST_WAITING = 2_000;

  /// Of these on behalf of one user.
  static final int MOST_WAITING_OF_ONE = 500;

  /// An answer.
  private static final int ANSWER_BYTES = 1 << 20;

  private static final String QUERY = "/_matrix/federation/v1/user/keys/query";
  private static final String CLAIM = "/_matrix/federation/v1/user/keys/claim";

  private final Sending sending;
  private final Semaphore turns = new Semaphore(AT_ONCE, true);
  private final AtomicInteger waiting = new AtomicInteger();

  /// The servers that are being asked, and the users on whose behalf. Guarded by itself.
  private final Map<Object, Lane> lanes = new HashMap<>();

  /// Sends a request to another server and waits for what becomes of it.
  @FunctionalInterface
  interface Sending {
    FederationReply send(FederationRequest request) throws InterruptedException;
  }

  /// The requests to one server, or of one user.
  private static final class Lane {
    private final Semaphore turns;
    private int users;

    Lane(int atOnce) {
      this.turns = new Semaphore(atOnce, true);
    }
  }

  /// What other servers have said.
  ///
  /// @param <T> of one user
  /// @param failures the servers of which an answer is missing, and why
  record Answers<T>(Map<UserId, T> told, Map<ServerName, String> failures) {
    /// The servers that could not be asked, as clients are told.
    ///
    /// "If any remote homeservers could not be reached, they are recorded here. The names of the
    /// properties are the names of the unreachable servers."
    ObjectNode json() {
      ObjectNode json = JsonNodeFactory.instance.objectNode();
      failures.forEach((server, why) ->
          json.putObject(server.value()).put("errcode", "M_UNKNOWN").put("error", why));
      return json;
    }
  }

  private record Question(ServerName server, ObjectNode body) {}

  /// The requests of one call, as they are made.
  private static final class Questions {
    private final String name;
    private final int most;
    private final List<Question> all = new ArrayList<>();
    private final Map<ServerName, Question> open = new HashMap<>();
    private final Map<ServerName, Integer> counts = new HashMap<>();

    /// @param name of what is asked for
    /// @param most so much of it in one request
    Questions(String name, int most) {
      this.name = name;
      this.most = most;
    }

    /// Where one more is asked for: in a request that has few yet.
    ObjectNode next(ServerName server) {
      int count = counts.merge(server, 1, Integer::sum);
      if (count > most || !open.containsKey(server)) {
        counts.put(server, 1);
        Question question = new Question(server, JsonNodeFactory.instance.objectNode());
        open.put(server, question);
        all.add(question);
      }
      return Objects.requireNonNull(open.get(server)).body().withObjectProperty(name);
    }
  }

  private record Reply(Question question, FederationReply reply) {}

  RemoteKeys(Sending sending) {
    this.sending = sending;
  }

  // --- what is asked

  /// The devices and keys of users.
  ///
  /// @param asker on whose behalf: nobody keeps all servers from the others
  /// @param wanted users of other servers, with the devices; none stands for all
  Answers<KeptList> query(UserId asker, Map<UserId, Set<String>> wanted, Duration patience)
      throws InterruptedException {
    Questions questions = new Questions("device_keys", MOST_USERS_A_REQUEST);
    wanted.forEach((user, devices) ->
        devices.forEach(questions.next(user.server()).putArray(user.value())::add));
    Map<UserId, KeptList> told = new LinkedHashMap<>();
    Map<ServerName, String> failures = new LinkedHashMap<>();
    Room room = new Room();
    ask(
        asker,
        QUERY,
        questions.all,
        patience,
        failures,
        (question, answer) -> {
          for (String each : names(question.body().path("device_keys"))) {
            UserId user = UserId.parse(each);
            // "If the homeserver could be reached, but the user or device was unknown, no failure
            // is recorded. Instead, the corresponding user or device is missing".
            if (!answer.path("device_keys").has(each)) {
              continue;
            }
            KeptList list = list(user, wanted.getOrDefault(user, Set.of()), answer);
            if (!room.take(bytes(list))) {
              failures.put(question.server(), "The answers are too large");
              return;
            }
            told.put(user, list);
          }
        });
    return new Answers<>(told, failures);
  }

  /// One-time keys of devices.
  ///
  /// @param asker on whose behalf
  /// @param wanted the algorithm by device
  /// @return by user, the devices' keys
  Answers<ObjectNode> claim(
      UserId asker, Map<UserId, Map<DeviceId, String>> wanted, Duration patience)
      throws InterruptedException {
    Questions questions = new Questions("one_time_keys", MOST_CLAIMS_A_REQUEST);
    wanted.forEach((user, devices) ->
        devices.forEach((device, algorithm) ->
            questions
                .next(user.server())
                .withObjectProperty(user.value())
                .put(device.value(), algorithm)));
    Map<UserId, ObjectNode> told = new LinkedHashMap<>();
    Map<ServerName, String> failures = new LinkedHashMap<>();
    Room room = new Room();
    ask(
        asker,
        CLAIM,
        questions.all,
        patience,
        failures,
        (question, answer) -> {
          for (String each : names(question.body().path("one_time_keys"))) {
            UserId user = UserId.parse(each);
            ObjectNode keys = claimed(question.body(), user, answer);
            if (!room.take(MatrixJson.write(keys).length)) {
              failures.put(question.server(), "The answers are too large");
              return;
            }
            if (!keys.isEmpty()) {
              told.merge(user, keys, RemoteKeys::together);
            }
          }
        });
    return new Answers<>(told, failures);
  }

  private static ObjectNode together(ObjectNode one, ObjectNode other) {
    one.setAll(other);
    return one;
  }

  private static List<String> names(JsonNode object) {
    return object.propertyStream().map(Map.Entry::getKey).toList();
  }

  /// What may still come.
  private static final class Room {
    private long left = MOST_BYTES_A_CALL;

    boolean take(long bytes) {
      if (bytes > left) {
        return false;
      }
      left -= bytes;
      return true;
    }
  }

  // --- what is answered

  private static KeptList list(UserId user, Set<String> wanted, ObjectNode answer) {
    Map<DeviceId, KeptDevice> devices = new LinkedHashMap<>();
    for (var each : answer.path("device_keys").path(user.value()).properties()) {
      Optional<DeviceId> device = Identifiers.read(DeviceId::parse, each.getKey());
      if (device.isPresent()
          && devices.size() < MOST_DEVICES
          && (wanted.isEmpty() || wanted.contains(each.getKey()))) {
        PeerKeys.device(user, device.get(), each.getValue())
            .ifPresent(keys ->
                devices.put(
                    device.get(),
                    new KeptDevice(
                        PeerKeys.displayName(
                            each.getValue().path("unsigned").get("device_display_name")),
                        () -> Optional.of(keys.deepCopy()))));
      }
    }
    return new KeptList(
        devices,
        PeerKeys.masterKey(user, answer.path("master_keys").get(user.value())),
        PeerKeys.selfSigningKey(user, answer.path("self_signing_keys").get(user.value())));
  }

  private static long bytes(KeptList list) {
    long bytes =
        list.devices().values().stream()
            .flatMap(each -> each.keys().read().stream())
            .mapToLong(each -> MatrixJson.write(each).length)
            .sum();
    return bytes
        + list.masterKey().map(each -> MatrixJson.write(each).length).orElse(0)
        + list.selfSigningKey().map(each -> MatrixJson.write(each).length).orElse(0);
  }

  private static ObjectNode claimed(ObjectNode question, UserId user, ObjectNode answer) {
    ObjectNode claimed = JsonNodeFactory.instance.objectNode();
    JsonNode told = answer.path("one_time_keys").path(user.value());
    for (var wanted : question.path("one_time_keys").path(user.value()).properties()) {
      // One key was asked for.
      told.path(wanted.getKey()).properties().stream()
          .filter(
              key -> PeerKeys.isClaimed(wanted.getValue().asText(), key.getKey(), key.getValue()))
          .findFirst()
          .ifPresent(key -> claimed.putObject(wanted.getKey()).set(key.getKey(), key.getValue()));
    }
    return claimed;
  }

  // --- asking

  /// @param onAnswer told of one answer after the other, by the caller's thread
  private void ask(
      UserId asker,
      String path,
      List<Question> questions,
      Duration patience,
      Map<ServerName, String> failures,
      BiConsumer<Question, ObjectNode> onAnswer)
      throws InterruptedException {
    long end = System.nanoTime() + patience.toNanos();
    BlockingQueue<Reply> replies = new LinkedBlockingQueue<>();
    List<Question> open = new ArrayList<>();
    for (Question each : questions) {
      if (open.size() < MOST_REQUESTS_A_CALL
          && waiting.get() < MOST_WAITING
          && users(asker) < MOST_WAITING_OF_ONE) {
        open.add(each);
        waiting.incrementAndGet();
        Lane own = enter(asker, AT_ONCE_OF_ONE);
        var _ =
            Thread.ofVirtual()
                .name("remote-keys")
                .start(() -> ask(asker, own, path, each, end, replies));
      } else {
        failures.put(each.server(), "Too many servers are asked for keys");
      }
    }
    while (!open.isEmpty()) {
      Reply next = replies.poll(end - System.nanoTime(), TimeUnit.NANOSECONDS);
      if (next == null) {
        open.forEach(each -> failures.put(each.server(), "The server did not answer in time"));
        return;
      }
      open.remove(next.question());
      switch (next.reply()) {
        case FederationReply.Answer(_, var body) -> onAnswer.accept(next.question(), body);
        case FederationReply.Refused _, FederationReply.Unintelligible _ ->
            failures.put(next.question().server(), "The server answered otherwise than it should");
        case FederationReply.NotReached _, FederationReply.LeftAlone _ ->
            failures.put(next.question().server(), "The server could not be reached");
        case FederationReply.NotAllowed _ ->
            failures.put(next.question().server(), "This server does not talk to that one");
      }
    }
  }

  /// On a thread of its own; nobody interrupts it, because it may look into the database. Who has
  /// no turn of their own left waits for that first, and holds nobody else's.
  private void ask(
      UserId asker,
      Lane own,
      String path,
      Question question,
      long end,
      BlockingQueue<Reply> replies) {
    try {
      inTurn(
          own.turns,
          end,
          () -> {
            Lane lane = enter(question.server(), AT_ONCE_A_SERVER);
            try {
              inTurn(
                  lane.turns,
                  end,
                  () -> inTurn(turns, end, () -> send(path, question, end, replies)));
            } finally {
              leave(question.server(), lane);
            }
          });
    } catch (InterruptedException _) {
      Thread.currentThread().interrupt();
    } finally {
      leave(asker, own);
      waiting.decrementAndGet();
    }
  }

  private interface Work {
    void run() throws InterruptedException;
  }

  /// Does something in a turn, if there is one in time.
  private static void inTurn(Semaphore turns, long end, Work work) throws InterruptedException {
    if (turns.tryAcquire(end - System.nanoTime(), TimeUnit.NANOSECONDS)) {
      try {
        work.run();
      } finally {
        turns.release();
      }
    }
  }

  private void send(String path, Question question, long end, BlockingQueue<Reply> replies)
      throws InterruptedException {
    Duration left = Duration.ofNanos(Math.max(1_000_000, end - System.nanoTime()));
    FederationReply reply;
    try {
      reply =
          sending.send(
              FederationRequest.post(question.server(), path, question.body())
                  .withAnswer(ANSWER_BYTES, left));
    } catch (RuntimeException e) {
      LOG.log(Level.WARNING, "keys could not be asked of " + question.server(), e);
      reply = new FederationReply.Unintelligible("it could not be asked");
    }
    replies.add(new Reply(question, reply));
  }

  private int users(Object whose) {
    synchronized (lanes) {
      Lane lane = lanes.get(whose);
      return lane == null ? 0 : lane.users;
    }
  }

  private Lane enter(Object whose, int atOnce) {
    synchronized (lanes) {
      Lane lane = lanes.computeIfAbsent(whose, _ -> new Lane(atOnce));
      lane.users++;
      return lane;
    }
  }

  private void leave(Object whose, Lane lane) {
    synchronized (lanes) {
      lane.users--;
      if (lane.users == 0) {
        lanes.remove(whose);
      }
    }
  }
}
