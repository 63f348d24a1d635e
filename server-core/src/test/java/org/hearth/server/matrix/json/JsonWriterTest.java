package org.hearth.server.matrix.json;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import java.io.ByteArrayOutputStream;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

class JsonWriterTest {
  private static final String KIB = "x".repeat(1022);

  private final List<Integer> pieces = new ArrayList<>();
  private final ByteArrayOutputStream out = new ByteArrayOutputStream();
  private final JsonWriter json =
      new JsonWriter((bytes, length) -> {
        pieces.add(length);
        out.write(bytes, 0, length);
      });

  private String all() {
    out.writeBytes(json.rest());
    return out.toString(StandardCharsets.UTF_8);
  }

  @Test
  void setsCommas() {
    json.object().name("a").array().value(1).value("\"").value(true).object().endObject();
    json.value(JsonNodeFactory.instance.objectNode().put("b", 2)).endArray();
    json.name("c").object().name("d").array().endArray().endObject().endObject();

    assertThat(all()).isEqualTo("{\"a\":[1,\"\\\"\",true,{},{\"b\":2}],\"c\":{\"d\":[]}}");
    assertThat(pieces).isEmpty();
    assertThat(json.hasPushed()).isFalse();
  }

  @Test
  void handsOverWhatHasTheSizeOfAPiece() {
    json.array();
    for (int i = 0; i < 200; i++) {
      json.value(KIB);
    }
    json.endArray();

    assertThat(pieces).hasSize(3).allSatisfy(each -> assertThat(each).isBetween(65_536, 67_000));
    assertThat(json.length()).isEqualTo(1 + 200 * 1025);
    assertThat(MatrixJson.parse(all().getBytes(StandardCharsets.UTF_8))).hasSize(200);
  }

  @Test
  void takesBackWhatCameAfterTheMark() {
    json.array().value(1);
    json.mark();
    json.object().name("x").array().value(2);

    assertThat(json.takeBack()).isTrue();
    json.value(3).endArray();

    assertThat(all()).isEqualTo("[1,3]");
  }

  @Test
  void holdsWhatMayBeTakenBack() {
    json.array();
    json.mark();
    for (int i = 0; i < 200; i++) {
      json.value(KIB);
    }

    assertThat(pieces).isEmpty();
    assertThat(json.takeBack()).isTrue();
    json.endArray();
    assertThat(all()).isEqualTo("[]");
  }

  @Test
  void holdsNoMoreThanItsBound() {
    json.array();
    json.mark();
    for (int i = 0; i < 300; i++) {
      json.value(KIB);
    }

    assertThat(pieces).hasSize(1);
    assertThat(json.canTakeBack()).isFalse();
    assertThat(json.takeBack()).isFalse();
    assertThat(MatrixJson.parse((all() + "]").getBytes(StandardCharsets.UTF_8))).hasSize(300);
  }

  @Test
  void handsOverWhatIsKept() {
    json.array();
    json.mark();
    for (int i = 0; i < 100; i++) {
      json.value(KIB);
    }
    json.keep();

    assertThat(pieces).hasSize(1);
  }

  @Test
  void beginsAnewUntilAPieceIsGone() {
    json.array().value(1);
    json.restart();
    json.array().endArray();
    assertThat(all()).isEqualTo("[]");

    json.value("x".repeat(JsonWriter.PIECE));

    assertThatThrownBy(json::restart).isInstanceOf(IllegalStateException.class);
  }
}
