package org.hearth.server.services.media;

import java.time.Duration;
import java.util.HashMap;
import java.util.Map;
import org.hearth.server.matrix.error.MatrixException;

/// How many do something at the same time: in all, and of one user. Who comes when all places are
/// taken is told to come later.
///
/// **thread**: any.
final class Places {
  private static final Duration RETRY_AFTER = Duration.ofSeconds(2);

  private final int most;
  private final int mostOfOne;

  /// Of those who have any; guarded by itself.
  private final Map<String, Integer> taken = new HashMap<>();

  private int all;

  Places(int most, int mostOfOne) {
    this.most = most;
    this.mostOfOne = mostOfOne;
  }

  /// A place, until it is closed. Closing it again does nothing.
  final class Place implements AutoCloseable {
    private final String asker;
    private boolean isTaken = true;

    private Place(String asker) {
      this.asker = asker;
    }

    @Override
    public void close() {
      synchronized (taken) {
        if (isTaken) {
          isTaken = false;
          all--;
          taken.computeIfPresent(asker, (_, count) -> count == 1 ? null : count - 1);
        }
      }
    }
  }

  /// Takes a place.
  ///
  /// @param asker the user, or the address of who is none
  /// @throws MatrixException `M_LIMIT_EXCEEDED` if there is none
  Place take(String asker) {
    synchronized (taken) {
      if (all >= most || taken.getOrDefault(asker, 0) >= mostOfOne) {
        throw MatrixException.limitExceeded(RETRY_AFTER);
      }
      all++;
      taken.merge(asker, 1, Integer::sum);
      return new Place(asker);
    }
  }
}
