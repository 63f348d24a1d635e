package org.hearth.server;

import static org.assertj.core.api.Assertions.assertThat;
import static org.hearth.server.http.TestClient.encoded;

import com.fasterxml.jackson.databind.JsonNode;
import java.util.concurrent.atomic.AtomicInteger;
import org.hearth.server.http.TestClient;
import org.hearth.server.http.TestClient.Answer;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;

/// Who is in a room, under which name, and guests: on a whole server.
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
@WholeServer.Started
class RoomMembersTest {
  private static final String V3 = "/_matrix/client/v3";
  private final AtomicInteger transactions = new AtomicInteger();
  private final WholeServer server;

  RoomMembersTest(WholeServer server) {
    this.server = server;
  }

  @Test
  void newAccountIsCalledByTheNameInItsId() {
    TestClient ada = server.register("ada");

    assertThat(
            ada.get(V3 + "/profile/@ada:hearth.test/displayname").expect(200).text("displayname"))
        .isEqualTo("ada");
    String room = create(ada, "{'preset': 'private_chat'}");
    assertThat(member(ada, room, "@ada:hearth.test").path("displayname").asText()).isEqualTo("ada");
  }

  @Test
  void memberMayBearAnotherNameInOneRoom() {
    TestClient ben = server.register("ben");
    String room = create(ben, "{'preset': 'private_chat'}");
    String own = rooms(room) + "/state/m.room.member/@ben:hearth.test";

    String renamed =
        ben.put(own, "{'membership': 'join', 'displayname': 'Captain'}")
            .expect(200)
            .text("event_id");
    String again =
        ben.put(own, "{'membership': 'join', 'displayname': 'Captain'}")
            .expect(200)
            .text("event_id");

    assertThat(member(ben, room, "@ben:hearth.test").path("displayname").asText())
        .isEqualTo("Captain");
    assertThat(again).isEqualTo(renamed);
  }

  @Test
  void aNameInOneRoomIsOneThatAProfileMayHave() {
    TestClient nora = server.register("nora");
    String room = create(nora, "{'preset': 'public_chat'}");
    String nul = "{'membership': 'join', 'displayname': 'No\\u0000ra'}";

    nora.put(rooms(room) + "/state/m.room.member/@nora:hearth.test", nul)
        .expect(400, "M_INVALID_PARAM");
    TestClient nils = server.register("nils");
    nils.post(rooms(room) + "/join", nul).expect(400, "M_INVALID_PARAM");

    assertThat(member(nora, room, "@nora:hearth.test").path("displayname").asText())
        .isEqualTo("nora");
  }

  @Test
  void whoJoinsWhereTheyAreChangesNothing() {
    TestClient cleo = server.register("cleo");
    String room = create(cleo, "{'preset': 'private_chat'}");
    cleo.put(
            rooms(room) + "/state/m.room.member/@cleo:hearth.test",
            "{'membership': 'join', 'displayname': 'Queen'}")
        .expect(200);

    cleo.post(V3 + "/join/" + encoded(room), "{}").expect(200);

    assertThat(member(cleo, room, "@cleo:hearth.test").path("displayname").asText())
        .isEqualTo("Queen");
  }

  @Test
  void presetsForPrivateRoomsLetGuestsInAndThatForPublicOnesDoesNot() {
    TestClient dora = server.register("dora");
    String access = "/state/m.room.guest_access";

    String closed = create(dora, "{'preset': 'public_chat'}");
    String open = create(dora, "{'preset': 'private_chat'}");

    dora.get(rooms(closed) + access).expect(404, "M_NOT_FOUND");
    assertThat(dora.get(rooms(open) + access).expect(200).text("guest_access"))
        .isEqualTo("can_join");
  }

  @Test
  void guestsJoinOnlyWhereGuestsMay() {
    TestClient emil = server.register("emil");
    String room = create(emil, "{'preset': 'public_chat'}");
    Guest guest = guest();

    guest.http.post(V3 + "/join/" + encoded(room), "{}").expect(403, "M_GUEST_ACCESS_FORBIDDEN");
    guest
        .http
        .put(rooms(room) + "/state/m.room.member/" + guest.userId, "{'membership': 'join'}")
        .expect(403, "M_GUEST_ACCESS_FORBIDDEN");
    setGuestAccess(emil, room, "can_join");
    guest.http.post(V3 + "/join/" + encoded(room), "{}").expect(200);

    guest.http.put(send(room), "{'msgtype': 'm.text', 'body': 'Hello'}").expect(200);
    guest.http.post(V3 + "/createRoom", "{}").expect(403, "M_GUEST_ACCESS_FORBIDDEN");
    guest.http.post(rooms(room) + "/leave", "{}").expect(200);
  }

