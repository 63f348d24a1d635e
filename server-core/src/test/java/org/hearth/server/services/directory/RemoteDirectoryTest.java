package org.hearth.server.services.directory;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import java.util.ArrayList;
import java.util.List;
import org.hearth.server.http.TestClient;
import org.hearth.server.outbound.SignedPeer.Said;
import org.hearth.server.outbound.WithSignedPeer;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/// Aliases and published rooms of other servers.
class RemoteDirectoryTest extends WithSignedPeer {
  private static final String QUERY = "/_matrix/federation/v1/query/directory";
  private static final String THEIR_ROOMS = "/_matrix/federation/v1/publicRooms";
  private static final String PUBLIC_ROOMS = "/_matrix/client/v3/publicRooms";

  private TestClient.Answer resolve(TestClient who) {
    return who.get("/_matrix/client/v3/directory/room/" + encoded(alias()));
  }

  private String alias() {
    return "#kitchen:" + peer.name();
  }

  private static List<String> texts(JsonNode array) {
    List<String> texts = new ArrayList<>();
    array.forEach(each -> texts.add(each.asText()));
    return texts;
  }

  // --- aliases

  @Test
  void anAliasIsAskedOfItsServerOnce() {
    peer.on(
        QUERY,
        _ -> Said.ok("{'room_id':'!r:peer.test','servers':['one.test','other.test','one.test']}"));

    TestClient.Answer answer = resolve(server.client()).expect(200);

    assertThat(answer.text("room_id")).isEqualTo("!r:peer.test");
    assertThat(texts(answer.at("/servers")))
        .containsExactly("one.test", "other.test", peer.name().value());
    resolve(alice).expect(200);
    assertThat(peer.asked(QUERY))
        .singleElement()
        .satisfies(
            each -> assertThat(each.target()).isEqualTo(QUERY + "?room_alias=" + encoded(alias())));
  }

  /// An alias may have moved, as it does when its room is upgraded: who joins goes where it leads.
  @Test
  void whoJoinsByAnAliasIsLedToWhereItLeadsNow() {
    String join = "/_matrix/client/v3/join/" + encoded(alias());
    peer.says(QUERY, "{'room_id':'!old:peer.test','servers':[]}");
    resolve(alice).expect(200);
    peer.says(QUERY, "{'room_id':'!new:peer.test','servers':[]}");

    var _ = alice.post(join, "{}");

    assertThat(peer.asked("/_matrix/federation/v1/make_join/"))
        .singleElement()
        .satisfies(each ->
            assertThat(each.target()).contains("/make_join/" + encoded("!new:peer.test") + "/"));
    assertThat(peer.asked(QUERY)).hasSize(2);
  }

  /// A server that did not say is not asked with each attempt.
  @Test
  void aServerThatDidNotSayIsNotAskedAgainAtOnce() {
    String join = "/_matrix/client/v3/join/" + encoded(alias());
    peer.on(QUERY, _ -> Said.ok("{}"));

    alice.post(join, "{}").expect(502);
    alice.post(join, "{}").expect(502);

    assertThat(peer.asked(QUERY)).hasSize(1);
  }

