package org.hearth.server.outbound;

import java.time.Duration;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.Iterator;
import java.util.List;
import java.util.Optional;

/// Connections kept for the next request to their destination: at most [#MOST], at most
/// [#PER_DESTINATION] to one, for [#KEPT] at most.
///
/// **thread**: any
final class IdleConnections implements AutoCloseable {
  static final int MOST = 64;
  static final int PER_DESTINATION = 2;
  static final Duration KEPT = Duration.ofSeconds(30);

  /// A kept connection.
  private record Idle(Destination destination, Connection connection, long sinceNanos) {}

  /// The one kept longest first.
  private final Deque<Idle> idle = new ArrayDeque<>();

  private boolean closed;

  /// The connection to a destination that was used last, if one is left that can be used.
  Optional<Connection> take(Destination destination) {
    Optional<Connection> found = poll(destination);
    while (found.isPresent() && !found.get().isUsable()) {
      found.get().close();
      found = poll(destination);
    }
    return found;
  }

  void keep(Destination destination, Connection connection) {
    for (Connection each : surplus(new Idle(destination, connection, System.nanoTime()))) {
      each.close();
    }
  }

  /// Closes those that were kept long enough.
  void closeOld() {
    List<Connection> old = new ArrayList<>();
    synchronized (this) {
      long now = System.nanoTime();
      while (!idle.isEmpty() && now - idle.getFirst().sinceNanos() >= KEPT.toNanos()) {
        old.add(idle.removeFirst().connection());
      }
    }
    old.forEach(Connection::close);
  }

  private synchronized Optional<Connection> poll(Destination destination) {
    Iterator<Idle> latestFirst = idle.descendingIterator();
    while (latestFirst.hasNext()) {
      Idle each = latestFirst.next();
      if (each.destination().equals(destination)) {
        latestFirst.remove();
        return Optional.of(each.connection());
      }
    }
    return Optional.empty();
  }

  private synchronized List<Connection> surplus(Idle added) {
    long ofSame =
        idle.stream().filter(each -> each.destination().equals(added.destination())).count();
    if (closed || ofSame >= PER_DESTINATION) {
      return List.of(added.connection());
    }
    idle.addLast(added);
    return idle.size() > MOST ? List.of(idle.removeFirst().connection()) : List.of();
  }

  @Override
  public void close() {
    List<Idle> left;
    synchronized (this) {
      closed = true;
      left = List.copyOf(idle);
      idle.clear();
    }
    left.forEach(each -> each.connection().close());
  }
}
