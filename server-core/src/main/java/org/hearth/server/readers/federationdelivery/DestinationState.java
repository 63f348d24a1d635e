package org.hearth.server.readers.federationdelivery;

import java.time.Instant;
import java.util.Optional;
import org.hearth.server.matrix.id.ServerName;

/// How delivery to another server stands.
///
/// @param waiting how much it has to be told; a room of which it is sent the latest events, or the
///   receipts, counts as one
/// @param nextTry when it is tried again, if it waits for that
/// @param lastError what went wrong last; empty if nothing has since
public record DestinationState(
    ServerName name, State state, long waiting, Optional<Instant> nextTry, String lastError) {
  /// What happens now.
  public enum State {
    /// There is nothing to be told.
    IDLE,
    /// It is being told, or has its turn soon.
    SENDING,
    /// It has refused something, and is tried again after a pause.
    WAITING,
    /// It could not be reached, and is left alone for a while.
    LEFT_ALONE
  }
}
