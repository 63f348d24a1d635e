package org.hearth.server.readers.sync;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import org.hearth.ringlogs.LogPosition;
import org.hearth.ringlogs.LogReader;
import org.hearth.ringlogs.Positioned;
import org.hearth.server.http.TestClient;
import org.hearth.server.logs.Presence;
import org.hearth.server.logs.PresenceOutput;
import org.hearth.server.matrix.id.RoomId;
import org.hearth.server.readers.events.IgnoredUsers;
import org.hearth.server.readers.events.Viewer;
import org.hearth.server.readers.sync.view.SyncUsers;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/// Presence from what clients say and do to the `/sync` of those who share a room.
@Tag("long")
class PresenceTest {
  private static final long LONG = 60_000;

  @TempDir Path folder;
  private SyncServer server;
  private TestRooms rooms;
  private RoomId room;
  private final ExecutorService waiters = Executors.newVirtualThreadPerTaskExecutor();

  @BeforeEach
  void start() {
    server = SyncServer.withPresence(folder);
    rooms = server.rooms();
    room = rooms.open("alice", "shared");
    rooms.join(room, "bob");
  }

  @AfterEach
  void stop() {
    waiters.shutdownNow();
    server.close();
  }

  private static String path(String user) {
    return "/_matrix/client/v3/presence/%s/status".formatted(id(user));
  }

  private TestClient.Answer put(String user, String body) {
    return server.http(user).put(path(user), body);
  }

  private void say(String user, String body) {
    assertThat(put(user, body).expect(200).json()).isEmpty();
  }

  private JsonNode look(String user, String at) {
    return server.http(user).get(path(at)).expect(200).json();
  }

  /// What a sync tells of presence, by user.
  private static Map<String, String> told(JsonNode answer) {
    Map<String, String> told = new TreeMap<>();
    for (JsonNode each : answer.at("/presence/events")) {
      assertThat(each.path("type").asText()).isEqualTo("m.presence");
      String name = each.path("sender").asText().substring(1).split(":", 2)[0];
      String before = told.put(name, each.at("/content/presence").asText());
      assertThat(before).as("told once of %s", name).isNull();
    }
    return told;
  }

  private static String id(String name) {
    return "@" + name + ":hearth.test";
  }

  @Test
  void aFirstSyncHasWhoIsThereAndOneself() {
    rooms.join(room, "carol");
    say("alice", "{'presence':'unavailable','status_msg':'At lunch'}");

    JsonNode answer = server.client("bob").sync();

    assertThat(told(answer)).isEqualTo(Map.of("alice", "unavailable", "bob", "online"));
    JsonNode alice = answer.at("/presence/events").valueStream().toList().getLast();
    assertThat(alice.path("sender").asText()).isEqualTo(id("alice"));
    assertThat(alice.at("/content/status_msg").asText()).isEqualTo("At lunch");
    assertThat(alice.at("/content/last_active_ago").isIntegralNumber()).isTrue();
    assertThat(alice.path("content").has("currently_active")).isFalse();
  }

  @Test
  void aFirstSyncHasWhoWasThereAfterThoseWhoAre() {
    rooms.join(room, "carol");
    say("alice", "{'presence':'offline','status_msg':'On a trip'}");
    server.client("carol").sync();

    JsonNode answer = server.client("bob").sync();

    assertThat(told(answer))
        .isEqualTo(Map.of("alice", "offline", "bob", "online", "carol", "online"));
    JsonNode alice = answer.at("/presence/events").valueStream().toList().getLast();
    assertThat(alice.path("sender").asText()).isEqualTo(id("alice"));
    assertThat(alice.at("/content/status_msg").asText()).isEqualTo("On a trip");
    assertThat(alice.at("/content/last_active_ago").isIntegralNumber()).isTrue();
  }

  @Test
  void comingSayingAndActingAreToldToWhoSyncs() {
    SyncClient bob = server.client("bob");
    bob.sync();

    server.client("alice").sync();
    assertThat(told(bob.sync())).isEqualTo(Map.of("alice", "online"));
    server.client("alice").with("set_presence", "unavailable").sync();
    assertThat(told(bob.sync())).isEqualTo(Map.of("alice", "unavailable"));
    say("alice", "{'presence':'offline'}");
    assertThat(told(bob.sync())).isEqualTo(Map.of("alice", "offline"));
    assertThat(told(bob.sync())).isEmpty();
  }

