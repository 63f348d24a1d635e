package org.hearth.server.services.directory;

import static org.assertj.core.api.Assertions.assertThat;
import static org.hearth.server.services.account.ServicesExtension.user;

import com.fasterxml.jackson.databind.JsonNode;
import java.util.ArrayList;
import java.util.List;
import org.hearth.server.http.TestClient;
import org.hearth.server.http.TestClient.Answer;
import org.hearth.server.logs.AccountOutput;
import org.hearth.server.matrix.event.EventTypes;
import org.hearth.server.matrix.id.RoomId;
import org.hearth.server.services.account.RoomWriter;
import org.hearth.server.services.account.ServicesExtension;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

class PublicRoomsTest {
  private static final String PUBLIC_ROOMS = "/_matrix/client/v3/publicRooms";

  @RegisterExtension private final ServicesExtension services = ServicesExtension.withRooms();

  private TestClient alice;
  private RoomWriter rooms;

  @BeforeEach
  void logIn() {
    alice = services.register("alice");
    rooms = services.roomWriter();
  }

  private static String visibility(RoomId room) {
    return "/_matrix/client/v3/directory/list/room/" + TestClient.encoded(room.value());
  }

  private RoomId publish(String name, String create) {
    RoomId room = rooms.create(user("alice"), create);
    rooms.set(room, user("alice"), EventTypes.NAME, "{'name': '%s'}".formatted(name));
    alice.put(visibility(room), "{'visibility': 'public'}").expect(200);
    return room;
  }

  private static List<String> names(Answer answer) {
    List<String> names = new ArrayList<>();
    for (JsonNode each : answer.expect(200).at("/chunk")) {
      names.add(each.path("name").asText());
    }
    return names;
  }

  @Test
  void roomSaysWhatItIs() {
    RoomId room = publish("Garden", "{'type': 'm.space'}");
    rooms.set(room, user("alice"), EventTypes.TOPIC, "{'topic': 'Apples'}");
    rooms.set(room, user("alice"), EventTypes.AVATAR, "{'url': 'mxc://hearth.test/a'}");
    rooms.set(room, user("alice"), EventTypes.GUEST_ACCESS, "{'guest_access': 'can_join'}");
    rooms.set(
        room,
        user("alice"),
        EventTypes.HISTORY_VISIBILITY,
        "{'history_visibility': 'world_readable'}");
    rooms.join(room, user("bob"));

    Answer answer = alice.get(PUBLIC_ROOMS).expect(200);

    JsonNode entry = answer.at("/chunk/0");
    assertThat(entry.path("room_id").asText()).isEqualTo(room.value());
    assertThat(entry.path("name").asText()).isEqualTo("Garden");
    assertThat(entry.path("topic").asText()).isEqualTo("Apples");
    assertThat(entry.path("avatar_url").asText()).isEqualTo("mxc://hearth.test/a");
    assertThat(entry.path("join_rule").asText()).isEqualTo("public");
    assertThat(entry.path("room_type").asText()).isEqualTo("m.space");
    assertThat(entry.path("num_joined_members").asInt()).isEqualTo(2);
    assertThat(entry.path("world_readable").asBoolean()).isTrue();
    assertThat(entry.path("guest_can_join").asBoolean()).isTrue();
    assertThat(answer.at("/total_room_count_estimate").asInt()).isEqualTo(1);
  }

