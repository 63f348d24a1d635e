package org.hearth.app.shell;

import java.time.Duration;
import java.time.Instant;

/// Spans of time as people say them.
public final class Span {
  private Span() {}

  /// The time from one moment to another.
  ///
  /// @param since its beginning
  /// @param now its end
  /// @return such as `3 d 4 h`
  public static String between(Instant since, Instant now) {
    Duration span = Duration.between(since, now);
    if (span.toDays() > 0) {
      return "%d d %d h".formatted(span.toDays(), span.toHoursPart());
    }
    if (span.toHours() > 0) {
      return "%d h %d min".formatted(span.toHours(), span.toMinutesPart());
    }
    return span.toMinutes() > 0
        ? "%d min".formatted(span.toMinutes())
        : "%d s".formatted(Math.max(0, span.toSeconds()));
  }
}
