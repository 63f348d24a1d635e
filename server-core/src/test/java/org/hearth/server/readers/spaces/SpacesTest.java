package org.hearth.server.readers.spaces;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import java.util.ArrayList;
import java.util.List;
import org.hearth.server.http.TestClient;
import org.hearth.server.matrix.event.EventTypes;
import org.hearth.server.matrix.id.RoomId;
import org.hearth.server.outbound.WithSignedPeer;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/// Spaces whose rooms are here: who is told what of them.
class SpacesTest extends WithSignedPeer {
  private TestClient bob;

  @BeforeEach
  void register() {
    bob = server.register("bob");
  }

  private String make(String name, String more) {
    return alice
        .post("/_matrix/client/v3/createRoom", "{'name':'%s'%s}".formatted(name, more))
        .expect(200)
        .text("room_id");
  }

  private String room(String name, String preset) {
    return make(name, ",'preset':'" + preset + "'");
  }

  private String space(String name) {
    return make(name, ",'preset':'public_chat','creation_content':{'type':'m.space'}");
  }

  private void set(String room, String type, String key, String content) {
    alice
        .put(
            "/_matrix/client/v3/rooms/%s/state/%s/%s".formatted(encoded(room), type, encoded(key)),
            content)
        .expect(200);
  }

  private void child(String space, String room) {
    set(space, "m.space.child", room, "{'via':['hearth.test']}");
  }

  private static TestClient.Answer hierarchy(TestClient who, String space, String query) {
    return who.get("/_matrix/client/v1/rooms/" + encoded(space) + "/hierarchy" + query);
  }

  private static List<String> names(TestClient.Answer answer) {
    List<String> names = new ArrayList<>();
    answer.expect(200).at("/rooms").forEach(each -> names.add(each.path("name").asText()));
    return names;
  }

  private static TestClient.Answer summary(TestClient who, String room) {
    return who.get("/_matrix/client/v1/room_summary/" + encoded(room));
  }

  @Test
  void roomsAreToldInTheirOrderEachSpaceBeforeWhatIsInIt() {
    String top = space("Top");
    String last = room("Last", "public_chat");
    String inner = space("Inner");
    String deep = room("Deep", "public_chat");
    child(top, last);
    set(top, "m.space.child", inner, "{'via':['hearth.test'],'order':'a'}");
    child(inner, deep);

    TestClient.Answer answer = hierarchy(bob, top, "");

    assertThat(names(answer)).containsExactly("Top", "Inner", "Deep", "Last");
    JsonNode told = answer.at("/rooms/0");
    assertThat(told.path("room_type").asText()).isEqualTo("m.space");
    assertThat(told.path("join_rule").asText()).isEqualTo("public");
    assertThat(told.path("num_joined_members").asInt()).isEqualTo(1);
    assertThat(told.path("room_version").asText()).isNotEmpty();
    assertThat(told.path("children_state")).hasSize(2);
    JsonNode child = told.path("children_state").path(0);
    assertThat(child.path("state_key").asText()).isEqualTo(inner);
    assertThat(child.path("sender").asText()).isEqualTo("@alice:hearth.test");
    assertThat(child.path("origin_server_ts").isIntegralNumber()).isTrue();
    assertThat(child.at("/content/order").asText()).isEqualTo("a");
    assertThat(answer.at("/rooms/3/children_state")).isEmpty();
    assertThat(answer.at("/next_batch").isMissingNode()).isTrue();
    assertThat(names(hierarchy(bob, top, "?max_depth=1"))).containsExactly("Top", "Inner", "Last");
    assertThat(names(hierarchy(bob, top, "?max_depth=0"))).containsExactly("Top");
  }

  @Test
  void whoWantsSuggestedRoomsIsToldOfNoOthers() {
    String top = space("Top");
    String plain = room("Plain", "public_chat");
    String suggested = room("Suggested", "public_chat");
    child(top, plain);
    set(top, "m.space.child", suggested, "{'via':['hearth.test'],'suggested':true}");

    TestClient.Answer answer = hierarchy(bob, top, "?suggested_only=true");

    assertThat(names(answer)).containsExactly("Top", "Suggested");
    assertThat(answer.at("/rooms/0/children_state")).hasSize(1);
  }

  @Test
  void aChildWithoutServersIsNone() {
    String top = space("Top");
    String gone = room("Gone", "public_chat");
    child(top, gone);
    set(top, "m.space.child", gone, "{}");
    set(top, "m.space.child", "nonsense", "{'via':['hearth.test']}");
    set(top, "m.space.child", "!x:hearth.test", "{'via':'hearth.test'}");
    set(top, "m.space.child", "!y:hearth.test", "{'via':[7,null,'no server']}");

    TestClient.Answer answer = hierarchy(bob, top, "");

    assertThat(names(answer)).containsExactly("Top");
    assertThat(answer.at("/rooms/0/children_state")).isEmpty();
  }

