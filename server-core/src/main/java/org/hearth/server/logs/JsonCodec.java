package org.hearth.server.logs;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.util.HashMap;
import java.util.Locale;
import java.util.Map;
import org.hearth.ringlogs.EntryCodec;
import org.hearth.server.matrix.error.MatrixException;
import org.hearth.server.matrix.json.MatrixJson;

/// The entries of a log, a sealed interface of records, as JSON objects.
///
/// **shape**: `kind` is the name of the record (`AccountCreated` is `account-created`); the other
/// keys are its components, see [EntryMapper]. A component that may be null may be missing. What is
/// kept on disk has these names: a component that gets another name keeps the old one by a
/// `@JsonProperty`, and a record must keep its name, or the codec be told the one that it had.
///
/// @param <E> the sealed interface
final class JsonCodec<E> implements EntryCodec<E> {
  private static final String KIND = "kind";
  private static final int VERSION = 1;

  /// How deep an entry may be nested: as deep as what clients send, and the levels around it. The
  /// deepest of those are the content of an event in a list: entry, list, event, content.
  private static final int MAX_DEPTH = MatrixJson.MAX_DEPTH + 4;

  private final Map<Class<? extends E>, String> kept;
  private final Map<String, Class<? extends E>> types = new HashMap<>();

  /// @throws IllegalArgumentException if two records would be of one kind
  JsonCodec(Class<E> sealedType) {
    this(sealedType, Map.of());
  }

  /// @param kept the kinds of records that had another name before, which they keep
  JsonCodec(Class<E> sealedType, Map<Class<? extends E>, String> kept) {
    this.kept = Map.copyOf(kept);
    addRecords(sealedType);
  }

  private void addRecords(Class<? extends E> type) {
    if (type.isRecord()) {
      Class<? extends E> other = types.put(kind(type), type);
      if (other != null && !other.equals(type)) {
        throw new IllegalArgumentException(
            "both %s and %s are entries of kind '%s'".formatted(other, type, kind(type)));
      }
    } else {
      for (Class<?> each : type.getPermittedSubclasses()) {
        addRecords(each.asSubclass(type));
      }
    }
  }

  private String kind(Class<?> type) {
    String before = kept.get(type);
    return before != null
        ? before
        : type.getSimpleName().replaceAll("(?<=.)([A-Z])", "-$1").toLowerCase(Locale.ROOT);
  }

  @Override
  public int version() {
    return VERSION;
  }

  @Override
  public byte[] encode(E entry) {
    ObjectNode json = JsonNodeFactory.instance.objectNode().put(KIND, kind(entry.getClass()));
    json.setAll(EntryMapper.MAPPER.<ObjectNode>valueToTree(entry));
    return MatrixJson.write(json);
  }

  @Override
  public E decode(int version, byte[] bytes) {
    if (version != VERSION) {
      throw new UnknownVersionException(VERSION, version);
    }
    try {
      JsonNode json = MatrixJson.parse(bytes, MAX_DEPTH);
      String kind = json.path(KIND).asText();
      Class<? extends E> type = types.get(kind);
      if (type == null) {
        throw new IllegalArgumentException("there is no entry of kind '" + kind + "'");
      }
      return EntryMapper.readerOf(type, json).readValue(json);
    } catch (MatrixException | JsonProcessingException e) {
      throw new IllegalArgumentException("the bytes are not an entry: " + e.getMessage(), e);
    } catch (IOException e) {
      throw new UncheckedIOException("reading a tree cannot fail", e);
    }
  }
}
