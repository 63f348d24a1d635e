package org.hearth.server.matrix.json;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

import com.fasterxml.jackson.databind.JsonNode;
import java.nio.charset.Charset;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.stream.Stream;
import org.hearth.server.matrix.error.MatrixException;
import org.hearth.server.matrix.testkit.ProcessorTime;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

class MatrixJsonTest {
  /// A document of the torture set, and how it is written down.
  record Case(String name, Charset charset, String text, String errcode) {
    Case(String name, String text, String errcode) {
      this(name, StandardCharsets.UTF_8, text, errcode);
    }

    byte[] document() {
      return text.getBytes(charset);
    }

    @Override
    public String toString() {
      return name;
    }
  }

  private static final String NOT = "M_NOT_JSON";
  private static final String BAD = "M_BAD_JSON";

  static Stream<Case> torture() {
    return Stream.concat(syntax(), Stream.concat(encodings(), meaning()));
  }

  private static Stream<Case> syntax() {
    return Stream.of(
        new Case("empty", "", NOT),
        new Case("white space only", " \t\r\n", NOT),
        new Case("unclosed object", "{\"a\":1", NOT),
        new Case("unclosed array", "[1", NOT),
        new Case("unclosed string", "{\"a\":\"b", NOT),
        new Case("closed by the wrong bracket", "{\"a\":[1}", NOT),
        new Case("only a closing bracket", "}", NOT),
        new Case("trailing comma in an object", "{\"a\":1,}", NOT),
        new Case("trailing comma in an array", "[1,]", NOT),
        new Case("leading comma", "[,1]", NOT),
        new Case("doubled comma", "[1,,2]", NOT),
        new Case("missing comma", "[1 2]", NOT),
        new Case("missing colon", "{\"a\" 1}", NOT),
        new Case("missing value", "{\"a\":}", NOT),
        new Case("unquoted key", "{a:1}", NOT),
        new Case("number as a key", "{1:1}", NOT),
        new Case("single quotes", "{'a':1}", NOT),
        new Case("line comment", "{} // x", NOT),
        new Case("block comment", "{/* x */}", NOT),
        new Case("hash comment", "# x\n{}", NOT),
        new Case("second document", "{}{}", NOT),
        new Case("garbage behind", "{} x", NOT),
        new Case("NUL behind", "{}\0", NOT),
        new Case("capital literal", "[True]", NOT),
        new Case("part of a literal", "[tru]", NOT),
        new Case("longer literal", "[nullx]", NOT),
        new Case("undefined", "[undefined]", NOT),
        new Case("NaN", "{\"a\":NaN}", NOT),
        new Case("Infinity", "{\"a\":Infinity}", NOT),
        new Case("-Infinity", "{\"a\":-Infinity}", NOT),
        new Case("leading zero", "{\"a\":01}", NOT),
        new Case("negative leading zero", "{\"a\":-01}", NOT),
        new Case("leading plus", "{\"a\":+1}", NOT),
        new Case("only a sign", "{\"a\":-}", NOT),
        new Case("no digit before the point", "{\"a\":.5}", NOT),
        new Case("no digit behind the point", "{\"a\":5.}", NOT),
        new Case("no digit in the exponent", "{\"a\":5e}", NOT),
        new Case("no digit behind the exponent's sign", "{\"a\":5e+}", NOT),
        new Case("hexadecimal", "{\"a\":0x1}", NOT),
        new Case("underscore in a number", "{\"a\":1_000}", NOT),
        new Case("raw line feed in a string", "{\"a\":\"b\nc\"}", NOT),
        new Case("raw tab in a string", "{\"a\":\"b\tc\"}", NOT),
        new Case("raw NUL in a string", "{\"a\":\"b\0c\"}", NOT),
        new Case("raw control character in a key", "{\"a\u0001\":1}", NOT),
        new Case("unknown escape", "{\"a\":\"\\x41\"}", NOT),
        new Case("single-quote escape", "{\"a\":\"\\'\"}", NOT),
        new Case("short unicode escape", "{\"a\":\"\\u00e\"}", NOT),
        new Case("unicode escape that is no number", "{\"a\":\"\\u00gg\"}", NOT),
        new Case("no-break space between tokens", "{\u00a0}", NOT),
        new Case("form feed between tokens", "{\f}", NOT));
  }

