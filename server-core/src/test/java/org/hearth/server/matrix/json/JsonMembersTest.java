package org.hearth.server.matrix.json;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import org.hearth.server.matrix.error.MatrixException;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class JsonMembersTest {
  private static final String MANY =
      """
      {"a":{"b":[1,{"c":"}"}],"d":{}},"e":"\\"\\\\\\u00e9é","f":-1.5e+7,"g":[],"h":true,"i":false,"j":null}\
      """;

  @Test
  void findsEveryMember() {
    assertThat(members(MANY))
        .containsExactly(
            "\"a\":{\"b\":[1,{\"c\":\"}\"}],\"d\":{}}",
            "\"e\":\"\\\"\\\\\\u00e9é\"",
            "\"f\":-1.5e+7",
            "\"g\":[]",
            "\"h\":true",
            "\"i\":false",
            "\"j\":null");
    assertThat(members("{}")).isEmpty();
  }

  @Test
  void tellsNamesAndStrings() {
    JsonMembers members = new JsonMembers(bytes("{\"name\":\"text\"}"));
    assertThat(members.next()).isTrue();

    assertThat(members.isNamed(bytes("name"))).isTrue();
    assertThat(members.isNamed(bytes("nam"))).isFalse();
    assertThat(members.isString(bytes("text"))).isTrue();
    assertThat(members.isString(bytes("tex"))).isFalse();
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "",
        "[]",
        "{",
        "{}}",
        "{\"a\"}",
        "{\"a\":}",
        "{\"a\":1,}",
        "{,\"a\":1}",
        "{\"a\":1 }",
        "{\"a\":tru}",
        "{\"a\":nul",
        "{\"a\":-}",
        "{\"a\":01}",
        "{\"a\":1.}",
        "{\"a\":1e}",
        "{\"a\":\"\\x\"}",
        "{\"a\":\"\\u00g0\"}",
        "{\"a\":\"\n\"}",
        "{\"a\":[1}",
        "{\"a\":{\"b\":1]}",
        "{a:1}"
      })
  void refusesWhatIsNotTheJsonOfAnObject(String text) {
    assertThatIllegalArgumentException().isThrownBy(() -> members(text));
  }

  @Test
  void refusesWhatIsNestedTooDeeply() {
    String deep = "{\"a\":" + "[".repeat(200) + "]".repeat(200) + "}";

    assertThatIllegalArgumentException().isThrownBy(() -> members(deep));
  }

  /// What it lets pass, the parser does, but for a key that comes twice.
  @Test
  void letsNoDamagePassThatTheParserFinds() {
    long seed = System.nanoTime();
    Random random = new Random(seed);
    for (int i = 0; i < 20_000; i++) {
      byte[] damaged = bytes(MANY);
      damaged[random.nextInt(damaged.length)] = (byte) random.nextInt(256);
      assertThat(passes(damaged) && !parses(damaged))
          .as("seed %d: %s", seed, new String(damaged, StandardCharsets.UTF_8))
          .isFalse();
    }
  }

  private static boolean passes(byte[] json) {
    try {
      JsonMembers members = new JsonMembers(json);
      boolean more = true;
      while (more) {
        more = members.next();
      }
      return true;
    } catch (IllegalArgumentException _) {
      return false;
    }
  }

  private static boolean parses(byte[] json) {
    try {
      MatrixJson.parseObject(json);
      return true;
    } catch (MatrixException e) {
      return e.toString().contains("A key occurs twice")
          || e.toString().contains("too large")
          || e.toString().contains("surrogate");
    }
  }

  private static List<String> members(String text) {
    byte[] json = bytes(text);
    JsonMembers members = new JsonMembers(json);
    List<String> found = new ArrayList<>();
    while (members.next()) {
      int start = members.memberStart();
      found.add(new String(json, start, members.end() - start, StandardCharsets.UTF_8));
    }
    return found;
  }

  private static byte[] bytes(String text) {
    return text.getBytes(StandardCharsets.UTF_8);
  }
}
