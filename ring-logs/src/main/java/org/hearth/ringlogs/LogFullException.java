package org.hearth.ringlogs;

import java.time.Duration;

/// The ring stayed full until the writer's deadline: the command was not accepted. Try again later.
public final class LogFullException extends LogException {
  private static final long serialVersionUID = 1L;

  LogFullException(String log, int shard, int capacity, Duration waited) {
    super(
        "%s, shard %d: all %d places stayed taken for %d ms"
            .formatted(log, shard, capacity, waited.toMillis()));
  }
}
