package org.hearth.server.outbound;

import java.time.DateTimeException;
import java.time.Duration;
import java.time.Instant;
import java.time.format.DateTimeFormatter;
import java.util.Optional;

/// What stands in headers of answers.
///
/// **thread**: any.
public final class HeaderValues {
  private HeaderValues() {}

  /// A number of seconds; empty for all else.
  public static Optional<Duration> seconds(String digits) {
    String text = digits.strip();
    if (text.isEmpty() || !text.chars().allMatch(each -> each >= '0' && each <= '9')) {
      return Optional.empty();
    }
    // RFC 9111 §1.2.2: what is too large is taken as the largest.
    return Optional.of(Duration.ofSeconds(text.length() > 9 ? 1L << 31 : Long.parseLong(text)));
  }

  /// A moment; empty for all else.
  public static Optional<Instant> date(String text) {
    try {
      return Optional.of(DateTimeFormatter.RFC_1123_DATE_TIME.parse(text.strip(), Instant::from));
    } catch (DateTimeException _) {
      return Optional.empty();
    }
  }

  /// How long the other side asks to be left alone, from when it said so. "The value of this field
  /// can be either an HTTP-date or a number of seconds to delay after receiving the response."
  ///
  /// @param now when it said so, if it does not say that itself
  /// @return empty if it does not say, or a moment that has passed
  ///
  ///   **source**: [RFC 9110 §10.2.3](https://www.rfc-editor.org/rfc/rfc9110#field.retry-after)
  public static Optional<Duration> retryAfter(Response response, Instant now) {
    Optional<String> value = response.header("retry-after");
    Instant said = response.header("date").flatMap(HeaderValues::date).orElse(now);
    return value
        .flatMap(HeaderValues::seconds)
        .or(() -> value.flatMap(HeaderValues::date).map(until -> Duration.between(said, until)))
        .filter(Duration::isPositive);
  }
}
