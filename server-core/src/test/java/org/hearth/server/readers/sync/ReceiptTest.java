package org.hearth.server.readers.sync;

import static org.assertj.core.api.Assertions.assertThat;
import static org.hearth.server.readers.sync.SyncClient.join;

import com.fasterxml.jackson.databind.JsonNode;
import java.nio.file.Path;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import org.hearth.ringlogs.LogPosition;
import org.hearth.ringlogs.LogWriter;
import org.hearth.ringlogs.Reply;
import org.hearth.server.http.TestClient;
import org.hearth.server.logs.ReceiptInput;
import org.hearth.server.logs.ReceiptOutput;
import org.hearth.server.logs.ReceiptType;
import org.hearth.server.matrix.id.EventId;
import org.hearth.server.matrix.id.RoomId;
import org.hearth.server.readers.sync.view.IgnoredUsers;
import org.hearth.server.readers.sync.view.SyncUsers;
import org.hearth.server.readers.sync.view.UserFeed;
import org.hearth.server.readers.sync.view.Viewer;
import org.hearth.server.store.RowChange;
import org.hearth.server.store.Table;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/// Receipts and markers from the request that sets them to the `/sync` that waits for them.
class ReceiptTest {
  private static final long LONG = 60_000;
  private static final Duration PATIENCE = Duration.ofSeconds(20);
  private static final Table RECEIPT = new Table("receipt", "a test's", "the test");

  @TempDir Path folder;
  private SyncServer server;
  private TestRooms rooms;
  private RoomId room;
  private SyncClient bob;
  private final ExecutorService waiters = Executors.newVirtualThreadPerTaskExecutor();

  @BeforeEach
  void start() {
    server = new SyncServer(folder);
    rooms = server.rooms();
    room = rooms.open("alice", "shared");
    rooms.join(room, "bob");
    bob = server.client("bob");
    bob.sync();
  }

  @AfterEach
  void stop() {
    waiters.shutdownNow();
    server.close();
  }

  private void restart() {
    server.close();
    server = new SyncServer(folder);
    rooms = server.rooms();
    bob.moveTo(server.http("bob"));
  }

  // --- what is asked

  private TestClient.Answer post(
      String user, RoomId where, String type, String event, String body) {
    return server
        .http(user)
        .post(
            "/_matrix/client/v3/rooms/%s/receipt/%s/%s"
                .formatted(where.value(), type, TestClient.encoded(event)),
            body);
  }

  private void read(String user, EventId event, String thread) {
    String body = thread.isEmpty() ? "{}" : "{'thread_id':'" + thread + "'}";
    assertThat(post(user, room, "m.read", event.value(), body).expect(200).json()).isEmpty();
  }

  private void read(String user, EventId event) {
    read(user, event, "");
  }

  private TestClient.Answer markers(String user, RoomId where, String body) {
    return server
        .http(user)
        .post("/_matrix/client/v3/rooms/" + where.value() + "/read_markers", body);
  }

  private EventId say(String body) {
    return rooms.say(room, "alice", body);
  }

  private EventId relate(String relType, EventId to) {
    return rooms.send(
        room,
        "alice",
        "m.room.message",
        "{'msgtype':'m.text','body':'x','m.relates_to':{'rel_type':'%s','event_id':'%s'}}"
            .formatted(relType, to.value()));
  }

  // --- what is told

  /// What an answer tells of the room: `user type thread` → event, of its one event of receipts.
  private Map<String, String> receipts(JsonNode answer, RoomId where) {
    Map<String, String> told = new TreeMap<>();
    JsonNode events = join(answer, where).at("/ephemeral/events");
    assertThat(events.size()).as("one event a room").isLessThanOrEqualTo(1);
    for (JsonNode event : events) {
      assertThat(event.path("type").asText()).isEqualTo("m.receipt");
      assertThat(event.has("room_id")).isFalse();
      event.path("content").properties().forEach(each -> add(each.getKey(), each.getValue(), told));
      assertThat(told).isNotEmpty();
    }
    return told;
  }

  private static void add(String event, JsonNode types, Map<String, String> told) {
    types
        .properties()
        .forEach(type ->
            type.getValue()
                .properties()
                .forEach(user -> {
                  assertThat(user.getValue().path("ts").isIntegralNumber()).isTrue();
                  JsonNode thread = user.getValue().path("thread_id");
                  String key = user.getKey() + " " + type.getKey();
                  told.put(thread.isMissingNode() ? key : key + " " + thread.asText(), event);
                }));
  }

