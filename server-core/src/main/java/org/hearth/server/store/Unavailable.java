package org.hearth.server.store;

import java.time.InstantSource;
import org.hearth.ringlogs.FailureHandling;
import org.hearth.ringlogs.LogFullException;
import org.hearth.ringlogs.LogStoppedException;
import org.hearth.ringlogs.ReplyTimeoutException;

/// Tells failures that say nothing about what was to be done: the store or a log takes nothing now,
/// and the same may succeed later.
///
/// **thread**: any.
public final class Unavailable {
  private Unavailable() {}

  /// What all logs of a server do with failures.
  public static FailureHandling handling(Store store, InstantSource clock) {
    return new FailureHandling(store.deadLetters(), Unavailable::is, clock);
  }

  /// Whether the failure is of that kind.
  public static boolean is(Exception failure) {
    return switch (failure) {
      case StorageException storage -> storage.isUnavailable();
      case LogFullException _, LogStoppedException _, ReplyTimeoutException _ -> true;
      default -> false;
    };
  }
}
