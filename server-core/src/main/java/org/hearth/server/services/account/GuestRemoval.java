package org.hearth.server.services.account;

import java.lang.System.Logger.Level;
import java.time.Duration;
import java.util.Collection;
import java.util.Iterator;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.Function;
import org.hearth.server.matrix.id.RoomId;
import org.hearth.server.matrix.id.UserId;
import org.hearth.server.servers.room.RoomQueries;
import org.hearth.server.store.Unavailable;
import org.jspecify.annotations.Nullable;

/// Lets guests leave the rooms that are closed to them. It waits for the Room Server, which a
/// consumer of a log may not do, so it has a thread of its own.
///
/// **memory**: it notes at most [#MOST_NOTED] users and rooms; when more come at a time, it looks
/// at all guests instead. What is noted is lost with the process, so it looks at all guests when it
/// starts.
///
/// **errors**: while the store or room-input is not available, it tries again after growing pauses.
/// Anything else is logged, and tried again at the next start.
///
/// **thread**: `guest-removal`, its own, between [#start] and [#close]; the other methods any.
final class GuestRemoval implements AutoCloseable {
  static final int MOST_NOTED = 10_000;
  private static final System.Logger LOG = System.getLogger(GuestRemoval.class.getName());
  private static final Duration PATIENCE_AT_END = Duration.ofSeconds(5);
  private static final Duration REST = Duration.ofMillis(20);
  private static final Duration FIRST_PAUSE = Duration.ofMillis(100);
  private static final Duration LONGEST_PAUSE = Duration.ofMinutes(1);

  /// Whom to look at.
  private sealed interface Look {
    /// A user who joined a room and may be a guest.
    record At(UserId user) implements Look {}

    /// Guests in a room that was closed to guests.
    record Into(RoomId room) implements Look {}

    /// Guests anywhere.
    record Everywhere() implements Look {}
  }

  private static final Look EVERYWHERE = new Look.Everywhere();

  private final AccountQueries accounts;
  private final Function<RoomId, ? extends Collection<UserId>> joinedUsers;
  private final RoomExit exit;
  private final ReentrantLock lock = new ReentrantLock();
  private final Condition changed = lock.newCondition();
  private final Thread thread =
      Thread.ofPlatform().daemon().name("guest-removal").unstarted(this::run);

  /// Guarded by the lock, like `ended`.
  private final Set<Look> noted = new LinkedHashSet<>();

  private boolean ended;
  private volatile @Nullable Throwable death;

  /// @param joinedUsers who is in a room now
  /// @param exit lets the guests leave
  GuestRemoval(
      AccountQueries accounts,
      Function<RoomId, ? extends Collection<UserId>> joinedUsers,
      RoomExit exit) {
    this.accounts = accounts;
    this.joinedUsers = joinedUsers;
    this.exit = exit;
  }

  /// Starts the thread, which first makes good what was missed while the server was down. Once.
  void start() {
    lookAtAllGuests();
    thread.start();
  }

  /// Whether the thread runs.
  boolean isAlive() {
    return thread.isAlive();
  }

  /// Notes a user who joined a room.
  void lookAt(UserId user) {
    note(new Look.At(user));
  }

  /// Notes a room that was closed to guests.
  void lookAt(RoomId room) {
    note(new Look.Into(room));
  }

  /// Notes that any guest may be where guests may not be.
  void lookAtAllGuests() {
    note(EVERYWHERE);
  }

  /// @throws IllegalStateException if the thread has died; the log's reader then shows it
  private void note(Look look) {
    Throwable cause = death;
    if (cause != null) {
      throw new IllegalStateException("guests are not let out of rooms any more", cause);
    }
    lock.lock();
    try {
      if (noted.contains(EVERYWHERE)) {
        return; // It has not begun, so it will see this, too.
      }
      if (look.equals(EVERYWHERE) || noted.size() >= MOST_NOTED) {
        noted.clear();
        noted.add(EVERYWHERE);
      } else {
        noted.add(look);
      }
      changed.signalAll();
    } finally {
      lock.unlock();
    }
  }

  // --- the thread

