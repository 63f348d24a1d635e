package org.hearth.server.readers.events;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.node.ObjectNode;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import org.hearth.server.matrix.json.MatrixJson;
import org.junit.jupiter.api.Test;

class EventFieldsTest {
  private static final ObjectNode EVENT =
      json(
          """
          {"type":"m.room.message","sender":"@a:b","content":{"body":"hi","msgtype":"m.text",
           "m.relates_to":{"event_id":"$x"},"back\\\\slash":1},"unsigned":{"age":3}}
          """);

  @Test
  void picksWholeProperties() {
    assertThat(pick("type", "sender"))
        .isEqualTo(json("{\"type\":\"m.room.message\",\"sender\":\"@a:b\"}"));
  }

  @Test
  void picksWithinProperties() {
    assertThat(pick("content.body", "unsigned.age"))
        .isEqualTo(json("{\"content\":{\"body\":\"hi\"},\"unsigned\":{\"age\":3}}"));
  }

  @Test
  void readsEscapedDotsAndBackslashes() {
    assertThat(pick("content.m\\.relates_to.event_id"))
        .isEqualTo(json("{\"content\":{\"m.relates_to\":{\"event_id\":\"$x\"}}}"));
    assertThat(pick("content.back\\\\slash"))
        .isEqualTo(json("{\"content\":{\"back\\\\slash\":1}}"));
  }

  @Test
  void leavesOutWhatIsNotThere() {
    assertThat(pick("content.nothing", "nothing.body", "type.body", "")).isEmpty();
  }

  @Test
  void theWholeAndAPartGiveTheWholeInEitherOrder() {
    assertThat(pick("content", "content.body").get("content")).isEqualTo(EVENT.get("content"));
    assertThat(pick("content.body", "content").get("content")).isEqualTo(EVENT.get("content"));
  }

  /// A thousand times the same costs no more than once.
  @Test
  void whatIsNamedTwiceIsCopiedOnce() {
    List<String> fields = new ArrayList<>(Collections.nCopies(1_000, "content"));
    fields.addAll(List.of("content.body", "contents", "content.body.more", "type", "unsigned.age"));

    assertThat(EventFields.of(fields).paths())
        .containsExactlyInAnyOrder(
            List.of("content"), List.of("contents"), List.of("type"), List.of("unsigned", "age"));
  }

  @Test
  void leavesTheEventAlone() {
    ObjectNode before = EVENT.deepCopy();

    pick("content", "content.body", "unsigned");

    assertThat(EVENT).isEqualTo(before);
  }

  private static ObjectNode pick(String... fields) {
    return EventFields.of(List.of(fields)).pick(EVENT);
  }

  private static ObjectNode json(String text) {
    return MatrixJson.parseObject(text.getBytes(StandardCharsets.UTF_8));
  }
}
