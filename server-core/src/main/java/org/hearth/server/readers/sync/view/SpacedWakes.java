package org.hearth.server.readers.sync.view;

import java.time.Duration;
import java.util.Collection;
import java.util.HashSet;
import java.util.Set;
import org.hearth.server.box.Alarms;

/// Wakes users for news that can wait: each at once, but no more than once in a while. To be woken
/// costs a whole answer and the next request, which is far more than the news itself; what comes
/// while a user is not woken goes with whatever wakes the user first.
///
/// **Bound:** nobody is put off longer than `spacing`; as many users are remembered as have been
/// woken in that time. An alarm is set only after somebody was woken. **Thread:** any.
public final class SpacedWakes {
  private final Duration spacing;
  private final Alarms alarms;
  private final Set<UserFeed> woken = new HashSet<>();
  private final Set<UserFeed> putOff = new HashSet<>();
  private boolean alarmIsSet;

  public SpacedWakes(Duration spacing, Alarms alarms) {
    this.spacing = spacing;
    this.alarms = alarms;
  }

  /// Wakes these users, now or later.
  public synchronized void wake(Collection<UserFeed> users) {
    for (UserFeed each : users) {
      if (woken.add(each)) {
        each.wake();
      } else {
        putOff.add(each);
      }
    }
    if (!alarmIsSet && !woken.isEmpty()) {
      alarmIsSet = true;
      var _ = alarms.set(spacing, this::wakeThosePutOff);
    }
  }

  private synchronized void wakeThosePutOff() {
    alarmIsSet = false;
    woken.clear();
    Set<UserFeed> those = Set.copyOf(putOff);
    putOff.clear();
    wake(those);
  }
}