  @Test
  void whoSyncsAsOfflineIsNotSeen() {
    SyncClient bob = server.client("bob");
    bob.sync();

    JsonNode own = server.client("alice").with("set_presence", "offline").sync();

    assertThat(told(own)).isEqualTo(Map.of("bob", "online"));
    assertThat(told(bob.sync())).isEmpty();
    assertThat(look("bob", "alice").toString()).isEqualTo("{\"presence\":\"offline\"}");
  }

  @Test
  void wakesWhoSharesARoomAndNobodyElse() throws Exception {
    rooms.open("carol", "alone");
    SyncClient bob = server.client("bob");
    bob.sync();
    server.client("carol").sync();
    SyncUsers.Entered carol = enter("carol");
    carol.waiting().look();
    Future<JsonNode> waiting = waiting("bob", () -> bob.sync(LONG));

    server.client("alice").sync();

    assertThat(told(answer(waiting))).isEqualTo(Map.of("alice", "online"));
    assertThat(carol.waiting().sleep(System.nanoTime())).isFalse();
    server.clientSync().users().leave(carol);
    assertThat(told(server.client("carol", "NEW").sync())).isEqualTo(Map.of("carol", "online"));
  }

  @Test
  void ownSyncsDoNotAnswerThemselvesAndOwnWordsReachTheOtherDevice() throws Exception {
    SyncClient alice = server.client("alice");
    alice.with("set_presence", "offline").sync();
    SyncClient online = server.client("alice");
    online.sync();
    assertThat(told(online.sync())).isEmpty();

    SyncUsers.Entered entered = enter("alice");
    entered.waiting().look();
    server.client("alice").with("set_presence", "unavailable").sync();
    assertThat(look("alice", "alice").path("presence").asText()).isEqualTo("unavailable");
    assertThat(entered.waiting().sleep(System.nanoTime())).isFalse();
    server.clientSync().users().leave(entered);

    Future<JsonNode> waiting = waiting("alice", () -> online.sync(LONG));
    server.http("alice", "TABLET").put(path("alice"), "{'presence':'online','status_msg':'Here'}");
    JsonNode answer = answer(waiting);
    assertThat(answer.at("/presence/events/0/content/status_msg").asText()).isEqualTo("Here");
  }

  @Test
  void whatConcernsOnlyTheActivityWakesNobodyAndGoesWithTheRest() throws Exception {
    SyncClient bob = server.client("bob");
    bob.sync();
    server.client("alice").sync();
    bob.sync();
    SyncUsers.Entered entered = enter("bob");
    entered.waiting().look();

    LogPosition next = server.presence().output().head().position().plus(1);
    presenceReader()
        .onBatch(
            List.of(
                new Positioned<>(
                    next,
                    new PresenceOutput(
                        TestRooms.user("alice"),
                        Presence.ONLINE,
                        1L,
                        false,
                        null,
                        PresenceOutput.Why.ACTIVITY))));

    assertThat(entered.waiting().sleep(System.nanoTime())).isFalse();
    server.clientSync().users().leave(entered);
    assertThat(told(bob.sync())).isEqualTo(Map.of("alice", "online"));
  }

  @Test
  void whoComesToTheRoomIsToldOfAndIsToldOfThoseThere() {
    SyncClient bob = server.client("bob");
    bob.sync();
    SyncClient carol = server.client("carol");
    assertThat(told(carol.sync())).isEqualTo(Map.of("carol", "online"));
    assertThat(told(bob.sync())).isEmpty();

    rooms.join(room, "carol");

    assertThat(told(bob.sync())).isEqualTo(Map.of("carol", "online"));
    assertThat(told(carol.sync())).isEqualTo(Map.of("bob", "online"));
    assertThat(told(bob.sync())).isEmpty();
    assertThat(told(carol.sync())).isEmpty();
  }

