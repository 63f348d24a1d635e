package org.hearth.server;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Collectors;
import org.hearth.server.admin.WiringPicture;
import org.hearth.server.http.TestClient;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/// The boxes and logs of presence in a whole server: they show themselves, what is done in rooms
/// counts as being active, and one setting takes all of it away.
@Tag("long")
class PresenceWiringTest {
  private static final String PATH = "/_matrix/client/v3/presence/@alice:hearth.test/status";

  private static final String SYNC = "/_matrix/client/v3/sync?timeout=0";

  @TempDir Path folder;

  private static void say(TestClient alice, String body) {
    alice.put(PATH, body).expect(200);
  }

  private static String presence(TestClient client) {
    return client.get(PATH).expect(200).text("presence");
  }

  @Test
  void boxesAndArrowsOfPresenceAreInThePictureAndCount() throws Exception {
    try (WholeServer server = new WholeServer(folder)) {
      server.start();
      TestClient alice = server.register("alice");
      say(alice, "{'presence':'online','status_msg':'Here'}");
      alice.post("/_matrix/client/v3/createRoom", "{}").expect(200);
      JsonNode answer = alice.get("/_matrix/client/v3/sync").expect(200).json();

      WiringPicture picture = server.homeserver().admin().orElseThrow().wiring();

      assertThat(answer.at("/presence/events/0/content/status_msg").asText()).isEqualTo("Here");
      assertThat(picture.nodes())
          .contains(
              new WiringPicture.Node(
                  "ClientPresenceSetter", WiringPicture.Kind.WRITER, "Who is there"),
              new WiringPicture.Node(
                  "PresenceServer", WiringPicture.Kind.SERVER, "Knows who is there"));
      assertThat(picture.arrows())
          .contains(
              new WiringPicture.Arrow("ClientPresenceSetter", "presence-input"),
              new WiringPicture.Arrow("ClientRoomSend", "presence-input"),
              new WiringPicture.Arrow("ClientSync", "presence-input"),
              new WiringPicture.Arrow("PresenceServer", "presence-input"),
              new WiringPicture.Arrow("presence-input", "PresenceServer"),
              new WiringPicture.Arrow("PresenceServer", "presence-output"),
              new WiringPicture.Arrow("presence-output", "ClientSync"));
      assertThat(picture.rings())
          .filteredOn(each -> each.name().startsWith("presence-"))
          .hasSize(2)
          .allMatch(each -> each.published() > 0);
    }
  }

  @Test
  void whatIsDoneInRoomsCountsAsBeingActive() throws Exception {
    try (WholeServer server = new WholeServer(folder)) {
      server.start();
      TestClient alice = server.register("alice");
      say(alice, "{'presence':'unavailable'}");
      assertThat(presence(alice)).isEqualTo("unavailable");

      String room = alice.post("/_matrix/client/v3/createRoom", "{}").expect(200).text("room_id");
      assertThat(presence(alice)).isEqualTo("online");

      say(alice, "{'presence':'unavailable'}");
      alice
          .put("/_matrix/client/v3/rooms/%s/send/m.room.message/1".formatted(room), "{}")
          .expect(200);
      assertThat(presence(alice)).isEqualTo("online");

      say(alice, "{'presence':'unavailable'}");
      alice
          .post("/_matrix/client/v3/rooms/!none:hearth.test/leave", "{}")
          .expect(403, "M_FORBIDDEN");
      assertThat(presence(alice)).isEqualTo("online");
    }
  }

  @Test
  void whoComesToARoomAndWhoIsThereAreToldOfEachOtherWithTheComing() throws Exception {
    try (WholeServer server = new WholeServer(folder)) {
      server.start();
      TestClient alice = server.register("alice");
      TestClient bob = server.register("bob");
      String room = WholeServer.openRoom(alice);
      String aliceHas = alice.get(SYNC).expect(200).text("next_batch");
      say(alice, "{'presence':'offline'}");
      String bobHas = bob.get(SYNC).expect(200).text("next_batch");
      bob.put("/_matrix/client/v3/presence/@bob:hearth.test/status", "{'presence':'unavailable'}")
          .expect(200);

      bob.post("/_matrix/client/v3/rooms/" + TestClient.encoded(room) + "/join", "{}").expect(200);

      JsonNode told = alice.get(SYNC + "&since=" + aliceHas).expect(200).json();
      assertThat(told.at("/rooms/join").has(room)).isTrue();
      assertThat(presences(told)).contains("@bob:hearth.test online");
      told = bob.get(SYNC + "&since=" + bobHas).expect(200).json();
      assertThat(told.at("/rooms/join").has(room)).isTrue();
      assertThat(presences(told)).contains("@alice:hearth.test offline");
    }
  }

