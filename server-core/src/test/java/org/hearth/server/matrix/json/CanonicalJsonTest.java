package org.hearth.server.matrix.json;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import com.fasterxml.jackson.databind.node.TextNode;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Random;
import java.util.Set;
import java.util.stream.Stream;
import org.hearth.server.matrix.error.MatrixException;
import org.hearth.server.matrix.json.CanonicalJson.Numbers;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

class CanonicalJsonTest {
  /// An example: a document and its canonical form.
  record Example(String document, String canonical) {}

  /// The examples of the specification, in its order.
  static Stream<Example> specified() {
    return Stream.of(
        new Example("{}", "{}"),
        new Example(
            """
            {
                "one": 1,
                "two": "Two"
            }
            """,
            "{\"one\":1,\"two\":\"Two\"}"),
        new Example(
            """
            {
                "b": "2",
                "a": "1"
            }
            """,
            "{\"a\":\"1\",\"b\":\"2\"}"),
        new Example("{\"b\":\"2\",\"a\":\"1\"}", "{\"a\":\"1\",\"b\":\"2\"}"),
        new Example(
            """
            {
                "auth": {
                    "success": true,
                    "mxid": "@john.doe:example.com",
                    "profile": {
                        "display_name": "John Doe",
                        "three_pids": [
                            {
                                "medium": "email",
                                "address": "john.doe@example.org"
                            },
                            {
                                "medium": "msisdn",
                                "address": "123456789"
                            }
                        ]
                    }
                }
            }
            """,
            "{\"auth\":{\"mxid\":\"@john.doe:example.com\",\"profile\":{\"display_name\":\"John Doe\","
                + "\"three_pids\":[{\"address\":\"john.doe@example.org\",\"medium\":\"email\"},"
                + "{\"address\":\"123456789\",\"medium\":\"msisdn\"}]},\"success\":true}}"),
        new Example("{\n    \"a\": \"日本語\"\n}", "{\"a\":\"日本語\"}"),
        new Example("{\n    \"本\": 2,\n    \"日\": 1\n}", "{\"日\":1,\"本\":2}"),
        new Example("{\n    \"a\": \"\\u65E5\"\n}", "{\"a\":\"日\"}"),
        new Example("{\n    \"a\": null\n}", "{\"a\":null}"),
        new Example("{\n    \"a\": -0,\n    \"b\": 1e10\n}", "{\"a\":0,\"b\":10000000000}"));
  }

  /// What the examples of the specification leave out.
  static Stream<Example> ours() {
    return Stream.of(
        new Example("[ ]", "[]"),
        new Example("[ 1 , [ ] , { } ]", "[1,[],{}]"),
        new Example("{\"\":1,\"a\":{\"\":[]}}", "{\"\":1,\"a\":{\"\":[]}}"),
        new Example("{\"aa\":1,\"a\":2,\"B\":3,\"b\":4}", "{\"B\":3,\"a\":2,\"aa\":1,\"b\":4}"),
        // Beyond the Basic Multilingual Plane: U+FF5E before U+1F600, though D83D < FF5E.
        new Example(
            "{\"\ud83d\ude00\":1,\"\uff5e\":2,\"\ud7ff\":3,\"\ue000\":4}",
            "{\"\ud7ff\":3,\"\ue000\":4,\"\uff5e\":2,\"\ud83d\ude00\":1}"),
        new Example(
            "{\"a\ud83d\ude01\":1,\"a\ud83d\ude00\":2,\"a\":3}",
            "{\"a\":3,\"a\ud83d\ude00\":2,\"a\ud83d\ude01\":1}"),
        new Example(
            "\"\\u0000\\u0007\\u0008\\u0009\\u000a\\u000b\\u000c\\u000d\\u000e\\u001f\\u0020\\u007f\"",
            "\"\\u0000\\u0007\\b\\t\\n\\u000b\\f\\r\\u000e\\u001f \u007f\""),
        new Example("\"\\/\\\\\\\"\"", "\"/\\\\\\\"\""),
        new Example("\"\\ud83d\\ude00\\u2028\"", "\"\ud83d\ude00\u2028\""),
        new Example("[9007199254740991,-9007199254740991]", "[9007199254740991,-9007199254740991]"),
        new Example("[true,false,null]", "[true,false,null]"));
  }

