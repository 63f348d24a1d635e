package org.hearth.server.writers.federationsend;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.IntNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import com.fasterxml.jackson.databind.node.TextNode;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import org.hearth.server.http.TestClient;
import org.hearth.server.matrix.id.RoomId;
import org.hearth.server.matrix.json.MatrixJson;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/// What other servers say in EDUs, of their own users and of others. Rows 41 and 42 of the list of
/// known attacks.
@Timeout(120)
class EdusTest extends WithPeers {
  private String carol;
  private String message;

  @BeforeEach
  void others() {
    carol = other.user("carol");
    server.membership(room, carol, "join");
    message =
        alice
            .put(
                "/_matrix/client/v3/rooms/%s/send/m.room.message/1"
                    .formatted(TestClient.encoded(room.value())),
                "{'msgtype':'m.text','body':'Hello'}")
            .expect(200)
            .text("event_id");
  }

  private static ObjectNode edu(String type, String content) {
    ObjectNode edu = JsonNodeFactory.instance.objectNode();
    edu.put("edu_type", type);
    edu.set(
        "content",
        MatrixJson.parseObject(content.replace('\'', '"').getBytes(StandardCharsets.UTF_8)));
    return edu;
  }

  private static ObjectNode typing(RoomId room, String user, boolean typing) {
    return edu(
        "m.typing", "{'room_id':'%s','user_id':'%s','typing':%s}".formatted(room, user, typing));
  }

  private static ObjectNode receipt(RoomId room, String user, String event) {
    return edu(
        "m.receipt",
        "{'%s':{'m.read':{'%s':{'event_ids':['%s'],'data':{'ts':1533358089009}}}}}"
            .formatted(room, user, event));
  }

  private static ObjectNode presence(String user, String message) {
    return edu(
        "m.presence",
        "{'push':[{'user_id':'%s','presence':'online','status_msg':'%s','last_active_ago':5000,'currently_active':true}]}"
            .formatted(user, message));
  }

  private void send(List<? extends JsonNode> edus) {
    var _ = sendJson(peer, List.of(), edus);
  }

  private JsonNode sync() {
    return alice.get("/_matrix/client/v3/sync?timeout=0").expect(200).json();
  }

  private JsonNode ephemeral(String type) {
    for (JsonNode each : sync().at("/rooms/join").path(room.value()).at("/ephemeral/events")) {
      if (each.path("type").asText().equals(type)) {
        return each.path("content");
      }
    }
    return JsonNodeFactory.instance.objectNode();
  }

  private Set<String> typing() {
    Set<String> users = new TreeSet<>();
    ephemeral("m.typing").path("user_ids").forEach(each -> users.add(each.asText()));
    return users;
  }

  private Set<String> readers() {
    Set<String> users = new TreeSet<>();
    ephemeral("m.receipt")
        .path(message)
        .path("m.read")
        .properties()
        .forEach(each -> users.add(each.getKey()));
    return users;
  }

  @Test
  void whoTypesElsewhereIsShown() {
    send(List.of(typing(room, bob, true)));
    await(() -> typing().equals(Set.of(bob)));

    send(List.of(typing(room, bob, false)));
    await(() -> typing().isEmpty());
  }

  @Test
  void aServerSpeaksForItsOwnUsersInTheirRooms() {
    RoomId without = room();

    send(
        List.of(
            typing(room, carol, true),
            typing(room, "@alice:hearth.test", true),
            typing(without, bob, true),
            typing(room, peer.user("stranger"), true),
            receipt(room, carol, message),
            receipt(room, "@alice:hearth.test", message),
            receipt(without, bob, message),
            receipt(room, peer.user("stranger"), message),
            presence(carol, "spoofed"),
            presence("@alice:hearth.test", "spoofed"),
            // After all of these.
            typing(room, bob, true),
            receipt(room, bob, message)));

    await(() -> typing().equals(Set.of(bob)));
    assertThat(readers()).containsExactly(bob);
    assertThat(sync().at("/presence").toString()).doesNotContain("spoofed");
  }

  @Test
  void aReceiptIsOfAnEventOfItsRoom() {
    RoomId another = room();
    server.membership(another, bob, "join");

    send(
        List.of(
            receipt(another, bob, message),
            receipt(room, bob, "$" + "x".repeat(43)),
            receipt(room, bob, "no event id"),
            edu("m.receipt", "{'%s':{'m.read':{'%s':{'event_ids':'x'}}}}".formatted(room, bob)),
            edu("m.receipt", "{'%s':{'m.read':5}}".formatted(room)),
            edu("m.receipt", "{'x':{}}"),
            edu(
                "m.receipt",
                "{'%s':{'m.read.private':{'%s':{'event_ids':['%s'],'data':{'ts':1}}}}}"
                    .formatted(room, bob, message))));

    assertThat(readers()).isEmpty();
    send(List.of(receipt(room, bob, message)));
    assertThat(readers()).containsExactly(bob);
  }

