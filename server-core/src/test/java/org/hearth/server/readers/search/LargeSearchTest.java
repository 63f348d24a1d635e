package org.hearth.server.readers.search;

import static org.assertj.core.api.Assertions.assertThat;
import static org.hearth.server.readers.search.Searching.V3;
import static org.hearth.server.readers.search.Searching.found;
import static org.hearth.server.readers.search.Searching.join;
import static org.hearth.server.readers.search.Searching.leave;
import static org.hearth.server.readers.search.Searching.looking;
import static org.hearth.server.readers.search.Searching.message;
import static org.hearth.server.readers.search.Searching.next;
import static org.hearth.server.readers.search.Searching.open;
import static org.hearth.server.readers.search.Searching.path;
import static org.hearth.server.readers.search.Searching.say;
import static org.hearth.server.readers.search.Searching.search;
import static org.hearth.server.readers.search.Searching.send;
import static org.hearth.server.readers.search.Searching.set;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.util.ArrayList;
import java.util.List;
import org.hearth.server.WholeServer;
import org.hearth.server.http.TestClient;
import org.junit.jupiter.api.Test;

/// What a search costs where what it finds is large.
@WholeServer.Started
class LargeSearchTest {
  private static final String LARGE = "x".repeat(60_000);

  private final WholeServer server;
  private final TestClient alice;
  private final String room;

  LargeSearchTest(WholeServer server) {
    this.server = server;
    alice = server.register("alice");
    room = open(alice);
  }

  /// Brackets take thirty times their length when they are read.
  @Test
  void aPageEndsWhenItTakesMuchMemory() {
    ArrayNode brackets = JsonNodeFactory.instance.arrayNode();
    for (int i = 0; i < 18_000; i++) {
      brackets.addObject();
    }
    List<String> said = new ArrayList<>();
    for (int i = 0; i < 12; i++) {
      said.add(send(alice, room, message("cassowary").set("x", brackets)));
    }
    ObjectNode criteria = looking("cassowary");
    criteria.putObject("filter").put("limit", 100);

    JsonNode page = search(alice, criteria);

    assertThat(found(page)).hasSizeBetween(1, 11);
    List<String> all = new ArrayList<>(found(page));
    while (page.has("next_batch")) {
      page = next(alice, criteria, page.path("next_batch").asText());
      all.addAll(found(page));
    }
    assertThat(all).containsExactlyInAnyOrderElementsOf(said);
  }

  /// What an ignored user said is not shown, but it was read.
  @Test
  void aPageEndsWhenMuchIsReadAroundItsResults() {
    TestClient mallory = server.register("mallory");
    join(mallory, room);
    alice
        .put(
            V3 + "/user/@alice:hearth.test/account_data/m.ignored_user_list",
            "{'ignored_users': {'@mallory:hearth.test': {}}}")
        .expect(200);
    List<String> said = new ArrayList<>();
    int most = SearchRoute.MOST_BYTES / LARGE.length() + 1;
    for (int i = 0; i < most; i++) {
      if (i % (most / 3) == 0) {
        said.add(say(alice, room, "needle"));
      }
      say(mallory, room, LARGE);
    }
    ObjectNode criteria = looking("needle");
    criteria.putObject("event_context");

    JsonNode page = search(alice, criteria);

    assertThat(found(page)).hasSizeLessThan(said.size());
    List<String> all = new ArrayList<>(found(page));
    while (page.has("next_batch")) {
      page = next(alice, criteria, page.path("next_batch").asText());
      all.addAll(found(page));
    }
    assertThat(all).containsExactlyInAnyOrderElementsOf(said);
  }

  /// A page that ended with what is there would tell that it is.
  @Test
  void whoWasOnlyInvitedIsNotToldThatThereIsMore() {
    for (int i = 0; i < SearchHits.MOST_LOOKED_AT + 100; i++) {
      say(alice, room, "ocelot");
    }
    TestClient bob = server.register("bob");
    alice.post(path(room) + "/invite", "{'user_id': '@bob:hearth.test'}").expect(200);

    assertThat(search(bob, looking("ocelot")).has("next_batch")).isFalse();
    leave(bob, room);
    assertThat(search(bob, looking("ocelot")).has("next_batch")).isFalse();
    join(bob, room);
    leave(bob, room);
    assertThat(found(search(bob, looking("ocelot")))).hasSize(10);
  }

  /// The results are told whole; whoever wants the state of a room that was left out asks there.
  @Test
  void stateOfFurtherRoomsIsLeftOutWhenThatOfTheFirstIsLarge() {
    String large = open(alice);
    int many = SearchRoute.MOST_BYTES / LARGE.length() + 1;
    for (int i = 0; i < many; i++) {
      set(alice, large, "com.example.large" + i, "{'x': '%s'}".formatted(LARGE));
    }
    String first = say(alice, room, "haystack");
    String second = say(alice, large, "haystack");
    ObjectNode criteria = looking("haystack").put("include_state", true).put("order_by", "recent");

    JsonNode both = search(alice, criteria);

    assertThat(found(both)).containsExactly(second, first);
    assertThat(both.path("state").path(large)).hasSizeGreaterThan(many);
    assertThat(both.path("state").has(room)).isFalse();
  }
}
