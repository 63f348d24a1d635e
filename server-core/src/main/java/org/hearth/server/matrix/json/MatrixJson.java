package org.hearth.server.matrix.json;

import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.JsonParseException;
import com.fasterxml.jackson.core.JsonParser;
import com.fasterxml.jackson.core.JsonToken;
import com.fasterxml.jackson.core.StreamReadConstraints;
import com.fasterxml.jackson.core.exc.StreamConstraintsException;
import com.fasterxml.jackson.core.util.JsonRecyclerPools;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.util.Map;
import org.hearth.server.matrix.error.MatrixException;

/// Reads JSON strictly and writes it.
///
/// Refused, besides what RFC 8259 does not allow: bytes that are not well-formed UTF-8, a byte
/// order mark, other encodings, a key that occurs twice in an object ("signature over one, use of
/// other"), an unpaired surrogate, nesting deeper than [#MAX_DEPTH], numbers of more than
/// [#MAX_NUMBER_LENGTH] characters or beyond the range of a double.
///
/// **shape**: integers are int, long or big integer nodes, whichever is the first that fits;
/// numbers with a fraction or exponent are double nodes.
public final class MatrixJson {
  /// How deep objects and arrays may be nested, the outermost counting one.
  public static final int MAX_DEPTH = 100;

  private static final int DEEPEST_STORED = 2 * MAX_DEPTH;

  /// How many characters a number may have.
  public static final int MAX_NUMBER_LENGTH = 64;

  /// What a member or an element takes as a part of a tree: the node, its key, its place.
  private static final int NODE_BYTES = 56;

  private static final int MAX_TEXT_LENGTH = 100_000_000;
  private static final int EXPECTED_BYTES = 1024;
  private static final JsonNodeFactory NODES = JsonNodeFactory.instance;

  private static final JsonFactory FACTORY =
      JsonFactory.builder()
          // Keys come from users: interning them for good would be slow and never end.
          .disable(JsonFactory.Feature.INTERN_FIELD_NAMES)
          // JSON is UTF-8 here; do not guess UTF-16 or UTF-32.
          .disable(JsonFactory.Feature.CHARSET_DETECTION)
          // Requests run on virtual threads, for which buffers by thread are no use.
          .recyclerPool(JsonRecyclerPools.newConcurrentDequePool())
          .streamReadConstraints(
              StreamReadConstraints.builder()
                  // We count ourselves, since what wraps events may be deeper than an event.
                  .maxNestingDepth(Integer.MAX_VALUE)
                  .maxNumberLength(PeerJson.MAX_NUMBER_LENGTH)
                  // Bounded by whoever reads the bytes: the limit of a body, of an event.
                  .maxStringLength(MAX_TEXT_LENGTH)
                  .maxNameLength(MAX_TEXT_LENGTH)
                  .build())
          .build();

  private final JsonParser parser;

  /// Whether a string may hold surrogates that UTF-8 cannot: those written as `\ud800`.
  private final boolean escapes;

  private final int maxNumberLength;

  /// How many more levels may be opened.
  private int levelsLeft;

  /// What the tree may still take in memory.
  private long bytesLeft;

  private MatrixJson(
      JsonParser parser, boolean escapes, int maxDepth, int maxNumberLength, long maxTreeBytes) {
    this.parser = parser;
    this.escapes = escapes;
    this.levelsLeft = maxDepth;
    this.maxNumberLength = maxNumberLength;
    this.bytesLeft = maxTreeBytes;
  }

  /// The value that begins at the parser's token, which may be a part of something much longer.
  ///
  /// @param maxTreeBytes what it may take in memory
  /// @throws MatrixException `M_BAD_JSON` if it is refused; the parser is within it then
  static JsonNode partOf(JsonParser parser, long maxTreeBytes) throws IOException {
    return new MatrixJson(parser, true, MAX_DEPTH, MAX_NUMBER_LENGTH, maxTreeBytes)
        .value(parser.currentToken());
  }

  /// The value that is written there.
  ///
  /// @throws MatrixException `M_NOT_JSON` if it is not JSON in UTF-8, `M_BAD_JSON` if it is JSON
  ///   that is refused for one of the reasons above
  public static JsonNode parse(byte[] bytes) {
    return parse(bytes, MAX_DEPTH);
  }