  @Test
  void whoFollowsTheEventsOfBeforeSyncIsOnlineAndSeesItInThem() throws Exception {
    try (WholeServer server = new WholeServer(folder)) {
      server.start();
      TestClient alice = server.register("alice");
      TestClient bob = server.register("bob");
      String room =
          alice
              .post(
                  "/_matrix/client/v3/createRoom",
                  """
                  {'preset':'public_chat','initial_state':[{'type':'m.room.history_visibility',
                   'content':{'history_visibility':'world_readable'}}]}\
                  """)
              .expect(200)
              .text("room_id");

      JsonNode initial = alice.get("/_matrix/client/v3/initialSync").expect(200).json();
      JsonNode own = initial.at("/presence/0");
      assertThat(own.path("type").asText()).isEqualTo("m.presence");
      assertThat(own.at("/content/user_id").asText()).isEqualTo("@alice:hearth.test");
      assertThat(own.at("/content/presence").asText()).isEqualTo("online");
      assertThat(own.at("/content/last_active_ago").isIntegralNumber()).isTrue();

      String path = "/_matrix/client/v3/rooms/" + TestClient.encoded(room);
      String events = "/_matrix/client/v3/events?timeout=0";
      bob.get(events + "&room_id=" + TestClient.encoded(room)).expect(200);
      bob.post(path + "/join", "{}").expect(200);
      assertThat(bobSeenBy(alice, path)).isEqualTo("offline");
      bob.get(events).expect(200);
      assertThat(bobSeenBy(alice, path)).isEqualTo("online");
    }
  }

  private static String bobSeenBy(TestClient alice, String path) {
    return alice
        .get(path + "/initialSync")
        .expect(200)
        .json()
        .path("presence")
        .valueStream()
        .filter(each -> each.at("/content/user_id").asText().equals("@bob:hearth.test"))
        .map(each -> each.at("/content/presence").asText())
        .collect(Collectors.joining(","));
  }

  private static List<String> presences(JsonNode sync) {
    return sync.at("/presence/events")
        .valueStream()
        .map(each -> each.path("sender").asText() + " " + each.at("/content/presence").asText())
        .toList();
  }

  @Test
  void oneSettingTakesItAway() throws Exception {
    try (WholeServer server = new WholeServer(folder, "presence: { enabled: false }\n")) {
      server.start();
      TestClient alice = server.register("alice");
      say(alice, "{'presence':'online','status_msg':'Here'}");
      alice.post("/_matrix/client/v3/createRoom", "{}").expect(200);
      JsonNode answer = alice.get("/_matrix/client/v3/sync").expect(200).json();

      assertThat(answer.at("/presence/events")).isEmpty();
      assertThat(alice.get(PATH).expect(200).json().toString())
          .isEqualTo("{\"presence\":\"offline\"}");
      WiringPicture picture = server.homeserver().admin().orElseThrow().wiring();
      assertThat(picture.nodes())
          .doesNotContain(
              new WiringPicture.Node(
                  "PresenceServer", WiringPicture.Kind.SERVER, "Knows who is there"));
      assertThat(picture.rings()).noneMatch(each -> each.name().startsWith("presence-"));
    }
  }

  @Test
  void aMessageGoesWithTheAccount() throws Exception {
    try (WholeServer server = new WholeServer(folder)) {
      server.start();
      String token = server.newAccount("alice").text("access_token");
      say(server.client().as(token), "{'presence':'online','status_msg':'Here'}");
      server.stop();
      assertThat(messages()).startsWith("1 rows");
      server.start();
      WholeServer.closeAccount(server.client().as(token), "alice");
    }
    assertThat(messages()).startsWith("0 rows");
  }

  private String messages() {
    return StoredTables.of(folder).tables().getOrDefault("PRESENCE_STATUS", "");
  }
}
