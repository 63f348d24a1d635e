package org.hearth.server.writers.federationsend;

import java.lang.System.Logger.Level;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Collection;
import java.util.Collections;
import java.util.Deque;
import java.util.HashMap;
import java.util.Iterator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.ReentrantLock;
import org.hearth.server.box.Alarms;
import org.hearth.server.matrix.event.Pdu;
import org.hearth.server.matrix.id.EventId;
import org.hearth.server.matrix.id.RoomId;
import org.hearth.server.matrix.id.ServerName;
import org.hearth.server.services.staging.PeerRejections;
import org.hearth.server.services.staging.StagedEvent;
import org.hearth.server.services.staging.Staging;
import org.hearth.server.store.StorageException;
import org.hearth.server.store.Unavailable;

/// Brings staged events to the Room Server, room by room.
///
/// ```
///  staged ──► ready ──(a turn of the room)──► judged: done
///               ▲                       └──► open ──(a job of room and server)──► judged: done
///               │                                            └──► in vain: an alarm ──┐
///               └── something that an open one waits for has come ◄───────────────────┘
/// ```
///
/// A turn asks nobody but the Room Server, so that no event of a room waits for a peer on behalf of
/// another. A room has one turn at a time, and a server one job in a room.
///
/// **bound**: [#MOST_TURNS] turns at a time, [OriginLanes] jobs; what waits is what [Staging] has;
/// [#MOST_HELD] bytes of events that wait in memory, others are read again when they have a turn.
/// An event is given up after [#MOST_ATTEMPTS]. **thread**: any; guarded by the lock.
final class RoomWork {
  static final int MOST_TURNS = 16;

  /// Events of one turn or job.
  static final int MOST_AT_ONCE = 50;

  /// Their bytes, unless it is one event; as trees they may take thirty times as much.
  static final int MOST_BYTES_AT_ONCE = 256 << 10;

  static final long MOST_HELD = 24L << 20;
  static final int MOST_ATTEMPTS = 8;
  static final Duration FIRST_PAUSE = Duration.ofSeconds(10);
  static final Duration LONGEST_PAUSE = Duration.ofMinutes(10);

  /// The rule of an event for which something is missing that nobody gives us.
  static final String INCOMPLETE = "INCOMPLETE";

  private static final System.Logger LOG = System.getLogger(RoomWork.class.getName());

  private final Staging staging;
  private final Work work;
  private final PeerRejections rejections;
  private final Alarms alarms;
  private final OriginLanes lanes = new OriginLanes();
  private final AtomicLong held = new AtomicLong();
  private final ReentrantLock lock = new ReentrantLock();
  private final Condition idle = lock.newCondition();
  private final Map<RoomId, Room> rooms = new HashMap<>();
  private final Map<Long, StagedPdu> byNumber = new HashMap<>();

  /// Rooms that may have a turn; the one that had a turn last is at the end.
  private final Deque<Room> runnable = new ArrayDeque<>();

  private int running;
  private boolean stopped;

  /// What is done with events.
  interface Work {
    /// A turn: judges what can be judged without asking other servers.
    Judged judge(RoomId room, List<StagedPdu> events) throws InterruptedException;

    /// A job: gets what is missing, and judges again.
    ///
    /// @param events one at least
    Judged complete(RoomId room, List<StagedPdu> events) throws InterruptedException;
  }

  /// Guarded by the lock.
  private static final class Room {
    private final RoomId id;
    private final Deque<StagedPdu> ready = new ArrayDeque<>();
    private final Map<ServerName, Open> open = new LinkedHashMap<>();
    private boolean queued;
    private boolean running;

    Room(RoomId id) {
      this.id = id;
    }

    boolean isIdle() {
      return ready.isEmpty() && open.isEmpty() && !running;
    }
  }

  /// The open events of one room that wait on account of one server; guarded by the lock.
  private static final class Open {
    private final ServerName lane;
    private Deque<StagedPdu> events = new ArrayDeque<>();
    private boolean working;
    private boolean pausing;

    /// Whether the pause was cut short already: a server that sends on and on cuts it short once.
    private boolean cutShort;

    private Runnable callOff = () -> {};

    Open(ServerName lane) {
      this.lane = lane;
    }
  }

  RoomWork(Staging staging, Work work, Alarms alarms) {
    this.staging = staging;
    this.work = work;
    this.rejections = staging.rejections();
    this.alarms = alarms;
  }

  /// Goes on with what was staged before the start.
  void resume() {
    staged(staging.all(), Map.of());
  }

  /// These are staged now.
  ///
  /// @param events those of them that are in memory
  void staged(Collection<StagedEvent> staged, Map<EventId, Pdu> events) {
    lock.lock();
    try {
      for (StagedEvent each : staged) {
        StagedPdu one = new StagedPdu(each);
        Pdu event = events.get(each.event());
        if (event != null) {
          hold(one, event);
        }
        if (byNumber.putIfAbsent(each.number(), one) == null) {
          Room room = rooms.computeIfAbsent(each.room(), Room::new);
          room.ready.add(one);
          offer(room);
        }
      }
      begin();
    } finally {
      lock.unlock();
    }
  }