  @Test
  void whoComesAndWasThereBeforeIsToldOfWithTheComing() throws Exception {
    SyncClient bob = server.client("bob");
    bob.sync();
    SyncClient carol = server.client("carol").with("set_presence", "offline");
    carol.sync();
    say("alice", "{'presence':'offline'}");
    say("carol", "{'presence':'offline'}");
    bob.sync();
    carol.sync();
    Future<JsonNode> waiting = waiting("bob", () -> bob.sync(LONG));

    rooms.join(room, "carol");

    assertThat(told(answer(waiting))).isEqualTo(Map.of("carol", "offline"));
    assertThat(told(carol.sync())).isEqualTo(Map.of("alice", "offline", "bob", "online"));
    assertThat(told(bob.sync())).isEmpty();
    assertThat(told(carol.sync())).isEmpty();
  }

  @Test
  void whoHasLeftIsToldNothingMore() {
    SyncClient bob = server.client("bob");
    bob.sync();
    server.client("alice").sync();
    rooms.leave(room, "bob");

    assertThat(told(bob.sync())).isEmpty();
    say("alice", "{'presence':'unavailable'}");
    assertThat(told(bob.sync())).isEmpty();
    server.http("bob").get(path("alice")).expect(403, "M_FORBIDDEN");
  }

  @Test
  void aMessageOutlivesTheServerAndATokenOfBeforeIsToldOfAll() {
    rooms.join(room, "carol");
    say("alice", "{'presence':'online','status_msg':'Here'}");
    server.client("carol").sync();
    SyncClient bob = server.client("bob");
    assertThat(told(bob.sync()))
        .isEqualTo(Map.of("alice", "online", "bob", "online", "carol", "online"));
    server.close();
    server = SyncServer.withPresence(folder);
    bob.moveTo(server.http("bob"));
    server.client("carol").sync();

    JsonNode answer = bob.sync();

    assertThat(told(answer))
        .isEqualTo(Map.of("alice", "offline", "bob", "online", "carol", "online"));
    assertThat(look("bob", "alice").toString())
        .isEqualTo("{\"presence\":\"offline\",\"status_msg\":\"Here\"}");
    assertThat(told(bob.sync())).isEmpty();
  }

  @Test
  void afterLostEntriesAllAreToldAnew() throws Exception {
    SyncClient bob = server.client("bob");
    server.client("alice").sync();
    bob.sync();
    LogPosition head = server.presence().output().head().position();
    presenceReader().onLost(head, head.plus(1));
    say("alice", "{'presence':'offline'}");

    assertThat(told(bob.sync())).isEqualTo(Map.of("alice", "offline", "bob", "online"));
  }

  @Test
  void aTokenOlderThanWhatIsNotedOfTheUserIsToldOfWhatHasChangedSince() {
    rooms.join(room, "carol");
    server.client("carol").sync();
    SyncClient bob = server.client("bob");
    bob.sync();
    say("alice", "{'presence':'unavailable'}");
    server.clientSync().users().onLost();

    assertThat(told(bob.sync())).containsEntry("alice", "unavailable");
  }

  @Test
  void aFilterAndIgnoringKeepItBack() {
    for (String filter :
        new String[] {
          "{'presence':{'types':[]}}",
          "{'presence':{'not_types':['m.*']}}",
          "{'presence':{'not_senders':['@alice:hearth.test','@bob:hearth.test']}}",
          "{'presence':{'senders':['@carol:hearth.test']}}",
          "{'presence':{'limit':0}}"
        }) {
      SyncClient filtering = server.client("bob", "FILTERING").with("filter", filter);
      server.client("alice").sync();
      assertThat(told(filtering.sync())).as(filter).isEmpty();
      say("alice", "{'presence':'unavailable'}");
      assertThat(told(filtering.sync())).as(filter).isEmpty();
      say("alice", "{'presence':'online'}");
    }
    SyncClient one = server.client("bob", "LIMITED").with("filter", "{'presence':{'limit':1}}");
    assertThat(told(one.sync())).hasSize(1);

    server
        .http("bob")
        .put(
            "/_matrix/client/v3/user/@bob:hearth.test/account_data/m.ignored_user_list",
            "{'ignored_users':{'@alice:hearth.test':{}}}")
        .expect(200);
    SyncClient bob = server.client("bob");
    assertThat(told(bob.sync())).isEqualTo(Map.of("bob", "online"));
    say("alice", "{'presence':'offline'}");
    assertThat(told(bob.sync())).isEmpty();
  }

