package org.hearth.server.readers.search;

import static org.assertj.core.api.Assertions.assertThat;
import static org.hearth.server.readers.search.Searching.edit;
import static org.hearth.server.readers.search.Searching.found;
import static org.hearth.server.readers.search.Searching.join;
import static org.hearth.server.readers.search.Searching.leave;
import static org.hearth.server.readers.search.Searching.looking;
import static org.hearth.server.readers.search.Searching.message;
import static org.hearth.server.readers.search.Searching.next;
import static org.hearth.server.readers.search.Searching.open;
import static org.hearth.server.readers.search.Searching.path;
import static org.hearth.server.readers.search.Searching.post;
import static org.hearth.server.readers.search.Searching.redact;
import static org.hearth.server.readers.search.Searching.say;
import static org.hearth.server.readers.search.Searching.search;
import static org.hearth.server.readers.search.Searching.send;
import static org.hearth.server.readers.search.Searching.set;
import static org.hearth.server.readers.search.Searching.texts;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.atomic.AtomicInteger;
import org.hearth.server.StartFailedException;
import org.hearth.server.WholeServer;
import org.hearth.server.http.TestClient;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/// What users find in their rooms, on a whole server.
@Tag("long")
class SearchTest {
  private static final AtomicInteger USERS = new AtomicInteger();

  @TempDir static Path folder;
  private static WholeServer server;
  private TestClient alice;
  private TestClient bob;
  private String aliceId;
  private String room;

  @BeforeAll
  static void start() throws StartFailedException {
    server = new WholeServer(folder);
    server.start();
  }

  @AfterAll
  static void stop() {
    server.close();
  }

  /// Two users of each test's own, in one room.
  @BeforeEach
  void enter() {
    int number = USERS.incrementAndGet();
    aliceId = "@alice" + number + ":hearth.test";
    alice = server.register("alice" + number);
    bob = server.register("bob" + number);
    room = open(alice);
    join(bob, room);
  }

  // --- what is found

  @Test
  void findsWhatHasAllWordsWhateverTheirCase() {
    String both = say(alice, room, "The quick brown fox");
    say(alice, room, "a quick hare");

    assertThat(found(bob, "FOX quick")).containsExactly(both);
    assertThat(found(bob, "fox hare")).isEmpty();
    assertThat(found(bob, "qui")).isEmpty();
  }

  @Test
  void findsWordsWithoutTheirAccentsAndInScriptsWithoutSpaces() {
    String cafe = say(alice, room, "Un café à Orléans");
    String decomposed = say(alice, room, "Cafe\u0301 encore");
    String japanese = say(alice, room, "日本語の全文検索です");
    String chinese = say(alice, room, "今天天气很好");
    String thai = say(alice, room, "สวัสดีชาวโลก");
    String russian = say(alice, room, "Ёлка");

    assertThat(found(bob, "CAFE")).containsExactlyInAnyOrder(cafe, decomposed);
    assertThat(found(bob, "café orleans")).containsExactly(cafe);
    assertThat(found(bob, "検索")).containsExactly(japanese);
    assertThat(found(bob, "天气")).containsExactly(chinese);
    assertThat(found(bob, "ชาว")).containsExactly(thai);
    assertThat(found(bob, "елка")).containsExactly(russian);
  }

  @Test
  void findsNamesAndTopicsByTheirKeys() {
    String body = say(alice, room, "a garden");
    set(alice, room, "m.room.name", "{'name': 'Garden club'}");
    set(
        alice,
        room,
        "m.room.topic",
        "{'topic': 'All of gardening', 'm.topic': {'m.text': [{'mimetype': 'text/html', 'body':"
            + " '<b>markup</b>'}, {'body': 'every garden plain'}]}}");

    assertThat(found(bob, "garden")).hasSize(3).contains(body);
    JsonNode named = search(bob, withKeys("garden", "content.name")).at("/results/0/result");
    assertThat(named.path("type").asText()).isEqualTo("m.room.name");
    JsonNode topics = search(bob, withKeys("plain", "content.topic", "content.body"));
    assertThat(topics.at("/results/0/result/type").asText()).isEqualTo("m.room.topic");
    assertThat(found(search(bob, withKeys("gardening", "content.topic")))).hasSize(1);
    assertThat(found(bob, "markup")).isEmpty();
    assertThat(found(search(bob, withKeys("gardening", "content.body")))).isEmpty();
  }

  private static ObjectNode withKeys(String term, String... keys) {
    ObjectNode criteria = looking(term);
    List.of(keys).forEach(criteria.putArray("keys")::add);
    return criteria;
  }

