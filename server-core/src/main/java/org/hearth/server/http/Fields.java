package org.hearth.server.http;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.JsonNodeType;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import org.hearth.server.matrix.error.MatrixException;
import org.jspecify.annotations.Nullable;

/// Reads the fields of a JSON object that a client sent, with the specification's errors:
/// `M_MISSING_PARAM` if a field that must be there is not, `M_BAD_JSON` if a field has the wrong
/// type or is out of range. A field that is `null` counts as missing.
public final class Fields {
  /// The largest integer of canonical JSON, 2^53 - 1.
  private static final long LARGEST_INTEGER = 9_007_199_254_740_991L;

  private final ObjectNode object;
  private final String where;

  private Fields(ObjectNode object, String where) {
    this.object = object;
    this.where = where;
  }

  /// The fields of a request's body.
  public static Fields of(ObjectNode object) {
    return new Fields(object, "");
  }

  /// The object itself.
  public ObjectNode json() {
    return object;
  }

  /// True if there is such a field and it is not `null`.
  public boolean has(String name) {
    return object.hasNonNull(name);
  }

  /// A text that must be there; may be empty.
  public String string(String name) {
    return optionalString(name).orElseThrow(() -> missing(name));
  }

  /// A text.
  public Optional<String> optionalString(String name) {
    return value(name, JsonNodeType.STRING).map(JsonNode::textValue);
  }

  /// A whole number within ±(2^53 - 1) that must be there.
  public long integer(String name) {
    return optionalInteger(name).orElseThrow(() -> missing(name));
  }

  /// A whole number within ±(2^53 - 1).
  public Optional<Long> optionalInteger(String name) {
    Optional<JsonNode> value = value(name, JsonNodeType.NUMBER);
    if (value.isEmpty()) {
      return Optional.empty();
    }
    JsonNode number = value.get();
    if (!number.isIntegralNumber()
        || !number.canConvertToLong()
        || number.longValue() > LARGEST_INTEGER
        || number.longValue() < -LARGEST_INTEGER) {
      throw MatrixException.badJson(
          "%s must be a whole number of at most 2^53 - 1".formatted(where + name));
    }
    return Optional.of(number.longValue());
  }

  /// A whole number of that range.
  public Optional<Long> optionalInteger(String name, long least, long most) {
    Optional<Long> value = optionalInteger(name);
    if (value.isPresent() && (value.get() < least || value.get() > most)) {
      throw MatrixException.badJson(
          "%s must be from %d to %d".formatted(where + name, least, most));
    }
    return value;
  }

  /// A boolean that must be there.
  public boolean bool(String name) {
    return optionalBool(name).orElseThrow(() -> missing(name));
  }

  /// A boolean, or what it is otherwise.
  public boolean bool(String name, boolean otherwise) {
    return optionalBool(name).orElse(otherwise);
  }

  /// A boolean.
  public Optional<Boolean> optionalBool(String name) {
    return value(name, JsonNodeType.BOOLEAN).map(JsonNode::booleanValue);
  }

  /// An object that must be there, its fields to be read.
  public Fields object(String name) {
    return optionalObject(name).orElseThrow(() -> missing(name));
  }

  /// An object, its fields to be read.
  public Optional<Fields> optionalObject(String name) {
    return value(name, JsonNodeType.OBJECT)
        .map(value -> new Fields((ObjectNode) value, where + name + "."));
  }

  /// An array that must be there.
  public ArrayNode array(String name) {
    return optionalArray(name).orElseThrow(() -> missing(name));
  }

  /// An array.
  public Optional<ArrayNode> optionalArray(String name) {
    return value(name, JsonNodeType.ARRAY).map(ArrayNode.class::cast);
  }

  /// An array of texts; empty if it is not there.
  public List<String> strings(String name) {
    List<String> all = new ArrayList<>();
    for (JsonNode each : elements(name)) {
      if (!each.isTextual()) {
        throw wrongType(name + "[" + all.size() + "]", JsonNodeType.STRING);
      }
      all.add(each.textValue());
    }
    return List.copyOf(all);
  }

  /// An array of objects, their fields to be read; empty if it is not there.
  public List<Fields> objects(String name) {
    List<Fields> all = new ArrayList<>();
    for (JsonNode each : elements(name)) {
      String element = name + "[" + all.size() + "]";
      if (!(each instanceof ObjectNode fields)) {
        throw wrongType(element, JsonNodeType.OBJECT);
      }
      all.add(new Fields(fields, where + element + "."));
    }
    return List.copyOf(all);
  }

  private Iterable<JsonNode> elements(String name) {
    return optionalArray(name).<Iterable<JsonNode>>map(array -> array).orElse(List.of());
  }

  private Optional<JsonNode> value(String name, JsonNodeType type) {
    @Nullable JsonNode value = object.get(name);
    if (value == null || value.isNull()) {
      return Optional.empty();
    }
    if (value.getNodeType() != type) {
      throw wrongType(name, type);
    }
    return Optional.of(value);
  }

  private MatrixException missing(String name) {
    return MatrixException.missingParam(where + name);
  }

  private MatrixException wrongType(String name, JsonNodeType type) {
    return MatrixException.badJson(
        "%s must be of type %s".formatted(where + name, type.name().toLowerCase(Locale.ROOT)));
  }
}
