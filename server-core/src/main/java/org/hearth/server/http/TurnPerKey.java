package org.hearth.server.http;

import java.util.Collection;
import java.util.List;
import java.util.concurrent.locks.ReentrantLock;

/// Lets one thread at a time look at something, decide and commit, for each key: two requests about
/// one user or one alias take turns, those about different ones seldom meet.
///
/// The holder of a turn looks at the database, and nobody else writes rows of that key until the
/// holder has committed. So no submitted row collides with another: a collision fails its unit, and
/// costs all units of the same commit a second attempt.
///
/// **thread**: any; a turn may last as long as a commit. Do not take a second turn within one: who
/// needs the turns of several keys takes them together.
public final class TurnPerKey {
  private static final int STRIPES = 256;

  private final ReentrantLock[] stripes = new ReentrantLock[STRIPES];

  /// Nobody has a turn yet.
  public TurnPerKey() {
    for (int i = 0; i < STRIPES; i++) {
      stripes[i] = new ReentrantLock();
    }
  }

  /// Something that is done in a turn.
  @FunctionalInterface
  public interface Turn<T, X extends Exception> {
    /// Does it.
    T take() throws X;
  }

  /// Does that when it is this key's turn.
  public <T, X extends Exception> T take(Object key, Turn<T, X> action) throws X {
    ReentrantLock lock = stripes[stripe(key)];
    lock.lock();
    try {
      return action.take();
    } finally {
      lock.unlock();
    }
  }

  /// Does that when it is this key's turn.
  public void run(Object key, Runnable action) {
    runAll(List.of(key), action);
  }

  /// Does that when it is the turn of all these keys.
  public void runAll(Collection<?> keys, Runnable action) {
    // Everybody takes turns in the same order, so that nobody waits for one who waits.
    List<ReentrantLock> locks =
        keys.stream()
            .map(TurnPerKey::stripe)
            .distinct()
            .sorted()
            .map(each -> stripes[each])
            .toList();
    locks.forEach(ReentrantLock::lock);
    try {
      action.run();
    } finally {
      locks.forEach(ReentrantLock::unlock);
    }
  }

  private static int stripe(Object key) {
    return Math.floorMod(key.hashCode(), STRIPES);
  }
}
