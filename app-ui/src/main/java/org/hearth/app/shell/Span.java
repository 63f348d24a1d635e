package org.hearth.app.shell;

import java.time.Duration;
import java.time.Instant;
import org.hearth.server.admin.Amounts;

/// Spans of time as people say them.
public final class Span {
  private Span() {}

  /// The time from one moment to another.
  ///
  /// @param since its beginning
  /// @param now its end
  /// @return such as `3 d`: tiles and columns have room for no more
  public static String between(Instant since, Instant now) {
    return Amounts.roughly(Duration.between(since, now));
  }
}