  /// Row 111.
  @Test
  void spacesInCirclesAreToldOnce() {
    String one = space("One");
    String other = space("Other");
    child(one, other);
    child(other, one);
    child(other, other);

    assertThat(names(hierarchy(bob, one, ""))).containsExactly("One", "Other");
  }

  /// Row 111: as far as the bound goes, page by page.
  @Test
  void ofASpaceWithManyChildrenEachPageIsShort() {
    String top = space("Top");
    String shown = room("Shown", "public_chat");
    for (int i = 0; i < 120; i++) {
      set(top, "m.space.child", "!none%d:hearth.test".formatted(i), "{'via':['hearth.test']}");
    }
    child(top, shown);

    List<String> all = new ArrayList<>();
    String query = "?limit=1";
    String from = "";
    int pages = 0;
    do {
      TestClient.Answer page = hierarchy(bob, top, query + from);
      all.addAll(names(page));
      assertThat(page.at("/rooms").size()).isLessThanOrEqualTo(1);
      String next = page.json().path("next_batch").asText("");
      from = next.isEmpty() ? "" : "&from=" + next;
      pages++;
    } while (!from.isEmpty() && pages < 10);

    assertThat(all).containsExactly("Top", "Shown");
  }

  @Test
  void aTokenIsOfOneWalkOfOneUser() {
    String top = space("Top");
    child(top, room("One", "public_chat"));
    child(top, room("Two", "public_chat"));
    String token = hierarchy(bob, top, "?limit=1").expect(200).text("next_batch");

    assertThat(names(hierarchy(bob, top, "?limit=1&from=" + token))).containsExactly("One");
    assertThat(names(hierarchy(bob, top, "?limit=1&from=" + token)))
        .as("it can be shown again")
        .containsExactly("One");
    hierarchy(bob, top, "?max_depth=1&from=" + token).expect(400, "M_INVALID_PARAM");
    hierarchy(bob, top, "?suggested_only=true&from=" + token).expect(400, "M_INVALID_PARAM");
    hierarchy(alice, top, "?from=" + token).expect(400, "M_INVALID_PARAM");
    hierarchy(bob, space("Another"), "?from=" + token).expect(400, "M_INVALID_PARAM");
    hierarchy(bob, top, "?from=nonsense").expect(400, "M_INVALID_PARAM");
    hierarchy(bob, top, "?limit=0").expect(400, "M_INVALID_PARAM");
    hierarchy(bob, top, "?max_depth=-1").expect(400, "M_INVALID_PARAM");
    hierarchy(server.client(), top, "").expect(401, "M_MISSING_TOKEN");
  }

  /// Row 39: a room that one may not join is told of like one that there is not.
  @ParameterizedTest
  @CsvSource({
    "public, shared, true",
    "knock, shared, true",
    "knock_restricted, shared, true",
    "invite, shared, false",
    "private, shared, false",
    "restricted, shared, false",
    "invite, world_readable, true",
  })
  void whoIsNotInARoomIsToldOfItIfItIsOpen(String rule, String visibility, boolean told) {
    String top = space("Top");
    String inner = room("Inner", "private_chat");
    child(top, inner);
    set(inner, "m.room.join_rules", "", "{'join_rule':'%s'}".formatted(rule));
    set(
        inner,
        "m.room.history_visibility",
        "",
        "{'history_visibility':'%s'}".formatted(visibility));

    assertThat(names(hierarchy(alice, top, ""))).containsExactly("Top", "Inner");
    assertThat(names(hierarchy(bob, top, "")).contains("Inner")).isEqualTo(told);
    if (told) {
      summary(bob, inner).expect(200);
    } else {
      summary(bob, inner).expect(404, "M_NOT_FOUND");
      hierarchy(bob, inner, "").expect(403, "M_FORBIDDEN");
    }
    hierarchy(bob, "!none:hearth.test", "").expect(403, "M_FORBIDDEN");
    summary(bob, "!none:hearth.test").expect(404, "M_NOT_FOUND");
  }

  @Test
  void aRestrictedRoomIsToldToMembersOfWhatItNames() {
    String top = space("Top");
    String inner = room("Inner", "private_chat");
    child(top, inner);
    set(
        inner,
        "m.room.join_rules",
        "",
        "{'join_rule':'restricted','allow':[{'type':'m.room_membership','room_id':'%s'}]}"
            .formatted(top));

    assertThat(names(hierarchy(bob, top, ""))).containsExactly("Top");
    bob.post("/_matrix/client/v3/join/" + encoded(top), "{}").expect(200);
    TestClient.Answer answer = hierarchy(bob, top, "");
    assertThat(names(answer)).containsExactly("Top", "Inner");
    assertThat(answer.at("/rooms/1/allowed_room_ids/0").asText()).isEqualTo(top);
  }

