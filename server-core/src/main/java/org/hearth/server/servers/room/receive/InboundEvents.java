package org.hearth.server.servers.room.receive;

import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import java.lang.System.Logger.Level;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Optional;
import org.hearth.server.logs.EventVerdict;
import org.hearth.server.logs.RoomInput.Arrival;
import org.hearth.server.logs.RoomInput.ReceiveEvents;
import org.hearth.server.logs.RoomReply;
import org.hearth.server.logs.RoomReply.Refusal;
import org.hearth.server.matrix.auth.PowerLevels;
import org.hearth.server.matrix.event.EventDraft;
import org.hearth.server.matrix.event.Pdu;
import org.hearth.server.matrix.event.PduFormat;
import org.hearth.server.matrix.id.UserId;
import org.hearth.server.matrix.version.RoomVersion;
import org.hearth.server.matrix.version.RoomVersions;
import org.hearth.server.servers.room.shard.CommandOutcome;
import org.hearth.server.servers.room.shard.Decision;
import org.hearth.server.servers.room.shard.EventMaker;
import org.hearth.server.servers.room.shard.GraphEvent;
import org.hearth.server.servers.room.shard.ShardContext;
import org.hearth.server.servers.room.shard.ShardMemory;
import org.hearth.server.servers.room.shard.ShardRooms;
import org.hearth.server.servers.room.state.Members;
import org.hearth.server.servers.room.state.RoomView;
import org.hearth.server.servers.room.state.StateSnapshot;
import org.hearth.server.servers.room.state.Wants;
import org.hearth.server.store.StorageException;

/// Decides about events that other servers made.
///
/// **thread**: the shard's.
public final class InboundEvents {
  /// With more forward extremities than these the room is healed by an event that follows them.
  static final int MOST_EXTREMITIES = 10;

  static final String DUMMY_EVENT = "org.matrix.dummy_event";

  private static final System.Logger LOG = System.getLogger(InboundEvents.class.getName());

  private final ShardContext context;
  private final ShardRooms rooms;
  private final ShardMemory memory;

  public InboundEvents(ShardContext context, ShardRooms rooms, ShardMemory memory) {
    this.context = context;
    this.rooms = rooms;
    this.memory = memory;
  }

  public CommandOutcome receive(ReceiveEvents command, Optional<RoomView> room) {
    Optional<RoomVersion> version = RoomVersions.of(command.version());
    if (version.isEmpty()) {
      return new CommandOutcome.Refused(
          Refusal.BAD_CONTENT, "room version %s is not known".formatted(command.version()));
    }
    List<InboundEvent> incoming = InboundEvent.sorted(command);
    Optional<Decision> decision =
        room.map(view -> new Decision(context, view))
            .or(() ->
                incoming.stream()
                    .map(InboundEvent::event)
                    .filter(each -> each.isCreate() && each.roomId().equals(command.room()))
                    .findFirst()
                    .map(create ->
                        new Decision(context, command.room(), version.get(), create.sender())));
    if (decision.isEmpty()) {
      return new CommandOutcome.Refused(
          Refusal.UNKNOWN_ROOM,
          command.room()
              + " is not a room of this server, and its create event did not come along");
    }
    try {
      return receive(command, incoming, decision.get(), room);
    } catch (StorageException e) {
      if (e.isUnavailable()) {
        throw e;
      }
      return unresolvable(command, e);
    } catch (IllegalStateException e) {
      return unresolvable(command, e);
    }
  }

  /// What is known of the room does not fit together: its error, and nobody else's.
  private CommandOutcome unresolvable(ReceiveEvents command, RuntimeException failure) {
    LOG.log(Level.ERROR, "events of " + command.room() + " cannot be taken in", failure);
    rooms.halfDecided(command.room());
    memory.clear();
    return new CommandOutcome.Refused(
        Refusal.UNRESOLVABLE, "the state of %s cannot be worked out".formatted(command.room()));
  }

  private CommandOutcome receive(
      ReceiveEvents command,
      List<InboundEvent> incoming,
      Decision decision,
      Optional<RoomView> room) {
    Wants wants =
        decision.isOfNewRoom()
            ? decision.newRoomsWants()
            : rooms.wants(decision.view(), context.reads());
    RoomHistory history =
        new RoomHistory(
            context.memory(),
            memory,
            context.reads(),
            room.map(rooms::underWay).orElseGet(ArrayDeque::new),
            decision);
    boolean weAreOut =
        room.isPresent()
            && room.get().members().joined().stream().noneMatch(u -> u.isOn(context.server()));
    StateResolver resolver = new StateResolver(history, context.numbers());
    Intake intake = new Intake(context, command, history, resolver, wants, weAreOut);
    history.lookUp(InboundEvent.cited(incoming, command));
    List<RoomReply.Judged> verdicts = new ArrayList<>();
    for (InboundEvent each : incoming) {
      EventVerdict verdict = intake.take(each.event(), each.outlier(), command.arrival());
      verdicts.add(new RoomReply.Judged(each.event().eventId(), verdict));
    }
    heal(intake, history, resolver);
    intake.finish();
    boolean isRoom = room.isPresent() || decision.view().createOrNull() != null;
    if (decision.isEmpty() || !isRoom) {
      return new CommandOutcome.Verdicts(verdicts);
    }
    decision.answerWith(verdicts);
    return new CommandOutcome.Events(decision);
  }

  /// Makes events that follow the forward extremities while there are too many, if somebody of this
  /// server may send them.
  private void heal(Intake intake, RoomHistory history, StateResolver resolver) {
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
          || !(intake.take(dummy, false, Arrival.LIVE) instanceof EventVerdict.Accepted)) {
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
