package org.hearth.server.readers.push;

import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.NavigableSet;
import java.util.concurrent.ConcurrentSkipListSet;
import org.hearth.server.box.Alarms;
import org.hearth.server.matrix.id.UserId;
import org.jspecify.annotations.Nullable;

/// A pusher in memory: what is known without a look into the database, and its one alarm.
///
/// **thread**: any; what is marked so, the thread that has the pusher's turn.
final class Worker {
  /// How long a badge may be out of date: who reads ten rooms in a row wakes the phone once.
  static final Duration BADGE_PAUSE = Duration.ofSeconds(2);

  private final long id;
  private final UserId user;
  private final InstantSource clock;
  private final Alarms alarms;
  private final Lanes lanes;
  private final NavigableSet<Long> queued = new ConcurrentSkipListSet<>();
  private volatile String gateway;
  private volatile Instant nextTry = Instant.EPOCH;

  /// Up to where the gateway has it, also if that could not be written down.
  private volatile long told;

  private @Nullable Instant badgeDue;

  /// How many times the badge has become another.
  private long badgeWishes;

  private @Nullable Instant alarmAt;
  private Runnable callOff = () -> {};
  private boolean gone;

  Worker(long id, UserId user, String gateway, InstantSource clock, Alarms alarms, Lanes lanes) {
    this.id = id;
    this.user = user;
    this.gateway = gateway;
    this.clock = clock;
    this.alarms = alarms;
    this.lanes = lanes;
  }

  long id() {
    return id;
  }

  UserId user() {
    return user;
  }

  /// What is slow or dead together with it.
  String gateway() {
    return gateway;
  }

  /// The pusher was set anew: to a gateway that may be another, and at once.
  void setAnew(String at) {
    gateway = at;
    nextTry = Instant.EPOCH;
    lanes.add(this);
  }

  /// The positions of what it has to be told, as many as [PushQueue#MOST].
  NavigableSet<Long> queued() {
    return queued;
  }

  long told() {
    return told;
  }

  /// The gateway has all up to that position. **thread**: the turn's.
  void told(long position) {
    told = position;
  }

  /// There is something to be told now, unless the gateway has to be left alone.
  void wake() {
    if (nextTry.isAfter(clock.instant())) {
      alarm(nextTry);
    } else {
      lanes.add(this);
    }
  }

  /// The user has read something: the badge is to be told soon.
  void wakeForBadge() {
    synchronized (this) {
      badgeWishes++;
    }
    if (badgeIsDue()) {
      wake();
    }
  }

  /// Whether the badge may be told now; if not, there is a turn when it may.
  boolean badgeIsDue() {
    Instant now = clock.instant();
    Instant due;
    synchronized (this) {
      if (badgeDue == null) {
        badgeDue = now.plus(BADGE_PAUSE);
      }
      due = badgeDue;
    }
    if (due.isAfter(now)) {
      alarm(due);
      return false;
    }
    return true;
  }

  /// To be asked before one looks how much is unread.
  synchronized long badgeWishes() {
    return badgeWishes;
  }

  /// The gateway knows the badge, or is told of it no more; unless it has become another since so
  /// many wishes.
  synchronized void badgeDone(long wishes) {
    if (badgeWishes == wishes) {
      badgeDue = null;
    }
  }

  /// Has no turn because of notifications before that moment, and one then.
  void waitUntil(Instant moment) {
    nextTry = moment;
    alarm(moment);
  }

  /// The gateway takes what it is told.
  void goOn() {
    nextTry = Instant.EPOCH;
  }

  /// There is no such pusher any more.
  synchronized void end() {
    gone = true;
    callOff.run();
  }

  private synchronized void alarm(Instant moment) {
    if (gone || (alarmAt != null && !moment.isBefore(alarmAt))) {
      return;
    }
    callOff.run();
    alarmAt = moment;
    callOff = alarms.set(Duration.between(clock.instant(), moment), () -> ring(moment));
  }

  private void ring(Instant moment) {
    synchronized (this) {
      if (!moment.equals(alarmAt)) {
        return;
      }
      alarmAt = null;
    }
    lanes.add(this);
  }

  @Override
  public String toString() {
    return "a pusher of %s at %s".formatted(user, gateway);
  }
}
