package org.hearth.server.readers.sync;

import static org.assertj.core.api.Assertions.assertThat;
import static org.hearth.server.readers.sync.SyncClient.join;

import com.fasterxml.jackson.databind.JsonNode;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Future;
import org.hearth.server.http.TestClient;
import org.hearth.server.matrix.id.RoomId;
import org.hearth.server.readers.sync.view.SyncUsers;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/// Typing from the request that says so to the `/sync` that waits for it.
@Tag("long")
class TypingTest extends SharedRoom {
  private TestClient.Answer put(String user, RoomId where, String body) {
    return server
        .http(user)
        .put(
            "/_matrix/client/v3/rooms/%s/typing/@%s:hearth.test".formatted(where.value(), user),
            body);
  }

  private void type(String user, RoomId where) {
    assertThat(put(user, where, "{'typing':true,'timeout':60000}").expect(200).json()).isEmpty();
  }

  private void type(String user) {
    type(user, room);
  }

  private static List<String> typing(JsonNode answer, RoomId where) {
    List<String> ids = new ArrayList<>();
    for (JsonNode each : join(answer, where).at("/ephemeral/events")) {
      assertThat(each.path("type").asText()).isEqualTo("m.typing");
      assertThat(each.has("room_id")).isFalse();
      each.at("/content/user_ids").forEach(id -> ids.add(id.asText()));
      assertThat(ids).as("one event a room").hasSize(each.at("/content/user_ids").size());
    }
    return ids;
  }

  private List<String> typing(JsonNode answer) {
    return typing(answer, room);
  }

  private static boolean tells(JsonNode answer, RoomId where) {
    return !join(answer, where).at("/ephemeral/events").isEmpty();
  }

  @Test
  void wakesWhoIsInTheRoomWhenSomebodyStartsAndWhenTheyStop() throws Exception {
    Future<JsonNode> started = waiting("bob", () -> bob.sync(LONG));
    type("alice");
    JsonNode answer = answer(started);
    assertThat(typing(answer)).containsExactly(id("alice"));
    assertThat(join(answer, room).at("/timeline/events")).isEmpty();

    Future<JsonNode> stopped = waiting("bob", () -> bob.sync(LONG));
    put("alice", room, "{'typing':false}").expect(200);

    answer = answer(stopped);
    assertThat(tells(answer, room)).isTrue();
    assertThat(typing(answer)).isEmpty();
    assertThat(tells(bob.sync(), room)).isFalse();
  }

  /// The list is newer than the answer's point: who is still at the beginning of the log may have
  /// one.
  @Test
  void whoHasAListFromTheBeginningOfTheLogIsToldThatItIsEmpty() {
    String beginning = bob.since();
    assertThat(beginning).endsWith("-0");
    type("alice");
    assertThat(typing(bob.sync())).containsExactly(id("alice"));
    put("alice", room, "{'typing':false}").expect(200);

    JsonNode answer =
        server.http("bob").get("/_matrix/client/v3/sync?since=" + beginning).expect(200).json();

    assertThat(tells(answer, room)).isTrue();
    assertThat(typing(answer)).isEmpty();
  }

  @Test
  void endsByItself() throws Exception {
    put("alice", room, "{'typing':true,'timeout':200}").expect(200);
    bob.sync();
    Future<JsonNode> waiting = waiters.submit(() -> bob.sync(LONG));

    JsonNode answer = answer(waiting);

    assertThat(tells(answer, room)).isTrue();
    assertThat(typing(answer)).isEmpty();
  }

  @Test
  void endsForWhoLeavesIsKickedOrBanned() throws Exception {
    for (String each : List.of("leaver", "kicked", "banned")) {
      rooms.join(room, each);
      type(each);
    }
    assertThat(typing(bob.sync())).containsExactly(id("leaver"), id("kicked"), id("banned"));

    rooms.leave(room, "leaver");
    awaitTyping("kicked", "banned");
    rooms.kick(room, "alice", "kicked");
    awaitTyping("banned");
    rooms.ban(room, "alice", "banned");
    awaitTyping();

    put("banned", room, "{'typing':true}").expect(403, "M_FORBIDDEN");
    assertThat(server.typing().queries().rooms()).isEmpty();
  }

  /// Syncs until the list is this one; the leaving itself is told on the way.
  private void awaitTyping(String... names) {
    List<String> expected = List.of(names).stream().map(FreshSyncServer::id).toList();
    JsonNode answer = bob.sync(LONG);
    while (!tells(answer, room)) {
      assertThat(join(answer, room).isMissingNode()).isFalse();
      answer = bob.sync(LONG);
    }
    assertThat(typing(answer)).isEqualTo(expected);
  }

  @Test
  void saidAgainItWakesNobody() {
    type("alice");
    bob.sync();
    SyncUsers.Entered entered = enter("bob");
    entered.waiting().look();

    for (int i = 0; i < 5; i++) {
      type("alice");
    }
    server.client("alice").sync();

    assertThat(entered.waiting().sleep(System.nanoTime())).isFalse();
    leave(entered);
    assertThat(bob.sync().has("rooms")).isFalse();
  }

  @Test
  void inOthersRoomsItWakesNobody() {
    RoomId other = rooms.open("alice", "shared");
    SyncUsers.Entered entered = enter("bob");
    entered.waiting().look();

    type("alice", other);
    assertThat(typing(server.client("alice").sync(), other)).containsExactly(id("alice"));

    assertThat(entered.waiting().sleep(System.nanoTime())).isFalse();
    leave(entered);
    assertThat(bob.sync().has("rooms")).isFalse();
  }

