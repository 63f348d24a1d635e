package org.hearth.server.writers.federationsend;

import java.time.Duration;
import java.util.Comparator;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.SequencedMap;
import java.util.function.LongSupplier;
import org.hearth.server.matrix.id.ServerName;

/// Who may have answers in memory that may be large: states and auth chains.
///
/// Nobody waits for a place: who gets none tries again later. So that none keeps the others from
/// it, a site has one place, however many names it has; a job that has had one for [#UNDISTURBED]
/// is interrupted when another wants one; and a site whose job was interrupted leaves a place free
/// for others for [#SLOW_FOR].
///
/// **bound**: [#MOST] jobs at a time; [#MOST_SLOW] sites are remembered. **thread**: any; guarded
/// by this.
final class LargeAnswers {
  static final int MOST = 2;

  /// As long as one answer is waited for.
  static final Duration UNDISTURBED = Duration.ofSeconds(60);

  static final Duration SLOW_FOR = Duration.ofMinutes(15);
  static final int MOST_SLOW = 1_000;

  private final LongSupplier nanos;

  /// By [ServerName#site].
  private final Map<String, Place> having = new HashMap<>();

  /// Until when a site is slow; the one that was slow first is the first.
  private final SequencedMap<String, Long> slow = new LinkedHashMap<>();

  /// The place of a job; guarded as all else.
  private static final class Place {
    private final Thread job = Thread.currentThread();
    private final long since;
    private boolean interrupted;

    private Place(long since) {
      this.since = since;
    }
  }

  LargeAnswers() {
    this(System::nanoTime);
  }

  /// @param nanos a time that only goes on
  LargeAnswers(LongSupplier nanos) {
    this.nanos = nanos;
  }

  /// Takes a place for a job that a server has caused, on the thread of which this is called.
  ///
  /// @return whether there was one; it is given back on the same thread
  synchronized boolean take(ServerName origin) {
    String site = origin.site();
    if (having.containsKey(site)) {
      return false;
    }
    boolean isSlow = isSlow(site);
    if (having.size() < (isSlow ? MOST - 1 : MOST)) {
      having.put(site, new Place(nanos.getAsLong()));
      return true;
    }
    if (!isSlow) {
      interruptTheOldest();
    }
    return false;
  }

  private boolean isSlow(String site) {
    while (!slow.isEmpty() && slow.firstEntry().getValue() - nanos.getAsLong() <= 0) {
      slow.pollFirstEntry();
    }
    return slow.containsKey(site);
  }

  private void interruptTheOldest() {
    having.entrySet().stream()
        .filter(each -> !each.getValue().interrupted)
        .filter(each -> nanos.getAsLong() - each.getValue().since >= UNDISTURBED.toNanos())
        .min(Comparator.comparingLong(each -> each.getValue().since))
        .ifPresent(each -> {
          each.getValue().interrupted = true;
          each.getValue().job.interrupt();
          slow.remove(each.getKey());
          slow.put(each.getKey(), nanos.getAsLong() + SLOW_FOR.toNanos());
          if (slow.size() > MOST_SLOW) {
            slow.pollFirstEntry();
          }
        });
  }

  synchronized void giveBack(ServerName origin) {
    Place place = having.remove(origin.site());
    if (place != null && place.interrupted) {
      // It has ended by itself, perhaps; what its thread does next is not to be interrupted.
      var _ = Thread.interrupted();
    }
  }
}
