package org.hearth.server.readers.spaces;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayList;
import java.util.List;
import org.hearth.server.http.TestClient;
import org.hearth.server.outbound.SignedPeer.Said;
import org.hearth.server.outbound.WithSignedPeer;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/// Spaces of other servers, and rooms of theirs in spaces of this one.
class RemoteSpacesTest extends WithSignedPeer {
  private static final String ASK = "/_matrix/federation/v1/hierarchy/";

  private String top;

  @BeforeEach
  void makeASpace() {
    top =
        alice
            .post(
                "/_matrix/client/v3/createRoom",
                "{'name':'Top','preset':'public_chat','creation_content':{'type':'m.space'}}")
            .expect(200)
            .text("room_id");
  }

  private void child(String room) {
    alice
        .put(
            "/_matrix/client/v3/rooms/%s/state/m.space.child/%s"
                .formatted(encoded(top), encoded(room)),
            "{'via':['%s']}".formatted(peer.name()))
        .expect(200);
  }

  private String room(String id, String name, String more) {
    return "{'room_id':'%s','name':'%s','num_joined_members':2,'world_readable':false,'guest_can_join':false,'join_rule':'public'%s}"
        .formatted(id, name, more);
  }

  private String space(String id, String name, String... children) {
    List<String> events = new ArrayList<>();
    for (String each : children) {
      events.add(
          """
          {'type':'m.space.child','state_key':'%s','sender':'@carol:peer.test',\
          'origin_server_ts':1,'content':{'via':['%s']}}\
          """
              .formatted(each, peer.name()));
    }
    return room(
        id,
        name,
        ",'room_type':'m.space','children_state':[%s]".formatted(String.join(",", events)));
  }

  private void says(String id, String room, String children, String inaccessible) {
    peer.on(
        ASK + encoded(id),
        _ ->
            Said.ok(
                "{'room':%s,'children':[%s],'inaccessible_children':[%s]}"
                    .formatted(room, children, inaccessible)));
  }

  private List<String> names(String query) {
    List<String> names = new ArrayList<>();
    hierarchy(top, query)
        .expect(200)
        .at("/rooms")
        .forEach(each -> names.add(each.path("name").asText()));
    return names;
  }

  private TestClient.Answer hierarchy(String space, String query) {
    return alice.get("/_matrix/client/v1/rooms/" + encoded(space) + "/hierarchy" + query);
  }

  @Test
  void whatIsNotHereIsAskedOfWhomTheSpaceNames() {
    child("!inner:peer.test");
    says(
        "!inner:peer.test",
        space("!inner:peer.test", "Inner", "!a:peer.test", "!b:peer.test", "!c:peer.test"),
        room("!a:peer.test", "A", "")
            + ","
            + room("!b:peer.test", "B", "").replace("public", "invite"),
        "'!c:peer.test'");

    assertThat(names("")).containsExactly("Top", "Inner", "A");
    assertThat(names("")).containsExactly("Top", "Inner", "A");

    assertThat(peer.asked(ASK)).as("once, and not of what is told or closed").hasSize(1);
    assertThat(peer.asked(ASK).getFirst().target())
        .isEqualTo(ASK + encoded("!inner:peer.test") + "?suggested_only=false");
  }

  @Test
  void aSpaceInASpaceIsAskedForItsOwn() {
    child("!inner:peer.test");
    says(
        "!inner:peer.test",
        space("!inner:peer.test", "Inner", "!deep:peer.test"),
        room("!deep:peer.test", "Deep", ",'room_type':'m.space'"),
        "");
    says(
        "!deep:peer.test",
        space("!deep:peer.test", "Deep", "!inner:peer.test", "!a:peer.test"),
        room("!a:peer.test", "A", ""),
        "");

    assertThat(names("")).containsExactly("Top", "Inner", "Deep", "A");
    assertThat(names("?max_depth=2")).containsExactly("Top", "Inner", "Deep");
  }

  @Test
  void ofWhatIsHereNoOtherServerIsBelieved() {
    child("!inner:peer.test");
    String secret =
        alice
            .post("/_matrix/client/v3/createRoom", "{'name':'Secret'}")
            .expect(200)
            .text("room_id");
    says(
        "!inner:peer.test",
        space("!inner:peer.test", "Inner", secret),
        room(secret, "Fake", ""),
        "");

    assertThat(names("")).containsExactly("Top", "Inner", "Secret");
    TestClient bob = server.register("bob");
    assertThat(
            bob.get("/_matrix/client/v1/rooms/" + encoded(top) + "/hierarchy")
                .expect(200)
                .at("/rooms"))
        .hasSize(2);
  }

  @Test
  void aServerSpeaksOfNoOtherRoomsThanThoseOfTheSpace() {
    child("!inner:peer.test");
    child("!victim:peer.test");
    says(
        "!inner:peer.test",
        space("!inner:peer.test", "Inner"),
        room("!victim:peer.test", "Fake", ""),
        "");

    assertThat(names("")).containsExactly("Top", "Inner");
    assertThat(peer.asked(ASK + encoded("!victim:peer.test"))).isNotEmpty();
  }

