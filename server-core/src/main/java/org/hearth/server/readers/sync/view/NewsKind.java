package org.hearth.server.readers.sync.view;

import java.util.function.Supplier;
import org.hearth.ringlogs.LogPosition;

/// A kind of news, of which it is noted which rooms have it, or of which users it is.
///
/// A section has one of its own and compares it by identity.
public final class NewsKind {
  private final Supplier<LogPosition> head;

  /// @param head the newest position of the log that the news is of: what is published later is
  ///   noted after this was asked
  public NewsKind(Supplier<LogPosition> head) {
    this.head = head;
  }

  LogPosition head() {
    return head.get();
  }
}
