package org.hearth.ringlogs;

import java.util.List;
import org.hearth.ringlogs.WiringDescription.Node;

/// A log of what is so for now and need not outlive the program (who types, who is there): one
/// publisher that never waits, readers at their own pace, no store.
///
/// Positions count from 1 in each run and are worth nothing without the run's epoch. A reader that
/// the ring overtook is told so ([LogReader#onLost]) and goes on behind what it missed.
///
/// **Thread**: [#publish] one thread for the life of the log; [#register] and [#start] one thread,
/// before that; the rest any.
///
/// @param <E> the entries
public final class VolatileLog<E> extends FollowedLog<E> {
  private final long epoch;

  /// @param epoch different for each run of the program: the time of its start, say
  public VolatileLog(LogSpec<E> spec, long epoch, FailureHandling failures) {
    super(new Broadcast<>(spec, Node.Kind.VOLATILE_LOG, new Source.Nowhere<>(), failures));
    this.epoch = epoch;
  }

  @Override
  public void start(LogPosition head) {
    start();
  }

  /// Starts the readers.
  public void start() {
    log().start(LogPosition.ORIGIN);
  }

  /// Publishes an entry.
  ///
  /// @return the position it was given
  public VolatilePosition publish(E entry) {
    LogPosition position = log().head().plus(1);
    log().publish(List.of(new Positioned<>(position, entry)));
    return new VolatilePosition(epoch, position);
  }

  /// The position of the last published entry; 0 in this epoch before the first.
  public VolatilePosition head() {
    return new VolatilePosition(epoch, log().head());
  }

  /// A place in a [VolatileLog], good for one run of the program.
  ///
  /// A token that bears an epoch of an earlier run says: start over.
  ///
  /// @param epoch different for each run
  /// @param position counts from 1 in each run
  public record VolatilePosition(long epoch, LogPosition position) {}
}
