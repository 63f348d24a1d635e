package org.hearth.server.readers.push;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import com.fasterxml.jackson.databind.node.TextNode;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.SplittableRandom;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.BooleanSupplier;
import java.util.stream.Stream;
import org.hearth.ringlogs.DeadLetters;
import org.hearth.ringlogs.FailureHandling;
import org.hearth.ringlogs.LogPosition;
import org.hearth.ringlogs.LogSet;
import org.hearth.ringlogs.VolatileLog;
import org.hearth.server.box.ManualAlarms;
import org.hearth.server.box.Reading;
import org.hearth.server.http.HttpOptions;
import org.hearth.server.http.HttpServer;
import org.hearth.server.http.RateLimits;
import org.hearth.server.http.Requester;
import org.hearth.server.http.TestClient;
import org.hearth.server.http.connection.Listener;
import org.hearth.server.logs.Logs;
import org.hearth.server.logs.NotificationOutput;
import org.hearth.server.logs.ReceiptOutput;
import org.hearth.server.logs.RoomInput;
import org.hearth.server.logs.RoomReply;
import org.hearth.server.matrix.auth.Membership;
import org.hearth.server.matrix.event.EventDraft;
import org.hearth.server.matrix.event.EventTypes;
import org.hearth.server.matrix.event.StateKey;
import org.hearth.server.matrix.id.DeviceId;
import org.hearth.server.matrix.id.EventId;
import org.hearth.server.matrix.id.RoomId;
import org.hearth.server.matrix.id.ServerName;
import org.hearth.server.matrix.id.UserId;
import org.hearth.server.matrix.json.MatrixJson;
import org.hearth.server.matrix.testkit.TestKeys;
import org.hearth.server.outbound.Outbound;
import org.hearth.server.outbound.OutboundOptions;
import org.hearth.server.outbound.Resolver;
import org.hearth.server.servers.notification.Notification;
import org.hearth.server.servers.notification.NotificationQueries;
import org.hearth.server.servers.notification.UnreadCounts;
import org.hearth.server.servers.room.RoomServerOptions;
import org.hearth.server.servers.room.server.RoomServer;
import org.hearth.server.services.account.ManualClock;
import org.hearth.server.store.Eventually;
import org.hearth.server.store.RowChange;
import org.hearth.server.store.Store;
import org.hearth.server.store.StoreExtension;
import org.hearth.server.store.Table;
import org.hearth.server.store.Unavailable;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.extension.AfterEachCallback;
import org.junit.jupiter.api.extension.BeforeEachCallback;
import org.junit.jupiter.api.extension.ExtensionContext;

/// Gives each test ClientPush with real rooms on a real database behind a real HTTP server. What
/// notifies whom, and how much of it is unread, the test says. The gateways are on loopback, which
/// is allowed.
final class PushServer implements BeforeEachCallback, AfterEachCallback {
  static final ServerName NAME = new ServerName("hearth.test");

  private static final Duration PATIENCE = Duration.ofSeconds(20);
  private static final Table DEVICE = new Table("device", "of the test", "the test");
  private static final AtomicInteger ROOMS = new AtomicInteger();

  private final StoreExtension stores = new StoreExtension();
  private final ManualClock clock = new ManualClock();
  private final Unread unread = new Unread();
  private @Nullable Running running;

  private record Running(
      RoomServer rooms,
      VolatileLog<NotificationOutput> log,
      LogSet logs,
      Outbound outbound,
      Pushers pushers,
      ManualAlarms alarms,
      ClientPush push,
      HttpServer http) {}

  /// What is unread, as the test says.
  static final class Unread implements NotificationQueries {
    private final Map<UserId, Map<RoomId, Long>> counts = new ConcurrentHashMap<>();

    /// What has notified everybody.
    private final List<Notification> notified = new CopyOnWriteArrayList<>();

