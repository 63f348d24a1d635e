package org.hearth.server.readers.sync;

import org.hearth.ringlogs.LogPosition;

/// Makes the tokens of this database's history, and knows them again.
///
/// @param epoch of the database
record Tokens(long epoch) {
  SyncToken at(LogPosition position) {
    return new SyncToken(position, epoch);
  }

  /// Whether what the token's holder knows is what happened here. A database that was restored has
  /// a new epoch, and may not yet have come to the position of a token from before.
  ///
  /// @param head the newest position there is
  boolean isOurs(SyncToken token, LogPosition head) {
    return token.epoch() == epoch && !token.position().isAfter(head);
  }
}
