package org.hearth.server.logs;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Function;
import org.hearth.ringlogs.EntryCodec;
import org.hearth.server.matrix.error.MatrixException;
import org.hearth.server.matrix.json.MatrixJson;
import org.jspecify.annotations.Nullable;

/// Entries as JSON objects with a `kind`.
///
/// Dead letters and a log that leaves the process are the only places where an entry is encoded, so
/// this is written to be read by a person rather than to be small.
abstract sealed class JsonCodec<E> implements EntryCodec<E>
    permits RoomInputCodec, RoomOutputCodec, AccountOutputCodec {
  static final String KIND = "kind";
  private static final int VERSION = 1;

  abstract ObjectNode write(E entry);

  abstract E read(String kind, ObjectNode json);

  @Override
  public final int version() {
    return VERSION;
  }

  @Override
  public final byte[] encode(E entry) {
    return MatrixJson.write(write(entry));
  }

  @Override
  public final E decode(int version, byte[] bytes) {
    if (version != VERSION) {
      throw new IllegalArgumentException("entries of version 1 are known, not of " + version);
    }
    try {
      ObjectNode json = MatrixJson.parseObject(bytes);
      return read(string(json, KIND), json);
    } catch (MatrixException e) {
      throw new IllegalArgumentException("the bytes are not an entry", e);
    }
  }

  static ObjectNode object(String kind) {
    return JsonNodeFactory.instance.objectNode().put(KIND, kind);
  }

  static IllegalArgumentException unknown(String kind) {
    return new IllegalArgumentException("there is no entry of kind " + kind);
  }

  static JsonNode required(ObjectNode json, String name) {
    JsonNode value = json.get(name);
    if (value == null) {
      throw new IllegalArgumentException("the entry has no " + name);
    }
    return value;
  }

  static String string(ObjectNode json, String name) {
    return required(json, name).asText();
  }

  static @Nullable String optionalString(ObjectNode json, String name) {
    JsonNode value = json.get(name);
    return value == null || value.isNull() ? null : value.asText();
  }

  static <T> @Nullable T optional(ObjectNode json, String name, Function<String, T> parse) {
    String value = optionalString(json, name);
    return value == null ? null : parse.apply(value);
  }

  static ObjectNode objectAt(ObjectNode json, String name) {
    if (required(json, name) instanceof ObjectNode object) {
      return object;
    }
    throw new IllegalArgumentException(name + " is not an object");
  }

  static <T> List<T> list(ObjectNode json, String name, Function<JsonNode, T> read) {
    List<T> all = new ArrayList<>();
    required(json, name).forEach(each -> all.add(read.apply(each)));
    return all;
  }

  static ArrayNode array(List<? extends JsonNode> elements) {
    return JsonNodeFactory.instance.arrayNode().addAll(elements);
  }
}