  /// The value that is written there, nested at most that deep: for what wraps events, which may
  /// themselves be [#MAX_DEPTH] deep.
  ///
  /// @throws MatrixException as of [#parse(byte[])]
  public static JsonNode parse(byte[] bytes, int maxDepth) {
    return parse(bytes, maxDepth, MAX_NUMBER_LENGTH);
  }

  /// The same with numbers of at most that many characters.
  static JsonNode parse(byte[] bytes, int maxDepth, int maxNumberLength) {
    int malformed = Utf8.firstMalformed(bytes);
    if (malformed >= 0) {
      throw MatrixException.notJson("Invalid UTF-8 at byte " + malformed);
    }
    if (bytes.length >= 3
        && (bytes[0] & 0xFF) == 0xEF
        && (bytes[1] & 0xFF) == 0xBB
        && (bytes[2] & 0xFF) == 0xBF) {
      throw MatrixException.notJson("JSON must not begin with a byte order mark");
    }
    try (JsonParser parser = FACTORY.createParser(bytes)) {
      MatrixJson reading =
          new MatrixJson(parser, hasBackslash(bytes), maxDepth, maxNumberLength, Long.MAX_VALUE);
      JsonToken first = parser.nextToken();
      if (first == null) {
        throw MatrixException.notJson("The JSON is empty");
      }
      JsonNode value = reading.value(first);
      if (parser.nextToken() != null) {
        throw MatrixException.notJson("There is something after the JSON");
      }
      return value;
    } catch (StreamConstraintsException e) {
      throw tooLong(maxNumberLength);
    } catch (JsonParseException e) {
      throw MatrixException.notJson("Invalid JSON at byte " + e.getLocation().getByteOffset());
    } catch (IOException e) {
      throw new UncheckedIOException("reading an array cannot fail", e);
    }
  }

  /// The object that is written there.
  ///
  /// @throws MatrixException as of [#parse], and `M_BAD_JSON` if it is not an object
  public static ObjectNode parseObject(byte[] bytes) {
    if (parse(bytes) instanceof ObjectNode object) {
      return object;
    }
    throw MatrixException.badJson("The JSON must be an object");
  }

  /// The object that was written there by this server. What was checked when it came is not refused
  /// now: it may have been wrapped, or the limits may have been others.
  ///
  /// @throws IllegalStateException if it is damaged: nothing that a client could be told of
  public static ObjectNode restoreObject(byte[] stored) {
    try {
      if (parse(stored, DEEPEST_STORED) instanceof ObjectNode object) {
        return object;
      }
    } catch (MatrixException e) {
      throw new IllegalStateException("stored JSON is damaged: " + e.getMessage(), e);
    }
    throw new IllegalStateException("stored JSON is damaged: it is no object");
  }

  /// About what a text takes in memory when it has been read: up to thirty times its length. It is
  /// not read for that: each member and each element begins behind one of four characters. Those
  /// within strings count, too, which does no harm.
  public static long treeBytes(byte[] json) {
    long nodes = 1;
    for (byte each : json) {
      if (each == ',' || each == ':' || each == '[' || each == '{') {
        nodes++;
      }
    }
    return json.length + nodes * NODE_BYTES;
  }

  /// About what a tree takes in memory.
  public static long treeBytes(JsonNode tree) {
    long bytes = tree.isTextual() ? NODE_BYTES + tree.textValue().length() : NODE_BYTES;
    if (tree instanceof ObjectNode object) {
      for (Map.Entry<String, JsonNode> each : object.properties()) {
        bytes += NODE_BYTES + each.getKey().length() + treeBytes(each.getValue());
      }
    } else {
      for (JsonNode each : tree) {
        bytes += treeBytes(each);
      }
    }
    return bytes;
  }

  /// The value as JSON, keys in the order they have, without white space.
  public static byte[] write(JsonNode value) {
    JsonSink out = new JsonSink(EXPECTED_BYTES);
    write(value, out);
    return out.toByteArray();
  }

