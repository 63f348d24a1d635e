package org.hearth.server.readers.federationdelivery;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.Set;
import java.util.SplittableRandom;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.BooleanSupplier;
import java.util.function.Consumer;
import java.util.function.Predicate;
import java.util.stream.Stream;
import org.hearth.ringlogs.DeadLetters;
import org.hearth.ringlogs.FailureHandling;
import org.hearth.ringlogs.FollowedLog;
import org.hearth.ringlogs.LogPosition;
import org.hearth.ringlogs.LogSet;
import org.hearth.ringlogs.VolatileLog;
import org.hearth.server.box.ManualAlarms;
import org.hearth.server.box.Reading;
import org.hearth.server.logs.DeviceOutput;
import org.hearth.server.logs.Logs;
import org.hearth.server.logs.PresenceOutput;
import org.hearth.server.logs.ReceiptInput;
import org.hearth.server.logs.ReceiptOutput;
import org.hearth.server.logs.ReceiptType;
import org.hearth.server.logs.RoomInput;
import org.hearth.server.logs.RoomReply;
import org.hearth.server.logs.TypingOutput;
import org.hearth.server.matrix.auth.Membership;
import org.hearth.server.matrix.event.EventDraft;
import org.hearth.server.matrix.event.EventTypes;
import org.hearth.server.matrix.event.Pdu;
import org.hearth.server.matrix.event.StateKey;
import org.hearth.server.matrix.id.DeviceId;
import org.hearth.server.matrix.id.EventId;
import org.hearth.server.matrix.id.RoomId;
import org.hearth.server.matrix.id.ServerName;
import org.hearth.server.matrix.id.UserId;
import org.hearth.server.matrix.json.MatrixJson;
import org.hearth.server.matrix.testkit.TestKeys;
import org.hearth.server.outbound.Outbound;
import org.hearth.server.outbound.TestInternet;
import org.hearth.server.outbound.federation.FederationClient;
import org.hearth.server.servers.receipt.ReceiptServer;
import org.hearth.server.servers.receipt.Receipts;
import org.hearth.server.servers.room.RoomQueries;
import org.hearth.server.servers.room.RoomServerOptions;
import org.hearth.server.servers.room.server.RoomServer;
import org.hearth.server.servers.typing.TypingQueries;
import org.hearth.server.services.account.ManualClock;
import org.hearth.server.services.keys.Keys;
import org.hearth.server.store.Eventually;
import org.hearth.server.store.Journal;
import org.hearth.server.store.JournalWriter;
import org.hearth.server.store.JournaledLog;
import org.hearth.server.store.RowChange;
import org.hearth.server.store.Store;
import org.hearth.server.store.StoreExtension;
import org.hearth.server.store.Unavailable;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.extension.AfterEachCallback;
import org.junit.jupiter.api.extension.BeforeEachCallback;
import org.junit.jupiter.api.extension.ExtensionContext;

/// Gives each test FederationDelivery with real rooms and receipts on a real database, and other
/// servers behind real HTTPS. What of devices, typing and presence is announced, the test says.
final class DeliveryServer implements BeforeEachCallback, AfterEachCallback {
  static final ServerName NAME = new ServerName("hearth.test");

  private static final Duration PATIENCE = Duration.ofSeconds(20);
  private static final AtomicInteger ROOMS = new AtomicInteger();

  private final StoreExtension stores = new StoreExtension();
  private final ManualClock clock = new ManualClock();
  private final Set<ServerName> blocked = ConcurrentHashMap.newKeySet();
  private @Nullable TestInternet internet;
  private @Nullable Running running;
  private final EventsElsewhere elsewhere = new EventsElsewhere();

  private record Running(
      RoomServer rooms,
      ReceiptServer receipts,
      VolatileLog<TypingOutput> typing,
      VolatileLog<PresenceOutput> presence,
      JournalWriter<DeviceOutput> devices,
      LogSet logs,
      Outbound outbound,
      FederationClient federation,
      ManualAlarms alarms,
      FederationDelivery delivery) {}

  @Override
  public void beforeEach(ExtensionContext context) throws Exception {
    stores.beforeEach(context);
    internet = new TestInternet(stores.folder());
    begin();
  }