  /// There was no room for these any more.
  void displaced(Collection<StagedEvent> events) {
    lock.lock();
    try {
      for (StagedEvent each : events) {
        StagedPdu one = byNumber.remove(each.number());
        if (one != null) {
          // The turn or job that has the event, or comes to it, drops it.
          one.goes();
        }
      }
    } finally {
      lock.unlock();
    }
  }

  /// An event that was read for a turn stays in memory if there is room.
  private void keep(StagedPdu one) {
    Pdu event = one.event();
    if (event != null && !one.isHeld()) {
      var signers = one.signers();
      var _ = one.release();
      hold(one, event);
      if (one.isHeld() && signers != null) {
        one.verified(event, signers);
      }
    }
  }

  private void hold(StagedPdu one, Pdu event) {
    long bytes = event.memoryBytes();
    if (held.addAndGet(bytes) <= MOST_HELD) {
      one.hold(event, bytes);
    } else {
      held.addAndGet(-bytes);
    }
  }

  // --- turns

  private void offer(Room room) {
    if (!room.ready.isEmpty() && !room.running && !room.queued) {
      room.queued = true;
      runnable.add(room);
    }
  }

  private void begin() {
    while (running < MOST_TURNS && !runnable.isEmpty() && !stopped) {
      Room room = runnable.remove();
      room.queued = false;
      List<StagedPdu> batch = take(room);
      if (batch.isEmpty()) {
        settle(room);
      } else {
        room.running = true;
        running++;
        var _ =
            Thread.ofVirtual().name("federation-send " + room.id).start(() -> turn(room, batch));
      }
    }
  }

  private List<StagedPdu> take(Room room) {
    return take(room.ready);
  }

  /// Takes as many as fit.
  private List<StagedPdu> take(Deque<StagedPdu> from) {
    List<StagedPdu> batch = new ArrayList<>();
    long bytes = 0;
    while (batch.size() < MOST_AT_ONCE && !from.isEmpty()) {
      StagedPdu next = from.getFirst();
      if (next.isGone()) {
        release(next);
      } else {
        bytes += next.staged().bytes();
        if (bytes > MOST_BYTES_AT_ONCE && !batch.isEmpty()) {
          return batch;
        }
        batch.add(next);
      }
      from.removeFirst();
    }
    return batch;
  }

  private void turn(Room room, List<StagedPdu> batch) {
    Judged judged = failed(batch);
    try {
      judged = work.judge(room.id, batch);
    } catch (InterruptedException _) {
      Thread.currentThread().interrupt();
    } catch (RuntimeException e) {
      judged = new Judged(List.of(), batch, Set.of(), Unavailable.is(e));
      LOG.log(Level.ERROR, "events of " + room.id + " cannot be judged now", e);
    } finally {
      done(judged.done());
      lock.lock();
      try {
        room.running = false;
        running--;
        for (StagedPdu each : judged.open()) {
          open(room, each, judged.unavailable());
        }
        wake(room, judged.settled());
        offer(room);
        settle(room);
        begin();
        idle.signalAll();
      } finally {
        lock.unlock();
      }
    }
  }

  /// What is assumed until the contrary is known.
  private static Judged failed(List<StagedPdu> batch) {
    return new Judged(List.of(), batch, Set.of(), true);
  }

  private void open(Room room, StagedPdu event, boolean unavailable) {
    Open open = room.open.computeIfAbsent(event.lane(), Open::new);
    keep(event);
    open.events.add(event);
    if (unavailable || event.attempts() > 0) {
      pause(room, open);
    } else if (!open.working) {
      // A server that has sent something is there: it is asked again before its time.
      if (open.pausing) {
        pauseShortly(room, open);
      } else {
        work(room, open);
      }
    }
  }

  /// Open events that may have waited for these are ready again.
  private void wake(Room room, Set<EventId> settled) {
    if (settled.isEmpty()) {
      return;
    }
    for (Open open : room.open.values()) {
      Deque<StagedPdu> waiting = new ArrayDeque<>();
      for (StagedPdu each : open.events) {
        if (Collections.disjoint(each.missing(), settled)) {
          waiting.add(each);
        } else {
          room.ready.add(each);
        }
      }
      open.events = waiting;
    }
  }

  // --- jobs

  private void work(Room room, Open open) {
    if (!open.working && !open.events.isEmpty() && !stopped) {
      open.callOff.run();
      open.pausing = false;
      open.cutShort = false;
      open.working = true;
      lanes.add(open.lane, () -> job(room, open));
    }
  }

