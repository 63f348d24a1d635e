package org.hearth.server.servers.room.state;

import com.github.benmanes.caffeine.cache.Cache;
import com.github.benmanes.caffeine.cache.Caffeine;
import com.github.benmanes.caffeine.cache.Weigher;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.atomic.AtomicLongArray;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/// A cache of what was read from the database, bounded in bytes, that never keeps what a commit has
/// made old.
///
/// A reader takes a [#ticket] before it reads. What it has read is kept only if the key was not
/// invalidated since: otherwise it may have read before the commit that invalidated it. Keys are
/// told apart by stripes.
///
/// **thread**: any.
final class GuardedCache<K, V> {
  private static final int STRIPES = 1024;

  private final Cache<K, V> cache;

  /// How often values were invalidated, by stripe of their keys.
  private final AtomicLongArray invalidations = new AtomicLongArray(STRIPES);

  GuardedCache(long maximumBytes, Weigher<K, V> weigher) {
    this.cache =
        Caffeine.newBuilder()
            .maximumWeight(maximumBytes)
            .weigher(weigher)
            .executor(Runnable::run)
            .build();
  }

  @Nullable V get(K key) {
    return cache.getIfPresent(key);
  }

  /// To be taken before the reading begins.
  long ticket(K key) {
    return invalidations.get(stripe(key));
  }

  /// The values of keys: those that are here, and what is read of the others, which is kept.
  ///
  /// @param read reads the values of keys, of as many as it finds
  Map<K, V> getAll(List<K> keys, Function<List<K>, Map<K, V>> read) {
    Map<K, V> found = new HashMap<>();
    List<K> missing = new ArrayList<>();
    for (K key : keys) {
      V kept = get(key);
      if (kept == null) {
        missing.add(key);
      } else {
        found.put(key, kept);
      }
    }
    if (!missing.isEmpty()) {
      long[] tickets = missing.stream().mapToLong(this::ticket).toArray();
      Map<K, V> values = read.apply(missing);
      for (int i = 0; i < tickets.length; i++) {
        V value = values.get(missing.get(i));
        if (value != null) {
          keep(missing.get(i), value, tickets[i]);
        }
      }
      found.putAll(values);
    }
    return found;
  }

  private static int stripe(Object key) {
    int hash = key.hashCode();
    return (hash ^ (hash >>> 16)) & (STRIPES - 1);
  }

  /// Keeps what was read, unless it may be old.
  void keep(K key, V value, long ticket) {
    cache
        .asMap()
        .compute(key, (_, present) -> present != null || ticket(key) != ticket ? present : value);
  }

  /// Keeps what was just committed.
  void put(K key, V value) {
    cache.put(key, value);
  }

  /// Forgets a value that a commit has changed.
  void invalidate(K key) {
    invalidations.incrementAndGet(stripe(key));
    cache.invalidate(key);
  }

  long weightBytes() {
    return cache
        .policy()
        .eviction()
        .flatMap(each -> each.weightedSize().stream().boxed().findFirst())
        .orElse(0L);
  }
}
