package org.hearth.server.servers.room.state;

import java.util.List;
import java.util.Optional;
import java.util.function.Function;
import org.hearth.ringlogs.LogPosition;
import org.hearth.server.matrix.auth.Membership;
import org.hearth.server.matrix.checks.PolicyServer;
import org.hearth.server.matrix.event.EventTypes;
import org.hearth.server.matrix.event.Pdu;
import org.hearth.server.matrix.event.StateKey;
import org.hearth.server.matrix.id.UserId;
import org.jspecify.annotations.Nullable;

/// A room at one moment: immutable, and sharing with the moment before what did not change.
///
/// A shard holds the view after its last decision; when that is committed, the same object becomes
/// what everybody else sees.
///
/// @param last the newest entry of the log about the room
/// @param lastJump the newest entry that told of a change of state without an event of the
///   timeline; the position 0 for none
/// @param depth the greatest depth of the extremities
/// @param extremities the events that nothing refers to yet
/// @param state the current state
/// @param members who is in the room by that state
public record RoomView(
    RoomInfo info,
    EventRef last,
    EventRef lastJump,
    long depth,
    List<EventRef> extremities,
    StateSnapshot state,
    Members members) {

  /// Rough memory of a room without its state.
  private static final int BASE_BYTES = 600;

  /// Rough memory of one key without its texts, whether the current state has it or not: its slots
  /// in the maps, in the arrays and in the layers.
  private static final int KEY_BYTES = 150;

  /// Rough memory of one entry of the state: the reference.
  private static final int ENTRY_BYTES = 40;

  /// Rough memory of one joined user in the sets of users and servers, which are made when somebody
  /// asks for them.
  private static final int JOINED_BYTES = 100;

  /// Whether the state changed without an event of the timeline after that position.
  public boolean jumpedAfter(LogPosition after) {
    return lastJump.isAssigned() && lastJump.position() > after.value();
  }

  /// The current event of that type and key; null when there is none.
  public @Nullable EventRef current(StateKey key) {
    return state.get(info.keys().number(key));
  }

  /// The create event; null in a room that has none yet.
  public @Nullable EventRef createOrNull() {
    return current(StateKey.of(EventTypes.CREATE));
  }

  /// The create event, which every room has.
  public EventRef create() {
    EventRef create = current(StateKey.of(EventTypes.CREATE));
    if (create == null) {
      throw new IllegalStateException(info.id() + " has no create event");
    }
    return create;
  }

  /// The membership; null when there is no member event.
  public @Nullable Membership membership(UserId user) {
    EventRef member = current(StateKey.member(user.value()));
    return member == null ? null : member.membership();
  }

  /// The policy server that the room uses by its current state; empty when it uses none.
  ///
  /// @param read finds the event
  public Optional<PolicyServer> policyServer(Function<EventRef, Pdu> read) {
    EventRef policy = current(StateKey.of(EventTypes.POLICY));
    return policy == null
        ? Optional.empty()
        : PolicyServer.in(read.apply(policy)).filter(each -> members.hasJoined(each.name()));
  }

  /// Whether all that it says is committed: the units of a room are committed in order.
  public boolean isSettled() {
    return last.isSettled();
  }

  /// A rough size in memory.
  public int weightBytes() {
    StateKeys keys = info.keys();
    return (int)
        Math.min(
            Integer.MAX_VALUE,
            BASE_BYTES
                + (long) KEY_BYTES * keys.size()
                + keys.textLength()
                + (long) ENTRY_BYTES * state.size()
                + (long) JOINED_BYTES * members.counts().joined());
  }
}
