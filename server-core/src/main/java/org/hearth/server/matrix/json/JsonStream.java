package org.hearth.server.matrix.json;

import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.JsonParser;
import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.core.JsonStreamContext;
import com.fasterxml.jackson.core.JsonToken;
import com.fasterxml.jackson.core.StreamReadConstraints;
import com.fasterxml.jackson.core.util.JsonRecyclerPools;
import com.fasterxml.jackson.databind.JsonNode;
import java.io.IOException;
import java.io.InputStream;
import java.io.InputStreamReader;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.CodingErrorAction;
import java.nio.charset.StandardCharsets;
import java.util.Optional;
import org.hearth.server.matrix.error.MatrixException;
import org.jspecify.annotations.Nullable;

/// Reads long JSON while it comes, so that it is never in memory as a whole: who reads goes into
/// objects and arrays, takes what is small as a tree, and skips the rest. What [MatrixJson] refuses
/// is refused here too.
///
/// The reader is always at a value: first at the outermost, then at that of the member or element
/// it has gone to.
///
/// **thread**: one. **errors**: every call throws a [MatrixException] `M_NOT_JSON` for what is no
/// JSON in UTF-8, and what the stream throws.
public final class JsonStream implements AutoCloseable {
  /// How long a string or key may be: longer than an event may be.
  static final int MOST_CHARS = 1 << 17;

  /// What is refused must be passed over: the bounds of the whole are those of [PeerJson].
  private static final int MOST_LEVELS = PeerJson.MAX_DEPTH;

  private static final JsonFactory FACTORY =
      JsonFactory.builder()
          .disable(JsonFactory.Feature.INTERN_FIELD_NAMES)
          .recyclerPool(JsonRecyclerPools.newConcurrentDequePool())
          .streamReadConstraints(
              StreamReadConstraints.builder()
                  .maxNestingDepth(MOST_LEVELS)
                  .maxNumberLength(PeerJson.MAX_NUMBER_LENGTH)
                  .maxStringLength(MOST_CHARS)
                  .maxNameLength(MOST_CHARS)
                  .build())
          .build();

  private final JsonParser parser;

  /// A value, or why there is none.
  public sealed interface Value {
    /// It was read.
    record Read(JsonNode json) implements Value {}

    /// It is JSON that is refused; what comes after it can be read.
    record Refused(String why) implements Value {}
  }

  /// @param in which is not closed
  public JsonStream(InputStream in) throws IOException {
    // A decoder that reports is as strict as the standard: Jackson's own takes more than UTF-8.
    parser =
        FACTORY.createParser(
            new InputStreamReader(
                in,
                StandardCharsets.UTF_8
                    .newDecoder()
                    .onMalformedInput(CodingErrorAction.REPORT)
                    .onUnmappableCharacter(CodingErrorAction.REPORT)));
    parser.disable(JsonParser.Feature.AUTO_CLOSE_SOURCE);
    if (next() == null) {
      throw MatrixException.notJson("The JSON is empty");
    }
  }

  /// Whether the reader is at an object.
  public boolean isObject() {
    return parser.currentToken() == JsonToken.START_OBJECT;
  }

  /// Whether the reader is at an array.
  public boolean isArray() {
    return parser.currentToken() == JsonToken.START_ARRAY;
  }

  /// Goes to the first member of the object at which the reader is, or from one member to the next.
  ///
  /// @return its key; empty at the end of the object
  public Optional<String> nextMember() throws IOException {
    JsonToken token = next();
    if (token != JsonToken.FIELD_NAME) {
      return Optional.empty();
    }
    String key = parser.currentName();
    var _ = next();
    return Optional.of(key);
  }

  /// Goes to the first element of the array at which the reader is, or from one to the next.
  ///
  /// @return whether there is one
  public boolean nextElement() throws IOException {
    JsonToken token = next();
    return token != null && token != JsonToken.END_ARRAY;
  }

  /// Takes the value at which the reader is.
  ///
  /// @param maxTreeBytes what it may take in memory
  public Value value(long maxTreeBytes) throws IOException {
    int level = parser.currentToken().isStructStart() ? level() - 1 : level();
    try {
      return new Value.Read(MatrixJson.partOf(parser, maxTreeBytes));
    } catch (MatrixException e) {
      leaveTo(level);
      return new Value.Refused(e.safeMessage());
    } catch (JsonProcessingException | CharacterCodingException e) {
      throw notJson(e);
    }
  }

  /// Passes over the value at which the reader is.
  public void skip() throws IOException {
    try {
      var _ = parser.skipChildren();
    } catch (JsonProcessingException | CharacterCodingException e) {
      throw notJson(e);
    }
  }

  /// Goes to the end of what is nested more deeply than that.
  private void leaveTo(int level) throws IOException {
    for (int deeper = level() - level; deeper > 0; ) {
      JsonToken token = next();
      if (token == null) {
        throw MatrixException.notJson("The JSON has no end");
      }
      deeper += token.isStructStart() ? 1 : token.isStructEnd() ? -1 : 0;
    }
  }

  private int level() {
    int level = 0;
    for (JsonStreamContext each = parser.getParsingContext();
        each != null;
        each = each.getParent()) {
      level++;
    }
    return level;
  }

  private @Nullable JsonToken next() throws IOException {
    try {
      return parser.nextToken();
    } catch (JsonProcessingException | CharacterCodingException e) {
      throw notJson(e);
    }
  }

  private static MatrixException notJson(IOException why) {
    return MatrixException.notJson(
        why instanceof JsonProcessingException json && json.getLocation() != null
            ? "Invalid JSON at character " + json.getLocation().getCharOffset()
            : "Invalid UTF-8");
  }

  @Override
  public void close() throws IOException {
    parser.close();
  }
}
