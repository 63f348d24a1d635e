package org.hearth.server.matrix.json;

import com.fasterxml.jackson.databind.JsonNode;
import java.math.BigDecimal;
import java.math.BigInteger;
import java.math.MathContext;
import java.math.RoundingMode;
import java.util.Optional;

/// How numbers are written.
final class JsonNumbers {
  /// "Numbers in the JSON must be integers in the range `[-(2**53)+1, (2**53)-1]`".
  static final long MAX_SAFE = (1L << 53) - 1;

  /// Python writes a float with an exponent if its first digit stands for less than 10^-4 or for
  /// 10^16 and more.
  private static final int LEAST_PLAIN_EXPONENT = -4;

  private static final int LEAST_LARGE_EXPONENT = 16;

  private static final MathContext ONE_DIGIT = new MathContext(1, RoundingMode.HALF_EVEN);

  private JsonNumbers() {}

  static boolean isSafe(long value) {
    return value >= -MAX_SAFE && value <= MAX_SAFE;
  }

  /// The integer that a number written with a fraction or an exponent stands for, or nothing if it
  /// is not one or is outside the safe range.
  static Optional<Long> safeInteger(JsonNode number) {
    double value = number.doubleValue();
    return value == Math.rint(value) && Math.abs(value) <= MAX_SAFE
        ? Optional.of((long) value)
        : Optional.empty();
  }

  /// A number of any kind, as `json.dumps` of the specification's example code writes it: this is
  /// what the hashes of old events were made of.
  static String lenient(JsonNode number) {
    if (number.isIntegralNumber()) {
      return number.asText();
    }
    double value = number.doubleValue();
    if (!Double.isFinite(value)) {
      throw new IllegalArgumentException("JSON has no " + value);
    }
    return value == 0 ? (Double.compare(value, 0.0) < 0 ? "-0.0" : "0.0") : python(value);
  }

  private static String python(double value) {
    BigDecimal decimal = shortest(value);
    BigInteger unscaled = decimal.unscaledValue();
    String digits = unscaled.abs().toString();
    int exponent = digits.length() - 1 - decimal.scale();
    StringBuilder out = new StringBuilder(unscaled.signum() < 0 ? "-" : "");
    if (exponent < LEAST_PLAIN_EXPONENT || exponent >= LEAST_LARGE_EXPONENT) {
      out.append(digits.charAt(0));
      if (digits.length() > 1) {
        out.append('.').append(digits, 1, digits.length());
      }
      out.append('e').append(exponent < 0 ? '-' : '+');
      int size = Math.abs(exponent);
      return out.append(size < 10 ? "0" : "").append(size).toString();
    }
    String plain = decimal.abs().toPlainString();
    return out.append(plain).append(plain.indexOf('.') < 0 ? ".0" : "").toString();
  }

  /// The shortest decimal that reads back as the same double, as Python has it. `Double.toString`
  /// does that too, except that it never gives less than two digits: `4.9E-324` for what is
  /// `5e-324`.
  private static BigDecimal shortest(double value) {
    BigDecimal decimal = new BigDecimal(Double.toString(value)).stripTrailingZeros();
    if (decimal.precision() == 2) {
      BigDecimal oneDigit = decimal.round(ONE_DIGIT);
      return oneDigit.doubleValue() == value ? oneDigit.stripTrailingZeros() : decimal;
    }
    return decimal;
  }
}