  @Test
  void anAliasThatItsServerDoesNotKnowIsNotThere() {
    resolve(alice).expect(404, "M_NOT_FOUND");
    resolve(alice).expect(404, "M_NOT_FOUND");

    assertThat(peer.asked(QUERY)).hasSize(1);
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "{}",
        "{'room_id':null,'servers':[]}",
        "{'room_id':['!r:peer.test'],'servers':[]}",
        "{'room_id':'nonsense','servers':[]}",
        "{'room_id':'#kitchen:peer.test','servers':[]}"
      })
  void anAnswerWithoutARoomIsNoAnswer(String said) {
    peer.on(QUERY, _ -> Said.ok(said));

    resolve(alice).expect(502, "M_UNKNOWN");
  }

  @Test
  void serversThatAreNoneAreLeftOut() {
    peer.on(
        QUERY,
        _ ->
            Said.ok(
                "{'room_id':'!r:peer.test','servers':[null,7,{},'ok.test','../etc','a b','x:99999999']}"));

    assertThat(texts(resolve(alice).expect(200).at("/servers")))
        .containsExactly("ok.test", peer.name().value());
  }

  @Test
  void ofThousandsOfServersFewAreTold() {
    StringBuilder servers = new StringBuilder("'s0.test'");
    for (int i = 1; i < 4_000; i++) {
      servers.append(",'s").append(i).append(".test'");
    }
    peer.on(QUERY, _ -> Said.ok("{'room_id':'!r:peer.test','servers':[" + servers + "]}"));

    assertThat(resolve(alice).expect(200).at("/servers"))
        .hasSize(DirectoryService.MOST_SERVERS + 1);
  }

  /// Row 69: who is told so by the own server logs out and loses the keys.
  @Test
  void whatAnotherServerSaysOfTokensIsNotRelayed() {
    peer.on("/_matrix/federation", _ -> new Said(401, "{\"errcode\":\"M_UNKNOWN_TOKEN\"}"));

    resolve(alice).expect(502, "M_UNKNOWN");
    alice.get(PUBLIC_ROOMS + "?server=" + peer.name()).expect(502, "M_UNKNOWN");
  }

  @Test
  void anAliasOfAnotherServerCanBeARoomsMainOne() {
    String room = alice.post("/_matrix/client/v3/createRoom", "{}").expect(200).text("room_id");
    String state = "/_matrix/client/v3/rooms/" + encoded(room) + "/state/m.room.canonical_alias/";
    String content = "{'alias':'" + alias() + "'}";
    peer.on(QUERY, _ -> Said.ok("{'room_id':'!another:peer.test','servers':[]}"));
    alice.put(state, content).expect(400, "M_BAD_ALIAS");

    peer.on(QUERY, _ -> Said.ok("{'room_id':'" + room + "','servers':[]}"));
    alice.put(state, "{'alias':'#other:" + peer.name() + "'}").expect(200);
  }

  @Test
  void ofMoreAliasesOfOtherServersThanAFewNoneIsAsked() {
    String room = alice.post("/_matrix/client/v3/createRoom", "{}").expect(200).text("room_id");
    peer.on(QUERY, _ -> Said.ok("{'room_id':'" + room + "','servers':[]}"));
    List<String> aliases = new ArrayList<>();
    for (int i = 0; i < 20; i++) {
      aliases.add("'#a%d:%s'".formatted(i, peer.name()));
    }

    alice
        .put(
            "/_matrix/client/v3/rooms/" + encoded(room) + "/state/m.room.canonical_alias/",
            "{'alt_aliases':[" + String.join(",", aliases) + "]}")
        .expect(400, "M_BAD_ALIAS");

    assertThat(peer.asked(QUERY).size()).isLessThanOrEqualTo(5);
  }

  @Test
  void anotherServerIsToldOfThisServersAliasesAlone() {
    peer.on(QUERY, _ -> Said.ok("{'room_id':'!r:peer.test','servers':[]}"));

    server
        .peer("third.test")
        .get(QUERY + "?room_alias=" + encoded(alias()))
        .expect(404, "M_NOT_FOUND");

    assertThat(peer.asked(QUERY)).isEmpty();
  }

  // --- published rooms

  @Test
  void publishedRoomsOfAnotherServerAreAskedOfItPageByPage() {
    peer.on(
        THEIR_ROOMS,
        _ ->
            Said.ok(
                "{'chunk':[{'room_id':'!r:peer.test','num_joined_members':3,'name':'Garden','world_readable':true,'guest_can_join':false,'join_rule':'knock'}],'next_batch':'n 1','total_room_count_estimate':9}"));

    TestClient.Answer page =
        alice.get(PUBLIC_ROOMS + "?server=" + peer.name() + "&limit=1&since=p%2F0").expect(200);

    assertThat(page.at("/chunk")).hasSize(1);
    assertThat(page.at("/chunk/0/name").asText()).isEqualTo("Garden");
    assertThat(page.at("/chunk/0/join_rule").asText()).isEqualTo("knock");
    assertThat(page.text("next_batch")).isEqualTo("n 1");
    assertThat(page.at("/total_room_count_estimate").asInt()).isEqualTo(9);
    assertThat(peer.asked(THEIR_ROOMS))
        .singleElement()
        .satisfies(each -> {
          assertThat(each.method()).isEqualTo("GET");
          assertThat(each.target()).isEqualTo(THEIR_ROOMS + "?limit=1&since=p%2F0");
        });
  }

  @Test
  void aFilterGoesAlong() {
    peer.on(THEIR_ROOMS, _ -> Said.ok("{'chunk':[]}"));

    alice
        .post(
            PUBLIC_ROOMS + "?server=" + peer.name(),
            "{'limit':5,'filter':{'generic_search_term':'tea','room_types':[null,'m.space']},'third_party_instance_id':'irc','other':1}")
        .expect(200);

    assertThat(peer.asked(THEIR_ROOMS))
        .singleElement()
        .satisfies(each -> {
          assertThat(each.method()).isEqualTo("POST");
          assertThat(each.body())
              .contains("\"generic_search_term\":\"tea\"", "\"limit\":5", "\"irc\"")
              .doesNotContain("other");
        });
  }

  @Test
  void whatARoomSaysWronglyIsLeftOut() {
    peer.on(
        THEIR_ROOMS,
        _ ->
            Said.ok(
                "{'chunk':[null,7,{'name':'nowhere'},{'room_id':'nonsense'},{'room_id':'!r:peer.test','num_joined_members':-4,'name':['x'],'topic':'%s','avatar_url':'https://spy.test/1','canonical_alias':'nonsense','world_readable':'yes','guest_can_join':null,'evil':{'a':1}}],'next_batch':7,'prev_batch':{},'total_room_count_estimate':'many'}"
                    .formatted("t".repeat(70_000))));

    TestClient.Answer page = alice.get(PUBLIC_ROOMS + "?server=" + peer.name()).expect(200);

    assertThat(page.at("/chunk")).hasSize(1);
    JsonNode room = page.at("/chunk/0");
    assertThat(room.path("topic").asText().length()).isLessThan(5_000);
    assertThat(room.path("num_joined_members").asInt()).isZero();
    assertThat(room.path("world_readable").isBoolean()).isTrue();
    assertThat(room.path("guest_can_join").isBoolean()).isTrue();
    assertThat(room.fieldNames())
        .toIterable()
        .doesNotContain("name", "avatar_url", "canonical_alias", "evil");
    assertThat(page.json().fieldNames()).toIterable().containsExactly("chunk");
  }

  @Test
  void moreRoomsThanWereAskedForAreLeftOut() {
    StringBuilder chunk = new StringBuilder("{'room_id':'!r:peer.test'}");
    for (int i = 0; i < 50; i++) {
      chunk.append(",{'room_id':'!r").append(i).append(":peer.test'}");
    }
    peer.on(THEIR_ROOMS, _ -> Said.ok("{'chunk':[" + chunk + "]}"));

    assertThat(alice.get(PUBLIC_ROOMS + "?limit=3&server=" + peer.name()).expect(200).at("/chunk"))
        .hasSize(3);
  }

  @Test
  void strangersDoNotMakeThisServerAskOthers() {
    server.client().get(PUBLIC_ROOMS + "?server=" + peer.name()).expect(401, "M_MISSING_TOKEN");

    assertThat(peer.asked(THEIR_ROOMS)).isEmpty();
  }

  @Test
  void aServerThatShowsNothingIsSaidToShowNothing() {
    peer.on(THEIR_ROOMS, _ -> new Said(403, "{\"errcode\":\"M_FORBIDDEN\",\"error\":\"secret\"}"));

    assertThat(
            alice
                .get(PUBLIC_ROOMS + "?server=" + peer.name())
                .expect(403, "M_FORBIDDEN")
                .text("error"))
        .doesNotContain("secret");
    alice.get(PUBLIC_ROOMS + "?server=not%20one").expect(400, "M_INVALID_PARAM");
  }
}