  private static Stream<Case> encodings() {
    return Stream.of(
        new Case("byte order mark", "\ufeff{}", NOT),
        new Case("UTF-16, little end first", StandardCharsets.UTF_16LE, "{\"a\":1}", NOT),
        new Case("UTF-16, big end first", StandardCharsets.UTF_16BE, "{\"a\":1}", NOT),
        new Case("UTF-16 with a mark", StandardCharsets.UTF_16, "{\"a\":1}", NOT),
        new Case("UTF-32", Charset.forName("UTF-32BE"), "{\"a\":1}", NOT),
        new Case("Latin-1", StandardCharsets.ISO_8859_1, "{\"a\":\"é\"}", NOT),
        inString("byte FF", "ff"),
        inString("byte FE", "fe"),
        inString("continuation alone", "80"),
        inString("two continuations", "bfbf"),
        inString("overlong slash in two bytes", "c0af"),
        inString("overlong NUL", "c080"),
        inString("overlong in two bytes", "c1bf"),
        inString("overlong slash in three bytes", "e080af"),
        inString("overlong in three bytes", "e09fbf"),
        inString("overlong in four bytes", "f08080af"),
        inString("surrogate D800", "eda080"),
        inString("surrogate DFFF", "edbfbf"),
        inString("surrogate pair in six bytes", "eda0bdedb880"),
        inString("beyond U+10FFFF", "f4908080"),
        inString("lead byte F5", "f5808080"),
        inString("five bytes", "f888808080"),
        inString("cut off after one of two", "c3"),
        inString("cut off after two of three", "e282"),
        inString("cut off after three of four", "f09f98"),
        new Case("cut off by the end", StandardCharsets.ISO_8859_1, "\"\u00f0\u009f\u0098", NOT));
  }

  private static Stream<Case> meaning() {
    return Stream.of(
        new Case("duplicate key", "{\"room_id\":\"!a\",\"room_id\":\"!b\"}", BAD),
        new Case("duplicate key by an escape", "{\"a\":1,\"\\u0061\":1}", BAD),
        new Case("duplicate key, null first", "{\"a\":null,\"a\":1}", BAD),
        new Case("duplicate key inside", "{\"a\":[{\"b\":1,\"b\":1}]}", BAD),
        new Case("duplicate empty key", "{\"\":1,\"\":1}", BAD),
        new Case("high surrogate alone", "{\"a\":\"\\ud800\"}", BAD),
        new Case("low surrogate alone", "{\"a\":\"\\udc00\"}", BAD),
        new Case("surrogates in the wrong order", "{\"a\":\"\\udc00\\ud800\"}", BAD),
        new Case("high surrogate before a letter", "{\"a\":\"\\ud800a\"}", BAD),
        new Case("surrogate alone in a key", "{\"\\uD83D\":1}", NOT),
        new Case("101 arrays", "[".repeat(101) + "]".repeat(101), BAD),
        new Case("101 objects", "{\"a\":".repeat(100) + "{}" + "}".repeat(100), BAD),
        new Case("100,000 arrays", "[".repeat(100_000) + "]".repeat(100_000), BAD),
        new Case("100,000 open arrays", "[".repeat(100_000), BAD),
        new Case("100,000 objects", "{\"a\":".repeat(100_000), BAD),
        new Case("number of 65 digits", "[" + "1".repeat(65) + "]", BAD),
        new Case("number of 65 decimals", "[0." + "1".repeat(65) + "]", BAD),
        new Case("number of a million digits", "[" + "9".repeat(1_000_000) + "]", BAD),
        new Case("exponent beyond a double", "[1e400]", BAD),
        new Case("negative, beyond a double", "[-1e999999999]", BAD));
  }