    /// Sets how many notifications of a room a user has not read.
    void set(UserId user, RoomId room, long count) {
      counts.computeIfAbsent(user, _ -> new ConcurrentHashMap<>()).put(room, count);
    }

    @Override
    public UnreadCounts counts(RoomId room, UserId user) {
      long count = counts.getOrDefault(user, Map.of()).getOrDefault(room, 0L);
      return new UnreadCounts(new UnreadCounts.Count(count, 0), Map.of());
    }

    @Override
    public List<Notification> notifications(
        UserId user, long before, boolean highlights, int limit) {
      return notified;
    }

    @Override
    public boolean isNotified(RoomId room, UserId user, long after, long upTo) {
      return false;
    }

    @Override
    public NotificationQueries.Unread unread(UserId user) {
      Map<RoomId, Long> rooms = counts.getOrDefault(user, Map.of());
      return new NotificationQueries.Unread(
          rooms.values().stream().filter(each -> each > 0).count(),
          rooms.values().stream().mapToLong(Long::longValue).sum());
    }
  }

  @Override
  public void beforeEach(ExtensionContext context) throws Exception {
    stores.beforeEach(context);
    begin();
  }

  private void begin() throws IOException {
    Store store = stores.store();
    RoomServer rooms =
        new RoomServer(
            store,
            NAME,
            TestKeys.of(NAME),
            clock,
            new SplittableRandom(1),
            RoomServerOptions.standard());
    VolatileLog<NotificationOutput> log =
        new VolatileLog<>(
            Logs.NOTIFICATION_OUTPUT,
            1,
            new FailureHandling(DeadLetters.inMemory(), Unavailable::is, clock));
    log.writtenBy("test");
    Outbound outbound =
        Outbound.start(
            new OutboundOptions(
                OutboundOptions.PRIVATE_NETWORKS,
                List.of(),
                Set.of("127.0.0.1"),
                List.of(),
                8,
                512),
            Resolver.SYSTEM,
            clock);
    Pushers pushers = new Pushers(store.reads());
    ManualAlarms alarms = new ManualAlarms(clock);
    ClientPush push =
        new ClientPush(
            new ClientPush.Needs(
                store,
                pushers,
                rooms.queries(),
                unread,
                log,
                outbound,
                clock,
                new SplittableRandom(1)),
            alarms);
    push.readings().forEach(PushServer::register);
    LogSet logs = new LogSet(Stream.concat(rooms.logs().stream(), Stream.of(log)).toList());
    logs.start(store.head());
    rooms.start();
    push.start();
    HttpServer http =
        HttpServer.start(
            HttpOptions.standard(List.of(Listener.loopback(0))).with(RateLimits.off()),
            push.routes(),
            HttpServer.Callers.users(PushServer::authenticate),
            clock,
            _ -> {});
    running = new Running(rooms, log, logs, outbound, pushers, alarms, push, http);
  }

  private static <E> void register(Reading<E> reading) {
    reading.log().register(reading.reader());
  }

  private static Requester authenticate(String token) {
    String[] parts = token.split("/", -1);
    return new Requester(user(parts[0]), DeviceId.parse(parts[1]), token.hashCode(), false, false);
  }

  @Override
  public void afterEach(ExtensionContext context) throws Exception {
    try {
      end();
    } finally {
      stores.afterEach(context);
    }
  }

  private void end() throws InterruptedException {
    Running now = now();
    now.http.stop(Duration.ofSeconds(5));
    now.push.stop();
    now.rooms.stop();
    now.logs.drainAndStop(Duration.ofSeconds(5));
    now.push.close();
    now.rooms.close();
    now.outbound.close();
  }

  /// Stops everything and starts it again on the same database.
  void restart() throws Exception {
    end();
    stores.reopen();
    begin();
  }

  private Running now() {
    return Objects.requireNonNull(running, "it runs during a test only");
  }

  Store store() {
    return stores.store();
  }

  Unread unread() {
    return unread;
  }

  Pushers pushers() {
    return now().pushers;
  }