  @Test
  void guestsLeaveWhenTheRoomClosesToGuests() {
    TestClient faye = server.register("faye");
    String room = create(faye, "{'preset': 'public_chat'}");
    setGuestAccess(faye, room, "can_join");
    Guest guest = guest();
    guest.http.post(V3 + "/join/" + encoded(room), "{}").expect(200);
    String since = faye.get(V3 + "/sync?timeout=0").expect(200).text("next_batch");

    setGuestAccess(faye, room, "forbidden");

    JsonNode left = nextMemberEvent(faye, room, guest.userId, since);
    assertThat(left.at("/content/membership").asText()).isEqualTo("leave");
    assertThat(left.path("sender").asText()).isEqualTo(guest.userId);
    assertThat(member(faye, room, "@faye:hearth.test").path("membership").asText())
        .isEqualTo("join");
  }

  private record Guest(String userId, TestClient http) {}

  @Test
  void joinCarriesWhatTheClientSaysButWhoLetItIn() {
    TestClient hugo = server.register("hugo");
    TestClient ines = server.register("ines");
    String room = create(hugo, "{'preset': 'public_chat'}");

    ines.post(
            rooms(room) + "/join",
            "{'reason': 'hello', 'org.example.seat': 7, 'membership': 'ban',"
                + " 'join_authorised_via_users_server': '@a:b.test'}")
        .expect(200);

    JsonNode member = member(hugo, room, "@ines:hearth.test");
    assertThat(member.path("membership").asText()).isEqualTo("join");
    assertThat(member.path("displayname").asText()).isEqualTo("ines");
    assertThat(member.path("reason").asText()).isEqualTo("hello");
    assertThat(member.path("org.example.seat").asInt()).isEqualTo(7);
    assertThat(member).hasSize(4);
  }

  @Test
  void whoBlocksInvitesIsNotInvitedAndDoesNotSeeThemUntilThatEnds() {
    TestClient jana = server.register("jana");
    TestClient karl = server.register("karl");
    String setting = V3 + "/user/@karl:hearth.test/account_data/m.invite_permission_config";
    String before = create(jana, "{'invite': ['@karl:hearth.test']}");
    String room = create(jana, "{}");

    karl.put(setting, "{'default_action': 'block'}").expect(200);

    jana.post(rooms(room) + "/invite", "{'user_id': '@karl:hearth.test'}")
        .expect(403, "M_INVITE_BLOCKED");
    jana.put(rooms(room) + "/state/m.room.member/@karl:hearth.test", "{'membership': 'invite'}")
        .expect(403, "M_INVITE_BLOCKED");
    jana.post(V3 + "/createRoom", "{'invite': ['@karl:hearth.test']}")
        .expect(403, "M_INVITE_BLOCKED");
    assertThat(karl.get(V3 + "/sync").expect(200).at("/rooms/invite").isEmpty()).isTrue();

    karl.put(setting, "{'default_action': 'org.example.ask'}").expect(200);

    assertThat(karl.get(V3 + "/sync").expect(200).at("/rooms/invite").has(before)).isTrue();
    jana.post(rooms(room) + "/invite", "{'user_id': '@karl:hearth.test'}").expect(200);
  }

  private Guest guest() {
    Answer made = server.client().post(V3 + "/register?kind=guest", "{}").expect(200);
    return new Guest(made.text("user_id"), server.client().as(made.text("access_token")));
  }

  private static String create(TestClient client, String wish) {
    return client.post(V3 + "/createRoom", wish).expect(200).text("room_id");
  }

  private static String rooms(String room) {
    return V3 + "/rooms/" + encoded(room);
  }

  private String send(String room) {
    return rooms(room) + "/send/m.room.message/" + transactions.incrementAndGet();
  }

  private static void setGuestAccess(TestClient client, String room, String value) {
    client
        .put(rooms(room) + "/state/m.room.guest_access", "{'guest_access': '" + value + "'}")
        .expect(200);
  }

  private static JsonNode member(TestClient client, String room, String user) {
    return client.get(rooms(room) + "/state/m.room.member/" + user).expect(200).json();
  }

  /// The next member event of that user, from syncs that wait for it.
  private static JsonNode nextMemberEvent(
      TestClient client, String room, String user, String from) {
    String since = from;
    for (int i = 0; i < 10; i++) {
      JsonNode sync = client.get(V3 + "/sync?timeout=10000&since=" + since).expect(200).json();
      since = sync.path("next_batch").asText();
      for (JsonNode event : sync.path("rooms").path("join").path(room).at("/timeline/events")) {
        if (event.path("state_key").asText().equals(user)) {
          return event;
        }
      }
    }
    throw new AssertionError("no member event of " + user + " came");
  }
}
