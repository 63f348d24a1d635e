package org.hearth.server.matrix.json;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.util.Arrays;
import java.util.Comparator;
import java.util.Map;
import java.util.Set;
import org.hearth.server.matrix.error.MatrixException;

/// Canonical JSON: "the shortest UTF-8 JSON encoding with dictionary keys lexicographically sorted
/// by Unicode codepoint".
///
/// Source: [Canonical JSON](https://spec.matrix.org/v1.19/appendices/#canonical-json).
public final class CanonicalJson {
  private static final int EXPECTED_BYTES = 1024;
  private static final Comparator<Map.Entry<String, JsonNode>> BY_KEY =
      (left, right) -> compareKeys(left.getKey(), right.getKey());

  /// What to do with numbers that are not integers in ±(2^53-1).
  public enum Numbers {
    /// They are refused, however written: room versions 6 and later, where "numeric values may no
    /// longer be formatted as floats". `1e10` and `1.0` are refused too.
    STRICT,

    /// Those written with an exponent or fraction but standing for such an integer are converted,
    /// as the specification's example does: `1e10` becomes `10000000000`. All others are refused.
    CONVERTED,

    /// They are written as the specification's example code does: room versions 1 to 5, where
    /// servers "MUST NOT strictly enforce the JSON format".
    LENIENT
  }

  private final JsonSink out = new JsonSink(EXPECTED_BYTES);
  private final Numbers numbers;

  /// How many more levels may be opened.
  private int levelsLeft;

  private CanonicalJson(Numbers numbers, int maxDepth) {
    this.numbers = numbers;
    this.levelsLeft = maxDepth;
  }

  /// The canonical form, with [Numbers#CONVERTED].
  ///
  /// @throws MatrixException `M_BAD_JSON` if a number is not an integer in ±(2^53-1), or a string
  ///   has an unpaired surrogate
  public static byte[] encode(JsonNode value) {
    return encode(value, Numbers.CONVERTED);
  }

  /// The canonical form.
  ///
  /// @throws MatrixException `M_BAD_JSON` if a number is not allowed, or a string has an unpaired
  ///   surrogate
  public static byte[] encode(JsonNode value, Numbers numbers) {
    return encode(value, numbers, MatrixJson.MAX_DEPTH);
  }

  /// The same of what may be nested that deep.
  static byte[] encode(JsonNode value, Numbers numbers, int maxDepth) {
    CanonicalJson encoding = new CanonicalJson(numbers, maxDepth);
    encoding.value(value);
    return encoding.out.toByteArray();
  }

  /// The canonical form of the object without some of its members.
  ///
  /// @throws MatrixException `M_BAD_JSON` if a number is not allowed, or a string has an unpaired
  ///   surrogate
  public static byte[] encodeWithout(Set<String> members, ObjectNode object, Numbers numbers) {
    CanonicalJson encoding = new CanonicalJson(numbers, MatrixJson.MAX_DEPTH);
    encoding.object(object, members);
    return encoding.out.toByteArray();
  }

  /// Compares by code point. `String.compareTo` compares UTF-16 units, by which a character beyond
  /// the Basic Multilingual Plane (written with surrogates, U+D800 to U+DFFF) would come before
  /// U+E000 to U+FFFF.
  static int compareKeys(String left, String right) {
    int shared = Math.min(left.length(), right.length());
    for (int i = 0; i < shared; i++) {
      char one = left.charAt(i);
      char other = right.charAt(i);
      if (one != other) {
        boolean oneSurrogate = Character.isSurrogate(one);
        boolean otherSurrogate = Character.isSurrogate(other);
        return oneSurrogate == otherSurrogate ? one - other : oneSurrogate ? 1 : -1;
      }
    }
    return left.length() - right.length();
  }

  private void value(JsonNode value) {
    switch (value.getNodeType()) {
      case OBJECT -> object((ObjectNode) value, Set.of());
      case ARRAY -> array(value);
      case STRING -> string(value.textValue());
      case NUMBER -> number(value);
      case BOOLEAN -> out.ascii(value.booleanValue() ? "true" : "false");
      case NULL -> out.ascii("null");
      case BINARY, MISSING, POJO ->
          throw new IllegalArgumentException("JSON has no " + value.getNodeType());
    }
  }

  private void object(ObjectNode object, Set<String> without) {
    enter();
    @SuppressWarnings({"unchecked", "rawtypes"}) // arrays of generic types cannot be made otherwise
    Map.Entry<String, JsonNode>[] entries = object.properties().toArray(new Map.Entry[0]);
    // What we have written before comes back sorted; this costs one comparison a key then.
    Arrays.sort(entries, BY_KEY);
    char before = '{';
    for (Map.Entry<String, JsonNode> entry : entries) {
      if (!without.contains(entry.getKey())) {
        out.single(before);
        before = ',';
        string(entry.getKey());
        out.single(':');
        value(entry.getValue());
      }
    }
    if (before == '{') {
      out.single('{');
    }
    out.single('}');
    levelsLeft++;
  }

  private void array(JsonNode array) {
    enter();
    out.single('[');
    for (int i = 0; i < array.size(); i++) {
      if (i > 0) {
        out.single(',');
      }
      value(array.get(i));
    }
    out.single(']');
    levelsLeft++;
  }

  /// What we write we must be able to read again.
  private void enter() {
    if (levelsLeft-- == 0) {
      throw MatrixException.badJson("The JSON is nested too deeply");
    }
  }

  private void string(String text) {
    if (!out.string(text)) {
      throw MatrixException.badJson("A string has an unpaired surrogate");
    }
  }

  private void number(JsonNode number) {
    if (number.isIntegralNumber()
        && number.canConvertToLong()
        && JsonNumbers.isSafe(number.longValue())) {
      out.number(number.longValue());
      return;
    }
    switch (numbers) {
      case LENIENT -> out.ascii(JsonNumbers.lenient(number));
      case CONVERTED ->
          out.number(JsonNumbers.safeInteger(number).orElseThrow(() -> refused(number)));
      case STRICT -> throw refused(number);
    }
  }

  private static MatrixException refused(JsonNode number) {
    return MatrixException.badJson(
        "The number %s is not an integer in the range of ±(2^53-1)".formatted(number.asText()));
  }
}