  private void begin() throws IOException {
    Store store = stores.store();
    FailureHandling failures = Unavailable.handling(store, clock);
    RoomServer rooms =
        new RoomServer(
            store,
            NAME,
            TestKeys.of(NAME),
            clock,
            new SplittableRandom(1),
            RoomServerOptions.standard());
    Journal journal = new Journal(store, clock);
    Receipts kept = new Receipts(store.reads());
    ReceiptServer receipts =
        new ReceiptServer(
            rooms.queries(),
            kept,
            journal.log(Logs.RECEIPT_OUTPUT, failures),
            rooms.output(),
            store.head(),
            failures);
    JournaledLog<DeviceOutput> devices = journal.log(Logs.DEVICE_OUTPUT, failures);
    FailureHandling fleeting = new FailureHandling(DeadLetters.inMemory(), Unavailable::is, clock);
    VolatileLog<TypingOutput> typing = new VolatileLog<>(Logs.TYPING_OUTPUT, 1, fleeting);
    VolatileLog<PresenceOutput> presence = new VolatileLog<>(Logs.PRESENCE_OUTPUT, 1, fleeting);
    Outbound outbound = internet().outbound(clock);
    Predicate<ServerName> allowed = each -> !blocked.contains(each);
    FederationClient federation =
        new FederationClient(
            outbound,
            new FederationClient.Identity(NAME, () -> TestKeys.of(NAME)),
            allowed,
            store,
            clock,
            new SplittableRandom(1));
    ManualAlarms alarms = new ManualAlarms(clock);
    FederationDelivery delivery =
        new FederationDelivery(
            new FederationDelivery.Needs(
                NAME,
                allowed,
                store,
                new FederationDelivery.Asked(
                    rooms.queries(),
                    rooms.peerQueries(),
                    kept,
                    new Nobody(),
                    new Keys(store.reads())),
                federation,
                new FederationDelivery.Logs(
                    rooms.output(),
                    receipts.output(),
                    typing,
                    devices.output(),
                    Optional.of(presence)),
                clock),
            alarms,
            Queues.MOST);
    JournalWriter<DeviceOutput> writer = devices.writer("test");
    receipts.readings().forEach(DeliveryServer::register);
    delivery.readings().forEach(DeliveryServer::register);
    LogSet logs =
        new LogSet(
            Stream.of(rooms.logs(), receipts.logs(), List.of(devices.output(), typing, presence))
                .flatMap(List::stream)
                .toList());
    logs.start(store.head());
    rooms.start();
    delivery.start();
    running =
        new Running(
            rooms,
            receipts,
            typing,
            presence,
            writer,
            logs,
            outbound,
            federation,
            alarms,
            delivery);
  }

  /// Nobody types, but for who is announced.
  private static final class Nobody implements TypingQueries {
    @Override
    public List<UserId> typing(RoomId room) {
      return List.of();
    }

    @Override
    public Set<RoomId> rooms() {
      return Set.of();
    }
  }

  private static <E> void register(Reading<E> reading) {
    reading.log().register(reading.reader());
  }

  @Override
  public void afterEach(ExtensionContext context) throws Exception {
    try {
      end(true);
      internet().close();
    } finally {
      stores.afterEach(context);
    }
  }

  /// @param whole whether what is in memory is written down
  private void end(boolean whole) throws InterruptedException {
    Running now = now();
    now.delivery.stop();
    now.rooms.stop();
    now.logs.drainAndStop(Duration.ofSeconds(5));
    if (whole) {
      now.delivery.close();
    }
    now.receipts.close();
    now.rooms.close();
    now.outbound.close();
  }

  /// Stops everything and starts it again on the same database.
  void restart() throws Exception {
    end(true);
    stores.reopen();
    begin();
  }

  /// The same without what would have been written at the end.
  void crash() throws Exception {
    end(false);
    stores.reopen();
    begin();
  }

  private Running now() {
    return Objects.requireNonNull(running, "it runs during a test only");
  }

  TestInternet internet() {
    return Objects.requireNonNull(internet, "it is there during a test only");
  }

  Store store() {
    return stores.store();
  }

  RoomQueries rooms() {
    return now().rooms.queries();
  }

  /// A reader of device-output of its own, whose changes are given to that.
  DeviceReader deviceReader(Consumer<List<RowChange>> commit) {
    return deviceReader(queuesOf(Queues.MOST, _ -> {}), commit, DeviceReader.MOST_OF_ALL);
  }

  /// A reader of device-output of its own, for those queues.
  DeviceReader deviceReader(Queues queues, int mostOfAll) {
    return deviceReader(
        queues,
        changes -> {
          var _ = store().committer().commit("test", changes, List.of());
        },
        mostOfAll);
  }

  private DeviceReader deviceReader(
      Queues queues, Consumer<List<RowChange>> commit, int mostOfAll) {
    Running now = now();
    return new DeviceReader(
        new Listeners(NAME, now.rooms.queries(), now.rooms.peerQueries(), _ -> true),
        queues,
        new DeliveryRows(store().reads()),
        commit,
        DeviceReader.MOST_MESSAGES,
        mostOfAll);
  }

