package org.hearth.server.http;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.function.Consumer;
import org.hearth.server.matrix.error.MatrixException;
import org.hearth.server.matrix.json.MatrixJson;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

class FieldsTest {
  private static Fields fields(String json) {
    return Fields.of(
        MatrixJson.parseObject(json.replace('\'', '"').getBytes(StandardCharsets.UTF_8)));
  }

  record Bad(String json, String errcode, String told, Consumer<Fields> read) {
    @Override
    public String toString() {
      return json + " -> " + errcode + " " + told;
    }
  }

  static List<Bad> badFields() {
    return List.of(
        new Bad("{}", "M_MISSING_PARAM", "x", f -> f.string("x")),
        new Bad("{'x': null}", "M_MISSING_PARAM", "x", f -> f.string("x")),
        new Bad("{'x': 1}", "M_BAD_JSON", "x must be of type string", f -> f.string("x")),
        new Bad("{'x': ['a']}", "M_BAD_JSON", "x must be", f -> f.optionalString("x")),
        new Bad("{'x': '1'}", "M_BAD_JSON", "x must be of type number", f -> f.integer("x")),
        new Bad("{'x': 1.5}", "M_BAD_JSON", "whole number", f -> f.integer("x")),
        new Bad("{'x': 1.0}", "M_BAD_JSON", "whole number", f -> f.integer("x")),
        new Bad("{'x': 9007199254740992}", "M_BAD_JSON", "2^53", f -> f.integer("x")),
        new Bad("{'x': -9007199254740992}", "M_BAD_JSON", "2^53", f -> f.integer("x")),
        new Bad("{'x': 9223372036854775808}", "M_BAD_JSON", "2^53", f -> f.integer("x")),
        new Bad("{'x': 11}", "M_BAD_JSON", "from 0 to 10", f -> f.optionalInteger("x", 0, 10)),
        new Bad("{'x': -1}", "M_BAD_JSON", "from 0 to 10", f -> f.optionalInteger("x", 0, 10)),
        new Bad("{'x': 'true'}", "M_BAD_JSON", "of type boolean", f -> f.bool("x", false)),
        new Bad("{'x': 0}", "M_BAD_JSON", "of type boolean", f -> f.bool("x")),
        new Bad("{}", "M_MISSING_PARAM", "x", f -> f.bool("x")),
        new Bad("{'x': []}", "M_BAD_JSON", "of type object", f -> f.object("x")),
        new Bad("{'x': {}}", "M_BAD_JSON", "of type array", f -> f.array("x")),
        new Bad("{'x': {}}", "M_MISSING_PARAM", "x.y", f -> f.object("x").string("y")),
        new Bad("{'x': {'y': 1}}", "M_BAD_JSON", "x.y must", f -> f.object("x").string("y")),
        new Bad("{'x': ['a', 2]}", "M_BAD_JSON", "x[1] must", f -> f.strings("x")),
        new Bad("{'x': [null]}", "M_BAD_JSON", "x[0] must", f -> f.strings("x")),
        new Bad("{'x': [[]]}", "M_BAD_JSON", "x[0] must", f -> f.objects("x")),
        new Bad(
            "{'x': [{}, {'y': 1}]}",
            "M_BAD_JSON",
            "x[1].y must",
            f -> f.objects("x").forEach(each -> each.optionalString("y"))));
  }

  @ParameterizedTest
  @MethodSource("badFields")
  void saysWhatIsWrongAndWhere(Bad each) {
    Fields fields = fields(each.json());

    assertThatThrownBy(() -> each.read().accept(fields))
        .isInstanceOfSatisfying(
            MatrixException.class,
            e -> {
              assertThat(e.status()).isEqualTo(400);
              assertThat(e.errcode()).isEqualTo(each.errcode());
              assertThat(e.safeMessage()).contains(each.told());
            });
  }

  @Test
  void readsWhatIsThere() {
    Fields fields =
        fields("{'s': '', 'i': -9007199254740991, 'b': true, 'o': {'k': 'v'}, 'a': ['x', 'y']}");

    assertThat(fields.string("s")).isEmpty();
    assertThat(fields.integer("i")).isEqualTo(-9_007_199_254_740_991L);
    assertThat(fields.bool("b")).isTrue();
    assertThat(fields.object("o").string("k")).isEqualTo("v");
    assertThat(fields.strings("a")).containsExactly("x", "y");
    assertThat(fields.strings("none")).isEmpty();
    assertThat(fields.has("none")).isFalse();
    assertThat(fields.bool("none", true)).isTrue();
  }
}
