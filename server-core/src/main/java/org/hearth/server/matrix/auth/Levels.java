package org.hearth.server.matrix.auth;

import com.fasterxml.jackson.databind.JsonNode;
import java.math.BigInteger;
import java.util.OptionalLong;
import org.hearth.server.matrix.version.RoomRule;
import org.hearth.server.matrix.version.RoomVersion;

/// Reads one power level as each room version allows it to be written.
///
/// Levels beyond what a `long` holds are the largest or smallest level there is, so that comparing
/// them never overflows. [PowerLevels#INFINITE] cannot be written.
final class Levels {
  private static final long LARGEST = PowerLevels.INFINITE - 1;
  private static final long SMALLEST = -LARGEST;
  private static final int DIGITS_OF_ANY_LONG = 18;

  private Levels() {}

  /// The level that a value states, empty when it states none.
  static OptionalLong read(JsonNode value, RoomVersion version) {
    if (value.isIntegralNumber()) {
      return OptionalLong.of(clamp(value.bigIntegerValue()));
    }
    if (version.has(RoomRule.INTEGER_POWER_LEVELS)) {
      return OptionalLong.empty();
    }
    // v1-v9: "each of the integer-valued properties within m.room.power_levels events can be
    // encoded as strings instead of integers."
    if (value.isTextual()) {
      return fromString(value.textValue());
    }
    // v1-v5: "When the value is a float: First, exponential notation is applied [...] Second, the
    // value is truncated at the decimal point [...] Values outside the range represented by IEE754
    // binary64 (a "double") cause the powerlevel event to be rejected, as do Infinity, -Infinity
    // and NaN." Since v6 canonical JSON knows no floats.
    if (value.isFloatingPointNumber()
        && !version.has(RoomRule.STRICT_CANONICAL_JSON)
        && Double.isFinite(value.doubleValue())) {
      return OptionalLong.of(clamp((long) value.doubleValue()));
    }
    return OptionalLong.empty();
  }

  // "a single base 10 integer, no float values or decimal points, optionally with any number of
  // leading zeroes; optionally prefixed with a single - or + character before the integer;
  // optionally with any number of leading or trailing whitespace characters"
  private static OptionalLong fromString(String text) {
    String number = text.strip();
    boolean negative = number.startsWith("-");
    int start = negative || number.startsWith("+") ? 1 : 0;
    if (start == number.length()) {
      return OptionalLong.empty();
    }
    for (int i = start; i < number.length(); i++) {
      if (number.charAt(i) < '0' || number.charAt(i) > '9') {
        return OptionalLong.empty();
      }
    }
    while (start < number.length() - 1 && number.charAt(start) == '0') {
      start++;
    }
    long size =
        number.length() - start > DIGITS_OF_ANY_LONG
            ? LARGEST
            : Long.parseLong(number, start, number.length(), 10);
    return OptionalLong.of(negative ? -size : size);
  }

  private static long clamp(BigInteger value) {
    if (value.bitLength() < Long.SIZE) {
      return clamp(value.longValue());
    }
    return value.signum() > 0 ? LARGEST : SMALLEST;
  }

  private static long clamp(long value) {
    return Math.clamp(value, SMALLEST, LARGEST);
  }
}