  @Test
  void wordsBetweenQuotationMarksStandTogether() {
    String together = say(alice, room, "an apple tree grows");
    String apart = say(alice, room, "a tree without an apple");

    assertThat(found(bob, "\"apple tree\"")).containsExactly(together);
    assertThat(found(bob, "\"apple tree\" grows")).containsExactly(together);
    assertThat(found(bob, "\"apple tree")).containsExactlyInAnyOrder(together, apart);
  }

  @Test
  void whatLooksLikeAQueryIsWords() {
    String said = say(alice, room, "(a+)+$ and body:OR [x TO y] ~2 ^3 wild*");

    for (String term : List.of("(a+)+$", "body:OR", "[x TO y]", "wild*", "-said AND ^3")) {
      List<String> hits = found(bob, term);
      assertThat(hits).as(term).isEqualTo(term.startsWith("-") ? List.of() : List.of(said));
    }
    assertThat(found(bob, ".*")).isEmpty();
    assertThat(found(bob, "")).isEmpty();
    assertThat(found(bob, "\"\"\"")).isEmpty();
  }

  @Test
  void highlightsWordsAsTheyStandThere() {
    say(alice, room, "Crème brûlée");

    JsonNode answer = search(bob, looking("brulee creme"));

    assertThat(texts(answer.path("highlights"))).containsExactlyInAnyOrder("Crème", "brûlée");
    assertThat(answer.at("/results/0/rank").isNumber()).isTrue();
    assertThat(answer.path("count").asInt()).isEqualTo(1);
    assertThat(answer.has("next_batch")).isFalse();
  }

  // --- edits, redactions, encryption

  @Test
  void anEditedMessageIsFoundByItsNewestWordsOnly() {
    String event = say(alice, room, "pelican");
    edit(alice, room, event, "flamingo");
    assertThat(found(bob, "pelican")).isEmpty();

    String second = edit(alice, room, event, "heron");

    assertThat(found(bob, "flamingo")).isEmpty();
    JsonNode answer = search(bob, looking("heron"));
    assertThat(found(answer)).containsExactly(event);
    assertThat(answer.at("/results/0/result/unsigned/m.relations/m.replace/event_id").asText())
        .isEqualTo(second);
    assertThat(texts(answer.path("highlights"))).containsExactly("heron");
  }

  @Test
  void anothersEditOfAMessageIsNone() {
    String event = say(alice, room, "walrus");

    edit(bob, room, event, "manatee");

    assertThat(found(bob, "walrus")).containsExactly(event);
    assertThat(found(bob, "manatee")).isEmpty();
  }

  @Test
  void anEditIsFoundBehindAnyNumberOfOthersThatAreNone() {
    String event = say(alice, room, "narwhal");
    edit(alice, room, event, "dugong");

    for (int i = 0; i < 101; i++) {
      edit(bob, room, event, "manatee");
    }

    assertThat(found(bob, "dugong")).containsExactly(event);
  }

  @Test
  void whatARedactedEditSaidIsGoneAndTheWordsBeforeAreBack() {
    String event = say(alice, room, "otter");
    String first = edit(alice, room, event, "beaver");
    String second = edit(alice, room, event, "badger");

    redact(alice, room, second);
    assertThat(found(bob, "badger")).isEmpty();
    assertThat(found(bob, "beaver")).containsExactly(event);

    redact(alice, room, first);
    assertThat(found(bob, "beaver")).isEmpty();
    assertThat(found(bob, "otter")).containsExactly(event);
  }

  @Test
  void aRedactedMessageIsNotFoundByAnyOfItsWords() {
    String plain = say(alice, room, "secret plan");
    String edited = say(alice, room, "secret agent");
    edit(alice, room, edited, "secret formula");

    redact(alice, room, plain);
    redact(alice, room, edited);

    JsonNode answer = search(bob, looking("secret"));
    assertThat(found(answer)).isEmpty();
    assertThat(answer.path("count").asInt()).isZero();
    assertThat(found(bob, "formula")).isEmpty();
  }

  @Test
  void anEncryptedRoomHasNothingToBeFoundNotEvenFromBefore() {
    say(alice, room, "unicorn before");
    set(alice, room, "m.room.name", "{'name': 'unicorn name'}");
    assertThat(found(bob, "unicorn")).hasSize(2);

    set(alice, room, "m.room.encryption", "{'algorithm': 'm.megolm.v1.aes-sha2'}");
    say(alice, room, "unicorn after");

    assertThat(found(bob, "unicorn")).isEmpty();
  }