  private static boolean hasBackslash(byte[] bytes) {
    for (byte each : bytes) {
      if (each == '\\') {
        return true;
      }
    }
    return false;
  }

  private JsonNode value(JsonToken token) throws IOException {
    spend(NODE_BYTES);
    return switch (token) {
      case START_OBJECT -> object();
      case START_ARRAY -> array();
      case VALUE_STRING -> NODES.textNode(wellFormed(parser.getText()));
      case VALUE_NUMBER_INT -> integer();
      case VALUE_NUMBER_FLOAT -> decimal();
      case VALUE_TRUE -> NODES.booleanNode(true);
      case VALUE_FALSE -> NODES.booleanNode(false);
      case VALUE_NULL -> NODES.nullNode();
      case END_ARRAY, END_OBJECT, FIELD_NAME, NOT_AVAILABLE, VALUE_EMBEDDED_OBJECT ->
          throw new IllegalStateException("not the beginning of a value: " + token);
    };
  }

  private ObjectNode object() throws IOException {
    enter();
    ObjectNode object = NODES.objectNode();
    for (String key = parser.nextFieldName(); key != null; key = parser.nextFieldName()) {
      JsonNode value = value(parser.nextToken());
      if (object.putIfAbsent(wellFormed(key), value) != null) {
        throw MatrixException.badJson("A key occurs twice in one object");
      }
    }
    levelsLeft++;
    return object;
  }

  private ArrayNode array() throws IOException {
    enter();
    ArrayNode array = NODES.arrayNode();
    for (JsonToken token = parser.nextToken();
        token != JsonToken.END_ARRAY;
        token = parser.nextToken()) {
      array.add(value(token));
    }
    levelsLeft++;
    return array;
  }

  private void enter() {
    if (levelsLeft-- == 0) {
      throw MatrixException.badJson("The JSON is nested too deeply");
    }
  }

  private void spend(int bytes) {
    bytesLeft -= bytes;
    if (bytesLeft < 0) {
      throw MatrixException.badJson("The JSON takes too much memory");
    }
  }

  private static MatrixException tooLong(int maxNumberLength) {
    return MatrixException.badJson(
        "A number has more than %d characters".formatted(maxNumberLength));
  }

  private void checkLength() throws IOException {
    if (parser.getTextLength() > maxNumberLength) {
      throw tooLong(maxNumberLength);
    }
  }

  private JsonNode integer() throws IOException {
    checkLength();
    return switch (parser.getNumberType()) {
      case INT -> NODES.numberNode(parser.getIntValue());
      case LONG -> NODES.numberNode(parser.getLongValue());
      default -> NODES.numberNode(parser.getBigIntegerValue());
    };
  }

  private JsonNode decimal() throws IOException {
    checkLength();
    double value = parser.getDoubleValue();
    if (!Double.isFinite(value)) {
      throw MatrixException.badJson("A number is too large");
    }
    return NODES.numberNode(value);
  }

  private String wellFormed(String text) {
    spend(text.length());
    if (escapes && Utf8.hasUnpairedSurrogate(text)) {
      throw MatrixException.badJson("A string has an unpaired surrogate");
    }
    return text;
  }

  static void write(JsonNode value, JsonSink out) {
    switch (value.getNodeType()) {
      case OBJECT -> {
        char before = '{';
        for (Map.Entry<String, JsonNode> entry : value.properties()) {
          out.single(before);
          before = ',';
          out.string(entry.getKey());
          out.single(':');
          write(entry.getValue(), out);
        }
        if (before == '{') {
          out.single('{');
        }
        out.single('}');
      }
      case ARRAY -> {
        out.single('[');
        for (int i = 0; i < value.size(); i++) {
          if (i > 0) {
            out.single(',');
          }
          write(value.get(i), out);
        }
        out.single(']');
      }
      case STRING -> out.string(value.textValue());
      case NUMBER -> out.ascii(JsonNumbers.lenient(value));
      case BOOLEAN -> out.ascii(value.booleanValue() ? "true" : "false");
      case NULL -> out.ascii("null");
      case BINARY, MISSING, POJO ->
          throw new IllegalArgumentException("JSON has no " + value.getNodeType());
    }
  }
}