  private Map<String, String> receipts(JsonNode answer) {
    return receipts(answer, room);
  }

  private Map<String, String> receiptsFromNothing(String user) {
    return receipts(server.client(user, "NEW").sync());
  }

  private static String id(String name) {
    return "@" + name + ":hearth.test";
  }

  private static String isRead(String name) {
    return id(name) + " m.read";
  }

  private long rows() {
    return count("SELECT COUNT(*) FROM receipt");
  }

  private long count(String query) {
    return server
        .store()
        .reads()
        .read(connection -> {
          try (PreparedStatement statement = connection.prepareStatement(query);
              ResultSet row = statement.executeQuery()) {
            row.next();
            return row.getLong(1);
          }
        });
  }

  private void awaitRows(long expected) {
    long deadline = System.nanoTime() + PATIENCE.toNanos();
    while (rows() != expected) {
      assertThat(System.nanoTime()).as("%d rows", rows()).isLessThan(deadline);
      Thread.onSpinWait();
    }
  }

  // --- the tests

  @Test
  void wakesWhoIsInTheRoomAndIsKept() throws Exception {
    EventId first = say("first");
    EventId second = say("second");
    bob.sync();
    long before = System.currentTimeMillis();
    Future<JsonNode> waiting = waiting("bob", () -> bob.sync(LONG));

    read("alice", first);

    JsonNode answer = waiting.get(60, TimeUnit.SECONDS);
    assertThat(receipts(answer)).containsExactly(Map.entry(isRead("alice"), first.value()));
    assertThat(join(answer, room).at("/timeline/events")).isEmpty();
    assertThat(answer.findPath("ts").asLong()).isBetween(before, System.currentTimeMillis());
    assertThat(bob.sync().has("rooms")).isFalse();

    String since = bob.since();
    read("alice", second);
    Map<String, String> now = Map.of(isRead("alice"), second.value());
    assertThat(receipts(bob.sync())).isEqualTo(now);
    assertThat(receipts(bob.look(since))).as("a token that is shown again").isEqualTo(now);
    assertThat(receiptsFromNothing("bob")).isEqualTo(now);

    restart();

    assertThat(receiptsFromNothing("bob")).isEqualTo(now);
    assertThat(receipts(bob.look(since))).isEqualTo(now);
    assertThat(bob.sync().has("rooms")).isFalse();
  }

  @Test
  void neverMovesBackwards() {
    EventId first = say("first");
    EventId second = say("second");
    EventId third = say("third");
    read("alice", second);
    bob.sync();

    read("alice", first);
    read("alice", second);
    assertThat(bob.sync().has("rooms")).isFalse();
    restart();
    read("alice", first);
    assertThat(bob.sync().has("rooms")).isFalse();

    read("alice", third);
    assertThat(receipts(bob.sync())).containsExactly(Map.entry(isRead("alice"), third.value()));
    assertThat(rows()).isEqualTo(1);
  }

  /// Many requests at a time leave the marker where it is furthest.
  @Test
  void neverMovesBackwardsWhoeverComesFirst() throws Exception {
    List<EventId> events = new ArrayList<>();
    for (int i = 0; i < 40; i++) {
      events.add(say("message " + i));
    }
    List<Future<?>> requests = new ArrayList<>();
    for (EventId each : events.reversed()) {
      requests.add(waiters.submit(() -> read("alice", each)));
    }
    for (Future<?> each : requests) {
      each.get(60, TimeUnit.SECONDS);
    }

    assertThat(receiptsFromNothing("bob"))
        .containsExactly(Map.entry(isRead("alice"), events.getLast().value()));
  }

  @Test
  void privateOnesAreToldToTheirOwnerOnly() {
    EventId event = say("hello");
    SyncClient alice = server.client("alice");
    alice.sync();
    bob.sync();
    SyncUsers.Entered entered =
        server
            .clientSync()
            .users()
            .enter(new Viewer(TestRooms.user("bob"), null, IgnoredUsers.NONE));
    entered.waiting().look();

    post("alice", room, "m.read.private", event.value(), "{}").expect(200);

    Map<String, String> own = Map.of(id("alice") + " m.read.private", event.value());
    assertThat(receipts(alice.sync())).isEqualTo(own);
    assertThat(receiptsFromNothing("alice")).isEqualTo(own);
    assertThat(entered.waiting().sleep(System.nanoTime())).as("bob is woken").isFalse();
    server.clientSync().users().leave(entered);
    assertThat(bob.sync().has("rooms")).isFalse();
    assertThat(receiptsFromNothing("bob")).isEmpty();

    read("alice", event);
    assertThat(receipts(bob.sync())).containsExactly(Map.entry(isRead("alice"), event.value()));
    assertThat(receiptsFromNothing("alice")).hasSize(2);
  }