  ManualClock clock() {
    return clock;
  }

  /// Lets time pass, and what was to be done then be done.
  void advance(Duration time) {
    clock.advance(time);
    now().alarms.ringThoseDue();
  }

  /// Lets time pass, again and again, until that is so.
  void advanceUntil(Duration time, BooleanSupplier condition) {
    Eventually.until(
        "after much time",
        () -> {
          advance(time);
          return condition.getAsBoolean();
        });
  }

  /// Waits until so many alarms are set.
  void awaitAlarms(int count) {
    Eventually.until(count + " alarms", () -> now().alarms.pending() == count);
  }

  static UserId user(String name) {
    return UserId.parse("@" + name + ":hearth.test");
  }

  /// The client of a device, which is made if it is not there.
  TestClient http(String user, String device) {
    TestClient client = TestClient.of(now().http).as(user + "/" + device);
    if (rows("SELECT COUNT(*) FROM device WHERE user_id = ? AND device_id = ?", user, device)
        == 0) {
      change(
          "INSERT INTO device (user_id, device_id, created_millis) VALUES (?, ?, 1)",
          user(user).value(),
          device);
    }
    return client;
  }

  private long rows(String query, String user, String device) {
    return store()
        .reads()
        .first(
            query,
            statement -> {
              statement.setString(1, user(user).value());
              statement.setString(2, device);
            },
            row -> row.getLong(1))
        .orElse(0L);
  }

  int alarms() {
    return now().alarms.pending();
  }

  /// What the gateways of all pushers were told last of how much is unread.
  List<Long> badges() {
    return store().reads().select("SELECT badge FROM pusher", row -> row.getLong(1));
  }

  /// The newest event that a pusher has to be told of.
  String newestQueued() {
    return store()
        .reads()
        .first(
            "SELECT event_id FROM pusher_notification ORDER BY position DESC",
            _ -> {},
            row -> row.getString(1))
        .orElse("");
  }

  /// What becomes of an entry that was overwritten before it was read.
  void lose(NotificationOutput.Notified entry, boolean read) throws Exception {
    NotificationOutput.Audience audience = entry.audiences().getFirst();
    unread.notified.add(
        new Notification(
            entry.position(),
            entry.room(),
            entry.event(),
            audience.actions(),
            audience.highlight(),
            read,
            entry.ts()));
    now()
        .push
        .readings()
        .getFirst()
        .reader()
        .onLost(LogPosition.ORIGIN, LogPosition.ORIGIN.plus(5));
  }

  /// How much all pushers have to be told.
  long queued() {
    return store()
        .reads()
        .select("SELECT COUNT(*) FROM pusher_notification", row -> row.getLong(1))
        .getFirst();
  }

  void change(String sql, String... values) {
    commit(
        List.of(
            RowChange.of(
                DEVICE,
                sql,
                (statement, _) -> {
                  for (int i = 0; i < values.length; i++) {
                    statement.setString(i + 1, values[i]);
                  }
                })));
  }

  void commit(List<RowChange> changes) {
    var _ = store().committer().commit("test", changes, List.of());
  }

  /// Sets a pusher of that push key at a gateway.
  ///
  /// @param more further fields of the data, beginning with a comma
  TestClient.Answer set(TestClient client, String pushkey, String url, String more) {
    return client.post(
        "/_matrix/client/v3/pushers/set",
        """
        {'kind': 'http', 'app_id': 'org.test.app', 'pushkey': '%s', 'app_display_name': 'App',
         'device_display_name': 'Phone', 'lang': 'en', 'data': {'url': '%s'%s}}\
        """
            .formatted(pushkey, url, more));
  }

  /// The push keys that a client is told of.
  static List<String> pushkeys(TestClient client) {
    return client
        .get("/_matrix/client/v3/pushers")
        .expect(200)
        .json()
        .path("pushers")
        .findValuesAsText("pushkey");
  }

  // --- rooms

