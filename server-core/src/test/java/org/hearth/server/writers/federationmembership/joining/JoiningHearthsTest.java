package org.hearth.server.writers.federationmembership.joining;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import java.util.ArrayList;
import java.util.List;
import org.hearth.server.http.TestClient;
import org.hearth.server.outbound.WithLinkedHearths;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/// Users of one server in rooms of another, as their clients have it.
class JoiningHearthsTest extends WithLinkedHearths {

  private String room(String settings) {
    return alice.post(V3 + "/createRoom", "{" + settings + "}").expect(200).text("room_id");
  }

  private static List<String> joined(TestClient client, String room) {
    List<String> users = new ArrayList<>();
    client
        .get(V3 + "/rooms/" + encoded(room) + "/joined_members")
        .expect(200)
        .json()
        .path("joined")
        .fieldNames()
        .forEachRemaining(users::add);
    return users;
  }

  @ParameterizedTest
  @ValueSource(strings = {"6", "10", "11", "12"})
  void aUserJoinsARoomOfAnotherServer(String version) {
    String room =
        room("'preset':'public_chat','name':'Elsewhere','room_version':'" + version + "'");

    TestClient.Answer answer =
        bob.post(V3 + "/join/" + encoded(room) + "?via=" + encoded(one.name().value()), "{}");

    assertThat(answer.expect(200).text("room_id")).isEqualTo(room);
    for (TestClient each : List.of(alice, bob)) {
      assertThat(joined(each, room))
          .containsExactlyInAnyOrder(one.user("alice"), other.user("bob"));
    }
    JsonNode synced =
        bob.get(V3 + "/sync").expect(200).json().path("rooms").path("join").path(room);
    List<String> types = new ArrayList<>();
    synced.path("state").path("events").forEach(each -> types.add(each.path("type").asText()));
    assertThat(types).contains("m.room.create", "m.room.name", "m.room.power_levels");
    assertThat(synced.path("timeline").path("events").path(0).path("state_key").asText())
        .isEqualTo(other.user("bob"));
  }

  @Test
  void aUserJoinsByAnAliasOfAnotherServer() {
    String room = room("'preset':'public_chat','room_alias_name':'lobby'");

    TestClient.Answer answer = bob.post(V3 + "/join/" + encoded("#lobby:" + one.name()), "{}");

    assertThat(answer.expect(200).text("room_id")).isEqualTo(room);
    assertThat(joined(alice, room)).contains(other.user("bob"));
  }

  @Test
  void theSecondUserIsLetInByTheirOwnServer() {
    String room = room("'preset':'public_chat'");
    bob.post(V3 + "/join/" + encoded(room) + "?via=" + encoded(one.name().value()), "{}")
        .expect(200);
    TestClient carol = other.register("carol");
    one.close();

    carol.post(V3 + "/join/" + encoded(room), "{}").expect(200);

    assertThat(joined(bob, room)).contains(other.user("carol"));
  }

  @Test
  void whoIsNotInvitedIsToldSo() {
    String room = room("'preset':'private_chat'");

    bob.post(V3 + "/join/" + encoded(room) + "?via=" + encoded(one.name().value()), "{}")
        .expect(403, "M_FORBIDDEN");

    bob.get(V3 + "/rooms/" + encoded(room) + "/joined_members").expect(403);
  }

  @Test
  void whoHasLeftComesBackToWhatTheRoomIsThen() {
    String room = room("'preset':'public_chat','topic':'Before'");
    String join = V3 + "/join/" + encoded(room) + "?via=" + encoded(one.name().value());
    bob.post(join, "{}").expect(200);
    bob.post(V3 + "/rooms/" + encoded(room) + "/leave", "{}").expect(200);
    alice
        .put(V3 + "/rooms/" + encoded(room) + "/state/m.room.topic", "{'topic':'After'}")
        .expect(200);

    bob.post(join, "{}").expect(200);

    assertThat(
            bob.get(V3 + "/rooms/" + encoded(room) + "/state/m.room.topic")
                .expect(200)
                .text("topic"))
        .isEqualTo("After");
  }

  /// What guests may do is for their own server to see to, also in a room that it does not know
  /// yet: it asks whether the room lets guests in.
  @Test
  void aGuestComesIntoRoomsOfOtherServersThatLetGuestsIn() {
    String open =
        room(
            "'preset':'public_chat','initial_state':[{'type':'m.room.guest_access','state_key':'',"
                + "'content':{'guest_access':'can_join'}}]");
    String closed = room("'preset':'public_chat'");
    TestClient guest = other.guest();

    guest
        .post(V3 + "/join/" + encoded(closed) + "?via=" + encoded(one.name().value()), "{}")
        .expect(403, "M_GUEST_ACCESS_FORBIDDEN");
    guest
        .post(V3 + "/join/" + encoded(open) + "?via=" + encoded(one.name().value()), "{}")
        .expect(200);

    assertThat(joined(alice, closed)).containsExactly(one.user("alice"));
    assertThat(joined(alice, open))
        .containsExactlyInAnyOrder(
            one.user("alice"), guest.get(V3 + "/account/whoami").expect(200).text("user_id"));
  }

  @Test
  void aRoomThatEverybodyHasLeftIsOpenToItsOwnServer() {
    String room = room("'preset':'public_chat'");
    alice.post(V3 + "/rooms/" + encoded(room) + "/leave", "{}").expect(200);

    alice.post(V3 + "/join/" + encoded(room), "{}").expect(200);

    assertThat(joined(alice, room)).containsExactly(one.user("alice"));
  }

  @Test
  void aKnockReachesTheRoomAndIsTakenBack() {
    String room =
        room(
            "'preset':'private_chat','initial_state':[{'type':'m.room.join_rules','state_key':'',"
                + "'content':{'join_rule':'knock'}}]");

    bob.post(
            V3 + "/knock/" + encoded(room) + "?via=" + encoded(one.name().value()),
            "{'reason':'Let me in'}")
        .expect(200);

    assertThat(membership(room)).isEqualTo("knock");
    assertThat(bob.get(V3 + "/sync").expect(200).json().path("rooms").path("knock").has(room))
        .isTrue();

    bob.post(V3 + "/rooms/" + encoded(room) + "/leave", "{}").expect(200);

    assertThat(membership(room)).isEqualTo("leave");
    assertThat(bob.get(V3 + "/sync").expect(200).json().path("rooms").path("knock").has(room))
        .isFalse();
  }

  private String membership(String room) {
    return alice
        .get(V3 + "/rooms/" + encoded(room) + "/state/m.room.member/" + encoded(other.user("bob")))
        .expect(200)
        .text("membership");
  }
}