  @ParameterizedTest
  @MethodSource("torture")
  void refuses(Case each) {
    assertThatExceptionOfType(MatrixException.class)
        .isThrownBy(() -> MatrixJson.parse(each.document()))
        .satisfies(e -> {
          assertThat(e.errcode()).isEqualTo(each.errcode());
          assertThat(e.status()).isEqualTo(400);
        });
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "{}",
        "[]",
        "0",
        "-1",
        "null",
        "true",
        "\"\"",
        "{\"\":{}}",
        "[[],{},[{}]]",
        "{\"a\":\"\\\"\\\\\\u0000\\u001f\\b\\t\\n\\f\\r\"}",
        "{\"é\":\"日本語\ud83d\ude00\"}",
        "[9007199254740993,-9223372036854775808,18446744073709551616]",
        "{\"z\":1,\"a\":2}",
        "[1.5,1e+16,-0.0]",
        "\"\u007f\u0080\u07ff\u0800\ud7ff\ue000\uffff\ud800\udc00\udbff\udfff\"",
      })
  void writesWhatItReads(String document) {
    byte[] bytes = document.getBytes(StandardCharsets.UTF_8);

    assertThat(MatrixJson.write(MatrixJson.parse(bytes))).asString().isEqualTo(document);
  }

  @Test
  void readsAllThatTheGrammarAllows() {
    JsonNode read = parse(" { \"\\u0061\\/\" : [ 1E2 , -0 , 0.5e-1 , \"\\ud83d\\ude00\" ]\r\n}\t");

    assertThat(read.path("a/").get(0).doubleValue()).isEqualTo(100);
    assertThat(read.path("a/").get(1).intValue()).isZero();
    assertThat(read.path("a/").get(2).doubleValue()).isEqualTo(0.05);
    assertThat(read.path("a/").get(3).textValue()).isEqualTo("\ud83d\ude00");
  }

  @Test
  void keysMayBeWrittenWithEscapes() {
    assertThat(parse("{\"\\ud83d\\ude00\\u00e9\\u65e5\":1}").has("\ud83d\ude00\u00e9\u65e5"))
        .isTrue();
  }

  @Test
  void nestingOf100IsAllowed() {
    assertThat(parse("[".repeat(100) + "]".repeat(100)).isArray()).isTrue();
  }

  @Test
  void wrappersOfEventsMayBeDeeper() {
    byte[] deep = ("[".repeat(103) + "]".repeat(103)).getBytes(StandardCharsets.UTF_8);

    assertThat(MatrixJson.parse(deep, 103).isArray()).isTrue();
    assertThatExceptionOfType(MatrixException.class).isThrownBy(() -> MatrixJson.parse(deep, 102));
  }

  @Test
  void siblingsDoNotCountAsNesting() {
    assertThat(parse("[" + "[[]],".repeat(1000) + "{}]")).hasSize(1001);
  }

  @Test
  void longStringsAndKeysAreAllowed() {
    String text = "x".repeat(200_000);

    assertThat(parse("{\"" + text + "\":\"" + text + "\"}").path(text).textValue()).isEqualTo(text);
  }

  @Test
  void objectIsDemanded() {
    for (String document : new String[] {"[]", "null", "1", "\"{}\""}) {
      assertThatExceptionOfType(MatrixException.class)
          .isThrownBy(() -> MatrixJson.parseObject(document.getBytes(StandardCharsets.UTF_8)))
          .satisfies(e -> assertThat(e.errcode()).isEqualTo(BAD));
    }
  }

  @Test
  void hugeNumbersCostLinearTime() {
    byte[] document = new byte[20_000_000];
    Arrays.fill(document, (byte) '7');

    Duration cost =
        ProcessorTime.of(() ->
            assertThatExceptionOfType(MatrixException.class)
                .isThrownBy(() -> MatrixJson.parse(document)));

    assertThat(cost).isLessThan(Duration.ofSeconds(5));
  }

  @Test
  void unpairedSurrogateOfOurOwnIsReplacedWhenWritten() {
    JsonNode ours = com.fasterxml.jackson.databind.node.TextNode.valueOf("a\ud800b");

    assertThat(MatrixJson.write(ours)).asString().isEqualTo("\"a\ufffdb\"");
  }

  /// "A thirtieth" of what it becomes is what some texts have: `{"":0}` is an object, a table, an
  /// entry, a key and a number.
  @Test
  void treesAreKnownByTheirNodesNotByTheirLength() {
    byte[] text = ("[" + "{\"\":0},".repeat(999) + "{}]").getBytes(StandardCharsets.UTF_8);
    byte[] plain = ("[\"" + "x".repeat(text.length) + "\"]").getBytes(StandardCharsets.UTF_8);

    assertThat(MatrixJson.treeBytes(text)).isGreaterThan(20L * text.length);
    assertThat(MatrixJson.treeBytes(MatrixJson.parse(text))).isGreaterThan(20L * text.length);
    assertThat(MatrixJson.treeBytes(plain)).isLessThan(2L * plain.length);
    assertThat(MatrixJson.treeBytes(MatrixJson.parse(plain))).isLessThan(2L * plain.length);
  }

  private static JsonNode parse(String document) {
    return MatrixJson.parse(document.getBytes(StandardCharsets.UTF_8));
  }

  private static Case inString(String name, String hex) {
    String raw = new String(HexFormat.of().parseHex(hex), StandardCharsets.ISO_8859_1);
    return new Case("UTF-8: " + name, StandardCharsets.ISO_8859_1, "{\"a\":\"" + raw + "\"}", NOT);
  }
}