  @Test
  void threadsHaveMarkersOfTheirOwn() {
    EventId root = say("root");
    EventId answer = relate("m.thread", root);
    EventId later = say("later");
    read("alice", later);
    read("alice", root, "main");
    read("alice", answer, root.value());

    Map<String, String> all =
        Map.of(
            isRead("alice"),
            later.value(),
            isRead("alice") + " main",
            root.value(),
            isRead("alice") + " " + root.value(),
            answer.value());
    assertThat(receipts(bob.sync())).isEqualTo(all);

    EventId further = relate("m.thread", root);
    read("alice", further, root.value());
    read("alice", answer, root.value());
    read("alice", root, "main");

    assertThat(receipts(bob.sync()))
        .isEqualTo(Map.of(isRead("alice") + " " + root.value(), further.value()));
    assertThat(rows()).isEqualTo(3);
  }

  /// Of one event the content has one receipt a user and type: the one that says most.
  @Test
  void anUnthreadedReceiptIsToldBeforeAThreadedOneOfTheSameEvent() {
    EventId event = say("hello");
    read("alice", event);
    read("alice", event, "main");

    assertThat(receipts(bob.sync())).isEqualTo(Map.of(isRead("alice"), event.value()));
    assertThat(rows()).isEqualTo(2);
  }

  @Test
  void aThreadIsOfTheEventsThatBelongToIt() {
    EventId root = say("root");
    EventId inThread = relate("m.thread", root);
    EventId reaction = relate("m.annotation", inThread);
    EventId reactionToRoot = relate("m.annotation", root);
    EventId otherRoot = say("other");
    EventId inOther = relate("m.thread", otherRoot);
    for (EventId each : List.of(root, inThread, reaction, reactionToRoot)) {
      read("bob", each, root.value());
    }
    for (EventId each : List.of(root, reactionToRoot, otherRoot)) {
      read("bob", each, "main");
    }

    for (EventId each : List.of(inThread, reaction, inOther)) {
      post("bob", room, "m.read", each.value(), "{'thread_id':'main'}")
          .expect(400, "M_INVALID_PARAM");
    }
    for (EventId each : List.of(otherRoot, inOther)) {
      post("bob", room, "m.read", each.value(), "{'thread_id':'" + root.value() + "'}")
          .expect(400, "M_INVALID_PARAM");
    }
  }

  @ParameterizedTest
  @ValueSource(
      strings = {"1", "null", "''", "['main']", "{}", "'Main'", "'$'", "'nobody'", "'$a\\u0000:b'"})
  void aThreadIdIsMainOrAnEventId(String thread) {
    EventId event = say("hello");

    post("alice", room, "m.read", event.value(), "{'thread_id':" + thread + "}")
        .expect(400, "M_INVALID_PARAM");
    assertThat(rows()).isZero();
  }

  @Test
  void idsOfAnySizeAreRefused() {
    EventId event = say("hello");
    String huge = "$" + "x".repeat(50_000);

    post("alice", room, "m.read", event.value(), "{'thread_id':'" + huge + "'}")
        .expect(400, "M_INVALID_PARAM");
    markers("alice", room, "{'m.read':'" + huge + "'}").expect(400, "M_INVALID_PARAM");
    markers("alice", room, "{'m.fully_read':'" + huge + "'}").expect(400, "M_INVALID_PARAM");
    post("alice", room, "m.read", "$" + "x".repeat(1_000), "{}").expect(400, "M_INVALID_PARAM");
    assertThat(rows()).isZero();
  }

