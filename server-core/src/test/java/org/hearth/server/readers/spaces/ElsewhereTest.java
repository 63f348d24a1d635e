package org.hearth.server.readers.spaces;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import java.util.ArrayList;
import java.util.List;
import org.hearth.server.http.TestClient;
import org.hearth.server.outbound.WithLinkedHearths;
import org.hearth.server.store.Eventually;
import org.junit.jupiter.api.Test;

/// What a user of one Hearth finds out of another: rooms, spaces, people, and what was said before.
class ElsewhereTest extends WithLinkedHearths {
  private static final String V1 = "/_matrix/client/v1";

  @Override
  protected String settingsOfOne() {
    return "room-directory: { over-federation: true }";
  }

  private String room(String name, String more) {
    return alice
        .post(V3 + "/createRoom", "{'name':'%s','preset':'public_chat'%s}".formatted(name, more))
        .expect(200)
        .text("room_id");
  }

  private static String say(TestClient who, String room, String text) {
    return who.put(
            "%s/rooms/%s/send/m.room.message/%s".formatted(V3, encoded(room), encoded(text)),
            "{'msgtype':'m.text','body':'%s'}".formatted(text))
        .expect(200)
        .text("event_id");
  }

  private static List<String> texts(JsonNode all, String pointer) {
    List<String> texts = new ArrayList<>();
    all.forEach(each -> {
      if (!each.at(pointer).isMissingNode()) {
        texts.add(each.at(pointer).asText());
      }
    });
    return texts;
  }

  @Test
  void whoJoinsReadsWhatWasSaidBefore() {
    String room = room("Room", ",'room_alias_name':'room'");
    List<String> said = new ArrayList<>();
    List<String> ids = new ArrayList<>();
    for (int i = 0; i < 30; i++) {
      said.addFirst("message " + i);
      ids.add(say(alice, room, "message " + i));
    }
    bob.post(V3 + "/join/" + encoded("#room:" + one.name()), "{}").expect(200);

    JsonNode first =
        bob.get(V3 + "/rooms/" + encoded(room) + "/messages?dir=b&limit=100")
            .expect(200)
            .at("/chunk");

    assertThat(texts(first, "/content/body")).isEqualTo(said);
    assertThat(texts(first, "/type")).endsWith("m.room.create");
    bob.get(V3 + "/rooms/%s/context/%s?limit=4".formatted(encoded(room), encoded(ids.get(3))))
        .expect(200);
  }

  @Test
  void aMomentOfLongAgoLeadsToWhatWasSaidThen() {
    String room = room("Room", ",'room_alias_name':'room'");
    String wanted = say(alice, room, "wanted");
    for (int i = 0; i < 5; i++) {
      say(alice, room, "later " + i);
    }
    long moment =
        alice
            .get(V3 + "/rooms/%s/event/%s".formatted(encoded(room), encoded(wanted)))
            .expect(200)
            .at("/origin_server_ts")
            .asLong();
    bob.post(V3 + "/join/" + encoded("#room:" + one.name()), "{}").expect(200);

    assertThat(
            bob.get(
                    "%s/rooms/%s/timestamp_to_event?dir=f&ts=%d"
                        .formatted(V1, encoded(room), moment))
                .expect(200)
                .text("event_id"))
        .isEqualTo(wanted);
  }

  @Test
  void roomsAndSpacesOfAnotherServerAreShown() {
    String inner = room("Inner", ",'visibility':'public','topic':'Tea'");
    String space =
        room("Space", ",'room_alias_name':'space','creation_content':{'type':'m.space'}");
    alice
        .put(
            V3 + "/rooms/%s/state/m.space.child/%s".formatted(encoded(space), encoded(inner)),
            "{'via':['" + one.name() + "']}")
        .expect(200);

    assertThat(
            texts(
                bob.get(V3 + "/publicRooms?server=" + one.name()).expect(200).at("/chunk"),
                "/name"))
        .containsExactly("Inner");
    assertThat(
            bob.get(V1 + "/room_summary/" + encoded("#space:" + one.name()))
                .expect(200)
                .text("room_type"))
        .isEqualTo("m.space");
    bob.post(V3 + "/join/" + encoded("#space:" + one.name()), "{}").expect(200);
    assertThat(
            texts(
                bob.get(V1 + "/rooms/" + encoded(space) + "/hierarchy").expect(200).at("/rooms"),
                "/name"))
        .containsExactly("Space", "Inner");
  }

  @Test
  void whoIsInARoomIsFoundByName() {
    alice
        .put(
            V3 + "/profile/" + encoded(one.user("alice")) + "/displayname",
            "{'displayname':'Alice of One'}")
        .expect(200);
    String room = room("Room", ",'room_alias_name':'room'");
    bob.post(V3 + "/join/" + encoded("#room:" + one.name()), "{}").expect(200);

    assertThat(
            bob.get(V3 + "/profile/" + encoded(one.user("alice"))).expect(200).text("displayname"))
        .isEqualTo("Alice of One");
    // The directory follows the log.
    Eventually.until(
        "Alice of %s is found".formatted(room),
        () ->
            texts(
                    bob.post(V3 + "/user_directory/search", "{'search_term':'alice of'}")
                        .expect(200)
                        .at("/results"),
                    "/user_id")
                .equals(List.of(one.user("alice"))));
  }
}
