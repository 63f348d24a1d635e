package org.hearth.server.readers.events;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.Set;
import java.util.function.Function;
import java.util.stream.Collectors;
import org.hearth.server.matrix.error.MatrixException;
import org.hearth.server.matrix.id.InvalidIdentifierException;
import org.jspecify.annotations.Nullable;

/// Reads one object of a filter; what is wrong is named by its path from the filter's root.
///
/// **Errors:** every method throws `M_BAD_JSON` when the field is there and of the wrong kind. A
/// field that is `null` counts as absent: clients write their empty options so.
public record FilterFields(String path, ObjectNode json) {
  private static final int MOST_ITEMS = 1_000;
  private static final long LARGEST_INTEGER = (1L << 53) - 1;

  public @Nullable FilterFields object(String name) {
    @Nullable JsonNode value = value(name);
    if (value == null) {
      return null;
    }
    if (value instanceof ObjectNode object) {
      return new FilterFields(pathOf(name), object);
    }
    throw wrong(name, "an object");
  }

  public Optional<Boolean> bool(String name) {
    @Nullable JsonNode value = value(name);
    if (value == null) {
      return Optional.empty();
    }
    if (!value.isBoolean()) {
      throw wrong(name, "true or false");
    }
    return Optional.of(value.booleanValue());
  }

  /// A number of events. The specification asks for more than zero; zero has a clear meaning (no
  /// timeline, please) and clients send it, so that it is taken.
  OptionalInt count(String name) {
    @Nullable JsonNode value = value(name);
    if (value == null) {
      return OptionalInt.empty();
    }
    if (!value.isIntegralNumber()
        || !value.canConvertToLong()
        || value.longValue() < 0
        || value.longValue() > LARGEST_INTEGER) {
      throw wrong(name, "a whole number from 0 to 2^53 - 1");
    }
    return OptionalInt.of(value.canConvertToInt() ? value.intValue() : Integer.MAX_VALUE);
  }

  public Optional<String> string(String name) {
    @Nullable JsonNode value = value(name);
    if (value == null) {
      return Optional.empty();
    }
    if (!value.isTextual()) {
      throw wrong(name, "a string");
    }
    return Optional.of(value.textValue());
  }

  public Optional<List<String>> strings(String name) {
    @Nullable JsonNode value = value(name);
    if (value == null) {
      return Optional.empty();
    }
    if (!value.isArray()) {
      throw wrong(name, "an array of strings");
    }
    if (value.size() > MOST_ITEMS) {
      throw wrong(name, "an array of at most " + MOST_ITEMS + " strings");
    }
    List<String> texts = new ArrayList<>();
    for (JsonNode each : value) {
      if (!each.isTextual()) {
        throw wrong(name, "an array of strings");
      }
      texts.add(each.textValue());
    }
    return Optional.of(List.copyOf(texts));
  }

  /// Strings that the reader takes, as a set; the reader throws on what is no such identifier.
  public Optional<Set<String>> identifiers(String name, Function<String, ?> reader) {
    Optional<List<String>> texts = strings(name);
    for (String text : texts.orElse(List.of())) {
      try {
        var _ = reader.apply(text);
      } catch (InvalidIdentifierException e) {
        throw MatrixException.badJson(pathOf(name) + " has an invalid identifier");
      }
    }
    return texts.map(each -> each.stream().collect(Collectors.toUnmodifiableSet()));
  }

  private @Nullable JsonNode value(String name) {
    @Nullable JsonNode value = json.get(name);
    return value == null || value.isNull() ? null : value;
  }

  public MatrixException wrong(String name, String expected) {
    return MatrixException.badJson(pathOf(name) + " must be " + expected);
  }

  private String pathOf(String name) {
    return path.isEmpty() ? name : path + "." + name;
  }
}
