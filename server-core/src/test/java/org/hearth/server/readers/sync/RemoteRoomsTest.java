package org.hearth.server.readers.sync;

import static org.assertj.core.api.Assertions.assertThat;
import static org.hearth.server.matrix.testkit.RoomFixture.ALICE;
import static org.hearth.server.matrix.testkit.RoomFixture.BOB;

import com.fasterxml.jackson.databind.JsonNode;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.hearth.server.http.TestClient;
import org.hearth.server.logs.RoomInput;
import org.hearth.server.logs.RoomInput.Arrival;
import org.hearth.server.logs.RoomReply;
import org.hearth.server.matrix.event.Pdu;
import org.hearth.server.matrix.id.EventId;
import org.hearth.server.matrix.id.ServerName;
import org.hearth.server.matrix.testkit.RoomFixture;
import org.hearth.server.matrix.version.RoomVersions;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/// What clients see of rooms that other servers are in: history that came later, events that are
/// not to be shown, and state that changed because branches came together.
@Tag("long")
final class RemoteRoomsTest {
  private static final String V3 = "/_matrix/client/v3";

  @TempDir private Path folder;
  private SyncServer server;
  private TestClient dave;
  private RoomFixture room;
  private String id;

  @BeforeEach
  void joinARoomOfOthers() {
    server = new SyncServer(folder);
    dave = server.http("dave");
    room = RoomFixture.withMembers(RoomVersions.V11);
    room.usualPowerLevels("\"users\":{\"@alice:a.example\":100,\"@bob:b.example\":50}").add();
    id = TestClient.encoded(room.roomId().value());
  }

  @AfterEach
  void stop() {
    server.close();
  }

  private void receive(
      List<Pdu> events, List<Pdu> outliers, Map<EventId, List<EventId>> states, Arrival arrival) {
    Map<EventId, Set<ServerName>> signers = new HashMap<>();
    for (List<Pdu> each : List.of(events, outliers)) {
      each.forEach(event -> signers.put(event.eventId(), Set.of(event.sender().server())));
    }
    RoomReply reply =
        server
            .rooms()
            .receive(
                new RoomInput.ReceiveEvents(
                    room.roomId(), "11", arrival, events, outliers, states, signers, Set.of()));
    assertThat(reply).isInstanceOf(RoomReply.Received.class);
  }

  private void live(Pdu event) {
    receive(List.of(event), List.of(), Map.of(), Arrival.LIVE);
  }

  private void join() {
    List<Pdu> before = List.copyOf(room.state().values());
    Pdu join = room.join(TestRooms.user("dave")).add();
    receive(
        List.of(join),
        before,
        Map.of(join.eventId(), before.stream().map(Pdu::eventId).toList()),
        Arrival.LIVE);
  }

  private List<String> ids(JsonNode events) {
    List<String> ids = new ArrayList<>();
    events.forEach(each -> ids.add(each.path("event_id").asText()));
    return ids;
  }

  @Test
  void pagesThroughHistoryThatCameAfterTheJoin() {
    List<String> expected = new ArrayList<>();
    for (int i = 0; i < 8; i++) {
      expected.add(
          room.message(BOB, "m.room.message", "{\"body\":\"" + i + "\"}").add().eventId().value());
    }
    List<Pdu> all = List.copyOf(room.events());
    join();
    receive(all, List.of(), Map.of(), Arrival.HISTORY);

    List<String> backwards = new ArrayList<>();
    String from = "";
    JsonNode page;
    do {
      page = dave.get(V3 + "/rooms/" + id + "/messages?dir=b&limit=3" + from).expect(200).json();
      backwards.addAll(ids(page.path("chunk")));
      from = "&from=" + page.path("end").asText();
    } while (page.has("end"));

    assertThat(backwards).hasSize(all.size() + 1).doesNotHaveDuplicates();
    assertThat(backwards.subList(1, 9)).isEqualTo(expected.reversed());
    JsonNode forwards =
        dave.get(V3 + "/rooms/" + id + "/messages?dir=f&limit=500").expect(200).json();
    assertThat(ids(forwards.path("chunk")).reversed()).isEqualTo(backwards.subList(1, 15));
  }

  @Test
  void showsTheContextOfAnEventOfHistory() {
    List<Pdu> messages = new ArrayList<>();
    for (int i = 0; i < 5; i++) {
      messages.add(room.message(BOB, "m.room.message", "{\"body\":\"" + i + "\"}").add());
    }
    List<Pdu> all = List.copyOf(room.events());
    join();
    receive(all, List.of(), Map.of(), Arrival.HISTORY);

    JsonNode context =
        dave.get(
                V3
                    + "/rooms/"
                    + id
                    + "/context/"
                    + TestClient.encoded(messages.get(2).eventId().value())
                    + "?limit=4")
            .expect(200)
            .json();

    assertThat(ids(context.path("events_before")))
        .containsExactly(messages.get(1).eventId().value(), messages.get(0).eventId().value());
    assertThat(ids(context.path("events_after")))
        .containsExactly(messages.get(3).eventId().value(), messages.get(4).eventId().value());
  }

  @Test
  void syncsTheRoomWithoutItsHistoryAndWithoutWhatSoftFailed() {
    Pdu fork = room.events().getLast();
    List<Pdu> all = List.copyOf(room.events());
    join();
    receive(all, List.of(), Map.of(), Arrival.HISTORY);
    JsonNode first = dave.get(V3 + "/sync").expect(200).json();
    String since = first.path("next_batch").asText();
    Pdu ban = room.member(ALICE, BOB, "ban").add();
    live(ban);
    live(room.message(BOB, "m.room.message", "{}").after(fork).build());

    JsonNode second = dave.get(V3 + "/sync?since=" + since).expect(200).json();

    String joined = "/rooms/join/" + room.roomId().value();
    assertThat(ids(first.at(joined + "/timeline/events"))).hasSize(1);
    assertThat(first.at(joined + "/state/events").size()).isGreaterThanOrEqualTo(6);
    assertThat(ids(second.at(joined + "/timeline/events"))).containsExactly(ban.eventId().value());
  }