  @ParameterizedTest
  @MethodSource("specified")
  void agreesWithTheExamplesOfTheSpecification(Example example) {
    assertThat(canonical(example.document(), Numbers.CONVERTED)).isEqualTo(example.canonical());
  }

  @ParameterizedTest
  @MethodSource("ours")
  void isTheSameInAllVersions(Example example) {
    for (Numbers numbers : Numbers.values()) {
      assertThat(canonical(example.document(), numbers)).isEqualTo(example.canonical());
    }
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "9007199254740992",
        "-9007199254740992",
        "9223372036854775807",
        "18446744073709551616",
        "1.5",
        "1e300",
        "1e-1",
        "9007199254740992.0",
      })
  void refusesNumbersThatAreNoSafeIntegers(String number) {
    for (Numbers numbers : List.of(Numbers.STRICT, Numbers.CONVERTED)) {
      assertThatExceptionOfType(MatrixException.class)
          .isThrownBy(() -> canonical("[" + number + "]", numbers))
          .satisfies(e -> assertThat(e.errcode()).isEqualTo("M_BAD_JSON"));
    }
  }

  @ParameterizedTest
  @ValueSource(strings = {"1.0", "1e10", "1e3", "-0.0", "0.0", "10E-1"})
  void strictRefusesIntegersThatAreWrittenAsFloats(String number) {
    assertThatExceptionOfType(MatrixException.class)
        .isThrownBy(() -> canonical("[" + number + "]", Numbers.STRICT));
  }

  @ParameterizedTest
  @CsvSource({
    "1.0, 1",
    "1e3, 1000",
    "-0.0, 0",
    "-0, 0",
    "10E-1, 1",
    "9007199254740991.0, 9007199254740991"
  })
  void convertsIntegersThatAreWrittenAsFloats(String number, String canonical) {
    assertThat(canonical("[" + number + "]", Numbers.CONVERTED)).isEqualTo("[" + canonical + "]");
  }

  /// What Python's `json.dumps(json.loads(number))` gives.
  @ParameterizedTest
  @CsvSource({
    "1.0, 1.0",
    "1e10, 10000000000.0",
    "-0.0, -0.0",
    "0.0, 0.0",
    "1e15, 1000000000000000.0",
    "1e16, 1e+16",
    "1.5e300, 1.5e+300",
    "1e-4, 0.0001",
    "1e-5, 1e-05",
    "0.1, 0.1",
    "123456789012345680.0, 1.2345678901234568e+17",
    "5e-324, 5e-324",
    "-2.50, -2.5",
    "1E+2, 100.0",
    "9007199254740993.0, 9007199254740992.0",
    "1.7976931348623157e308, 1.7976931348623157e+308",
    "12345.678e-3, 12.345678",
    "9007199254740992, 9007199254740992",
    "-9223372036854775808, -9223372036854775808",
    "123456789012345678901234567890, 123456789012345678901234567890",
  })
  void lenientWritesNumbersAsTheSpecificationsExampleCodeDoes(String number, String canonical) {
    assertThat(canonical("[" + number + "]", Numbers.LENIENT)).isEqualTo("[" + canonical + "]");
  }

  @Test
  void leavesOutMembersAtTheTopOnly() {
    ObjectNode object = MatrixJson.parseObject(bytes("{\"c\":{\"b\":1},\"b\":2,\"a\":3}"));

    assertThat(CanonicalJson.encodeWithout(Set.of("a", "b"), object, Numbers.STRICT))
        .asString(StandardCharsets.UTF_8)
        .isEqualTo("{\"c\":{\"b\":1}}");
    assertThat(CanonicalJson.encodeWithout(Set.of("a", "b", "c"), object, Numbers.STRICT))
        .asString(StandardCharsets.UTF_8)
        .isEqualTo("{}");
  }

  @Test
  void refusesUnpairedSurrogates() {
    assertThatExceptionOfType(MatrixException.class)
        .isThrownBy(() -> CanonicalJson.encode(TextNode.valueOf("\udc00")));
    assertThatExceptionOfType(MatrixException.class)
        .isThrownBy(() ->
            CanonicalJson.encode(JsonNodeFactory.instance.objectNode().put("\ud800\ud800", 1)));
  }

  @Test
  void keysCompareByCodePoint() {
    long seed = 20261124;
    Random random = new Random(seed);
    for (int round = 0; round < 50_000; round++) {
      String left = randomText(random, 3);
      String right = randomText(random, 3);
      int byCodePoints =
          java.util.Arrays.compare(left.codePoints().toArray(), right.codePoints().toArray());

      assertThat(Integer.signum(CanonicalJson.compareKeys(left, right)))
          .as("seed %d, round %d", seed, round)
          .isEqualTo(Integer.signum(byCodePoints));
    }
  }

  /// The canonical form reads back as the same value, however the members were ordered, and is its
  /// own canonical form.
  @Test
  void readingTheCanonicalFormGivesTheSameValue() {
    long seed = 20261123;
    Random random = new Random(seed);
    for (int round = 0; round < 2_000; round++) {
      JsonNode value = randomValue(random, 4);

      byte[] canonical = CanonicalJson.encode(value, Numbers.STRICT);
      JsonNode back = MatrixJson.parse(canonical);

      assertThat(back).as("seed %d, round %d", seed, round).isEqualTo(value);
      assertThat(CanonicalJson.encode(back, Numbers.STRICT)).isEqualTo(canonical);
      assertThat(CanonicalJson.encode(shuffled(value, random), Numbers.STRICT))
          .isEqualTo(canonical);
      assertThat(MatrixJson.parse(MatrixJson.write(value))).isEqualTo(value);
    }
  }

  private static JsonNode randomValue(Random random, int depth) {
    JsonNodeFactory nodes = JsonNodeFactory.instance;
    return switch (random.nextInt(depth > 0 ? 7 : 5)) {
      case 0 -> nodes.textNode(randomText(random, 20));
      case 1 -> nodes.numberNode(random.nextInt());
      case 2 -> {
        long big = (random.nextLong() >>> 11) * (random.nextBoolean() ? 1 : -1);
        yield (int) big == big ? nodes.numberNode((int) big) : nodes.numberNode(big);
      }
      case 3 -> nodes.booleanNode(random.nextBoolean());
      case 4 -> nodes.nullNode();
      case 5 -> {
        ArrayNode array = nodes.arrayNode();
        for (int i = random.nextInt(5); i > 0; i--) {
          array.add(randomValue(random, depth - 1));
        }
        yield array;
      }
      default -> {
        ObjectNode object = nodes.objectNode();
        for (int i = random.nextInt(8); i > 0; i--) {
          object.set(randomText(random, 4), randomValue(random, depth - 1));
        }
        yield object;
      }
    };
  }

  private static JsonNode shuffled(JsonNode value, Random random) {
    if (value instanceof ArrayNode array) {
      ArrayNode copy = JsonNodeFactory.instance.arrayNode();
      array.forEach(each -> copy.add(shuffled(each, random)));
      return copy;
    }
    if (!(value instanceof ObjectNode object)) {
      return value;
    }
    List<String> keys = new ArrayList<>(object.propertyStream().map(e -> e.getKey()).toList());
    Collections.shuffle(keys, random);
    ObjectNode copy = JsonNodeFactory.instance.objectNode();
    keys.forEach(key -> copy.set(key, shuffled(object.get(key), random)));
    return copy;
  }

  private static String randomText(Random random, int maxLength) {
    int[] bounds = {0x20, 0x80, 0x800, 0xD7FF, 0xE000, 0xFFFF, 0x10000, 0x10FFFF};
    StringBuilder text = new StringBuilder();
    for (int i = random.nextInt(maxLength + 1); i > 0; i--) {
      int codePoint =
          random.nextInt(3) == 0
              ? bounds[random.nextInt(bounds.length)]
              : random.nextInt(random.nextBoolean() ? 0x80 : 0x110000);
      text.appendCodePoint(codePoint >= 0xD800 && codePoint < 0xE000 ? 'x' : codePoint);
    }
    return text.toString();
  }

  private static String canonical(String document, Numbers numbers) {
    return new String(
        CanonicalJson.encode(MatrixJson.parse(bytes(document)), numbers), StandardCharsets.UTF_8);
  }

  private static byte[] bytes(String text) {
    return text.getBytes(StandardCharsets.UTF_8);
  }
}
