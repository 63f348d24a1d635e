package org.hearth.server.readers.sync;

import static org.assertj.core.api.Assertions.assertThat;
import static org.hearth.server.readers.sync.SyncClient.join;

import com.fasterxml.jackson.databind.JsonNode;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Future;
import org.hearth.server.matrix.id.EventId;
import org.junit.jupiter.api.Test;

/// The markers of `/read_markers`, and the one that is account data.
class ReadMarkersTest extends ReceiptRoom {
  @Test
  void readMarkersMoveAllThreeAndTheFullyReadOneIsAccountData() throws Exception {
    EventId first = say("first");
    EventId second = say("second");
    EventId third = say("third");
    SyncClient alice = server.client("alice");
    alice.sync();
    Future<JsonNode> waiting = waiting("alice", () -> alice.sync(LONG));
    markers("alice", room, "{'m.fully_read':'%s'}".formatted(first.value())).expect(200);
    assertThat(fullyRead(answer(waiting))).containsExactly(first.value());

    String all =
        "{'m.fully_read':'%s','m.read':'%s','m.read.private':'%s','other':7}"
            .formatted(second.value(), third.value(), third.value());
    assertThat(markers("alice", room, all).expect(200).json()).isEmpty();

    JsonNode answer = alice.sync();
    assertThat(fullyRead(answer)).containsExactly(second.value());
    assertThat(receipts(answer)).hasSize(2);
    assertThat(bob.sync().toString()).doesNotContain("m.fully_read").contains("m.receipt");
    String data =
        "/_matrix/client/v3/user/@alice:hearth.test/rooms/%s/account_data/m.fully_read"
            .formatted(room.value());
    assertThat(server.http("alice").get(data).expect(200).text("event_id"))
        .isEqualTo(second.value());
    server
        .http("alice")
        .put(data, "{'event_id':'" + third.value() + "'}")
        .expect(405, "M_BAD_JSON");

    markers("alice", room, "{'m.fully_read':'%s'}".formatted(first.value())).expect(200);
    markers("alice", room, "{}").expect(200);
    assertThat(alice.sync().has("rooms")).isFalse();
    post("alice", room, "m.fully_read", third.value(), "{}").expect(200);
    assertThat(fullyRead(alice.sync())).containsExactly(third.value());
  }

  private List<String> fullyRead(JsonNode answer) {
    List<String> events = new ArrayList<>();
    for (JsonNode each : join(answer, room).at("/account_data/events")) {
      assertThat(each.path("type").asText()).isEqualTo("m.fully_read");
      events.add(each.at("/content/event_id").asText());
    }
    return events;
  }

  @Test
  void nothingMovesWhenOneOfTheMarkersCannot() {
    EventId event = say("hello");
    SyncClient alice = server.client("alice");
    alice.sync();

    markers(
            "alice",
            room,
            "{'m.fully_read':'%s','m.read':'%s','m.read.private':'$unknown'}"
                .formatted(event.value(), event.value()))
        .expect(404, "M_NOT_FOUND");

    assertThat(alice.sync().has("rooms")).isFalse();
    assertThat(rows()).isZero();
  }

  /// "Servers have no additional requirements placed on them by this submodule": clients reset it.
  @Test
  void theUnreadMarkerIsAccountDataThatReceiptsLeaveAlone() {
    String data =
        "/_matrix/client/v3/user/@alice:hearth.test/rooms/%s/account_data/m.marked_unread"
            .formatted(room.value());
    server.http("alice").put(data, "{'unread':true}").expect(200);
    EventId event = say("hello");

    read("alice", event);
    post("alice", room, "m.fully_read", event.value(), "{}").expect(200);

    assertThat(server.http("alice").get(data).expect(200).json().path("unread").asBoolean())
        .isTrue();
  }
}