  @Test
  void aFirstSyncHasWhoTypesNow() {
    type("alice");
    type("bob");

    assertThat(typing(server.client("bob", "NEW").sync())).containsExactly(id("alice"), id("bob"));

    put("alice", room, "{'typing':false}").expect(200);
    put("bob", room, "{'typing':false}").expect(200);
    assertThat(tells(server.client("bob", "NEWER").sync(), room)).isFalse();
  }

  @Test
  void whoJoinsIsToldWhoTypesAlready() {
    SyncClient carol = server.client("carol");
    carol.sync();
    type("alice");
    carol.sync();

    rooms.join(room, "carol");

    assertThat(typing(carol.sync())).containsExactly(id("alice"));
    assertThat(tells(carol.sync(), room)).isFalse();
  }

  @Test
  void aTokenOfAnEarlierRunIsToldOfAllThatMayHaveChanged() {
    RoomId quiet = rooms.open("alice", "shared");
    rooms.join(quiet, "bob");
    bob.sync();
    type("alice");
    assertThat(typing(bob.sync())).containsExactly(id("alice"));
    restart();
    type("alice", quiet);

    JsonNode answer = bob.sync();

    assertThat(tells(answer, room)).isTrue();
    assertThat(typing(answer)).isEmpty();
    assertThat(typing(answer, quiet)).containsExactly(id("alice"));
    assertThat(bob.sync().has("rooms")).isFalse();
  }

  @Test
  void aTokenOfARunInWhichNobodyTypedIsToldOfNothing() {
    restart();

    assertThat(bob.sync().has("rooms")).isFalse();
  }

  @Test
  void aTokenOlderThanWhatIsNotedOfTheUserIsToldOfWhatHasChangedSince() {
    RoomId quiet = rooms.open("alice", "shared");
    rooms.join(quiet, "bob");
    type("alice", quiet);
    assertThat(typing(bob.sync(), quiet)).containsExactly(id("alice"));
    type("alice");
    put("alice", room, "{'typing':false}").expect(200);
    server.clientSync().users().onLost();

    JsonNode answer = bob.sync();

    assertThat(tells(answer, room)).isTrue();
    assertThat(typing(answer)).isEmpty();
    assertThat(tells(answer, quiet)).isFalse();
  }

  @Test
  void afterLostEntriesAllListsAreToldAnew() throws Exception {
    RoomId other = rooms.open("alice", "shared");
    rooms.join(other, "bob");
    type("alice");
    bob.sync();
    server
        .clientSync()
        .readings()
        .getLast()
        .reader()
        .onLost(
            server.typing().output().head().position(),
            server.typing().output().head().position().plus(1));
    type("alice", other);

    JsonNode answer = bob.sync();

    assertThat(typing(answer)).containsExactly(id("alice"));
    assertThat(typing(answer, other)).containsExactly(id("alice"));
  }

  @Test
  void aFilterKeepsItBackAndDoesNotEndTheWait() throws Exception {
    for (String filter :
        List.of(
            "{'room':{'ephemeral':{'not_types':['m.typing']}}}",
            "{'room':{'ephemeral':{'types':['m.receipt']}}}",
            "{'room':{'ephemeral':{'not_rooms':['" + room.value() + "']}}}")) {
      SyncClient filtering = server.client("bob", "FILTERING").with("filter", filter);
      filtering.sync();
      Future<JsonNode> waiting = waiting("bob", () -> filtering.sync(LONG));

      type("alice");
      rooms.say(room, "alice", "done");

      JsonNode answer = answer(waiting);
      assertThat(SyncClient.events(join(answer, room).path("timeline"))).containsExactly("done");
      assertThat(tells(answer, room)).isFalse();
      put("alice", room, "{'typing':false}").expect(200);
    }
  }

  @Test
  void anIgnoredUserIsNotShown() {
    rooms.join(room, "carol");
    server.ignore("bob", "alice");
    bob.sync();

    type("alice");
    type("carol");

    assertThat(typing(bob.sync())).containsExactly(id("carol"));
    assertThat(typing(server.client("bob", "NEW").sync())).containsExactly(id("carol"));
    assertThat(typing(server.client("carol").sync())).containsExactly(id("alice"), id("carol"));
  }

  @Test
  void theOldPathDoesTheSameAndTimesAreBounded() {
    server
        .http("alice")
        .put(
            "/_matrix/client/r0/rooms/%s/typing/@alice:hearth.test".formatted(room.value()),
            "{'typing':true}")
        .expect(200);
    assertThat(typing(bob.sync())).containsExactly(id("alice"));

    put("alice", room, "{'typing':true,'timeout':9007199254740991}").expect(200);
    put("alice", room, "{'typing':true,'timeout':0}").expect(200);

    assertThat(tells(bob.sync(), room)).isTrue();
    assertThat(server.typing().queries().rooms()).isEmpty();
  }

  @Test
  void whoMayNotIsRefused() {
    put("alice", RoomId.parse("!none:hearth.test"), "{'typing':true}").expect(403, "M_FORBIDDEN");
    put("stranger", room, "{'typing':true}").expect(403, "M_FORBIDDEN");
    put("guest1", room, "{'typing':true}").expect(403, "M_GUEST_ACCESS_FORBIDDEN");
    server
        .http("bob")
        .put(
            "/_matrix/client/v3/rooms/%s/typing/@alice:hearth.test".formatted(room.value()),
            "{'typing':true}")
        .expect(403, "M_FORBIDDEN");
    put("alice", room, "{}").expect(400, "M_MISSING_PARAM");
    put("alice", room, "{'typing':'true'}").expect(400, "M_BAD_JSON");
    put("alice", room, "{'typing':true,'timeout':-1}").expect(400, "M_BAD_JSON");
    put("alice", room, "{'typing':true,'timeout':'1'}").expect(400, "M_BAD_JSON");

    assertThat(server.typing().queries().rooms()).isEmpty();
  }
}
