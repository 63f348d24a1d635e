package org.hearth.server.readers.userdirectory;

import static org.assertj.core.api.Assertions.assertThat;
import static org.hearth.server.http.TestClient.encoded;

import com.fasterxml.jackson.databind.JsonNode;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.locks.LockSupport;
import java.util.function.Predicate;
import org.hearth.server.StartFailedException;
import org.hearth.server.WholeServer;
import org.hearth.server.http.TestClient;
import org.hearth.server.store.Store;
import org.hearth.server.store.StoreOptions;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/// Whom users find by name, and which rooms two of them share.
@WholeServer.Started
class UserDirectoryTest {
  private static final String V3 = "/_matrix/client/v3";

  private final WholeServer server;
  private final TestClient alice;
  private final TestClient bob;

  UserDirectoryTest(WholeServer server) {
    this.server = server;
    alice = server.register("alice");
    bob = server.register("bob");
  }

  private static void rename(TestClient who, String user, String name) {
    who.put(V3 + "/profile/" + user + "/displayname", "{'displayname':'" + name + "'}").expect(200);
  }

  private static String create(TestClient who, String wish) {
    return who.post(V3 + "/createRoom", wish).expect(200).text("room_id");
  }

  private static void join(TestClient who, String room) {
    who.post(V3 + "/join/" + encoded(room), "{}").expect(200);
  }

  private static void leave(TestClient who, String room) {
    who.post(V3 + "/rooms/" + encoded(room) + "/leave", "{}").expect(200);
  }

  private static JsonNode search(TestClient who, String term) {
    return who.post(V3 + "/user_directory/search", "{'search_term':'" + term + "'}")
        .expect(200)
        .json();
  }

  private static List<String> found(JsonNode answer) {
    return answer.path("results").findValuesAsText("user_id");
  }

  private static List<String> found(TestClient who, String term) {
    return found(search(who, term));
  }

  /// Searches until the answer is that: names come to the directory a moment after they are given.
  private static JsonNode await(TestClient who, String term, Predicate<JsonNode> wanted) {
    long until = System.nanoTime() + Duration.ofSeconds(20).toNanos();
    JsonNode answer = search(who, term);
    while (!wanted.test(answer)) {
      assertThat(System.nanoTime()).as("%s in vain: %s", term, answer).isLessThan(until);
      LockSupport.parkNanos(1_000_000);
      answer = search(who, term);
    }
    return answer;
  }

  private static JsonNode awaitOne(TestClient who, String term, String user) {
    return await(who, term, answer -> found(answer).equals(List.of(user)));
  }

  /// Waits until the directory has somebody's name, as that user sees who is in an open room.
  private void settle(TestClient who, String user, String term) {
    String room = create(who, "{'preset':'public_chat'}");
    awaitOne(who, term, user);
    leave(who, room);
  }

  @Test
  void whoSharesARoomIsFoundByNameAndIdUntilOneLeaves() {
    rename(bob, "@bob:hearth.test", "Robert Zebra");
    String room = create(alice, "{'invite':['@bob:hearth.test']}");
    assertThat(found(alice, "zebra")).isEmpty();
    join(bob, room);

    JsonNode answer = awaitOne(alice, "zebra", "@bob:hearth.test");
    assertThat(answer.at("/results/0/display_name").asText()).isEqualTo("Robert Zebra");
    assertThat(answer.path("limited").asBoolean()).isFalse();
    assertThat(found(alice, "bob")).containsExactly("@bob:hearth.test");
    assertThat(found(alice, "@bob:hearth")).containsExactly("@bob:hearth.test");
    // Nobody finds themselves by being in a room with themselves.
    assertThat(found(bob, "zebra")).isEmpty();

    leave(alice, room);
    assertThat(found(alice, "zebra")).isEmpty();
  }

  @Test
  void whoSharesNoRoomIsNotFound() {
    rename(bob, "@bob:hearth.test", "Quagga");
    settle(bob, "@bob:hearth.test", "quagga");
    create(bob, "{'preset':'private_chat'}");

    assertThat(found(alice, "quagga")).isEmpty();
  }