  @Test
  void isLookedAtByWhoSharesARoom() {
    assertThat(look("bob", "alice").toString()).isEqualTo("{\"presence\":\"offline\"}");
    say("alice", "{'presence':'online','status_msg':'Here'}");

    JsonNode seen = look("bob", "alice");
    assertThat(seen.path("presence").asText()).isEqualTo("online");
    assertThat(seen.path("currently_active").asBoolean()).isTrue();
    assertThat(seen.path("last_active_ago").asLong()).isBetween(0L, LONG);
    assertThat(seen.path("status_msg").asText()).isEqualTo("Here");
    assertThat(look("alice", "alice").path("status_msg").asText()).isEqualTo("Here");

    say("alice", "{'presence':'online'}");
    assertThat(look("bob", "alice").path("status_msg").asText()).isEqualTo("Here");
    say("alice", "{'presence':'online','status_msg':null}");
    assertThat(look("bob", "alice").has("status_msg")).isFalse();

    server.http("stranger").get(path("alice")).expect(403, "M_FORBIDDEN");
    server.http("alice").get(path("stranger")).expect(403, "M_FORBIDDEN");
    server.http("alice").get(path("nobody")).expect(403, "M_FORBIDDEN");
  }

  @Test
  void whoMayNotIsRefused() {
    server.http("bob").put(path("alice"), "{'presence':'online'}").expect(403, "M_FORBIDDEN");
    put("guest1", "{'presence':'online'}").expect(403, "M_GUEST_ACCESS_FORBIDDEN");
    server.http("guest1").get(path("alice")).expect(403, "M_GUEST_ACCESS_FORBIDDEN");
    put("alice", "{}").expect(400, "M_MISSING_PARAM");
    put("alice", "{'presence':'busy'}").expect(400, "M_BAD_JSON");
    put("alice", "{'presence':1}").expect(400, "M_BAD_JSON");
    put("alice", "{'presence':'online','status_msg':1}").expect(400, "M_BAD_JSON");
    put("alice", "{'presence':'online','status_msg':'" + "ä".repeat(513) + "'}")
        .expect(413, "M_TOO_LARGE");
    say("alice", "{'presence':'online','status_msg':'" + "ä".repeat(512) + "'}");

    assertThat(look("alice", "alice").path("status_msg").asText()).hasSize(512);
  }

  @Test
  void offEverybodyIsOfflineAndNothingIsTold() {
    server.close();
    server = new SyncServer(folder);

    say("alice", "{'presence':'online','status_msg':'Here'}");
    server.client("alice").sync();

    assertThat(look("bob", "alice").toString()).isEqualTo("{\"presence\":\"offline\"}");
    JsonNode answer = server.client("bob").sync();
    assertThat(told(answer)).isEmpty();
    assertThat(answer.path("next_batch").asText()).doesNotContain("_p");
  }

  @SuppressWarnings("unchecked")
  private LogReader<PresenceOutput> presenceReader() {
    return server.clientSync().readings().stream()
        .filter(each -> each.log() == server.presence().output())
        .map(each -> (LogReader<PresenceOutput>) each.reader())
        .findAny()
        .orElseThrow();
  }

  private SyncUsers.Entered enter(String user) {
    return server
        .clientSync()
        .users()
        .enter(new Viewer(TestRooms.user(user), null, IgnoredUsers.NONE));
  }

  /// Starts a request and returns when it is registered as waiting.
  private <T> Future<T> waiting(String user, Callable<T> request) {
    return server.waiting(waiters, user, request);
  }

  private static JsonNode answer(Future<JsonNode> waiting) throws Exception {
    return waiting.get(60, TimeUnit.SECONDS);
  }
}