  FederationDelivery delivery() {
    return now().delivery;
  }

  FederationClient federation() {
    return now().federation;
  }

  void block(ServerName server) {
    blocked.add(server);
  }

  /// Queues of at most so many servers; what is to have a turn is told to that.
  Queues queuesOf(int most, Consumer<Queue> wake) {
    return new Queues(store().committer(), clock, now().alarms, wake, most);
  }

  /// Lets time pass, and what was to be done then be done.
  void advance(Duration time) {
    clock.advance(time);
    now().alarms.ringThoseDue();
  }

  /// Lets time pass, again and again, until that is so.
  void advanceUntil(String what, Duration time, BooleanSupplier condition) {
    Eventually.until(
        what,
        () -> {
          if (condition.getAsBoolean()) {
            return true;
          }
          advance(time);
          return condition.getAsBoolean();
        });
  }

  DestinationState destination(ServerName server) {
    return delivery().destinations().stream()
        .filter(each -> each.name().equals(server))
        .findAny()
        .orElse(new DestinationState(server, DestinationState.State.IDLE, 0, Optional.empty(), ""));
  }

  /// Waits until the readers have handled all that is committed.
  void awaitReaders() throws InterruptedException {
    Running now = now();
    for (var each : List.of(now.rooms.output(), now.receipts.output())) {
      await(each, each.head());
    }
    await(now.typing, now.typing.head().position());
    await(now.presence, now.presence.head().position());
  }

  private static void await(FollowedLog<?> log, LogPosition head) throws InterruptedException {
    if (!log.awaitReader(FederationDelivery.READER, head, PATIENCE)) {
      throw new AssertionError("the reader of " + log.name() + " is not there");
    }
  }

  // --- other servers

  /// The name of a server.
  static ServerName server(int number) {
    return ServerName.parse(address(number) + ":8448");
  }

  private static String address(int number) {
    return "93.184.%d.%d".formatted(number / 250, number % 250 + 1);
  }

  static String user(String name, int server) {
    return "@" + name + ":" + server(server);
  }

