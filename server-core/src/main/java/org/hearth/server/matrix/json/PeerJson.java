package org.hearth.server.matrix.json;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.util.Iterator;
import org.hearth.server.matrix.error.MatrixException;

/// What another server sends as a whole: a transaction or an answer that wraps many events.
///
/// One event of those may be such as [MatrixJson] refuses, since it is nested too deeply or has a
/// number of hundreds of digits. Other servers take such events, and so each user of the sender
/// could see to it that all that it sends is refused, for ever. Hence the whole is read within
/// wider bounds, its signature is that of the whole, and then [#readable] leaves out what cannot be
/// kept.
///
/// **thread**: any.
public final class PeerJson {
  /// How deep the whole may be nested. The stack has room for that; what is written in Python, as
  /// most servers are, reads about as much.
  static final int MAX_DEPTH = 1_000;

  /// How many characters a number may have. What is written in Python reads as many.
  static final int MAX_NUMBER_LENGTH = 4_300;

  /// How many names lead to a value that is left out by itself: `device_keys`, a user, a device.
  private static final int NAMED_LEVELS = 3;

  private PeerJson() {}

  /// The value that is written there.
  ///
  /// @throws MatrixException as of [MatrixJson#parse(byte[])], but for the wider bounds
  public static JsonNode parse(byte[] bytes) {
    return MatrixJson.parse(bytes, MAX_DEPTH, MAX_NUMBER_LENGTH);
  }

  /// The canonical form of what was read here, or of an object that has it as a member. In rooms of
  /// old versions events may have numbers that are no integers, and what bears one must not fail
  /// for that.
  ///
  /// @throws MatrixException `M_BAD_JSON` if a string has an unpaired surrogate
  public static byte[] canonical(JsonNode value) {
    return CanonicalJson.encode(value, CanonicalJson.Numbers.LENIENT, MAX_DEPTH + 1);
  }

  /// A request that was read, in which each element of a list that [MatrixJson] would refuse is
  /// null. The lists are members of the whole: `pdus`, `edus`.
  ///
  /// @param whole is changed
  /// @throws MatrixException `M_BAD_JSON` if something else in it would be refused
  public static JsonNode readable(JsonNode whole) {
    return readable(whole, 0);
  }

  /// The same of an answer, in which objects go by names as well: those of a user's devices, say.
  /// Of these a member that would be refused is missing.
  ///
  /// @param whole is changed
  public static JsonNode readableAnswer(JsonNode whole) {
    return readable(whole, NAMED_LEVELS);
  }

  private static JsonNode readable(JsonNode whole, int namedLevels) {
    if (isReadable(whole, MatrixJson.MAX_DEPTH)) {
      return whole;
    }
    if (!(whole instanceof ObjectNode object)) {
      throw refused();
    }
    leaveOut(object, namedLevels);
    return whole;
  }

  private static void leaveOut(ObjectNode object, int namedLevels) {
    for (Iterator<JsonNode> each = object.elements(); each.hasNext(); ) {
      JsonNode value = each.next();
      if (value instanceof ArrayNode list) {
        for (int i = 0; i < list.size(); i++) {
          if (!isReadable(list.get(i), MatrixJson.MAX_DEPTH)) {
            var _ = list.set(i, JsonNodeFactory.instance.nullNode());
          }
        }
      } else if (!isReadable(value, MatrixJson.MAX_DEPTH)) {
        if (namedLevels == 0) {
          throw refused();
        }
        if (namedLevels > 1 && value instanceof ObjectNode inner) {
          leaveOut(inner, namedLevels - 1);
        } else {
          each.remove();
        }
      }
    }
  }

  private static MatrixException refused() {
    return MatrixException.badJson("The JSON is nested too deeply, or a number is too long");
  }

  private static boolean isReadable(JsonNode value, int levelsLeft) {
    if (value.isContainerNode()) {
      if (levelsLeft == 0) {
        return false;
      }
      for (JsonNode each : value) {
        if (!isReadable(each, levelsLeft - 1)) {
          return false;
        }
      }
      return true;
    }
    return !value.isBigInteger() || value.asText().length() <= MatrixJson.MAX_NUMBER_LENGTH;
  }
}
