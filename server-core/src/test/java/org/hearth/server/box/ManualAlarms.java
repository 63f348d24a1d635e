package org.hearth.server.box;

import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;

/// Alarms that ring when the test says so; one for a moment that the test's clock has passed
/// meanwhile rings at once, as any would. **Thread:** any.
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
    if (after.isNegative()) {
      var _ = Thread.ofVirtual().name("manual-alarm").start(() -> ring(alarm));
    }
    return () -> alarms.remove(alarm);
  }

  @Override
  public void close() {
    alarms.clear();
  }

  public void ringThoseDue() {
    alarms.stream().filter(each -> !each.at().isAfter(clock.instant())).forEach(this::ring);
  }

  private void ring(Alarm alarm) {
    if (alarms.remove(alarm)) {
      alarm.ring().run();
    }
  }

  public int pending() {
    return alarms.size();
  }
}
