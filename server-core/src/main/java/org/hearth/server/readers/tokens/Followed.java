package org.hearth.server.readers.tokens;

import org.hearth.ringlogs.OutputLog;
import org.hearth.ringlogs.VolatileLog;

/// A log from which a component has its news.
public sealed interface Followed {
  /// A log of what is committed: an answer waits until that component's reader has come to its end.
  record Durable(OutputLog<?> log) implements Followed {}

  /// A log that is not kept: an answer waits in the same way.
  ///
  /// @param letter of its part in tokens, from `a` to `z` and no other's; `e`, `h` and `r` are
  ///   taken
  record Volatile(char letter, VolatileLog<?> log) implements Followed {}
}
