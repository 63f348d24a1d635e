package org.hearth.server.box;

import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;

/// Alarms that ring when the test says so. **Thread:** any.
public final class ManualAlarms implements Alarms {
  private final InstantSource clock;
  private final List<Alarm> alarms = new CopyOnWriteArrayList<>();

  private record Alarm(Instant at, Runnable ring) {}

  public ManualAlarms(InstantSource clock) {
    this.clock = clock;
  }

  @Override
  public Runnable set(Duration after, Runnable ring) {
    Alarm alarm = new Alarm(clock.instant().plus(after), ring);
    alarms.add(alarm);
    return () -> alarms.remove(alarm);
  }

  @Override
  public void close() {
    alarms.clear();
  }

  public void ringThoseDue() {
    List<Alarm> due = alarms.stream().filter(each -> !each.at().isAfter(clock.instant())).toList();
    alarms.removeAll(due);
    due.forEach(each -> each.ring().run());
  }

  public int pending() {
    return alarms.size();
  }
}
