package org.hearth.server.matrix.event;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

import com.fasterxml.jackson.databind.node.ObjectNode;
import org.hearth.server.matrix.version.RoomVersion;
import org.hearth.server.matrix.version.RoomVersions;
import org.junit.jupiter.api.Test;

class ClientEventFormatTest {
  @Test
  void showsWhatClientsMaySee() {
    ObjectNode json = Events.message(RoomVersions.V11).put("custom", "x").put("redacts", "$x");
    Pdu event = Pdu.parse(json, RoomVersions.V11);

    ObjectNode shown = ClientEventFormat.withRoomId(event, ClientUnsigned.age(5));

    assertThat(shown)
        .isEqualTo(
            Events.json(
                    """
                    {"content": {"body": "Hello", "msgtype": "m.text"}, "event_id": "%s",
                     "origin_server_ts": 1700000000000, "room_id": "!r:example.org",
                     "sender": "@u:example.org", "type": "m.room.message"}
                    """
                        .formatted(event.eventId()))
                .set("unsigned", age(5)));
  }

  @Test
  void leavesOutTheRoomIdForSync() {
    Pdu event = Pdu.parse(Events.state(RoomVersions.V12, "t", "k", "{}"), RoomVersions.V12);

    ObjectNode shown = ClientEventFormat.withoutRoomId(event, ClientUnsigned.NONE);

    assertThat(shown.has("room_id")).isFalse();
    assertThat(shown.has("unsigned")).isFalse();
    assertThat(shown.get("state_key").textValue()).isEqualTo("k");
  }

  @Test
  void showsTheRoomIdThatACreateEventOf12DoesNotHave() {
    ObjectNode json = Events.state(RoomVersions.V12, "m.room.create", "", "{}");
    json.remove("room_id");
    Pdu event = Pdu.parse(json, RoomVersions.V12);

    ObjectNode shown = ClientEventFormat.withRoomId(event, ClientUnsigned.NONE);

    assertThat(shown.get("room_id").textValue())
        .isEqualTo("!" + event.eventId().value().substring(1));
  }

  @Test
  void showsWhatIsRedactedInBothPlaces() {
    for (RoomVersion version : RoomVersions.all()) {
      boolean inContent = Integer.parseInt(version.id()) >= 11;
      ObjectNode json = Events.message(version).put("type", "m.room.redaction");
      ObjectNode content = json.putObject("content").put("reason", "spam");
      (inContent ? content : json).put("redacts", "$gone");
      ObjectNode copy = json.deepCopy();

      ObjectNode shown =
          ClientEventFormat.withRoomId(Pdu.parse(json, version), ClientUnsigned.NONE);

      assertThat(shown.path("redacts").asText()).isEqualTo("$gone");
      assertThat(shown.path("content").path("redacts").asText()).isEqualTo("$gone");
      assertThat(shown.path("content").path("reason").asText()).isEqualTo("spam");
      assertThat(json).isEqualTo(copy);
    }
  }

  @Test
  void doesNotShowWhatOthersPutIntoUnsigned() {
    ObjectNode json = Events.message(RoomVersions.V11);
    json.putObject("unsigned").put("transaction_id", "theirs").put("age", 99);

    ObjectNode shown =
        ClientEventFormat.withRoomId(Pdu.parse(json, RoomVersions.V11), ClientUnsigned.age(1));

    assertThat(shown.get("unsigned")).isEqualTo(age(1));
  }

  @Test
  void unsignedHasAllThatIsGiven() {
    Pdu replaced =
        Pdu.parse(Events.state(RoomVersions.V11, "t", "", "{\"a\":1}"), RoomVersions.V11);
    ObjectNode because = Events.json("{\"type\":\"m.room.redaction\"}");
    ClientUnsigned unsigned =
        ClientUnsigned.age(-3)
            .withReplaced(replaced)
            .withRedactedBecause(because)
            .withTransactionId("txn")
            .withMembership("join")
            .withRelations(Events.json("{\"m.thread\":{}}"));

    assertThat(unsigned.toJson())
        .isEqualTo(
            ((ObjectNode) age(0))
                .put("membership", "join")
                .put("replaces_state", replaced.eventId().value())
                .put("transaction_id", "txn")
                .<ObjectNode>set("prev_content", Events.json("{\"a\":1}"))
                .<ObjectNode>set("redacted_because", because)
                .set("m.relations", Events.json("{\"m.thread\":{}}")));
  }

  @Test
  void strippedStateHasFourMembers() {
    Pdu event = Pdu.parse(Events.state(RoomVersions.V12, "t", "k", "{\"a\":1}"), RoomVersions.V12);

    assertThat(StrippedState.of(event))
        .isEqualTo(
            Events.json(
                """
                {"content": {"a": 1}, "sender": "@u:example.org", "state_key": "k", "type": "t"}
                """));
  }

  @Test
  void strippedStateIsMadeOfStateEventsOnly() {
    Pdu message = Pdu.parse(Events.message(RoomVersions.V12), RoomVersions.V12);

    assertThatExceptionOfType(IllegalArgumentException.class)
        .isThrownBy(() -> StrippedState.of(message));
    assertThat(StrippedState.ofJson(Events.json("{\"type\":5}"))).isEmpty();
  }

  private static com.fasterxml.jackson.databind.JsonNode age(long millis) {
    return com.fasterxml.jackson.databind.node.JsonNodeFactory.instance
        .objectNode()
        .put("age", millis);
  }
}