  private void job(Room room, Open open) {
    List<StagedPdu> events = takeOpen(open);
    Judged judged = failed(events);
    try {
      judged = events.isEmpty() ? judged : work.complete(room.id, events);
    } catch (InterruptedException _) {
      Thread.currentThread().interrupt();
    } catch (RuntimeException e) {
      // A defect that comes every time ends when the events are given up.
      judged = new Judged(List.of(), events, Set.of(), Unavailable.is(e));
      LOG.log(Level.ERROR, "events of " + room.id + " cannot be completed now", e);
    } finally {
      List<StagedPdu> done = new ArrayList<>(judged.done());
      List<StagedPdu> left = new ArrayList<>();
      for (StagedPdu each : judged.open()) {
        if (!judged.unavailable()) {
          each.triedInVain();
        }
        if (each.attempts() < MOST_ATTEMPTS) {
          left.add(each);
        } else {
          rejections.note(
              each.origin(),
              room.id,
              Optional.of(each.id()),
              INCOMPLETE,
              "nobody gives what it needs: " + each.missing());
          done.add(each);
        }
      }
      done(done);
      lock.lock();
      try {
        open.working = false;
        boolean more = !open.events.isEmpty();
        for (StagedPdu each : left) {
          if (each.lane().equals(open.lane)) {
            keep(each);
            open.events.add(each);
          } else {
            open(room, each, judged.unavailable());
          }
        }
        wake(room, judged.settled());
        if (more) {
          work(room, open);
        } else if (!open.events.isEmpty()) {
          pause(room, open);
        }
        offer(room);
        settle(room);
        begin();
      } finally {
        lock.unlock();
      }
    }
  }

  private List<StagedPdu> takeOpen(Open open) {
    lock.lock();
    try {
      return take(open.events);
    } finally {
      lock.unlock();
    }
  }

  private void pause(Room room, Open open) {
    if (open.pausing || open.working) {
      return;
    }
    int attempts = open.events.stream().mapToInt(StagedPdu::attempts).min().orElse(0);
    Duration pause = FIRST_PAUSE.multipliedBy(1L << Math.min(attempts, 10));
    pauseFor(room, open, pause.compareTo(LONGEST_PAUSE) < 0 ? pause : LONGEST_PAUSE);
  }

  private void pauseShortly(Room room, Open open) {
    if (!open.cutShort) {
      open.cutShort = true;
      open.callOff.run();
      pauseFor(room, open, FIRST_PAUSE);
    }
  }

  private void pauseFor(Room room, Open open, Duration pause) {
    open.pausing = true;
    open.callOff = alarms.set(pause, () -> over(room, open));
  }

  /// A pause is over: the Room Server is asked first, which may know more by now.
  private void over(Room room, Open open) {
    lock.lock();
    try {
      open.pausing = false;
      open.cutShort = false;
      if (!open.working) {
        work(room, open);
        settle(room);
      }
    } finally {
      lock.unlock();
    }
  }

  // --- the end of events

  private void done(List<StagedPdu> events) {
    if (events.isEmpty()) {
      return;
    }
    try {
      staging.done(events.stream().map(StagedPdu::staged).toList());
    } catch (StorageException e) {
      // They are judged once more after the next start, which changes nothing.
      LOG.log(Level.WARNING, "What is judged stays staged: {0}", e.getMessage());
    }
    lock.lock();
    try {
      for (StagedPdu each : events) {
        byNumber.remove(each.staged().number());
        each.goes();
        release(each);
      }
    } finally {
      lock.unlock();
    }
  }

  private void release(StagedPdu event) {
    held.addAndGet(-event.release());
  }

  /// Forgets of a room what there is no more.
  private void settle(Room room) {
    Iterator<Open> each = room.open.values().iterator();
    while (each.hasNext()) {
      Open open = each.next();
      open.events.removeIf(event -> {
        if (event.isGone()) {
          release(event);
        }
        return event.isGone();
      });
      if (open.events.isEmpty() && !open.working) {
        open.callOff.run();
        each.remove();
      }
    }
    if (room.isIdle() && !room.queued) {
      rooms.remove(room.id, room);
    }
  }

  /// How many events there are, and in how many rooms.
  int size() {
    lock.lock();
    try {
      return byNumber.size();
    } finally {
      lock.unlock();
    }
  }

  /// Begins nothing more, and waits for what is under way.
  ///
  /// @return whether it has ended
  boolean stop(Duration patience) throws InterruptedException {
    alarms.close();
    long end = System.nanoTime() + patience.toNanos();
    lock.lock();
    try {
      stopped = true;
      long left = patience.toNanos();
      while (running > 0 && left > 0) {
        left = idle.awaitNanos(left);
      }
    } finally {
      lock.unlock();
    }
    boolean ended = lanes.stop(Duration.ofNanos(Math.max(0, end - System.nanoTime())));
    return ended && running() == 0;
  }

  private int running() {
    lock.lock();
    try {
      return running;
    } finally {
      lock.unlock();
    }
  }
}