  private void run() {
    try {
      Duration pause = FIRST_PAUSE;
      for (Look look = next(); look != null; look = next()) {
        if (isDone(look)) {
          pause = FIRST_PAUSE;
        } else {
          note(look);
          rest(pause);
          pause =
              pause.compareTo(LONGEST_PAUSE.dividedBy(2)) < 0
                  ? pause.multipliedBy(2)
                  : LONGEST_PAUSE;
        }
      }
    } catch (Throwable e) {
      // The top of a thread, which nobody interrupts: an error of the virtual machine, or a defect
      // here.
      death = e;
      LOG.log(Level.ERROR, "guests are not let out of rooms any more", e);
    }
  }

  /// Waits for the next note and takes it.
  ///
  /// @return null at the end
  private @Nullable Look next() throws InterruptedException {
    lock.lockInterruptibly();
    try {
      while (noted.isEmpty() && !ended) {
        changed.await();
      }
      if (ended) {
        return null;
      }
      Iterator<Look> first = noted.iterator();
      Look look = first.next();
      first.remove();
      return look;
    } finally {
      lock.unlock();
    }
  }

  private void rest(Duration pause) throws InterruptedException {
    lock.lockInterruptibly();
    try {
      long nanos = pause.toNanos();
      while (nanos > 0 && !ended) {
        nanos = changed.awaitNanos(nanos);
      }
    } finally {
      lock.unlock();
    }
  }

  /// @return false if it has to be tried again
  private boolean isDone(Look look) throws InterruptedException {
    boolean done;
    try {
      done =
          switch (look) {
            case Look.At(UserId user) -> haveLeftIfGuests(List.of(user));
            case Look.Into(RoomId room) -> haveLeftIfGuests(joinedUsers.apply(room));
            case Look.Everywhere _ -> haveLeftEverywhere();
          };
    } catch (RuntimeException e) {
      done = isGivenUp(look.toString(), e);
    }
    return done;
  }

  /// Few are where they may not be, so it is asked of many at a time who these are, with a rest
  /// after each time: the look at all takes little of the machine.
  private boolean haveLeftEverywhere() throws InterruptedException {
    boolean done = true;
    List<UserId> guests = accounts.guests();
    for (int i = 0; i < guests.size() && !ends(); i += RoomQueries.MOST_USERS) {
      List<UserId> some = guests.subList(i, Math.min(guests.size(), i + RoomQueries.MOST_USERS));
      done &= haveLeftIfGuests(exit.whereGuestsMayNotBe(some));
      rest(REST);
    }
    return done;
  }

  private boolean haveLeftIfGuests(Collection<UserId> users) throws InterruptedException {
    boolean done = true;
    for (UserId user : users) {
      done &= hasLeftIfGuest(user);
    }
    return done;
  }

  private boolean ends() {
    lock.lock();
    try {
      return ended;
    } finally {
      lock.unlock();
    }
  }

  /// Lets a guest leave. A failure is kept here, so that the other guests leave all the same.
  ///
  /// @return false if it has to be tried again
  private boolean hasLeftIfGuest(UserId user) throws InterruptedException {
    try {
      if (accounts.isGuest(user)) {
        exit.leaveWhereGuestsMayNotBe(user);
      }
      return true;
    } catch (RuntimeException e) {
      return isGivenUp(user.toString(), e);
    }
  }

  private static boolean isGivenUp(String what, RuntimeException failure) {
    if (Unavailable.is(failure)) {
      LOG.log(Level.DEBUG, "guests are looked at again: {0}", failure.getMessage());
      return false;
    }
    LOG.log(Level.WARNING, what + ": a guest stays in a closed room until the next start", failure);
    return true;
  }

  /// Ends the thread; what is noted is left to the next start.
  @Override
  public void close() {
    lock.lock();
    try {
      ended = true;
      changed.signalAll();
    } finally {
      lock.unlock();
    }
    try {
      if (thread.getState() != Thread.State.NEW && !thread.join(PATIENCE_AT_END)) {
        LOG.log(Level.WARNING, "{0} did not end within {1}", thread.getName(), PATIENCE_AT_END);
      }
    } catch (InterruptedException _) {
      Thread.currentThread().interrupt();
    }
  }
}
