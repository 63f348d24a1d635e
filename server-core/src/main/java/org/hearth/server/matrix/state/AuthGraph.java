package org.hearth.server.matrix.state;

/// The `auth_events` edges of one room, by the numbers that events have in the store.
///
/// Numbers are any that are unique; they need not be dense nor grow along the edges. A graph is
/// asked for every event of the auth chains of the states, so it must answer without reading
/// events.
@FunctionalInterface
public interface AuthGraph {
  /// The numbers of an event's auth events, in any order; not changed by who asks.
  long[] authEvents(long event);
}
