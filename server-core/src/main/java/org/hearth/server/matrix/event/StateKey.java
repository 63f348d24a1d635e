package org.hearth.server.matrix.event;

/// Which piece of a room's state: "the `(event_type, state_key)` key".
///
/// @param type of the state event
/// @param stateKey of the state event, often empty
public record StateKey(String type, String stateKey) implements Comparable<StateKey> {
  /// The one piece of state of that type that has an empty key.
  public static StateKey of(String type) {
    return new StateKey(type, "");
  }

  /// The membership of a user.
  public static StateKey member(String userId) {
    return new StateKey(EventTypes.MEMBER, userId);
  }

  @Override
  public int compareTo(StateKey other) {
    int byType = type.compareTo(other.type);
    return byType != 0 ? byType : stateKey.compareTo(other.stateKey);
  }
}