  @ParameterizedTest
  @CsvSource({
    "m.room.join_rules, join_rule, public, invite",
    "m.room.history_visibility, history_visibility, world_readable, shared"
  })
  void whoIsInARoomThatIsOpenToAllIsFoundByAllAsLongAsItIs(
      String type, String key, String open, String closed) {
    rename(bob, "@bob:hearth.test", "Okapi");
    String room = create(bob, "{'preset':'private_chat'}");
    String state = V3 + "/rooms/" + encoded(room) + "/state/" + type;

    bob.put(state, "{'" + key + "':'" + open + "'}").expect(200);
    awaitOne(alice, "okapi", "@bob:hearth.test");
    assertThat(found(bob, "okapi")).containsExactly("@bob:hearth.test");
    bob.put(state, "{'" + key + "':'" + closed + "'}").expect(200);

    assertThat(found(alice, "okapi")).isEmpty();
    assertThat(found(bob, "okapi")).isEmpty();
  }

  @Test
  void aNewNameIsFoundInThePlaceOfTheOld() {
    String room = create(alice, "{'preset':'public_chat'}");
    rename(bob, "@bob:hearth.test", "Tapir");
    join(bob, room);
    awaitOne(alice, "tapir", "@bob:hearth.test");

    rename(bob, "@bob:hearth.test", "Dugong");

    awaitOne(alice, "dugong", "@bob:hearth.test");
    assertThat(found(alice, "tapir")).isEmpty();
  }

  @Test
  void aNameForOneRoomIsNotTheUsersNameElsewhere() {
    String room = create(bob, "{'preset':'public_chat'}");
    rename(bob, "@bob:hearth.test", "Ibex");
    awaitOne(alice, "ibex", "@bob:hearth.test");
    bob.put(
            V3 + "/rooms/" + encoded(room) + "/state/m.room.member/@bob:hearth.test",
            "{'membership':'join','displayname':'Secret Santa'}")
        .expect(200);
    rename(alice, "@alice:hearth.test", "Marker");
    join(alice, room);
    awaitOne(bob, "marker", "@alice:hearth.test");

    assertThat(found(alice, "santa")).isEmpty();
  }

  @Test
  void caseAccentsAndTheOrderOfWordsDoNotMatter() {
    Map<String, List<String>> namesAndTerms =
        Map.of(
            "Zoë Müller", List.of("zoe", "MULLER"),
            "Straße", List.of("strasse"),
            "ＦＵＬＬ", List.of("full"),
            "Ĳssel", List.of("ijssel"),
            "Anna Maria Rossi", List.of("rossi anna"),
            "100%", List.of("100%"),
            "under_score", List.of("r_s"));
    create(bob, "{'preset':'public_chat'}");

    namesAndTerms.forEach((name, terms) -> {
      rename(bob, "@bob:hearth.test", name);
      terms.forEach(term -> awaitOne(alice, term, "@bob:hearth.test"));
      assertThat(found(alice, "_%_%_nothing")).as(name).isEmpty();
    });
  }

  @Test
  void theBestComeFirstAndNoMoreThanAskedFor() {
    String room = create(alice, "{'preset':'public_chat'}");
    List<String> names = List.of("the lynxes", "a lynx", "Lynx Cub", "Lynx");
    for (int i = 0; i < names.size(); i++) {
      TestClient each = server.register("user" + i);
      rename(each, "@user" + i + ":hearth.test", names.get(i));
      join(each, room);
    }
    await(alice, "lynx", answer -> found(answer).size() == 4);

    JsonNode answer =
        alice
            .post(V3 + "/user_directory/search", "{'search_term':'lynx','limit':3}")
            .expect(200)
            .json();

    List<String> told = answer.path("results").findValuesAsText("display_name");
    assertThat(told).containsExactly("Lynx", "Lynx Cub", "the lynxes");
    assertThat(answer.path("limited").asBoolean()).isTrue();
  }

  @Test
  void aClosedAccountHasNoNameAnyMore() {
    rename(bob, "@bob:hearth.test", "Wombat");
    String room = create(bob, "{'preset':'public_chat'}");
    join(alice, room);
    awaitOne(alice, "wombat", "@bob:hearth.test");

    server.homeserver().admin().orElseThrow().deactivate("@bob:hearth.test", true);

    await(alice, "wombat", answer -> found(answer).isEmpty());
  }

  @Test
  void aClosedAccountThatHasLeftItsRoomsBeforeIsNotKept() {
    rename(bob, "@bob:hearth.test", "Wombat");
    settle(bob, "@bob:hearth.test", "wombat");

    server.homeserver().admin().orElseThrow().deactivate("@bob:hearth.test", true);

    server.stop();
    try (Store store = Store.open(StoreOptions.of(server.folder()))) {
      assertThat(
              store.reads().select("SELECT user_id FROM user_directory", row -> row.getString(1)))
          .doesNotContain("@bob:hearth.test");
    }
  }

