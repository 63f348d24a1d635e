package org.hearth.server.servers.room.receive;

import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import java.util.Comparator;
import java.util.List;
import java.util.Optional;
import org.hearth.server.logs.EventVerdict;
import org.hearth.server.logs.RoomInput.Arrival;
import org.hearth.server.matrix.auth.PowerLevels;
import org.hearth.server.matrix.event.EventDraft;
import org.hearth.server.matrix.event.Pdu;
import org.hearth.server.matrix.event.PduFormat;
import org.hearth.server.matrix.id.UserId;
import org.hearth.server.servers.room.shard.EventMaker;
import org.hearth.server.servers.room.shard.GraphEvent;
import org.hearth.server.servers.room.shard.ShardContext;
import org.hearth.server.servers.room.state.Members;
import org.hearth.server.servers.room.state.RoomView;
import org.hearth.server.servers.room.state.StateSnapshot;

/// Brings forward extremities together when there are many, so that the room's state stays cheap to
/// work out.
///
/// **thread**: the shard's.
final class Healing {
  /// With more forward extremities than these the room is healed by an event that follows them.
  private static final int MOST_EXTREMITIES = 10;

  private static final String DUMMY_EVENT = "org.matrix.dummy_event";

  private final ShardContext context;

  Healing(ShardContext context) {
    this.context = context;
  }

  /// Makes events that follow the forward extremities while there are too many, if somebody of this
  /// server may send them. A policy server would have to sign them first; where a room uses one,
  /// the events that people send bring the extremities together.
  void heal(Intake intake) {
    if (intake.policyServer().isPresent()) {
      return;
    }
    RoomHistory history = intake.history();
    StateResolver resolver = intake.resolver();
    ForwardExtremities extremities = intake.extremities();
    while (extremities.count() > MOST_EXTREMITIES) {
      List<GraphEvent> followed =
          extremities.shallowestFirst().stream().limit(PduFormat.MAX_PREV_EVENTS).toList();
      RoomView after = after(followed, history, resolver);
      Optional<UserId> sender = sender(after, extremities.state(), history);
      if (sender.isEmpty()) {
        return;
      }
      EventDraft draft =
          EventDraft.message(
              after.info().id(), sender.get(), DUMMY_EVENT, JsonNodeFactory.instance.objectNode());
      EventMaker.Made made =
          context.maker().make(draft, after, context.clock().millis(), history::event);
      if (!(made instanceof EventMaker.Made.Event(Pdu dummy, _))
          || !(intake.take(new InboundEvent(dummy, false), Arrival.LIVE)
              instanceof EventVerdict.Accepted)) {
        return;
      }
    }
  }

  /// The room as it would be if there were no extremities but these.
  private RoomView after(
      List<GraphEvent> extremities, RoomHistory history, StateResolver resolver) {
    RoomView view = history.view();
    StateSnapshot state =
        resolver.resolve(extremities.stream().map(GraphEvent::stateAfter).toList());
    return new RoomView(
        view.info(),
        view.last(),
        view.lastJump(),
        extremities.stream().mapToLong(each -> each.event().depth()).max().orElse(0),
        extremities.stream().map(GraphEvent::ref).toList(),
        state,
        Members.of(view.info().keys(), state));
  }

  private Optional<UserId> sender(RoomView room, StateSnapshot current, RoomHistory history) {
    PowerLevels then = PowerLevels.in(history.authState(room.state()), room.info().version());
    PowerLevels now = PowerLevels.in(history.authState(current), room.info().version());
    var joinedNow = Members.of(room.info().keys(), current).joined();
    return room.members().joined().stream()
        .filter(user ->
            user.isOn(context.server())
                && joinedNow.contains(user)
                && then.maySend(user, DUMMY_EVENT, false)
                && now.maySend(user, DUMMY_EVENT, false))
        .max(Comparator.comparingLong(then::userLevel).thenComparing(Comparator.reverseOrder()));
  }
}
