package org.hearth.server.writers.federationmembership.invites;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import org.hearth.server.WholeServer;
import org.hearth.server.http.TestClient;
import org.hearth.server.outbound.WithLinkedHearths;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/// Users of one server invited by users of another, as their clients have it.
class InvitingHearthsTest extends WithLinkedHearths {

  private String room(String settings) {
    return alice.post(V3 + "/createRoom", "{" + settings + "}").expect(200).text("room_id");
  }

  private TestClient.Answer invite(String room, String user) {
    return alice.post(V3 + "/rooms/" + encoded(room) + "/invite", "{'user_id': '" + user + "'}");
  }

  private JsonNode sync(TestClient client) {
    return client.get(V3 + "/sync?timeout=0").expect(200).json();
  }

  private static JsonNode at(JsonNode sync, String place, String room) {
    return sync.path("rooms").path(place).path(room);
  }

  private String membership(String room, String user) {
    return alice
        .get(V3 + "/rooms/" + encoded(room) + "/state/m.room.member/" + encoded(user))
        .json()
        .path("membership")
        .asText("none");
  }

  @ParameterizedTest
  @ValueSource(strings = {"6", "11", "12"})
  void somebodyElsewhereIsInvitedAndComes(String version) {
    String room = room("'room_version': '" + version + "', 'name': 'Here'");

    invite(room, other.user("bob")).expect(200);

    assertThat(membership(room, other.user("bob"))).isEqualTo("invite");
    JsonNode invited = at(sync(bob), "invite", room).path("invite_state").path("events");
    assertThat(invited.findValuesAsText("type"))
        .contains("m.room.create", "m.room.name", "m.room.join_rules", "m.room.member");
    assertThat(invited.findValuesAsText("membership")).contains("invite", "join");

    // Through whom, the invitation says.
    bob.post(V3 + "/join/" + encoded(room), "{}").expect(200);

    JsonNode joined = sync(bob);
    assertThat(at(joined, "join", room).isMissingNode()).isFalse();
    assertThat(at(joined, "invite", room).isMissingNode()).isTrue();
    assertThat(membership(room, other.user("bob"))).isEqualTo("join");
  }

  @Test
  void whoMakesARoomInvitesAtOnce() {
    String room =
        room(
            "'preset': 'trusted_private_chat', 'is_direct': true, 'invite': ['%s', '%s', '%s']"
                .formatted(other.user("bob"), other.user("nobody"), "@x:localhost:1"));

    JsonNode invited = at(sync(bob), "invite", room).path("invite_state").path("events");
    assertThat(invited.findValuesAsText("is_direct")).containsExactly("true");
    assertThat(membership(room, other.user("bob"))).isEqualTo("invite");
    assertThat(membership(room, other.user("nobody"))).isEqualTo("none");
    assertThat(membership(room, "@x:localhost:1")).isEqualTo("none");
  }

  @Test
  void aMemberEventThatAClientSetsInvitesToo() {
    String room = room("");

    String event =
        alice
            .put(
                V3
                    + "/rooms/"
                    + encoded(room)
                    + "/state/m.room.member/"
                    + encoded(other.user("bob")),
                "{'membership': 'invite', 'reason': 'come'}")
            .expect(200)
            .text("event_id");

    JsonNode content =
        alice
            .get(V3 + "/rooms/" + encoded(room) + "/event/" + encoded(event))
            .expect(200)
            .json()
            .path("content");
    assertThat(content.path("reason").asText()).isEqualTo("come");
    assertThat(at(sync(bob), "invite", room).isMissingNode()).isFalse();
  }

  @Test
  void anInvitationIsDeclined() {
    String room = room("");
    invite(room, other.user("bob")).expect(200);
    assertThat(at(sync(bob), "invite", room).isMissingNode()).isFalse();

    bob.post(V3 + "/rooms/" + encoded(room) + "/leave", "{}").expect(200);

    assertThat(at(sync(bob), "invite", room).isMissingNode()).isTrue();
    assertThat(membership(room, other.user("bob"))).isEqualTo("leave");
    bob.post(V3 + "/rooms/" + encoded(room) + "/forget", "{}").expect(200);
  }

  @Test
  void anInvitationOfAServerThatIsGoneIsDeclined() {
    String room = room("");
    invite(room, other.user("bob")).expect(200);
    one.close();

    bob.post(V3 + "/rooms/" + encoded(room) + "/leave", "{}").expect(200);

    assertThat(at(sync(bob), "invite", room).isMissingNode()).isTrue();
  }

  @Test
  void refusalsReachWhoInvites() {
    String room = room("");
    invite(room, other.user("nobody")).expect(403, "M_FORBIDDEN");
    invite(room, "@x:localhost:1").expect(502, "M_UNKNOWN");
    bob.put(
            V3 + "/user/" + encoded(other.user("bob")) + "/account_data/m.invite_permission_config",
            "{'default_action': 'block'}")
        .expect(200);
    invite(room, other.user("bob")).expect(403, "M_INVITE_BLOCKED");
    assertThat(membership(room, other.user("bob"))).isEqualTo("none");
  }

  /// Who closes the account is invited nowhere any more, though no other server is told.
  @Test
  void aClosedAccountIsInvitedNowhere() {
    String room = room("");
    invite(room, other.user("bob")).expect(200);

    bob.post(
            V3 + "/account/deactivate",
            "{'auth': {'type': 'm.login.password', 'identifier': {'type': 'm.id.user', 'user': 'bob'}, 'password': '%s'}}"
                .formatted(WholeServer.PASSWORD))
        .expect(200);

    invite(room, other.user("bob")).expect(403, "M_FORBIDDEN");
  }
}
