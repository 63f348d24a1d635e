package org.hearth.server.servers.room.shard;

import org.jspecify.annotations.Nullable;

/// Leads to a decision until it is committed. A room may stay in memory long after its last
/// decision, and a decision keeps all its events and rows: so this is what is noted of it.
///
/// **thread**: the shard's; [#end] the committer's.
final class PendingDecision {
  private volatile @Nullable Decision decision;

  PendingDecision(Decision decision) {
    this.decision = decision;
  }

  /// The decision; null once it is committed, and then what is committed has all of it.
  @Nullable Decision decision() {
    return decision;
  }

  boolean hasEnded() {
    return decision == null;
  }

  /// The decision is committed.
  void end() {
    decision = null;
  }
}
