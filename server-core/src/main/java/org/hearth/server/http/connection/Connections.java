package org.hearth.server.http.connection;

import java.net.Inet6Address;
import java.net.InetAddress;
import java.time.Duration;
import java.util.HashMap;
import java.util.HashSet;
import java.util.HexFormat;
import java.util.Iterator;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.Semaphore;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.Consumer;

/// All connections of a server: who is let in, and who has to go when there are too many.
///
/// **thread**: any; holds its lock for moments. **memory**: bounded by [ConnectionLimits#most].
public final class Connections {
  /// An `accept` that failed is tried again sooner, so one that is older has succeeded since.
  private static final Duration RECENTLY = Duration.ofSeconds(1);

  /// A flood from an address would end all others of it before they can say who they are, and cost
  /// the more the faster it is. Who has had an answer had his chance to say it.
  private static final Duration YOUNG = Duration.ofSeconds(1);

  private static final Duration NEWS = Duration.ofSeconds(10);

  /// For threads that were interrupted: they may be using the database.
  private static final Duration INTERRUPTED = Duration.ofSeconds(5);

  /// Those of one address.
  private static final class OfAddress {
    private int open;
    private final Set<Connection> strangers = new LinkedHashSet<>();
  }

  private final ConnectionLimits limits;
  private final Set<InetAddress> trustedProxies;
  private final Deadlines deadlines;
  private final Semaphore room;
  private final ReentrantLock lock = new ReentrantLock();
  private final Condition none = lock.newCondition();
  private final Set<Connection> all = new HashSet<>();
  private final Set<Connection> strangers = new LinkedHashSet<>();
  private final Map<String, OfAddress> byAddress = new HashMap<>();
  private long closedForOthers;
  private boolean stopping;
  private volatile boolean refused;
  private volatile long refusedNanos = System.nanoTime() - NEWS.toNanos();

  /// @param trustedProxies whose connections are many people's
  public Connections(
      ConnectionLimits limits, Set<InetAddress> trustedProxies, Deadlines deadlines) {
    this.limits = limits;
    this.trustedProxies = Set.copyOf(trustedProxies);
    this.deadlines = deadlines;
    this.room = new Semaphore(limits.most());
  }

  /// What an address is counted by: whoever has one IPv6 address mostly has all of its /64.
  public static String key(InetAddress address) {
    if (address instanceof Inet6Address) {
      return HexFormat.of().formatHex(address.getAddress(), 0, 8) + "/64";
    }
    return address.getHostAddress();
  }

  ConnectionLimits limits() {
    return limits;
  }

  Deadlines deadlines() {
    return deadlines;
  }

  /// Waits until there may be one more.
  void awaitRoom() throws InterruptedException {
    room.acquire();
  }

  /// There is none where one was expected.
  void giveRoomBack() {
    room.release();
  }

  /// The system does not let a connection in: the process is out of file descriptors, or the like.
  ///
  /// @return whether that is news
  boolean refusedBySystem() {
    long now = System.nanoTime();
    long before = refusedNanos;
    refusedNanos = now;
    refused = true;
    return now - before > NEWS.toNanos();
  }

  private boolean isAccepting() {
    return !refused || System.nanoTime() - refusedNanos > RECENTLY.toNanos();
  }

  /// Lets a connection in, for which there is room.
  ///
  /// @return false if there are too many of its address; it is not to be run then
  boolean admit(Connection connection) {
    lock.lock();
    try {
      if (stopping) {
        return false;
      }
      if (!trustedProxies.contains(connection.address())) {
        OfAddress neighbours = byAddress.get(key(connection.address()));
        if (neighbours != null
            && (neighbours.open >= limits.mostOfAddress()
                || !isRoomFor(neighbours.strangers, limits.strangersOfAddress(), YOUNG))) {
          closedForOthers++;
          return false;
        }
        if (!isRoomFor(strangers, limits.strangers(), Duration.ZERO)) {
          closedForOthers++;
          return false;
        }
        enter(connection);
      }
      all.add(connection);
      return true;
    } finally {
      lock.unlock();
    }
  }

  private void enter(Connection connection) {
    OfAddress neighbours =
        byAddress.computeIfAbsent(key(connection.address()), _ -> new OfAddress());
    neighbours.open++;
    neighbours.strangers.add(connection);
    strangers.add(connection);
  }

  /// True if there may be one more stranger among those; the first without a request has to go for
  /// it.
  ///
  /// @param spared the age until which none has to go that has not had an answer yet
  private boolean isRoomFor(Set<Connection> among, int most, Duration spared) {
    if (among.size() < most) {
      return true;
    }
    Iterator<Connection> oldestFirst = among.iterator();
    while (oldestFirst.hasNext()) {
      Connection each = oldestFirst.next();
      boolean mayGo = each.wasAnswered() || each.age().compareTo(spared) >= 0;
      if (mayGo && each.endIfAwaiting()) {
        closedForOthers++;
        forget(each);
        return true;
      }
    }
    return false;
  }

  /// Is no stranger any more.
  void know(Connection connection) {
    lock.lock();
    try {
      forget(connection);
    } finally {
      lock.unlock();
    }
  }

  private void forget(Connection stranger) {
    if (strangers.remove(stranger)) {
      OfAddress neighbours = byAddress.get(key(stranger.address()));
      if (neighbours != null) {
        neighbours.strangers.remove(stranger);
      }
    }
  }

  /// A connection that was let in is closed.
  void remove(Connection connection) {
    lock.lock();
    try {
      if (all.remove(connection)) {
        forget(connection);
        if (!trustedProxies.contains(connection.address())) {
          byAddress.computeIfPresent(
              key(connection.address()),
              (_, neighbours) -> --neighbours.open == 0 ? null : neighbours);
        }
        room.release();
      }
      if (all.isEmpty()) {
        none.signalAll();
      }
    } finally {
      lock.unlock();
    }
  }

  /// Tells all who wait on behalf of clients that the server is about to stop.
  public void stopWaiting() {
    forEach(Connection::stopWaiting);
  }

  /// Ends all connections: at once those without a request, the others when they are done; after
  /// the grace they are interrupted and waited for, with a bound.
  public void end(Duration grace) {
    lock.lock();
    try {
      stopping = true;
    } finally {
      lock.unlock();
    }
    forEach(Connection::endIfAwaiting);
    if (!awaitNone(grace)) {
      forEach(Connection::interrupt);
      if (!awaitNone(INTERRUPTED)) {
        forEach(Connection::closeChannel);
      }
    }
  }

  private void forEach(Consumer<Connection> action) {
    List<Connection> present;
    lock.lock();
    try {
      present = List.copyOf(all);
    } finally {
      lock.unlock();
    }
    present.forEach(action);
  }

  private boolean awaitNone(Duration most) {
    long nanos = most.toNanos();
    lock.lock();
    try {
      while (!all.isEmpty()) {
        if (nanos <= 0) {
          return false;
        }
        nanos = none.awaitNanos(nanos);
      }
      return true;
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      return false;
    } finally {
      lock.unlock();
    }
  }

  /// What became of them so far.
  public ConnectionFigures figures() {
    lock.lock();
    try {
      return new ConnectionFigures(all.size(), limits.most(), closedForOthers, isAccepting());
    } finally {
      lock.unlock();
    }
  }
}
