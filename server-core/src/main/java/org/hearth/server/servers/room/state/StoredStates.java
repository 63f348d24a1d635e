package org.hearth.server.servers.room.state;

import com.github.benmanes.caffeine.cache.Cache;
import com.github.benmanes.caffeine.cache.Caffeine;
import java.util.Collection;
import org.hearth.server.store.ReadPool;

/// Committed states by number, read from the table `room_state` and kept in memory within a budget
/// of bytes. A state never changes, so nothing here is ever old.
///
/// **thread**: any.
public final class StoredStates {
  private final ReadPool reads;
  private final Cache<Long, StateRows> states;

  StoredStates(ReadPool reads, long maximumBytes) {
    this.reads = reads;
    this.states =
        Caffeine.newBuilder()
            .maximumWeight(maximumBytes)
            .weigher((Long _, StateRows state) -> state.weightBytes())
            .executor(Runnable::run)
            .build();
  }

  /// Forgets states that are no longer in the database: their numbers may be given again.
  public void forget(Collection<Long> snapshots) {
    states.invalidateAll(snapshots);
  }

  public StateRows get(long snapshot) {
    StateRows kept = states.getIfPresent(snapshot);
    if (kept != null) {
      return kept;
    }
    StateRows read = reads.read(connection -> StateRows.read(connection, snapshot));
    states.put(snapshot, read);
    return read;
  }
}