  @ParameterizedTest
  @ValueSource(strings = {"m.read", "m.read.private", "m.fully_read"})
  void onlyEventsOfTheRoomThatTheUserMaySeeAreMarked(String type) {
    RoomId hidden = rooms.open("alice", "joined");
    EventId before = rooms.say(hidden, "alice", "before carol");
    rooms.join(hidden, "carol");
    EventId after = rooms.say(hidden, "alice", "after");
    RoomId other = rooms.open("alice", "shared");
    EventId foreign = rooms.say(other, "alice", "elsewhere");

    for (EventId each : List.of(before, foreign, EventId.parse("$unknown:hearth.test"))) {
      post("carol", hidden, type, each.value(), "{}").expect(404, "M_NOT_FOUND");
      markers("carol", hidden, "{'%s':'%s'}".formatted(type, each.value()))
          .expect(404, "M_NOT_FOUND");
    }
    post("carol", hidden, type, "no-event", "{}").expect(400, "M_INVALID_PARAM");
    post("carol", other, type, foreign.value(), "{}").expect(403, "M_FORBIDDEN");
    markers("carol", other, "{}").expect(403, "M_FORBIDDEN");
    assertThat(rows()).isZero();

    post("carol", hidden, type, after.value(), "{}").expect(200);
  }

  @Test
  void whoMayNotIsRefused() {
    EventId event = say("hello");
    rooms.join(room, "carol");
    rooms.ban(room, "alice", "carol");

    post("carol", room, "m.read", event.value(), "{}").expect(403, "M_FORBIDDEN");
    post("stranger", room, "m.read", event.value(), "{}").expect(403, "M_FORBIDDEN");
    post("guest1", room, "m.read", event.value(), "{}").expect(403, "M_GUEST_ACCESS_FORBIDDEN");
    markers("guest1", room, "{}").expect(403, "M_GUEST_ACCESS_FORBIDDEN");
    post("alice", RoomId.parse("!none:hearth.test"), "m.read", event.value(), "{}")
        .expect(403, "M_FORBIDDEN");
    post("alice", room, "m.delivered", event.value(), "{}").expect(400, "M_INVALID_PARAM");
    post("alice", room, "m.fully_read", event.value(), "{'thread_id':'main'}")
        .expect(400, "M_INVALID_PARAM");
    markers("alice", room, "{'m.read':1}").expect(400, "M_BAD_JSON");
    assertThat(rows()).isZero();
  }

  @Test
  void tenThousandThreadsLeaveTheLatestOfThem() throws Exception {
    EventId event = say("hello");
    LogWriter<ReceiptInput, LogPosition> commands = server.receiptServer().input().writer("Tests");
    List<Reply<LogPosition>> replies = new ArrayList<>();
    for (int i = 0; i < 10_000; i++) {
      ReceiptOutput receipt =
          new ReceiptOutput(
              room, TestRooms.user("alice"), ReceiptType.READ, "$thread" + i, event, i, 1);
      replies.add(commands.submit(new ReceiptInput.MoveMarker(receipt), PATIENCE));
    }
    for (Reply<LogPosition> each : replies) {
      var _ = each.await(PATIENCE);
    }
    read("alice", event);
    read("alice", event, "main");
    read("alice", event, event.value());
    post("alice", room, "m.read.private", event.value(), "{}").expect(200);

    assertThat(rows()).isEqualTo(200 + 3);
    assertThat(count("SELECT COUNT(*) FROM receipt WHERE thread_id LIKE '$thread99__'"))
        .isEqualTo(100);
  }

  @Test
  void whoLeavesIsKickedOrBannedHasNoneAndIsToldNoMore() {
    EventId event = say("hello");
    for (String each : List.of("leaver", "kicked", "banned")) {
      rooms.join(room, each);
      read(each, event);
      read(each, event, "main");
    }
    SyncClient leaver = server.client("leaver");
    leaver.sync();
    assertThat(rows()).isEqualTo(6);

    rooms.leave(room, "leaver");
    rooms.kick(room, "alice", "kicked");
    rooms.ban(room, "alice", "banned");
    awaitRows(0);
    read("alice", event);

    assertThat(leaver.sync().toString()).doesNotContain("m.receipt");
    assertThat(receiptsFromNothing("bob")).containsOnlyKeys(isRead("alice"));
    post("banned", room, "m.read", event.value(), "{}").expect(403, "M_FORBIDDEN");

    rooms.forget(room, "leaver");
    rooms.join(room, "leaver");
    assertThat(receipts(leaver.sync())).containsOnlyKeys(isRead("alice"));
    assertThat(leaver.sync().has("rooms")).isFalse();
  }

  @Test
  void whatWasMissedIsMadeGoodAtTheStart() {
    EventId event = say("hello");
    read("alice", event);
    var _ = server.store().committer().commit("test", List.of(row("gone", event, 1)), List.of());
    assertThat(rows()).isEqualTo(2);

    restart();

    awaitRows(1);
    assertThat(receiptsFromNothing("bob")).containsOnlyKeys(isRead("alice"));
  }