  @Test
  void whatIsFoundIsToldWithWhatRelatesToIt() {
    String event = say(alice, room, "walrus");
    ObjectNode reply = Searching.message("a reply");
    reply.putObject("m.relates_to").put("rel_type", "m.thread").put("event_id", event);
    String replied = Searching.send(bob, room, reply);

    JsonNode result = search(alice, looking("walrus")).at("/results/0/result");

    assertThat(result.at("/unsigned/m.relations/m.thread/latest_event/event_id").asText())
        .isEqualTo(replied);
  }

  // --- who may see what

  @Test
  void whoWasNeverInTheRoomFindsNothing() {
    say(alice, room, "zebra");
    TestClient stranger = server.register("stranger" + USERS.get());

    assertThat(found(stranger, "zebra")).isEmpty();
  }

  @Test
  void whoHasLeftFindsWhatWasSaidBefore() {
    String before = say(alice, room, "giraffe before");
    String edited = say(alice, room, "giraffe edited");
    leave(bob, room);
    say(alice, room, "giraffe after");
    edit(alice, room, edited, "giraffe later");

    JsonNode answer = search(bob, looking("giraffe"));

    assertThat(found(answer)).containsExactly(before);
    assertThat(answer.path("count").asInt()).isEqualTo(1);
    assertThat(found(alice, "giraffe")).hasSize(3);
    bob.post(path(room) + "/forget", "{}").expect(200);
    assertThat(found(bob, "giraffe")).isEmpty();
  }

  @Test
  void whatIsFromBeforeOnesTimeIsNeitherFoundNorCounted() {
    set(alice, room, "m.room.history_visibility", "{'history_visibility': 'joined'}");
    for (int i = 0; i < 5; i++) {
      say(alice, room, "lion hidden " + i);
    }
    TestClient late = server.register("late" + USERS.get());
    join(late, room);
    String first = say(alice, room, "lion seen");
    String second = say(alice, room, "lion seen, too");

    ObjectNode criteria = looking("lion").put("order_by", "recent");
    assertThat(found(search(late, criteria))).containsExactly(second, first);
    // A page that ends before the hidden ones must not count them.
    criteria.putObject("filter").put("limit", 1);
    JsonNode page = search(late, criteria);
    assertThat(found(page)).containsExactly(second);
    assertThat(page.path("count").asInt()).isLessThanOrEqualTo(2);
  }

  @Test
  void whoIsInvitedOnlyIsNotToldHowOftenAWordWasSaid() {
    for (int i = 0; i < 5; i++) {
      say(alice, room, "ocelot " + i);
    }
    TestClient invited = server.register("invited" + USERS.get());
    String id = invited.get(Searching.V3 + "/account/whoami").text("user_id");
    alice.post(path(room) + "/invite", "{'user_id': '" + id + "'}").expect(200);
    String own = open(invited);
    String first = say(invited, own, "ocelot");
    String second = say(invited, own, "ocelot");

    ObjectNode criteria = looking("ocelot").put("order_by", "recent");
    criteria.putObject("filter").put("limit", 1);
    JsonNode page = search(invited, criteria);
    assertThat(found(page)).containsExactly(second);
    assertThat(page.path("count").asInt()).isEqualTo(2);
    JsonNode next = next(invited, criteria, page.path("next_batch").asText());
    assertThat(found(next)).containsExactly(first);
    assertThat(next.path("count").asInt()).isEqualTo(2);
  }

  /// Else who says a word sees by its rank whether others have said it.
  @Test
  void theRankOfAMessageDoesNotDependOnWhatOthersSaidElsewhere() {
    TestClient curious = server.register("curious" + USERS.get());
    say(curious, open(curious), "platypus");
    double before = search(curious, looking("platypus")).at("/results/0/rank").asDouble();
    for (int i = 0; i < 20; i++) {
      say(alice, room, "platypus and many words more, the more the better " + i);
    }

    assertThat(found(alice, "platypus")).hasSize(10);
    assertThat(search(curious, looking("platypus")).at("/results/0/rank").asDouble())
        .isEqualTo(before)
        .isPositive();
  }

  @Test
  void messagesOfIgnoredUsersAreNotFound() {
    say(alice, room, "crocodile");
    bob.put(
            Searching.V3
                + "/user/"
                + TestClient.encoded(bob.get(Searching.V3 + "/account/whoami").text("user_id"))
                + "/account_data/m.ignored_user_list",
            "{'ignored_users': {'" + aliceId + "': {}}}")
        .expect(200);

    assertThat(found(bob, "crocodile")).isEmpty();
    assertThat(found(alice, "crocodile")).hasSize(1);
  }

