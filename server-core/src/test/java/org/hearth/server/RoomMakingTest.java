package org.hearth.server;

import static org.assertj.core.api.Assertions.assertThat;
import static org.hearth.server.http.TestClient.encoded;

import com.fasterxml.jackson.databind.JsonNode;
import java.util.List;
import org.hearth.server.http.TestClient;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;

/// What each parameter of the calls that make rooms and change who is in them does.
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
@WholeServer.Started
class RoomMakingTest {
  private static final String V3 = "/_matrix/client/v3";
  private static final String ALICE = "@alice:hearth.test";
  private static final String BOB = "@bob:hearth.test";

  private final TestClient alice;
  private final TestClient bob;

  RoomMakingTest(WholeServer server) {
    alice = server.register("alice");
    bob = server.register("bob");
  }

  private String create(String wish) {
    return alice.post(V3 + "/createRoom", wish).expect(200).text("room_id");
  }

  private static String rooms(String room) {
    return V3 + "/rooms/" + encoded(room);
  }

  private JsonNode state(String room, String key) {
    return alice.get(rooms(room) + "/state/" + key).expect(200).json();
  }

  private JsonNode member(String room, String user) {
    return state(room, "m.room.member/" + user);
  }

  /// "The server will also add the `creator` and `room_version` keys" – and what a client says
  /// under these names does not count.
  @Test
  void takesWhatTheClientSaysOfTheCreationExceptWhatIsTheServers() {
    String room =
        create(
            "{'room_version': '10', 'creation_content': {'m.federate': false, 'type': 'org.test',"
                + " 'room_version': '1', 'creator': '@mallory:hearth.test'}}");

    JsonNode created = state(room, "m.room.create");
    assertThat(created.path("m.federate").asBoolean(true)).isFalse();
    assertThat(created.path("type").asText()).isEqualTo("org.test");
    assertThat(created.path("room_version").asText()).isEqualTo("10");
    assertThat(created.path("creator").asText()).isEqualTo(ALICE);
  }

  /// "If the users property in content contains the sender of the m.room.create event […] reject."
  @Test
  void saysToPeopleThatCreatorsAreNotListed() {
    TestClient.Answer refused =
        alice
            .post(
                V3 + "/createRoom",
                "{'room_version': '12', 'power_level_content_override': {'users': {'%s': 100}}}"
                    .formatted(ALICE))
            .expect(400, "M_BAD_JSON");
    String room = create("{'room_version': '12', 'preset': 'public_chat'}");
    TestClient.Answer later =
        alice
            .put(
                rooms(room) + "/state/m.room.power_levels/",
                "{'users': {'%s': 100}}".formatted(ALICE))
            .expect(400, "M_BAD_JSON");

    for (TestClient.Answer each : List.of(refused, later)) {
      assertThat(each.text("error"))
          .startsWith(ALICE + " created the room")
          .contains("must not list creators")
          .doesNotContain("POWER_LEVELS");
    }
    assertThat(
            bob.put(rooms(room) + "/state/m.room.name/", "{'name': 'x'}")
                .expect(403, "M_FORBIDDEN")
                .text("error"))
        .doesNotContainPattern("[A-Z]+_[A-Z]+");
  }

  /// "Takes precedence over events set by `preset`, but gets overridden by `name` and `topic`
  /// keys."
  @Test
  void ordersPresetInitialStateNameAndTopic() {
    String room =
        create(
            "{'preset': 'public_chat', 'name': 'Garden', 'topic': 'Tomatoes', 'initial_state': ["
                + "{'type': 'm.room.name', 'content': {'name': 'Cellar'}},"
                + "{'type': 'm.room.join_rules', 'content': {'join_rule': 'knock'}},"
                + "{'type': 'org.test', 'state_key': 'key', 'content': {'a': 1}}]}");

    assertThat(state(room, "m.room.name").path("name").asText()).isEqualTo("Garden");
    JsonNode topic = state(room, "m.room.topic");
    assertThat(topic.path("topic").asText()).isEqualTo("Tomatoes");
    assertThat(topic.at("/m.topic/m.text/0/body").asText()).isEqualTo("Tomatoes");
    assertThat(state(room, "m.room.join_rules").path("join_rule").asText()).isEqualTo("knock");
    assertThat(state(room, "org.test/key").path("a").asInt()).isEqualTo(1);
  }

  @Test
  void makesThePresetThatTheVisibilityAsksForAndPublishes() {
    String open = create("{'visibility': 'public', 'room_alias_name': 'fair'}");
    String closed = create("{}");

    assertThat(state(open, "m.room.join_rules").path("join_rule").asText()).isEqualTo("public");
    assertThat(state(open, "m.room.canonical_alias").path("alias").asText())
        .isEqualTo("#fair:hearth.test");
    assertThat(visibility(open)).isEqualTo("public");
    assertThat(state(closed, "m.room.join_rules").path("join_rule").asText()).isEqualTo("invite");
    assertThat(visibility(closed)).isEqualTo("private");
  }

  private String visibility(String room) {
    return alice.get(V3 + "/directory/list/room/" + encoded(room)).expect(200).text("visibility");
  }

  @Test
  void invitesAndSaysWhetherItIsForTwo() {
    String room = create("{'invite': ['@bob:hearth.test'], 'is_direct': true}");

    assertThat(member(room, BOB).path("membership").asText()).isEqualTo("invite");
    assertThat(member(room, BOB).path("is_direct").asBoolean()).isTrue();
    bob.post(V3 + "/join/" + encoded(room) + "?via=elsewhere.test&via=hearth.test", "{}")
        .expect(200);
  }

