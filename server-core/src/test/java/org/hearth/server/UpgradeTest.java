package org.hearth.server;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import java.util.ArrayList;
import java.util.Collections;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import org.hearth.server.http.TestClient;
import org.junit.jupiter.api.Test;

/// Rooms of every version, and from one version to another, by the client API of a whole server.
final class UpgradeTest extends UpgradedRooms {
  UpgradeTest(WholeServer server) {
    super(server);
  }

  @Test
  void roomsMadeAlikeAtOnceAreEachARoom() throws Exception {
    List<Callable<String>> wishes =
        Collections.nCopies(24, () -> create("{'room_version':'12','preset':'public_chat'}"));

    Set<String> made = new HashSet<>();
    try (ExecutorService clients = Executors.newFixedThreadPool(8)) {
      for (Future<String> each : clients.invokeAll(wishes)) {
        made.add(each.get());
      }
    }

    assertThat(made).hasSize(24);
  }

  @Test
  void makesRoomsOfEveryVersionThatItOffers() {
    JsonNode offered =
        alice.get(V3 + "/capabilities").expect(200).at("/capabilities/m.room_versions/available");
    List<String> versions = new ArrayList<>();
    offered.fieldNames().forEachRemaining(versions::add);
    assertThat(versions)
        .containsExactlyInAnyOrder("1", "2", "3", "4", "5", "6", "7", "8", "9", "10", "11", "12");

    for (String version : versions) {
      String room =
          create("{'room_version':'%s','preset':'public_chat','name':'x'}".formatted(version));
      join(bob, room);
      String said =
          bob.put(path(room) + "/send/m.room.message/1", "{'body':'hello'}")
              .expect(200)
              .text("event_id");
      bob.put(path(room) + "/redact/" + TestClient.encoded(said) + "/2", "{}").expect(200);

      assertThat(state(room, "m.room.create").path("room_version").asText()).isEqualTo(version);
      JsonNode shown =
          alice.get(path(room) + "/event/" + TestClient.encoded(said)).expect(200).json();
      assertThat(shown.at("/content").has("body")).as("version %s", version).isFalse();
    }
  }

  @Test
  void replacesARoomByOneOfAnotherVersion() {
    String old =
        create(
            "{'room_version':'10','name':'Home','topic':'all','room_alias_name':'home',"
                + "'preset':'public_chat'}");
    join(bob, old);

    String replacement = upgrade(alice, old, "12");

    assertThat(state(old, "m.room.tombstone").path("replacement_room").asText())
        .isEqualTo(replacement);
    assertThat(state(replacement, "m.room.create").at("/predecessor/room_id").asText())
        .isEqualTo(old);
    assertThat(state(replacement, "m.room.create").path("room_version").asText()).isEqualTo("12");
    assertThat(state(replacement, "m.room.name").path("name").asText()).isEqualTo("Home");
    assertThat(state(replacement, "m.room.join_rules").path("join_rule").asText())
        .isEqualTo("public");
    assertThat(state(replacement, "m.room.power_levels").path("users").has("@alice:hearth.test"))
        .isFalse();
    assertThat(
            alice
                .get(V3 + "/directory/room/" + TestClient.encoded("#home:hearth.test"))
                .expect(200)
                .text("room_id"))
        .isEqualTo(replacement);
    bob.put(path(old) + "/send/m.room.message/1", "{'body':'too late'}").expect(403, "M_FORBIDDEN");
    join(bob, replacement);
  }

  /// "The event ID of the last known event in the old room."
  @Test
  void theNewRoomNamesTheLastEventOfTheOldOneWhateverThatIs() {
    String old = create("{'room_version':'10','preset':'public_chat'}");
    String last =
        alice
            .put(path(old) + "/send/m.room.message/1", "{'msgtype':'m.text','body':'last'}")
            .expect(200)
            .text("event_id");

    String replacement = upgrade(alice, old, "11");

    assertThat(state(replacement, "m.room.create").at("/predecessor/event_id").asText())
        .isEqualTo(last);
  }

  @Test
  void refusesUpgradesOfThoseWhoMayNotAndToWhatIsNotKnown() {
    String room = create("{'preset':'public_chat'}");
    join(bob, room);

    bob.post(path(room) + "/upgrade", "{'new_version':'12'}").expect(403, "M_FORBIDDEN");
    alice
        .post(path(room) + "/upgrade", "{'new_version':'99'}")
        .expect(400, "M_UNSUPPORTED_ROOM_VERSION");
    alice.post(path(room) + "/upgrade", "{}").expect(400, "M_MISSING_PARAM");
  }

  @Test
  void namesAdditionalCreatorsInVersion12Only() {
    String room = create("{'room_version':'11'}");
    String id =
        alice
            .post(
                path(room) + "/upgrade",
                "{'new_version':'12','additional_creators':['@bob:hearth.test']}")
            .expect(200)
            .text("replacement_room");

    assertThat(state(id, "m.room.create").at("/additional_creators/0").asText())
        .isEqualTo("@bob:hearth.test");
  }

  @Test
  void findsTheEventOfAMoment() {
    String room = create("{}");
    String said =
        alice
            .put(path(room) + "/send/m.room.message/1", "{'body':'hello'}")
            .expect(200)
            .text("event_id");
    long at =
        alice
            .get(path(room) + "/event/" + TestClient.encoded(said))
            .expect(200)
            .json()
            .path("origin_server_ts")
            .asLong();
    String path = "/_matrix/client/v1/rooms/" + room + "/timestamp_to_event";

    assertThat(alice.get(path + "?dir=b&ts=" + (at + 1000)).expect(200).text("event_id"))
        .isEqualTo(said);
    alice.get(path + "?dir=f&ts=" + (at + 1000)).expect(404, "M_NOT_FOUND");
    bob.get(path + "?dir=b&ts=" + at).expect(403, "M_FORBIDDEN");
    alice.get(path + "?dir=x&ts=" + at).expect(400, "M_INVALID_PARAM");
  }
}
