package org.hearth.server.readers.federationquery;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import java.util.List;
import org.hearth.server.WholeServer;
import org.hearth.server.http.TestClient;
import org.hearth.server.matrix.event.EventTypes;
import org.hearth.server.matrix.event.Pdu;
import org.hearth.server.matrix.id.EventId;
import org.hearth.server.matrix.id.RoomId;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/// Which events of a room another server gets whole, and of which a redacted copy.
final class HistoryForServersTest extends WithFederatedRooms {
  @ParameterizedTest
  @ValueSource(strings = {"world_readable", "shared"})
  void aServerReadsWhatWasBeforeItsTimeWhereAllWhoJoinDo(String visibility) {
    RoomId room = room(visibility);
    EventId before = say(alice, room, "before");
    server.membership(room, BOB, "join");

    JsonNode answer = peer.get(event(before)).expect(200).json();

    assertThat(answer.path("origin").asText()).isEqualTo("hearth.test");
    assertThat(answer.path("origin_server_ts").isIntegralNumber()).isTrue();
    assertThat(server.ids(room, answer.path("pdus"))).containsExactly(before);
    assertThat(answer.at("/pdus/0/content/body").asText()).isEqualTo("before");
  }

  /// Row 33 of the hostile list: visibility is judged for the asking server, event by event. It
  /// gets a redacted copy, since what is before that may be for it.
  @ParameterizedTest
  @ValueSource(strings = {"invited", "joined"})
  void aServerGetsRedactedCopiesOfWhatWasBeforeItsTimeWhereWhoJoinsDoesNotSeeIt(String visibility) {
    RoomId room = room(visibility);
    EventId first = say(alice, room, "first");
    EventId before = say(alice, room, "before");
    server.membership(room, BOB, "join");
    EventId after = say(alice, room, "after");

    JsonNode hidden = peer.get(event(before)).expect(200).json();
    JsonNode shown = peer.get(event(after)).expect(200).json();
    JsonNode history = peer.get(backfill(room, after, 4)).expect(200).json();
    JsonNode gap = missing(peer, room, first, after, "").expect(200).json();

    assertThat(server.ids(room, hidden.path("pdus"))).containsExactly(before);
    assertThat(hidden.at("/pdus/0/content")).isEmpty();
    assertThat(shown.at("/pdus/0/content/body").asText()).isEqualTo("after");
    assertThat(history.findValuesAsText("body")).containsExactly("after");
    assertThat(server.ids(room, history.path("pdus"))).contains(before, first, after);
    assertThat(server.ids(room, gap.path("events"))).startsWith(before);
    assertThat(gap.findValuesAsText("body")).isEmpty();
    peer.get(at("state", room, before)).expect(403, "M_FORBIDDEN");
    peer.get(at("state_ids", room, before)).expect(200);
  }

  @Test
  void anInvitedServerSeesFromThereOnWhereTheInvitedDo() {
    RoomId room = room("invited");
    EventId before = say(alice, room, "before");
    invite(room, "@carol:other.test");
    EventId between = say(alice, room, "between");
    server.membership(room, "@carol:other.test", "join");
    TestClient other = server.peer("other.test");

    assertThat(other.get(event(before)).expect(200).at("/pdus/0/content")).isEmpty();
    assertThat(other.get(event(between)).expect(200).at("/pdus/0/content/body").asText())
        .isEqualTo("between");
  }

  /// Row 48 of the hostile list: what a server has seen follows from the room, not from timestamps.
  @Test
  void aServerThatCameAndWentSeesWhatWasSaidWhileItWasThere() {
    RoomId room = room("joined");
    server.membership(room, BOB, "join");
    EventId there = say(alice, room, "there");
    server.membership(room, BOB, "leave");
    EventId away = say(alice, room, "away");
    server.membership(room, BOB, "join");
    server.does(room, BOB, EventTypes.MESSAGE, null, "{'body':'back'}");

    assertThat(peer.get(event(there)).expect(200).at("/pdus/0/content/body").asText())
        .isEqualTo("there");
    assertThat(peer.get(event(away)).expect(200).at("/pdus/0/content")).isEmpty();
    // What is in the room's state now is told to all who are in it.
    EventId name =
        server
            .rooms()
            .currentState(room)
            .orElseThrow()
            .event(EventTypes.HISTORY_VISIBILITY)
            .orElseThrow()
            .id();
    assertThat(peer.get(event(name)).expect(200).at("/pdus/0/content/history_visibility").asText())
        .isEqualTo("joined");
  }

  @Test
  void whatIsBesideTheSignedIsNotPassedOn() {
    RoomId room = room("shared");
    server.membership(room, BOB, "join");
    Pdu plain = server.event(room, BOB, EventTypes.MESSAGE, null, "{'body':'x'}");
    var bent = plain.json().deepCopy();
    bent.putObject("unsigned").put("made_up", "by a peer");
    server.receive(List.of(Pdu.parse(bent, plain.version())), List.of());

    JsonNode told = peer.get(event(plain.eventId())).expect(200).at("/pdus/0");

    assertThat(told.has("unsigned")).isFalse();
    assertThat(told).hasToString(plain.json().toString());
  }

  /// Row 47 of the hostile list, for servers.
  @Test
  void aRedactedEventIsToldRedacted() {
    RoomId room = room("shared");
    EventId said = say(alice, room, "secret");
    server.membership(room, BOB, "join");
    alice
        .put(
            "/_matrix/client/v3/rooms/%s/redact/%s/1"
                .formatted(encoded(room.value()), encoded(said.value())),
            "{}")
        .expect(200);

    JsonNode told = peer.get(event(said)).expect(200).json();

    assertThat(server.ids(room, told.path("pdus"))).containsExactly(said);
    assertThat(told.at("/pdus/0/content")).isEmpty();
  }

  /// "Any users (or servers) which join the room after the erasure request are served redacted
  /// copies of the events sent by this account."
  @Test
  void whatSomebodyHadErasedIsToldToServersThatWereThereOnly() {
    TestClient dora = server.register("dora");
    RoomId room = room("shared");
    server.membership(room, BOB, "join");
    dora.post("/_matrix/client/v3/join/" + encoded(room.value()), "{}").expect(200);
    EventId said = say(dora, room, "mine");
    dora.post(
            "/_matrix/client/v3/account/deactivate",
            "{'erase':true,'auth':{'type':'m.login.password','identifier':{'type':'m.id.user','user':'dora'},'password':'%s'}}"
                .formatted(WholeServer.PASSWORD))
        .expect(200);
    server.membership(room, "@carol:other.test", "join");

    assertThat(peer.get(event(said)).expect(200).at("/pdus/0/content/body").asText())
        .isEqualTo("mine");
    assertThat(server.peer("other.test").get(event(said)).expect(200).at("/pdus/0/content"))
        .isEmpty();
  }
}