  /// "`trusted_private_chat`: All invitees are given the same power level as the room creator."
  @Test
  void givesTheInvitedOfATrustedRoomThePowerOfItsCreator() {
    String older =
        create(
            "{'preset': 'trusted_private_chat', 'room_version': '11', 'invite': ['@bob:hearth.test']}");
    String newer =
        create(
            "{'preset': 'trusted_private_chat', 'room_version': '12', 'invite': ['@bob:hearth.test']}");

    JsonNode users = state(older, "m.room.power_levels").path("users");
    assertThat(users.path(BOB).asInt()).isEqualTo(100).isEqualTo(users.path(ALICE).asInt());
    assertThat(state(newer, "m.room.create").at("/additional_creators/0").asText()).isEqualTo(BOB);
    assertThat(state(newer, "m.room.power_levels").path("users").has(BOB)).isFalse();
  }

  @Test
  void laysTheClientsPowerLevelsOverTheUsual() {
    String room =
        create(
            "{'room_version': '11', 'power_level_content_override': {'events_default': 30,"
                + " 'users': {'@alice:hearth.test': 100, '@bob:hearth.test': 30}}}");

    JsonNode levels = state(room, "m.room.power_levels");
    assertThat(levels.path("events_default").asInt()).isEqualTo(30);
    assertThat(levels.at("/users").path(BOB).asInt()).isEqualTo(30);
    assertThat(levels.path("ban").asInt()).isEqualTo(50);
  }

  @Test
  void keepsTheReasonOfEveryChangeOfAMembership() {
    String room =
        create(
            "{'initial_state': [{'type': 'm.room.join_rules', 'content': {'join_rule': 'knock'}}]}");

    bob.post(V3 + "/knock/" + encoded(room) + "?via=hearth.test", "{'reason': 'hello'}")
        .expect(200);
    assertThat(bobs(room)).isEqualTo("knock: hello");
    bob.post(rooms(room) + "/leave", "{'reason': 'no answer'}").expect(200);
    assertThat(bobs(room)).isEqualTo("leave: no answer");
    change(room, "invite", "come in");
    assertThat(bobs(room)).isEqualTo("invite: come in");
    bob.post(rooms(room) + "/join", "{'reason': 'thanks'}").expect(200);
    assertThat(bobs(room)).isEqualTo("join: thanks");
    change(room, "kick", "noise");
    assertThat(bobs(room)).isEqualTo("leave: noise");
    change(room, "ban", "more noise");
    assertThat(bobs(room)).isEqualTo("ban: more noise");
    change(room, "unban", "forgiven");
    assertThat(bobs(room)).isEqualTo("leave: forgiven");
  }

  private void change(String room, String how, String reason) {
    alice
        .post(rooms(room) + "/" + how, "{'user_id': '%s', 'reason': '%s'}".formatted(BOB, reason))
        .expect(200);
  }

  private String bobs(String room) {
    JsonNode member = member(room, BOB);
    return member.path("membership").asText() + ": " + member.path("reason").asText();
  }

  @Test
  void findsTheEventNearestToATime() {
    String room = create("{}");
    String path = V3.replace("v3", "v1") + "/rooms/" + encoded(room) + "/timestamp_to_event";
    JsonNode first =
        alice.get(rooms(room) + "/state/m.room.create?format=event").expect(200).json();
    JsonNode last = alice.get(rooms(room) + "/messages?dir=b&limit=1").expect(200).at("/chunk/0");

    TestClient.Answer after = alice.get(path + "?ts=0&dir=f").expect(200);
    TestClient.Answer before = alice.get(path + "?ts=9223372036854775807&dir=b").expect(200);

    assertThat(after.text("event_id")).isEqualTo(first.path("event_id").asText());
    assertThat(after.at("/origin_server_ts")).isEqualTo(first.path("origin_server_ts"));
    assertThat(before.text("event_id")).isEqualTo(last.path("event_id").asText());
    alice.get(path + "?ts=0&dir=b").expect(404, "M_NOT_FOUND");
  }

  @Test
  void findsTheEventNearestToATimeBehindManyThatTheUserMayNotSee() {
    String room = create("{'preset': 'public_chat'}");
    String path = V3.replace("v3", "v1") + "/rooms/" + encoded(room) + "/timestamp_to_event";
    alice
        .put(rooms(room) + "/state/m.room.history_visibility", "{'history_visibility': 'joined'}")
        .expect(200);
    // What was before the room was closed may be seen.
    long closed =
        alice
            .get(rooms(room) + "/state/m.room.history_visibility?format=event")
            .at("/origin_server_ts")
            .asLong();
    sendMany(room, "before");
    bob.post(rooms(room) + "/join", "{}").expect(200);
    String joined = memberEvent(room);
    bob.post(rooms(room) + "/leave", "{}").expect(200);
    String left = memberEvent(room);
    sendMany(room, "after");

    assertThat(bob.get(path + "?dir=f&ts=" + (closed + 1)).expect(200).text("event_id"))
        .isEqualTo(joined);
    assertThat(bob.get(path + "?dir=b&ts=9223372036854775807").expect(200).text("event_id"))
        .isEqualTo(left);
  }

  private void sendMany(String room, String text) {
    for (int i = 0; i < 60; i++) {
      alice
          .put(
              rooms(room) + "/send/m.room.message/" + text + i,
              "{'msgtype': 'm.text', 'body': '%s'}".formatted(text))
          .expect(200);
    }
  }

  private String memberEvent(String room) {
    return alice
        .get(rooms(room) + "/state/m.room.member/" + encoded(BOB) + "?format=event")
        .expect(200)
        .text("event_id");
  }
}
