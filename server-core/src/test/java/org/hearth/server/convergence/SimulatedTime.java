package org.hearth.server.convergence;

import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.Comparator;
import java.util.PriorityQueue;
import java.util.function.BooleanSupplier;
import org.hearth.server.box.Alarms;
import org.jspecify.annotations.Nullable;

/// The time of all servers, which passes when the test has it pass. Alarms ring in the thread that
/// does so, in the order of their times.
///
/// **thread**: any.
final class SimulatedTime {
  private final PriorityQueue<Alarm> alarms =
      new PriorityQueue<>(Comparator.comparing(Alarm::at).thenComparingLong(Alarm::number));
  private volatile Instant now = Instant.parse("2030-01-01T00:00:00Z");
  private long numbers;

  /// @param number of two alarms of one time the lower rings first
  private record Alarm(Instant at, long number, OwnAlarms owner, Runnable ring) {}

  /// The alarms of one owner.
  private final class OwnAlarms implements Alarms {
    private volatile boolean closed;

    @Override
    public Runnable set(Duration after, Runnable ring) {
      synchronized (SimulatedTime.this) {
        if (closed) {
          return () -> {};
        }
        Alarm alarm = new Alarm(now.plus(after), ++numbers, this, ring);
        alarms.add(alarm);
        return () -> callOff(alarm);
      }
    }

    @Override
    public void close() {
      synchronized (SimulatedTime.this) {
        closed = true;
        alarms.removeIf(each -> each.owner() == this);
      }
    }
  }

  private synchronized void callOff(Alarm alarm) {
    alarms.removeIf(each -> each.number() == alarm.number());
  }

  InstantSource clock() {
    return () -> now;
  }

  Alarms alarms() {
    return new OwnAlarms();
  }

  /// The time passes, and the alarms ring that are due.
  void pass(Duration duration) {
    passUntil(now.plus(duration));
  }

  /// The time passes until the next alarm, or for a minute.
  void passToNextAlarm() {
    Instant next;
    synchronized (this) {
      Alarm first = alarms.peek();
      next = first == null ? now.plus(Duration.ofMinutes(1)) : first.at();
    }
    passUntil(next);
  }

  private void passUntil(Instant until) {
    Alarm due = next(until);
    while (due != null) {
      if (!due.owner().closed) {
        due.ring().run();
      }
      due = next(until);
    }
  }

  /// The time passes to the next alarm that is due by then, or to then.
  private synchronized @Nullable Alarm next(Instant until) {
    Alarm first = alarms.peek();
    Alarm due = first == null || first.at().isAfter(until) ? null : first;
    Instant to = due == null ? until : due.at();
    if (to.isAfter(now)) {
      now = to;
    }
    notifyAll();
    return due == null ? null : alarms.poll();
  }

  /// Waits until so much time has passed, or there is no need to.
  ///
  /// @param over looked at whenever time passes, and after [#look]
  synchronized void await(Duration duration, BooleanSupplier over) throws InterruptedException {
    Instant until = now.plus(duration);
    while (now.isBefore(until) && !over.getAsBoolean()) {
      wait();
    }
  }

  /// Has those who wait look whether they need to.
  synchronized void look() {
    notifyAll();
  }
}