  /// Something happened that we were not told of; then an event came, with the state before it.
  private Pdu eventAfterAGap() {
    room.message(BOB, "m.room.message", "{\"body\":\"missed\"}").add();
    Pdu name = room.state(ALICE, "m.room.name", "", "{\"name\":\"missed\"}").add();
    List<Pdu> before = List.copyOf(room.state().values());
    Pdu next = room.message(BOB, "m.room.message", "{\"body\":\"seen\"}").add();
    receive(
        List.of(next),
        List.of(name),
        Map.of(next.eventId(), before.stream().map(Pdu::eventId).toList()),
        Arrival.LIVE);
    return next;
  }

  @Test
  void saysThatTheTimelineIsLimitedWhereEventsAreMissing() {
    join();
    String since = dave.get(V3 + "/sync").expect(200).json().path("next_batch").asText();
    Pdu known = room.message(BOB, "m.room.message", "{\"body\":\"known\"}").add();
    live(known);
    Pdu afterGap = eventAfterAGap();
    Pdu last = room.message(ALICE, "m.room.message", "{\"body\":\"last\"}").add();
    live(last);

    JsonNode joined =
        dave.get(V3 + "/sync?since=" + since)
            .expect(200)
            .json()
            .at("/rooms/join/" + room.roomId().value());

    assertThat(joined.at("/timeline/limited").asBoolean()).isTrue();
    assertThat(ids(joined.at("/timeline/events")))
        .containsExactly(afterGap.eventId().value(), last.eventId().value());
    assertThat(joined.at("/state/events").findValuesAsText("type")).contains("m.room.name");
    JsonNode earlier =
        dave.get(
                V3
                    + "/rooms/"
                    + id
                    + "/messages?dir=b&limit=1&from="
                    + joined.at("/timeline/prev_batch").asText())
            .expect(200)
            .json();
    assertThat(ids(earlier.path("chunk"))).containsExactly(known.eventId().value());
  }

  @Test
  void syncsAsNewWhatWasKnownWithoutAPlaceBefore() {
    join();
    Pdu topic = room.topic(ALICE, "known before").add();
    receive(List.of(), List.of(topic), Map.of(), Arrival.LIVE);
    String since = dave.get(V3 + "/sync").expect(200).json().path("next_batch").asText();
    live(topic);
    Pdu next = room.message(BOB, "m.room.message", "{}").add();
    live(next);

    JsonNode timeline =
        dave.get(V3 + "/sync?since=" + since)
            .expect(200)
            .json()
            .at("/rooms/join/" + room.roomId().value() + "/timeline");

    assertThat(ids(timeline.path("events")))
        .containsExactly(topic.eventId().value(), next.eventId().value());
    assertThat(timeline.path("limited").asBoolean()).isFalse();
  }

  @Test
  void saysNothingOfAGapThatIsBehindTheClient() {
    join();
    eventAfterAGap();
    String since = dave.get(V3 + "/sync").expect(200).json().path("next_batch").asText();
    Pdu last = room.message(ALICE, "m.room.message", "{}").add();
    live(last);

    JsonNode timeline =
        dave.get(V3 + "/sync?since=" + since)
            .expect(200)
            .json()
            .at("/rooms/join/" + room.roomId().value() + "/timeline");

    assertThat(timeline.path("limited").asBoolean()).isFalse();
    assertThat(ids(timeline.path("events"))).containsExactly(last.eventId().value());
  }

  @Test
  void stillSaysThatEventsWereMissingWhenTheyHaveComeAsHistory() {
    join();
    String since = dave.get(V3 + "/sync").expect(200).json().path("next_batch").asText();
    Pdu afterGap = eventAfterAGap();
    receive(List.copyOf(room.events()), List.of(), Map.of(), Arrival.HISTORY);

    JsonNode timeline =
        dave.get(V3 + "/sync?since=" + since)
            .expect(200)
            .json()
            .at("/rooms/join/" + room.roomId().value() + "/timeline");

    assertThat(timeline.path("limited").asBoolean()).isTrue();
    assertThat(ids(timeline.path("events"))).containsExactly(afterGap.eventId().value());
  }

  @Test
  void keepsTheStateOfBothBranches() {
    join();
    Pdu fork = room.events().getLast();
    Pdu first = room.state(ALICE, "m.room.name", "", "{\"name\":\"one\"}").add();
    live(first);
    String since = dave.get(V3 + "/sync").expect(200).json().path("next_batch").asText();
    room.continueAfter(fork);
    Pdu message = room.message(ALICE, "m.room.message", "{}").add();
    Pdu topic = room.topic(BOB, "mine").add();
    live(message);
    live(topic);

    JsonNode sync = dave.get(V3 + "/sync?since=" + since).expect(200).json();

    assertThat(ids(sync.at("/rooms/join/" + room.roomId().value() + "/timeline/events")))
        .containsExactly(message.eventId().value(), topic.eventId().value());
    JsonNode name = dave.get(V3 + "/rooms/" + id + "/state/m.room.name/").expect(200).json();
    assertThat(name.path("name").asText()).isEqualTo("one");
  }
}