  @Test
  void namesOutliveARestart() throws StartFailedException {
    rename(bob, "@bob:hearth.test", "Numbat");
    create(bob, "{'preset':'public_chat'}");
    awaitOne(alice, "numbat", "@bob:hearth.test");

    server.stop();
    server.start();

    assertThat(
            found(
                server
                    .client()
                    .as(
                        server
                            .client()
                            .post(
                                V3 + "/login",
                                "{'type':'m.login.password','user':'alice','password':'%s'}"
                                    .formatted(WholeServer.PASSWORD))
                            .text("access_token")),
                "numbat"))
        .containsExactly("@bob:hearth.test");
  }

  @Test
  void whatIsNoQuestionIsRefusedAndNothingIsFoundByNothing() {
    String target = V3 + "/user_directory/search";
    alice.post(target, "{}").expect(400);
    alice.post(target, "{'search_term':7}").expect(400, "M_BAD_JSON");
    alice.post(target, "{'search_term':'a','limit':0}").expect(400);
    create(bob, "{'preset':'public_chat'}");
    for (String term : List.of("", "  ", "x".repeat(100_000))) {
      JsonNode answer = search(alice, term);
      assertThat(answer.path("results")).isEmpty();
      assertThat(answer.path("limited").asBoolean()).isFalse();
    }
  }

  // --- rooms that two users share

  private static JsonNode mutual(TestClient who, String parameters) {
    return who.get("/_matrix/client/v1/mutual_rooms?" + parameters).expect(200).json();
  }

  @Test
  void theRoomsInWhichBothAreAreToldAndNoOthers() {
    String shared = create(alice, "{'preset':'public_chat'}");
    join(bob, shared);
    create(alice, "{'invite':['@bob:hearth.test']}");
    create(bob, "{'preset':'public_chat'}");

    JsonNode answer = mutual(alice, "user_id=@bob:hearth.test");

    assertThat(answer).hasToString("{\"joined\":[\"%s\"],\"count\":1}".formatted(shared));
    leave(bob, shared);
    assertThat(mutual(alice, "user_id=@bob:hearth.test").path("count").asInt()).isZero();
    assertThat(mutual(alice, "user_id=@nobody:other.test").path("joined")).isEmpty();
  }

  @Test
  void manyRoomsComeInPages() {
    List<String> all = new ArrayList<>();
    for (int i = 0; i < 101; i++) {
      all.add(create(alice, "{'preset':'public_chat'}"));
      join(bob, all.getLast());
    }

    JsonNode first = mutual(alice, "user_id=@bob:hearth.test");
    JsonNode second =
        mutual(alice, "user_id=@bob:hearth.test&from=" + first.path("next_batch").asText());

    List<String> told = new ArrayList<>();
    first.path("joined").forEach(each -> told.add(each.asText()));
    second.path("joined").forEach(each -> told.add(each.asText()));
    assertThat(told).containsExactlyInAnyOrderElementsOf(all);
    assertThat(first.path("joined")).hasSize(100);
    assertThat(first.path("count").asInt()).isEqualTo(101);
    assertThat(second.path("count").asInt()).isEqualTo(101);
    assertThat(second.has("next_batch")).isFalse();
    JsonNode unstable =
        alice
            .get(
                "/_matrix/client/unstable/uk.half-shot.msc2666/user/mutual_rooms"
                    + "?user_id=@bob:hearth.test&batch_token="
                    + first.path("next_batch").asText())
            .expect(200)
            .json();
    assertThat(unstable.path("joined")).isEqualTo(second.path("joined"));
  }

  @Test
  void whatIsNoQuestionAboutTwoIsRefused() {
    for (String parameters :
        List.of(
            "user_id=@alice:hearth.test",
            "user_id=bob",
            "user_id=@:hearth.test",
            "user_id=@b%20b:hearth.test",
            "user_id=@bob:hearth.test&from=!",
            "user_id=@bob:hearth.test&from=bm8")) {
      var answer = alice.get("/_matrix/client/v1/mutual_rooms?" + parameters).expect(400);
      assertThat(answer.errcode()).as(parameters).isEqualTo("M_INVALID_PARAM");
    }
    alice.get("/_matrix/client/v1/mutual_rooms?from=x").expect(400, "M_MISSING_PARAM");
  }
}