  private RowChange row(String user, EventId event, long position) {
    return RowChange.of(
        RECEIPT,
        "INSERT INTO receipt (user_id, room_id, receipt_type, thread_id, event_id, event_place,"
            + " received_millis, log_position) VALUES (?, ?, 'm.read', '', ?, 1, 1, ?)",
        (statement, _) -> {
          statement.setString(1, id(user));
          statement.setString(2, room.value());
          statement.setString(3, event.value());
          statement.setLong(4, position);
        });
  }

  @Test
  void aFirstSyncHasTheNewestOfALargeRoomAndAllOfOnesOwn() {
    EventId event = say("hello");
    List<RowChange> changes = new ArrayList<>();
    changes.add(row("bob", event, 1));
    for (int i = 0; i < 1_100; i++) {
      changes.add(row("member" + i, event, 2 + i));
    }
    var _ = server.store().committer().commit("test", changes, List.of());
    for (int i = 0; i < 1_100; i++) {
      var _ = say("so that the positions have been given");
    }

    assertThat(receiptsFromNothing("bob"))
        .hasSize(1_001)
        .containsKeys(isRead("bob"), isRead("member1099"), isRead("member100"));
  }

  @Test
  void aClosedAccountHasNone() {
    read("alice", say("hello"));
    read("bob", say("hello"));

    server.closeAndErase("alice");

    assertThat(rows()).isEqualTo(1);
    assertThat(receiptsFromNothing("bob")).containsOnlyKeys(isRead("bob"));
  }

  @Test
  void whoComesIsToldWhoHasReadWhatAlready() {
    SyncClient carol = server.client("carol");
    carol.sync();
    EventId event = say("hello");
    read("alice", event);
    carol.sync();

    rooms.join(room, "carol");

    assertThat(receipts(carol.sync())).containsOnlyKeys(isRead("alice"));
    rooms.rename(room, "carol", "Carol");
    assertThat(receipts(carol.sync())).isEmpty();
  }

  @Test
  void anIgnoredUserIsNotShown() {
    rooms.join(room, "carol");
    server
        .http("bob")
        .put(
            "/_matrix/client/v3/user/@bob:hearth.test/account_data/m.ignored_user_list",
            "{'ignored_users':{'@alice:hearth.test':{}}}")
        .expect(200);
    EventId event = say("hello");
    bob.sync();

    read("alice", event);
    assertThat(bob.sync().has("rooms")).isFalse();
    read("carol", event);

    assertThat(receipts(bob.sync())).containsOnlyKeys(isRead("carol"));
    assertThat(receiptsFromNothing("bob")).containsOnlyKeys(isRead("carol"));
    assertThat(receiptsFromNothing("carol")).hasSize(2);
  }

  @Test
  void aFilterKeepsThemBackAndDoesNotEndTheWait() throws Exception {
    for (String filter :
        List.of(
            "{'room':{'ephemeral':{'not_types':['m.receipt']}}}",
            "{'room':{'ephemeral':{'types':['m.typing']}}}",
            "{'room':{'ephemeral':{'not_rooms':['" + room.value() + "']}}}")) {
      SyncClient filtering = server.client("bob", "FILTERING").with("filter", filter);
      EventId event = say("hello");
      filtering.sync();
      Future<JsonNode> waiting = waiting("bob", () -> filtering.sync(LONG));

      read("alice", event);
      rooms.say(room, "alice", "done");

      JsonNode answer = waiting.get(60, TimeUnit.SECONDS);
      assertThat(SyncClient.events(join(answer, room).path("timeline"))).containsExactly("done");
      assertThat(receipts(answer)).isEmpty();
    }
  }

  @Test
  void whatIsNotNotedAnyMoreIsFoundInTheDatabase() {
    RoomId quiet = rooms.open("alice", "shared");
    rooms.join(quiet, "bob");
    EventId event = say("hello");
    bob.sync();
    read("alice", event);
    LogPosition head = server.store().head();
    server.clientSync().readings().stream()
        .filter(each -> each.log() == server.receiptServer().output())
        .forEach(each -> lose(each.reader(), head));

    JsonNode answer = bob.sync();

    assertThat(receipts(answer)).containsOnlyKeys(isRead("alice"));
    assertThat(join(answer, quiet).isMissingNode()).isTrue();
    assertThat(bob.sync().has("rooms")).isFalse();
  }

