package org.hearth.server.servers.room.decide;

import java.util.ArrayList;
import java.util.List;
import org.hearth.server.logs.ClientTransaction;
import org.hearth.server.logs.RoomOutput;
import org.hearth.server.matrix.auth.AuthEventSelection;
import org.hearth.server.matrix.auth.Membership;
import org.hearth.server.matrix.event.Pdu;
import org.hearth.server.matrix.event.StateKey;
import org.hearth.server.matrix.id.UserId;
import org.hearth.server.servers.room.shard.AddedEvent;
import org.hearth.server.servers.room.shard.Decision;
import org.hearth.server.servers.room.state.EventRef;
import org.hearth.server.servers.room.state.GraphRows;
import org.hearth.server.servers.room.state.Members;
import org.hearth.server.servers.room.state.Numbers;
import org.hearth.server.servers.room.state.Relation;
import org.hearth.server.servers.room.state.RoomRows;
import org.hearth.server.servers.room.state.RoomView;
import org.hearth.server.servers.room.state.Standing;
import org.hearth.server.servers.room.state.StateKeys;
import org.hearth.server.servers.room.state.StateSnapshot;
import org.jspecify.annotations.Nullable;

/// Appends events of this server to the end of a room's timeline: each follows all forward
/// extremities, and is the only one afterwards.
///
/// **thread**: the shard's; for one command.
final class TimelineAppend {
  private final Decision decision;
  private final Numbers numbers;

  TimelineAppend(Decision decision, Numbers numbers) {
    this.decision = decision;
    this.numbers = numbers;
  }

  /// Appends an event that was allowed, and what follows from it.
  ///
  /// @param transaction null when it was sent without one
  /// @param redacts what it redacts, when that takes effect
  /// @param replaced the event that its state key has now; null when none has, or it is not state
  void append(
      Pdu event,
      @Nullable ClientTransaction transaction,
      Decision.@Nullable Target redacts,
      @Nullable Pdu replaced) {
    RoomView view = decision.view();
    EventRef ref = EventRef.to(event);
    StateSnapshot before = view.state();
    StateSnapshot after = before;
    Members members = view.members();
    int key = StateKeys.UNKNOWN;
    EventRef replacedRef = null;
    Membership previous = null;
    if (event.isState()) {
      StateKey stateKey = new StateKey(event.type(), event.stateKey().orElseThrow());
      key = decision.keyNumber(stateKey);
      replacedRef = before.get(key);
      after =
          before.with(
              numbers.nextState(),
              key,
              ref,
              event.eventId(),
              replaced == null ? null : replaced.eventId());
      decision.addState(after);
      if (event.isMember()) {
        previous = replacedRef == null ? null : replacedRef.membership();
        members = members.changed(after, previous, ref.membership());
        changeMember(stateKey, ref, replacedRef == null);
      }
    }
    RoomRows.Place place =
        new RoomRows.Place(
            view.info().number(), before, after == before ? null : after, key, replacedRef);
    decision.change(RoomRows.event(ref, event, place, transaction));
    Relation.rows(view.info().number(), ref, ref, event, GraphRows.Shown.LIVE)
        .forEach(decision::change);
    if (event.isState()) {
      addEdges(ref, event);
    }
    if (redacts != null) {
      decision.redact(redacts, ref);
    }
    decision.add(
        new AddedEvent(
            ref,
            event,
            transaction,
            view.info().number(),
            new GraphRows.Verdict(place, Standing.ACCEPTED, null, GraphRows.Shown.LIVE)));
    decision.announce(
        new RoomOutput.EventAdded(
            event,
            transaction,
            replaced,
            event.isMember() ? (previous == null ? Membership.LEAVE : previous) : null,
            redacts == null ? null : redacts.event().eventId()));
    decision.takePosition(ref);
    decision.moveTo(
        new RoomView(
            view.info(), ref, view.lastJump(), event.depth(), List.of(ref), after, members));
  }

  /// Keeps the edges of an event of ours, whose auth events are in the current state.
  private void addEdges(EventRef ref, Pdu event) {
    List<EventRef> authEvents = new ArrayList<>();
    for (StateKey key : AuthEventSelection.keysFor(event)) {
      EventRef held = decision.view().current(key);
      if (held != null) {
        authEvents.add(held);
      }
    }
    if (!authEvents.isEmpty()) {
      decision.change(GraphRows.auth(decision.view().info().number(), ref, authEvents));
    }
  }

  private void changeMember(StateKey key, EventRef ref, boolean isNew) {
    UserId user = UserId.parse(key.stateKey());
    Membership membership = ref.membership();
    if (membership == null) {
      throw new IllegalStateException("a member event says a membership");
    }
    decision.changeMember(
        user, RoomRows.member(decision.view().info().number(), user, membership, ref, isNew));
  }
}