  /// Begins to serve as that server.
  void serve(int number, TestInternet.Script script) {
    try {
      internet().serve(address(number), 8448, List.of(address(number)), script);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /// Begins to serve as that server, and to take everything.
  void serve(int number) {
    serve(number, TestInternet.json(200, "{\"pdus\": {}}"));
  }

  void endServing(int number) throws IOException {
    internet().end(address(number), 8448);
  }

  /// The transactions that a server was sent, in order.
  List<Sent> sent(int number) {
    return internet().asked().stream()
        .filter(each -> each.header("host").equals(server(number).value()))
        .filter(each -> each.line().startsWith("PUT /_matrix/federation/v1/send/"))
        .map(each -> {
          String path = each.line().split(" ", -1)[1];
          return new Sent(
              path.substring(path.lastIndexOf('/') + 1),
              MatrixJson.parseObject(each.body().getBytes(StandardCharsets.UTF_8)));
        })
        .toList();
  }

  /// The ids of the events that a server was sent, in order.
  List<EventId> events(int number) {
    return sent(number).stream().flatMap(each -> each.events().stream()).toList();
  }

  List<JsonNode> edus(int number, String type) {
    return sent(number).stream().flatMap(each -> each.edus(type).stream()).toList();
  }

  void awaitEvent(int number, EventId event) {
    Eventually.until(event + " at " + server(number), () -> events(number).contains(event));
  }

  // --- rooms

  static UserId alice() {
    return UserId.parse("@alice:hearth.test");
  }

  /// A room of alice's, with these users of other servers.
  RoomId room(String... users) {
    RoomId room = RoomId.parse("!delivery" + ROOMS.incrementAndGet() + ":hearth.test");
    submit(
        new RoomInput.CreateRoom(
            room,
            "11",
            1_000,
            EventDraft.create(room, alice(), json("{'room_version':'11'}")),
            List.of(
                state(
                    room,
                    EventTypes.MEMBER,
                    alice().value(),
                    "{'membership':'join','displayname':'Alice'}"),
                state(room, EventTypes.POWER_LEVELS, "", "{'users':{'%s':100}}".formatted(alice())),
                state(room, EventTypes.JOIN_RULES, "", "{'join_rule':'public'}"))));
    for (String each : users) {
      var _ = join(room, each);
    }
    return room;
  }

  private static EventDraft state(RoomId room, String type, String key, String content) {
    return EventDraft.state(room, alice(), new StateKey(type, key), json(content));
  }

  EventId say(RoomId room, String body) {
    return send(
        EventDraft.message(
            room, alice(), EventTypes.MESSAGE, json("{'msgtype':'m.text'}").put("body", body)));
  }

  EventId set(RoomId room, String type, String content) {
    return send(state(room, type, "", content));
  }

  private EventId send(EventDraft draft) {
    return submit(new RoomInput.SendEvent(Objects.requireNonNull(draft.roomId()), draft, null))
        .getFirst();
  }

  EventId change(RoomId room, String target, Membership membership) {
    return submit(
            new RoomInput.ChangeMembership(
                room, alice(), UserId.parse(target), membership, json("{}"), Set.of(), null))
        .getFirst();
  }

  private List<EventId> submit(RoomInput command) {
    return switch (ask(command)) {
      case RoomReply.Done(_, List<EventId> events) -> events;
      case RoomReply other -> throw new AssertionError(command + ": " + other);
    };
  }

  private RoomReply ask(RoomInput command) {
    try {
      return now().rooms.input().writer("Tests").submit(command, PATIENCE).await(PATIENCE);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new AssertionError(e);
    }
  }

  static ObjectNode json(String text) {
    return MatrixJson.parseObject(text.replace('\'', '"').getBytes(StandardCharsets.UTF_8));
  }

  EventId join(RoomId room, String user) {
    return does(
        RoomInput.Arrival.LIVE,
        event(room, user, EventTypes.MEMBER, user, "{'membership':'join'}"));
  }

  EventId saysElsewhere(RoomId room, String user, String body) {
    return does(
        RoomInput.Arrival.LIVE,
        event(room, user, EventTypes.MESSAGE, null, "{'body':'%s'}".formatted(body)));
  }

  /// Something that comes from another server.
  EventId does(RoomInput.Arrival arrival, Pdu event) {
    receive(arrival, event, List.of());
    return event.eventId();
  }

  /// The same with the state before it.
  void receive(RoomInput.Arrival arrival, Pdu event, List<Pdu> state) {
    Map<EventId, Set<ServerName>> signers = new HashMap<>();
    Stream.concat(Stream.of(event), state.stream())
        .forEach(each -> signers.put(each.eventId(), Set.of(each.sender().server())));
    RoomReply reply =
        ask(
            new RoomInput.ReceiveEvents(
                event.roomId(),
                event.version().id(),
                arrival,
                List.of(event),
                state,
                state.isEmpty()
                    ? Map.of()
                    : Map.of(event.eventId(), state.stream().map(Pdu::eventId).toList()),
                signers,
                Set.of()));
    if (!(reply instanceof RoomReply.Received)) {
      throw new AssertionError(reply);
    }
  }

  /// An event by a user of another server, after all that is in the room.
  Pdu event(RoomId room, String user, String type, @Nullable String stateKey, String content) {
    return elsewhere.event(rooms(), room, UserId.parse(user), type, stateKey, json(content));
  }

  // --- what is no event

  void read(RoomId room, EventId event, ReceiptType type, @Nullable String thread) {
    try {
      var _ =
          now()
              .receipts
              .input()
              .writer("Tests")
              .submit(
                  new ReceiptInput.MoveMarker(
                      new ReceiptOutput(
                          room,
                          alice(),
                          type,
                          thread,
                          event,
                          rooms().event(event).orElseThrow().place(),
                          clock.millis())),
                  PATIENCE)
              .await(PATIENCE);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new AssertionError(e);
    }
  }

  void types(RoomId room, UserId... users) {
    var _ = now().typing.publish(new TypingOutput(room, List.of(users)));
  }

  void presence(PresenceOutput news) {
    var _ = now().presence.publish(news);
  }

  long millis() {
    return clock.millis();
  }

  void announce(DeviceOutput... entries) {
    var _ = now().devices.commit(List.of(), List.of(entries));
  }

  static DeviceOutput message(int server, String id, ObjectNode content) {
    return new DeviceOutput.MessagesSent(
        alice(),
        server(server),
        "m.test",
        id,
        Map.of(UserId.parse(user("bob", server)), Map.of("PHONE", content)));
  }

  static DeviceId device(String id) {
    return DeviceId.parse(id);
  }

  /// How many rows a table has.
  long rows(String table) {
    return switch (table) {
      case "delivery_debt" -> count("SELECT COUNT(*) FROM delivery_debt");
      case "delivery_edu" -> count("SELECT COUNT(*) FROM delivery_edu");
      case "delivery_change" -> count("SELECT COUNT(*) FROM delivery_change");
      default -> throw new IllegalArgumentException(table);
    };
  }

  private long count(String query) {
    return store().reads().select(query, row -> row.getLong(1)).getFirst();
  }
}