  /// Each room that there is not would be looked for in the database.
  @Test
  void receiptsOfATransactionAreOfSoManyRooms() {
    StringBuilder rooms = new StringBuilder();
    for (int i = 0; i < Edus.MOST_ROOMS; i++) {
      rooms.append("'!r").append(i).append(":peer.test':{'m.read':{}},");
    }
    String last =
        "'%s':{'m.read':{'%s':{'event_ids':['%s'],'data':{'ts':1}}}}".formatted(room, bob, message);
    send(List.of(edu("m.receipt", "{" + rooms + last + "}")));

    var _ = sendJson(other, List.of(), List.of(receipt(room, carol, message)));
    await(() -> readers().contains(carol));
    assertThat(readers()).containsExactly(carol);
  }

  @Test
  void presenceElsewhereIsShownToWhoSharesARoom() {
    send(List.of(presence(bob, "Making cupcakes"), presence(peer.user("stranger"), "hidden")));

    await(() -> sync().at("/presence").toString().contains("Making cupcakes"));
    JsonNode events = sync().at("/presence/events");
    assertThat(events.toString()).doesNotContain("hidden");
    assertThat(events)
        .anySatisfy(each -> {
          assertThat(each.path("sender").asText()).isEqualTo(bob);
          assertThat(each.at("/content/presence").asText()).isEqualTo("online");
          assertThat(each.at("/content/currently_active").asBoolean()).isTrue();
        });
    assertThat(
            alice
                .get("/_matrix/client/v3/presence/%s/status".formatted(TestClient.encoded(bob)))
                .expect(200)
                .text("status_msg"))
        .isEqualTo("Making cupcakes");
  }

  private static ObjectNode message(String sender, String id, String text) {
    return edu(
        "m.direct_to_device",
        "{'sender':'%s','type':'m.test','message_id':'%s','messages':{'@alice:hearth.test':{'*':{'text':'%s'}},'@nobody:hearth.test':{'*':{}},'%s':{'*':{}}}}"
            .formatted(sender, id, text, sender));
  }

  /// Rows 43 and 44.
  @Test
  void messagesToDevicesAreOfTheServersOwnUsersAndEachOnce() {
    send(
        List.of(
            message(carol, "1", "spoofed"),
            message("@bill:hearth.test", "2", "spoofed"),
            message(bob, "3", "real"),
            message(bob, "3", "real again")));
    // The same in another transaction: what it had to keep was durable when the first was answered.
    send(List.of(message(bob, "3", "once more"), message(bob, "4", "the last")));

    JsonNode events = sync().at("/to_device/events");
    assertThat(events).hasSize(2);
    assertThat(events.path(0).at("/content/text").asText()).isEqualTo("real");
    assertThat(events.path(0).path("sender").asText()).isEqualTo(bob);
    assertThat(events.path(1).at("/content/text").asText()).isEqualTo("the last");
  }

  @Test
  void whoTheRoomDoesNotAllowIsNotHeard() {
    var _ =
        alice
            .put(
                "/_matrix/client/v3/rooms/%s/state/m.room.server_acl/"
                    .formatted(TestClient.encoded(room.value())),
                "{'allow':['*'],'deny':['localhost']}")
            .expect(200);

    send(List.of(typing(room, bob, true), receipt(room, bob, message)));

    assertThat(typing()).isEmpty();
    assertThat(readers()).isEmpty();
  }

  @Test
  void whatIsWrongOrUnknownCostsNothingElse() {
    send(
        List.of(
            TextNode.valueOf("x"),
            IntNode.valueOf(5),
            JsonNodeFactory.instance.objectNode(),
            JsonNodeFactory.instance.objectNode().put("edu_type", 5),
            JsonNodeFactory.instance.objectNode().put("edu_type", "m.typing").put("content", 5),
            edu("m.typing", "{}"),
            edu("m.typing", "{'room_id':5,'user_id':[],'typing':'x'}"),
            edu("m.typing", "{'room_id':'x','user_id':'y','typing':true}"),
            edu("m.presence", "{'push':{}}"),
            edu("m.presence", "{'push':[5,null,{'user_id':5},{'user_id':'%s'}]}".formatted(bob)),
            edu("m.direct_to_device", "{}"),
            edu("m.device_list_update", "{'user_id':5}"),
            edu("m.signing_key_update", "{'user_id':[]}"),
            edu("org.example.unknown", "{'a':1}"),
            typing(room, bob, true)));

    await(() -> typing().equals(Set.of(bob)));
  }
}