  @Test
  void anAnswerAboutAnotherRoomIsNone() {
    child("!inner:peer.test");
    says("!inner:peer.test", space("!other:peer.test", "Other"), "", "");

    assertThat(names("")).containsExactly("Top");
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "{}",
        "{'room':null,'children':{},'inaccessible_children':7}",
        "{'room':[],'children':[null,[],7]}",
        "{'room':{'room_id':['!inner:peer.test']}}",
        "{'room':{'room_id':'!inner:peer.test','join_rule':7,'children_state':'x'},'children':'x'}"
      })
  void whatCannotBeReadIsPassedOver(String said) {
    child("!inner:peer.test");
    peer.on(ASK, _ -> Said.ok(said));

    assertThat(names("")).containsExactly("Top");
  }

  @Test
  void childrenThatAreNoneAreLeftOut() {
    child("!inner:peer.test");
    says(
        "!inner:peer.test",
        room(
            "!inner:peer.test",
            "Inner",
            ",'room_type':'m.space','children_state':[null,{},{'type':'m.room.member','state_key':'!a:peer.test','sender':'@c:peer.test','origin_server_ts':1,'content':{'via':['x.test']}},{'type':'m.space.child','state_key':'!a:peer.test','sender':'nobody','origin_server_ts':1,'content':{'via':['x.test']}},{'type':'m.space.child','state_key':'!a:peer.test','sender':'@c:peer.test','origin_server_ts':'1','content':{'via':['x.test']}}]"),
        room("!a:peer.test", "A", ""),
        "");

    TestClient.Answer answer = hierarchy(top, "").expect(200);

    assertThat(answer.at("/rooms")).hasSize(2);
    assertThat(answer.at("/rooms/1/children_state")).isEmpty();
  }

  @Test
  void aPageAsksOnlySoMuchAndTheNextGoesOn() {
    for (int i = 0; i < 45; i++) {
      child("!r%02d:peer.test".formatted(i));
    }
    child("!inner:peer.test");
    says("!inner:peer.test", space("!inner:peer.test", "Inner"), "", "");

    TestClient.Answer first = hierarchy(top, "?limit=100").expect(200);
    assertThat(peer.asked(ASK).size()).isLessThanOrEqualTo(20);
    List<String> names = new ArrayList<>();
    String next = first.text("next_batch");
    for (int page = 0; page < 5 && !next.isEmpty(); page++) {
      TestClient.Answer answer = hierarchy(top, "?limit=100&from=" + encoded(next)).expect(200);
      answer.at("/rooms").forEach(each -> names.add(each.path("name").asText()));
      next = answer.json().path("next_batch").asText("");
    }

    assertThat(names).containsExactly("Inner");
    assertThat(next).isEmpty();
  }

  @Test
  void aRoomOfAnotherServerHasASummary() {
    String room = "!room:" + peer.name();
    says(room, room(room, "Room", ",'encryption':'m.megolm.v1.aes-sha2'"), "", "");
    peer.on(
        "/_matrix/federation/v1/query/directory",
        _ -> Said.ok("{'room_id':'!byAlias:x.test','servers':[]}"));
    says("!byAlias:x.test", room("!byAlias:x.test", "By alias", ""), "", "");

    TestClient.Answer told =
        alice.get("/_matrix/client/v1/room_summary/" + encoded(room)).expect(200);
    assertThat(told.text("name")).isEqualTo("Room");
    assertThat(told.text("encryption")).isEqualTo("m.megolm.v1.aes-sha2");
    assertThat(told.json().has("membership")).isFalse();
    assertThat(
            alice
                .get("/_matrix/client/v1/room_summary/" + encoded("#alias:" + peer.name()))
                .expect(200)
                .text("name"))
        .isEqualTo("By alias");
    assertThat(
            alice
                .get(
                    "/_matrix/client/v1/room_summary/!byAlias:x.test?via="
                        + encoded(peer.name().value()))
                .expect(200)
                .text("name"))
        .isEqualTo("By alias");
  }

  @Test
  void aClosedRoomOfAnotherServerHasNoSummary() {
    String room = "!room:" + peer.name();
    says(
        room,
        room(room, "Room", "").replace("'join_rule':'public'", "'join_rule':'restricted'"),
        "",
        "");

    alice.get("/_matrix/client/v1/room_summary/" + encoded(room)).expect(404, "M_NOT_FOUND");
  }

  @Test
  void aRestrictedRoomOfAnotherServerIsToldToWhoIsInWhatItNames() {
    String room = "!room:" + peer.name();
    says(
        room,
        room(room, "Room", ",'allowed_room_ids':['%s']".formatted(top))
            .replace("'join_rule':'public'", "'join_rule':'restricted'"),
        "",
        "");

    alice.get("/_matrix/client/v1/room_summary/" + encoded(room)).expect(200);
    server
        .register("bob")
        .get("/_matrix/client/v1/room_summary/" + encoded(room))
        .expect(404, "M_NOT_FOUND");
  }
}
