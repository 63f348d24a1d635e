package org.hearth.server.matrix.event;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.node.ObjectNode;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import org.hearth.server.matrix.id.UserId;
import org.hearth.server.matrix.version.RoomVersion;
import org.hearth.server.matrix.version.RoomVersions;
import org.junit.jupiter.api.Test;

class ClientEventBytesTest {
  private static final String CONTENT =
      """
      {"text": "a \\"quoted\\" \\\\ line\\nand é 🔥", "numbers": [0, -1, 9007199254740991],
       "type": "m.room.redaction", "sender": {"nested": {"state_key": [[], {}, true, false, null]}}}
      """;

  @Test
  void sayTheSameAsTheTree() {
    for (RoomVersion version : RoomVersions.all()) {
      for (String stateKey : new String[] {"", "k", "a \\ \" é"}) {
        ObjectNode json = Events.state(version, "org.example.t", stateKey, CONTENT);
        Pdu event = Pdu.parse(json.put("custom", "x").put("redacts", "$x"), version);

        ClientEventBytes bytes = bytes(event);

        assertThat(object(bytes))
            .isEqualTo(ClientEventFormat.withoutRoomId(event, ClientUnsigned.NONE));
        assertThat(bytes.originServerTs()).isEqualTo(event.originServerTs());
        assertThat(bytes.saysOfItself()).isNull();
      }
    }
  }

  @Test
  void knowWhoSaysSomethingOfHimself() {
    String sender = "@u:example.org";
    String content = "{\"membership\":\"join\"}";
    Pdu own =
        Pdu.parse(
            Events.state(RoomVersions.V11, EventTypes.MEMBER, sender, content), RoomVersions.V11);
    Pdu others =
        Pdu.parse(
            Events.state(RoomVersions.V11, EventTypes.MEMBER, "@v:example.org", content),
            RoomVersions.V11);

    assertThat(bytes(own).saysOfItself()).isEqualTo(UserId.parse(sender));
    assertThat(bytes(others).saysOfItself()).isNull();
  }

  @Test
  void areNotMadeOfWhatTakesMoreToSay() {
    Pdu message = Pdu.parse(Events.message(RoomVersions.V11), RoomVersions.V11);
    Pdu redaction =
        Pdu.parse(
            Events.state(RoomVersions.V11, EventTypes.REDACTION, "", "{\"redacts\":\"$x\"}"),
            RoomVersions.V11);

    assertThat(ClientEventBytes.of("$x", message.canonicalBytes())).isEmpty();
    assertThat(ClientEventBytes.of("$x", redaction.canonicalBytes())).isEmpty();
  }

  @Test
  void areNotMadeOfDamagedJson() {
    byte[] whole =
        Pdu.parse(Events.state(RoomVersions.V11, "t", "k", CONTENT), RoomVersions.V11)
            .canonicalBytes();
    for (int i = 0; i < whole.length; i++) {
      byte[] cut = Arrays.copyOf(whole, i);
      byte[] damaged = whole.clone();
      damaged[i] = (byte) 0x81;

      assertThat(ClientEventBytes.of("$x", cut)).as("cut at %d", i).isEmpty();
      if (whole[i] >= 0) {
        assertThat(ClientEventBytes.of("$x", damaged)).as("damaged at %d", i).isEmpty();
      }
    }
  }

  private static ClientEventBytes bytes(Pdu event) {
    return ClientEventBytes.of(event.eventId().value(), event.canonicalBytes()).orElseThrow();
  }

  private static ObjectNode object(ClientEventBytes bytes) {
    return Events.json("{" + new String(bytes.json(), StandardCharsets.UTF_8) + "}");
  }
}