  @Test
  void visibilityIsChangedByWhoMay() throws InterruptedException {
    RoomId room = rooms.create(user("alice"), "{}");
    TestClient bob = services.register("bob");
    rooms.join(room, user("bob"));
    assertThat(bob.get(visibility(room)).expect(200).text("visibility")).isEqualTo("private");

    bob.put(visibility(room), "{'visibility': 'public'}").expect(403, "M_FORBIDDEN");
    alice.put(visibility(room), "{'visibility': 'secret'}").expect(400, "M_INVALID_PARAM");
    alice.put(visibility(room), "{}").expect(200);
    alice.put(visibility(room), "{'visibility': 'public'}").expect(200);

    assertThat(bob.get(visibility(room)).expect(200).text("visibility")).isEqualTo("public");
    assertThat(services.announced())
        .filteredOn(each -> each.equals(new AccountOutput.RoomPublished(room, true)))
        .hasSize(1);
    alice.put(visibility(room), "{'visibility': 'private'}").expect(200);
    assertThat(names(alice.get(PUBLIC_ROOMS))).isEmpty();
    RoomId nowhere = RoomId.parse("!nowhere:hearth.test");
    alice.get(visibility(nowhere)).expect(404, "M_NOT_FOUND");
    alice.put(visibility(nowhere), "{}").expect(404, "M_NOT_FOUND");
  }

  @Test
  void listIsReadPageByPageBothWays() {
    for (int i = 0; i < 5; i++) {
      RoomId room = publish("Room " + i, "{}");
      for (int member = i; member < 4; member++) {
        rooms.join(room, user("member" + member));
      }
    }

    Answer first = alice.get(PUBLIC_ROOMS + "?limit=2").expect(200);
    Answer second =
        alice.get(PUBLIC_ROOMS + "?limit=2&since=" + first.text("next_batch")).expect(200);
    Answer third =
        alice.get(PUBLIC_ROOMS + "?limit=2&since=" + second.text("next_batch")).expect(200);
    Answer back =
        alice.get(PUBLIC_ROOMS + "?limit=2&since=" + third.text("prev_batch")).expect(200);

    assertThat(names(first)).containsExactly("Room 0", "Room 1");
    assertThat(names(second)).containsExactly("Room 2", "Room 3");
    assertThat(names(third)).containsExactly("Room 4");
    assertThat(names(back)).containsExactly("Room 2", "Room 3");
    assertThat(first.json().has("prev_batch")).isFalse();
    assertThat(third.json().has("next_batch")).isFalse();
  }

  @Test
  void filtersByWordsAndType() {
    publish("Garden", "{}");
    publish("Family", "{'type': 'm.space'}");

    assertThat(names(alice.post(PUBLIC_ROOMS, "{'filter': {'generic_search_term': 'GARD'}}")))
        .containsExactly("Garden");
    assertThat(names(alice.post(PUBLIC_ROOMS, "{'filter': {'room_types': ['m.space']}}")))
        .containsExactly("Family");
    assertThat(names(alice.post(PUBLIC_ROOMS, "{'filter': {'room_types': [null]}}")))
        .containsExactly("Garden");
    assertThat(names(alice.post(PUBLIC_ROOMS, "{'limit': 1}"))).hasSize(1);
    assertThat(names(alice.post(PUBLIC_ROOMS, "{}"))).hasSize(2);
  }

  @Test
  void refusesWhatItDoesNotUnderstand() {
    alice.get(PUBLIC_ROOMS + "?limit=-1").expect(400, "M_INVALID_PARAM");
    alice.get(PUBLIC_ROOMS + "?limit=many").expect(400, "M_INVALID_PARAM");
    alice.get(PUBLIC_ROOMS + "?since=nonsense").expect(400, "M_INVALID_PARAM");
    alice.get(PUBLIC_ROOMS + "?server=other.test").expect(404, "M_NOT_FOUND");
    alice.get(PUBLIC_ROOMS + "?server=hearth.test").expect(200);
    alice.post(PUBLIC_ROOMS, "{'filter': []}").expect(400, "M_BAD_JSON");
    alice.post(PUBLIC_ROOMS, "{'filter': {'room_types': [1]}}").expect(400, "M_BAD_JSON");
    alice.post(PUBLIC_ROOMS, "{'limit': -1}").expect(400, "M_INVALID_PARAM");
    services.client().get(PUBLIC_ROOMS).expect(401, "M_MISSING_TOKEN");
  }
}