  @Test
  void whoIsInvitedIsToldAndWhoIsBannedIsNot() {
    String room = room("Room", "private_chat");
    String path = "/_matrix/client/v3/rooms/" + encoded(room);
    summary(bob, room).expect(404, "M_NOT_FOUND");

    alice.post(path + "/invite", "{'user_id':'@bob:hearth.test'}").expect(200);
    assertThat(summary(bob, room).expect(200).text("membership")).isEqualTo("invite");

    set(room, "m.room.join_rules", "", "{'join_rule':'public'}");
    alice.post(path + "/ban", "{'user_id':'@bob:hearth.test'}").expect(200);
    summary(bob, room).expect(404, "M_NOT_FOUND");
  }

  @Test
  void aSummaryIsFoundByIdAndByAliasAndByItsOldNames() {
    String room = make("Room", ",'preset':'public_chat','room_alias_name':'room','topic':'Tea'");
    set(room, "m.room.encryption", "", "{'algorithm':'m.megolm.v1.aes-sha2'}");

    JsonNode told = summary(bob, room).expect(200).json();

    assertThat(told.path("room_id").asText()).isEqualTo(room);
    assertThat(told.path("name").asText()).isEqualTo("Room");
    assertThat(told.path("encryption").asText()).isEqualTo("m.megolm.v1.aes-sha2");
    assertThat(told.has("membership")).isFalse();
    assertThat(told.has("children_state")).isFalse();
    String unstable = "/_matrix/client/unstable/im.nheko.summary";
    assertThat(summary(bob, "#room:hearth.test").expect(200).json()).isEqualTo(told);
    assertThat(bob.get(unstable + "/summary/" + encoded(room)).expect(200).json()).isEqualTo(told);
    assertThat(bob.get(unstable + "/rooms/" + encoded(room) + "/summary").expect(200).json())
        .isEqualTo(told);
    assertThat(summary(alice, room).expect(200).text("membership")).isEqualTo("join");
    summary(bob, "#none:hearth.test").expect(404, "M_NOT_FOUND");
    summary(bob, "nonsense").expect(400, "M_INVALID_PARAM");
    summary(server.client(), room).expect(401, "M_MISSING_TOKEN");
  }

  // --- for other servers

  private TestClient.Answer forServer(String name, String space) {
    return server.peer(name).get("/_matrix/federation/v1/hierarchy/" + encoded(space));
  }

  @Test
  void anotherServerIsToldOfASpaceAndOfWhatItMayJoinInIt() {
    String top = space("Top");
    String open = room("Open", "public_chat");
    String closed = room("Closed", "private_chat");
    child(top, open);
    child(top, closed);
    child(top, "!unknown:hearth.test");

    TestClient.Answer answer = forServer("third.test", top).expect(200);

    assertThat(answer.at("/room/name").asText()).isEqualTo("Top");
    assertThat(answer.at("/room/children_state")).hasSize(3);
    assertThat(answer.at("/children")).hasSize(1);
    assertThat(answer.at("/children/0/name").asText()).isEqualTo("Open");
    assertThat(answer.at("/inaccessible_children")).hasSize(1);
    assertThat(answer.at("/inaccessible_children/0").asText()).isEqualTo(closed);
    forServer("third.test", closed).expect(404, "M_NOT_FOUND");
    forServer("third.test", "!unknown:hearth.test").expect(404, "M_NOT_FOUND");
    server.client().get("/_matrix/federation/v1/hierarchy/" + encoded(top)).expect(401);
  }

  @Test
  void aServerThatIsInARoomOrInvitedIsToldOfIt() {
    String room = room("Room", "private_chat");
    RoomId id = RoomId.parse(room);
    forServer("third.test", room).expect(404, "M_NOT_FOUND");

    server.does(
        id,
        "@alice:hearth.test",
        EventTypes.MEMBER,
        "@carol:third.test",
        "{'membership':'invite'}");
    forServer("third.test", room).expect(200);
    server.membership(id, "@carol:third.test", "join");
    forServer("third.test", room).expect(200);

    server.membership(id, "@carol:third.test", "leave");
    forServer("third.test", room).expect(404, "M_NOT_FOUND");
  }

  @Test
  void aServerThatTheRoomShutsOutIsToldNothing() {
    String room = room("Room", "public_chat");
    forServer("third.test", room).expect(200);

    set(room, "m.room.server_acl", "", "{'allow':['*'],'deny':['third.test']}");

    forServer("third.test", room).expect(404, "M_NOT_FOUND");
  }

  /// Row 35.
  @Test
  void aRoomThatNobodyOfThisServerIsInTellsNothing() {
    String room = room("Room", "public_chat");
    server.membership(RoomId.parse(room), "@carol:third.test", "join");

    alice.post("/_matrix/client/v3/rooms/" + encoded(room) + "/leave", "{}").expect(200);

    forServer("third.test", room).expect(404, "M_NOT_FOUND");
  }
}
