package org.hearth.ringlogs;

import java.util.List;
import org.hearth.ringlogs.WiringDescription.Node;

/// A log of what was decided and committed: one publisher that never waits, readers at their own
/// pace, a store that they fall back to.
///
/// **Thread**: [#publish] one thread for the life of the log; [#register] and [#start] one thread,
/// before that; the rest any.
///
/// @param <E> the entries
public final class OutputLog<E> extends FollowedLog<E> {
  public OutputLog(LogSpec<E> spec, OutputStore<E> store, FailureHandling failures) {
    super(new Broadcast<>(spec, Node.Kind.OUTPUT_LOG, new Source.Stored<>(store), failures));
  }

  /// Starts the readers. Each reads from the store what is between its own position and `head`,
  /// then follows the ring; this method does not wait for that ([#awaitReader] does).
  ///
  /// @param head the last position committed before anything is published here
  /// @throws IllegalStateException if a reader's position is after `head`: its data is of another
  ///   history
  @Override
  public void start(LogPosition head) {
    log().start(head);
  }

  /// Publishes an entry that is committed.
  ///
  /// @param position after all published before it
  /// @throws IllegalArgumentException if it is not
  public void publish(LogPosition position, E entry) {
    publish(List.of(new Positioned<>(position, entry)));
  }

  /// Publishes the entries of one commit together: readers are woken once.
  public void publish(List<Positioned<E>> entries) {
    log().publish(entries);
  }

  /// Has a reader forget all that it keeps and gives it everything from the store again, in its own
  /// thread, which goes on with that after what it is at. How far it is, its figures say.
  ///
  /// @return whether the reader has forgotten; it fails with what kept it from that
  /// @throws IllegalArgumentException if there is no reader of that name, or if there are readers
  ///   that are told after it, which must not go back
  public Reply<Boolean> rebuild(String reader) {
    return log().rebuild(reader);
  }

  /// The position of the last published entry, or that given to [#start].
  public LogPosition head() {
    return log().head();
  }
}