  /// A room that alice has made and bob has joined.
  RoomId room() {
    RoomId room = RoomId.parse("!push" + ROOMS.incrementAndGet() + ":hearth.test");
    UserId alice = user("alice");
    submit(
        new RoomInput.CreateRoom(
            room,
            "11",
            1_000,
            EventDraft.create(room, alice, json("{'room_version':'11'}")),
            List.of(
                state(
                    room,
                    EventTypes.MEMBER,
                    alice.value(),
                    "{'membership':'join','displayname':'Alice'}"),
                state(room, EventTypes.POWER_LEVELS, "", "{'users':{'%s':100}}".formatted(alice)),
                state(room, EventTypes.JOIN_RULES, "", "{'join_rule':'public'}"))));
    change(room, "bob", "bob", Membership.JOIN);
    return room;
  }

  EventId say(RoomId room, String body) {
    return send(
        EventDraft.message(
            room,
            user("alice"),
            EventTypes.MESSAGE,
            json("{'msgtype':'m.text'}").put("body", body)));
  }

  EventId set(RoomId room, String type, String content) {
    return send(state(room, type, "", content));
  }

  EventId send(EventDraft draft) {
    return submit(new RoomInput.SendEvent(Objects.requireNonNull(draft.roomId()), draft, null))
        .getFirst();
  }

  EventId change(RoomId room, String sender, String target, Membership membership) {
    return change(room, sender, target, membership, json("{}"));
  }

  private EventId change(
      RoomId room, String sender, String target, Membership membership, ObjectNode content) {
    return submit(
            new RoomInput.ChangeMembership(
                room, user(sender), user(target), membership, content, Set.of(), null))
        .getFirst();
  }

  /// Somebody joins who is called so.
  EventId joinAs(RoomId room, String user, String name) {
    return change(room, user, user, Membership.JOIN, json("{}").put("displayname", name));
  }

  private static EventDraft state(RoomId room, String type, String key, String content) {
    return EventDraft.state(room, user("alice"), new StateKey(type, key), json(content));
  }

  private List<EventId> submit(RoomInput command) {
    try {
      return switch (now()
          .rooms
          .input()
          .writer("Tests")
          .submit(command, PATIENCE)
          .await(PATIENCE)) {
        case RoomReply.Done(_, List<EventId> events) -> events;
        case RoomReply.Prepared prepared -> throw new AssertionError(command + ": " + prepared);
        case RoomReply.ToBeSigned unsigned -> throw new AssertionError(command + ": " + unsigned);
        case RoomReply.Received received -> throw new AssertionError(command + ": " + received);
        case RoomReply.Refused refused -> throw new AssertionError(command + ": " + refused);
      };
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new AssertionError(e);
    }
  }

  static ObjectNode json(String text) {
    return MatrixJson.parseObject(text.replace('\'', '"').getBytes(StandardCharsets.UTF_8));
  }

  // --- notifications

  NotificationOutput.Notified notified(EventId event, JsonNode... tweaks) {
    var found = now().rooms.queries().event(event).orElseThrow();
    List<JsonNode> actions = new ArrayList<>(List.of(TextNode.valueOf("notify")));
    actions.addAll(List.of(tweaks));
    return new NotificationOutput.Notified(
        found.position().value(),
        found.room(),
        event,
        ReceiptOutput.MAIN,
        clock.millis(),
        List.of(new NotificationOutput.Audience(actions, false, List.of(user("bob")))));
  }

  void publish(NotificationOutput entry) {
    var _ = now().log.publish(entry);
  }

  /// Says something that notifies bob, who then has so many unread.
  EventId say(RoomId room, String body, long count) {
    EventId event = say(room, body);
    unread.set(user("bob"), room, count);
    publish(notified(event));
    return event;
  }

  /// Bob reads, and has so many unread then.
  void read(RoomId room, long count) {
    unread.set(user("bob"), room, count);
    publish(new NotificationOutput.CountsChanged(store().head().value(), room, user("bob")));
  }
}