  private static void lose(org.hearth.ringlogs.LogReader<?> reader, LogPosition upTo) {
    try {
      reader.onLost(LogPosition.ORIGIN, upTo);
    } catch (Exception e) {
      throw new IllegalStateException(e);
    }
  }

  @Test
  void readMarkersMoveAllThreeAndTheFullyReadOneIsAccountData() throws Exception {
    EventId first = say("first");
    EventId second = say("second");
    EventId third = say("third");
    SyncClient alice = server.client("alice");
    alice.sync();
    Future<JsonNode> waiting = waiting("alice", () -> alice.sync(LONG));
    markers("alice", room, "{'m.fully_read':'%s'}".formatted(first.value())).expect(200);
    assertThat(fullyRead(waiting.get(60, TimeUnit.SECONDS))).containsExactly(first.value());

    String all =
        "{'m.fully_read':'%s','m.read':'%s','m.read.private':'%s','other':7}"
            .formatted(second.value(), third.value(), third.value());
    assertThat(markers("alice", room, all).expect(200).json()).isEmpty();

    JsonNode answer = alice.sync();
    assertThat(fullyRead(answer)).containsExactly(second.value());
    assertThat(receipts(answer)).hasSize(2);
    assertThat(bob.sync().toString()).doesNotContain("m.fully_read").contains("m.receipt");
    String data =
        "/_matrix/client/v3/user/@alice:hearth.test/rooms/%s/account_data/m.fully_read"
            .formatted(room.value());
    assertThat(server.http("alice").get(data).expect(200).text("event_id"))
        .isEqualTo(second.value());
    server
        .http("alice")
        .put(data, "{'event_id':'" + third.value() + "'}")
        .expect(405, "M_BAD_JSON");

    markers("alice", room, "{'m.fully_read':'%s'}".formatted(first.value())).expect(200);
    markers("alice", room, "{}").expect(200);
    assertThat(alice.sync().has("rooms")).isFalse();
    post("alice", room, "m.fully_read", third.value(), "{}").expect(200);
    assertThat(fullyRead(alice.sync())).containsExactly(third.value());
  }

  private List<String> fullyRead(JsonNode answer) {
    List<String> events = new ArrayList<>();
    for (JsonNode each : join(answer, room).at("/account_data/events")) {
      assertThat(each.path("type").asText()).isEqualTo("m.fully_read");
      events.add(each.at("/content/event_id").asText());
    }
    return events;
  }

  @Test
  void nothingMovesWhenOneOfTheMarkersCannot() {
    EventId event = say("hello");
    SyncClient alice = server.client("alice");
    alice.sync();

    markers(
            "alice",
            room,
            "{'m.fully_read':'%s','m.read':'%s','m.read.private':'$unknown'}"
                .formatted(event.value(), event.value()))
        .expect(404, "M_NOT_FOUND");

    assertThat(alice.sync().has("rooms")).isFalse();
    assertThat(rows()).isZero();
  }

  /// "Servers have no additional requirements placed on them by this submodule": clients reset it.
  @Test
  void theUnreadMarkerIsAccountDataThatReceiptsLeaveAlone() {
    String data =
        "/_matrix/client/v3/user/@alice:hearth.test/rooms/%s/account_data/m.marked_unread"
            .formatted(room.value());
    server.http("alice").put(data, "{'unread':true}").expect(200);
    EventId event = say("hello");

    read("alice", event);
    post("alice", room, "m.fully_read", event.value(), "{}").expect(200);

    assertThat(server.http("alice").get(data).expect(200).json().path("unread").asBoolean())
        .isTrue();
  }

  @Test
  void theOldPathAndNoBodyDoTheSame() {
    EventId event = say("hello");
    server
        .http("alice")
        .post(
            "/_matrix/client/r0/rooms/%s/receipt/m.read/%s".formatted(room.value(), event.value()),
            "")
        .expect(200);

    assertThat(receipts(bob.sync())).containsOnlyKeys(isRead("alice"));
  }

  /// Starts a request and returns when it is registered as waiting.
  private <T> Future<T> waiting(String user, Callable<T> request) {
    Future<T> future = waiters.submit(request);
    long deadline = System.nanoTime() + TimeUnit.SECONDS.toNanos(20);
    UserFeed feed = server.clientSync().users().known(id(user));
    while (feed == null || !feed.isWatched()) {
      assertThat(System.nanoTime()).isLessThan(deadline);
      Thread.onSpinWait();
      feed = server.clientSync().users().known(id(user));
    }
    return future;
  }
}