  @Test
  void aRoomThatIsNamedBringsItsPredecessors() {
    String old = say(alice, room, "hedgehog old");
    String elsewhere = open(alice);
    say(alice, elsewhere, "hedgehog elsewhere");
    String upgraded =
        alice
            .post(path(room) + "/upgrade", "{'new_version': '11'}")
            .expect(200)
            .text("replacement_room");
    String young = say(alice, upgraded, "hedgehog young");

    ObjectNode criteria = looking("hedgehog").put("order_by", "recent");
    criteria.putObject("filter").putArray("rooms").add(upgraded);
    assertThat(found(search(alice, criteria))).containsExactly(young, old);

    criteria.withObjectProperty("filter").putArray("not_rooms").add(room);
    assertThat(found(search(alice, criteria))).containsExactly(young);
  }

  // --- filters, order, pages, groups

  @Test
  void filtersHoldForResults() {
    String ofAlice = say(alice, room, "walnut");
    String ofBob = say(bob, room, "walnut");
    ObjectNode image = message("walnut").put("msgtype", "m.image").put("url", "mxc://x/y");
    String withUrl = send(alice, room, image);
    String other = open(alice);
    String elsewhere = say(alice, other, "walnut");

    assertThat(filtered("senders", "['" + aliceId + "']"))
        .containsExactlyInAnyOrder(ofAlice, withUrl, elsewhere);
    assertThat(filtered("not_senders", "['" + aliceId + "']")).containsExactly(ofBob);
    assertThat(filtered("rooms", "['" + other + "']")).containsExactly(elsewhere);
    assertThat(filtered("not_rooms", "['" + other + "']"))
        .containsExactlyInAnyOrder(ofAlice, ofBob, withUrl);
    assertThat(filtered("contains_url", "true")).containsExactly(withUrl);
    assertThat(filtered("contains_url", "false"))
        .containsExactlyInAnyOrder(ofAlice, ofBob, elsewhere);
    assertThat(filtered("types", "['m.room.name']")).isEmpty();
    assertThat(filtered("not_types", "['m.room.*']")).isEmpty();
    assertThat(filtered("limit", "1")).hasSize(1);
  }

  private List<String> filtered(String name, String value) {
    return found(
        alice
            .post(
                Searching.V3 + "/search",
                "{'search_categories': {'room_events': {'search_term': 'walnut', 'filter': {'%s': %s}}}}"
                    .formatted(name, value))
            .expect(200)
            .at("/search_categories/room_events"));
  }

  @Test
  void ordersByRankOrByTime() {
    String dense = say(alice, room, "kiwi kiwi kiwi");
    String thin = say(alice, room, "one kiwi among a great many other words");

    assertThat(found(bob, "kiwi")).containsExactly(dense, thin);
    assertThat(found(search(bob, looking("kiwi").put("order_by", "recent"))))
        .containsExactly(thin, dense);
    JsonNode ranked = search(bob, looking("kiwi")).path("results");
    assertThat(ranked.at("/0/rank").asDouble()).isGreaterThan(ranked.at("/1/rank").asDouble());
  }

  @Test
  void pagesGoThroughAllResultsOnceInEitherOrder() {
    List<String> said = new ArrayList<>();
    for (int i = 0; i < 45; i++) {
      said.add(say(i % 2 == 0 ? alice : bob, room, "mango number " + i));
    }
    for (String order : List.of("recent", "rank")) {
      ObjectNode criteria = looking("mango").put("order_by", order);
      criteria.putObject("filter").put("limit", 10);
      List<String> all = new ArrayList<>();
      JsonNode page = search(bob, criteria);
      all.addAll(found(page));
      assertThat(page.path("count").asInt()).isEqualTo(45);
      while (page.has("next_batch")) {
        page = next(bob, criteria, page.path("next_batch").asText());
        all.addAll(found(page));
      }
      assertThat(all).as(order).doesNotHaveDuplicates().containsExactlyInAnyOrderElementsOf(said);
      if (order.equals("recent")) {
        assertThat(all.reversed()).isEqualTo(said);
      }
    }
  }

  @Test
  void groupsArePagedByThemselves() {
    String other = open(alice);
    List<String> there = new ArrayList<>();
    for (int i = 0; i < 6; i++) {
      say(alice, room, "papaya " + i);
      there.add(say(alice, other, "papaya " + i));
    }
    ObjectNode criteria = looking("papaya").put("order_by", "recent");
    criteria.putObject("filter").put("limit", 4);
    criteria.putObject("groupings").putArray("group_by").addObject().put("key", "room_id");
    criteria
        .withObjectProperty("groupings")
        .withArrayProperty("group_by")
        .addObject()
        .put("key", "sender");

    JsonNode page = search(alice, criteria);

    JsonNode group = page.path("groups").path("room_id").path(other);
    assertThat(group.path("order").asInt()).isZero();
    assertThat(texts(group.path("results"))).containsExactly(there.get(5), there.get(4));
    assertThat(texts(page.path("groups").path("sender").path(aliceId).path("results")))
        .isEqualTo(found(page));
    List<String> rest = new ArrayList<>();
    String token = group.path("next_batch").asText();
    while (!token.isEmpty()) {
      page = next(alice, criteria, token);
      rest.addAll(found(page));
      token = page.path("next_batch").asText();
    }
    assertThat(rest).containsExactly(there.get(3), there.get(2), there.get(1), there.get(0));
  }

  // --- what is told with results

  @Test
  void contextHasWhatIsAroundWithTokensToGoOn() {
    List<String> said = new ArrayList<>();
    for (int i = 0; i < 9; i++) {
      said.add(say(alice, room, i == 4 ? "the needle" : "hay " + i));
    }
    ObjectNode criteria = looking("needle");
    criteria
        .putObject("event_context")
        .put("before_limit", 2)
        .put("after_limit", 1)
        .put("include_profile", true);

    JsonNode context = search(bob, criteria).at("/results/0/context");

    assertThat(ids(context.path("events_before"))).containsExactly(said.get(3), said.get(2));
    assertThat(ids(context.path("events_after"))).containsExactly(said.get(5));
    assertThat(context.at("/profile_info").path(aliceId).path("displayname").asText())
        .startsWith("alice");
    JsonNode before =
        bob.get(path(room) + "/messages?dir=b&limit=1&from=" + context.path("start").asText())
            .expect(200)
            .json();
    assertThat(ids(before.path("chunk"))).containsExactly(said.get(1));
    JsonNode after =
        bob.get(path(room) + "/messages?dir=f&limit=1&from=" + context.path("end").asText())
            .expect(200)
            .json();
    assertThat(ids(after.path("chunk"))).containsExactly(said.get(6));
    assertThat(search(bob, looking("needle")).at("/results/0").has("context")).isFalse();
  }

  private static List<String> ids(JsonNode events) {
    List<String> ids = new ArrayList<>();
    events.forEach(each -> ids.add(each.path("event_id").asText()));
    return ids;
  }

  @Test
  void stateOfTheRoomsIsToldOnDemand() {
    set(alice, room, "m.room.name", "{'name': 'Then'}");
    say(alice, room, "needle");
    leave(bob, room);
    set(alice, room, "m.room.name", "{'name': 'Now'}");

    JsonNode ofBob = search(bob, looking("needle").put("include_state", true)).path("state");
    JsonNode ofAlice = search(alice, looking("needle").put("include_state", true)).path("state");

    assertThat(ofBob.path(room).findValuesAsText("name")).containsExactly("Then");
    assertThat(ofAlice.path(room).findValuesAsText("name")).containsExactly("Now");
    assertThat(search(alice, looking("needle")).has("state")).isFalse();
  }

  // --- what is refused

  @Test
  void aLongTermIsRefusedAndAnUnknownCategoryAnsweredWithNothing() {
    post(alice, looking("x".repeat(1_000_000)), "").expect(400, "M_INVALID_PARAM");
    post(alice, looking("x ".repeat(900)), "").expect(200);
    StringBuilder many = new StringBuilder();
    for (int i = 0; i < 100; i++) {
      many.append('w').append(i).append(' ');
    }
    post(alice, looking(many.toString()), "").expect(400, "M_INVALID_PARAM");
    JsonNode answer =
        alice
            .post(Searching.V3 + "/search", "{'search_categories': {'rooms': {}}}")
            .expect(200)
            .json();
    assertThat(answer.path("search_categories").isObject()).isTrue();
    assertThat(answer.path("search_categories")).isEmpty();
  }

  @Test
  void guestsDoNotSearch() {
    TestClient guest =
        server
            .client()
            .as(
                server
                    .client()
                    .post(Searching.V3 + "/register?kind=guest", "{}")
                    .expect(200)
                    .text("access_token"));

    post(guest, looking("x"), "").expect(403, "M_GUEST_ACCESS_FORBIDDEN");
  }
}
