package org.hearth.server.servers.room.receive;

import java.lang.System.Logger.Level;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.function.Function;
import org.hearth.server.logs.ClientTransaction;
import org.hearth.server.logs.EventVerdict;
import org.hearth.server.logs.RoomInput;
import org.hearth.server.logs.RoomInput.Arrival;
import org.hearth.server.logs.RoomInput.ReceiveEvents;
import org.hearth.server.logs.RoomReply;
import org.hearth.server.logs.RoomReply.Refusal;
import org.hearth.server.matrix.auth.AuthRules;
import org.hearth.server.matrix.auth.AuthVerdict;
import org.hearth.server.matrix.checks.PolicyServer;
import org.hearth.server.matrix.event.Pdu;
import org.hearth.server.matrix.id.EventId;
import org.hearth.server.matrix.id.RoomId;
import org.hearth.server.matrix.version.RoomVersion;
import org.hearth.server.matrix.version.RoomVersions;
import org.hearth.server.servers.room.shard.CommandOutcome;
import org.hearth.server.servers.room.shard.Decision;
import org.hearth.server.servers.room.shard.OutsideRooms;
import org.hearth.server.servers.room.shard.SentEvent;
import org.hearth.server.servers.room.shard.ShardContext;
import org.hearth.server.servers.room.shard.ShardMemory;
import org.hearth.server.servers.room.shard.ShardRooms;
import org.hearth.server.servers.room.state.RefusedCounts;
import org.hearth.server.servers.room.state.RoomView;
import org.hearth.server.servers.room.state.StateSnapshot;
import org.hearth.server.store.StorageException;
import org.jspecify.annotations.Nullable;

/// Decides about events that other servers made.
///
/// **thread**: the shard's.
public final class InboundEvents {
  private static final System.Logger LOG = System.getLogger(InboundEvents.class.getName());

  private final ShardContext context;
  private final ShardRooms rooms;
  private final ShardMemory memory;
  private final OutsideRooms outside;
  private final JoinInParts parts = new JoinInParts();
  private final Healing healing;

  public InboundEvents(
      ShardContext context, ShardRooms rooms, ShardMemory memory, OutsideRooms outside) {
    this.context = context;
    this.rooms = rooms;
    this.memory = memory;
    this.outside = outside;
    this.healing = new Healing(context);
  }

  public CommandOutcome receive(ReceiveEvents command, Optional<RoomView> room) {
    return take(command, room, this::takeAll);
  }

  /// Takes in a part of a room that a user is about to join.
  public CommandOutcome receive(RoomInput.ReceiveRoom part, Optional<RoomView> room) {
    CommandOutcome outcome = takePart(part, room);
    if (outcome instanceof CommandOutcome.Refused) {
      parts.end(part.room(), part.join());
    }
    return outcome;
  }

  private CommandOutcome takePart(RoomInput.ReceiveRoom part, Optional<RoomView> room) {
    if (room.isPresent() && !hasComeInPart(room.get())) {
      return new CommandOutcome.Refused(Refusal.ROOM_EXISTS, part.room() + " is here");
    }
    return parts
        .begin(part)
        .map(joining ->
            take(
                new ReceiveEvents(
                    part.room(),
                    part.version(),
                    Arrival.HISTORY,
                    List.of(),
                    part.events(),
                    Map.of(),
                    part.signers(),
                    Set.of()),
                room,
                work -> takePart(part, joining, work)))
        .orElseGet(() -> notReceived(part));
  }

  /// Takes in the join of a room that has come in parts.
  public CommandOutcome enter(RoomInput.EnterRoom command, RoomView room) {
    EventId join = command.join().eventId();
    Optional<JoinInParts.Joining> joining = parts.find(command.room(), join);
    if (joining.isEmpty() || !hasComeInPart(room)) {
      return notReceived(command);
    }
    CommandOutcome outcome =
        take(
            new ReceiveEvents(
                command.room(),
                command.version(),
                Arrival.LIVE,
                List.of(command.join()),
                List.of(),
                Map.of(join, List.of()),
                Map.of(join, command.signers()),
                Set.of()),
            Optional.of(room),
            work -> {
              work.intake()
                  .arriveWith(joining.get().state(work.history(), work.intake().resolver()));
              return takeAll(work);
            });
    // Not before: a command that throws is tried again.
    parts.end(command.room(), join);
    return outcome;
  }

  private static CommandOutcome notReceived(RoomInput command) {
    return new CommandOutcome.Refused(
        Refusal.UNKNOWN_ROOM, command.room() + " has not come from its beginning");
  }

  /// Whether nobody of this server ever was in the room: it has no event that was the last.
  private static boolean hasComeInPart(RoomView room) {
    return room.extremities().isEmpty();
  }

  private boolean isLeft(RoomView room) {
    return room.members().joined().stream().noneMatch(user -> user.isOn(context.server()));
  }

  /// Forgets rooms that have come in part, since units of them may have failed.
  public void startOver() {
    parts.clear();
  }

  /// Events, and what takes them in.
  private record Work(
      ReceiveEvents command,
      List<InboundEvent> incoming,
      boolean wasHere,
      boolean weAreOut,
      RoomHistory history,
      RefusedCounts refused,
      Intake intake) {
    /// @param leftOut by id, what becomes of those that are not taken in
    List<RoomReply.Judged> take(Map<EventId, EventVerdict> leftOut) {
      List<RoomReply.Judged> verdicts = new ArrayList<>();
      for (InboundEvent each : incoming) {
        EventId id = each.event().eventId();
        EventVerdict before = leftOut.get(id);
        verdicts.add(
            new RoomReply.Judged(
                id, before == null ? intake.take(each, command.arrival()) : before));
      }
      return verdicts;
    }
  }

  private CommandOutcome take(
      ReceiveEvents command, Optional<RoomView> room, Function<Work, CommandOutcome> taking) {
    return take(command, room, null, taking);
  }

  /// @param transaction of the command's one event, if that was sent in one
  private CommandOutcome take(
      ReceiveEvents command,
      Optional<RoomView> room,
      @Nullable ClientTransaction transaction,
      Function<Work, CommandOutcome> taking) {
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
      return taking.apply(work(command, incoming, decision.get(), room, transaction));
    } catch (StorageException e) {
      if (e.isUnavailable()) {
        throw e;
      }
      return unresolvable(command.room(), e);
    } catch (IllegalStateException e) {
      return unresolvable(command.room(), e);
    }
  }

  /// Sends an event of a user of this server that the room's policy server has signed meanwhile. It
  /// goes the way of events of others, since the room may have gone on: it follows what were the
  /// forward extremities when it was made. Unlike one of others it is not kept if it is no longer
  /// allowed.
  public CommandOutcome send(RoomInput.SendSigned command, RoomView room) {
    Pdu event = command.event();
    ClientTransaction transaction = command.transaction();
    if (transaction != null) {
      Optional<SentEvent> before = rooms.sent(room, event, transaction);
      if (before.isPresent()) {
        return new CommandOutcome.Already(before.get().ref(), before.get().id());
      }
    }
    if (AuthRules.check(event, context.maker().stateOf(room))
        instanceof AuthVerdict.Rejected(_, var detail)) {
      return new CommandOutcome.Refused(Refusal.FORBIDDEN, detail);
    }
    ReceiveEvents received =
        ReceiveEvents.one(event, Arrival.LIVE, Set.of(event.sender().server()));
    return take(received, Optional.of(room), transaction, work -> sendSigned(event, work));
  }

  private CommandOutcome sendSigned(Pdu event, Work work) {
    EventVerdict verdict = work.intake().take(new InboundEvent(event, false), Arrival.LIVE);
    if (verdict instanceof EventVerdict.Accepted) {
      work.intake().finish();
      return new CommandOutcome.Events(work.history().decision());
    }
    // Nothing of the decision is committed, so that nothing may be left of it.
    forget(event.roomId());
    return verdict instanceof EventVerdict.NotSigned(PolicyServer policy)
        ? new CommandOutcome.ToBeSigned(event, policy)
        : new CommandOutcome.Refused(Refusal.FORBIDDEN, "the room has gone on: " + verdict);
  }

  private void forget(RoomId room) {
    rooms.halfDecided(room);
    memory.clear();
  }

  /// What is known of the room does not fit together: its error, and nobody else's.
  private CommandOutcome unresolvable(RoomId room, RuntimeException failure) {
    LOG.log(Level.ERROR, "events of " + room + " cannot be taken in", failure);
    forget(room);
    return new CommandOutcome.Refused(
        Refusal.UNRESOLVABLE, "the state of %s cannot be worked out".formatted(room));
  }

  private Work work(
      ReceiveEvents command,
      List<InboundEvent> incoming,
      Decision decision,
      Optional<RoomView> room,
      @Nullable ClientTransaction transaction) {
    boolean isNew = decision.isOfNewRoom();
    RefusedCounts refused =
        isNew ? new RefusedCounts() : rooms.refused(decision.view(), context.reads());
    RoomHistory history =
        new RoomHistory(
            context.memory(),
            memory,
            context.reads(),
            room.map(rooms::underWay).orElseGet(ArrayDeque::new),
            decision);
    boolean weAreOut = room.isPresent() && isLeft(room.get());
    Intake intake = new Intake(context, command, history, refused, weAreOut, transaction);
    history.lookUp(InboundEvent.cited(incoming, command));
    history.lookUpWants(InboundEvent.wantable(incoming));
    return new Work(command, incoming, room.isPresent(), weAreOut, history, refused, intake);
  }

  private CommandOutcome takeAll(Work work) {
    Decision decision = work.history().decision();
    List<RoomReply.Judged> verdicts = work.take(leftOut(work));
    healing.heal(work.intake());
    work.intake().finish();
    boolean isRoom = work.wasHere() || decision.view().createOrNull() != null;
    if (decision.isEmpty() || !isRoom) {
      return new CommandOutcome.Verdicts(verdicts);
    }
    if ((work.weAreOut() || !work.wasHere())
        && decision.view().members().servers().contains(context.server())) {
      outside.arrive(decision);
    }
    decision.answerWith(verdicts);
    return new CommandOutcome.Events(decision);
  }

  /// Those that are not taken in, because too much of their room or server was refused. What comes
  /// with a return was checked as a whole, as of a new room.
  private Map<EventId, EventVerdict> leftOut(Work work) {
    RefusedEvents bounds =
        new RefusedEvents(work.command(), work.incoming(), work.history(), work.refused());
    return work.history().decision().isOfNewRoom() || work.intake().isReturn() || bounds.areKept()
        ? Map.of()
        : bounds.leftOut(() -> tryOut(work));
  }

  /// What would become of the events, of which nothing is kept.
  private List<EventVerdict> tryOut(Work work) {
    RoomHistory trial = work.history().tried(Decision.trial(context, work.history().view()));
    Intake intake =
        new Intake(context, work.command(), trial, new RefusedCounts(), work.weAreOut(), null);
    return work.incoming().stream()
        .map(each -> intake.take(each, work.command().arrival()))
        .toList();
  }

  private CommandOutcome takePart(
      RoomInput.ReceiveRoom part, JoinInParts.Joining joining, Work work) {
    Decision decision = work.history().decision();
    // What comes in parts was checked as a whole.
    List<RoomReply.Judged> verdicts = work.take(Map.of());
    // Known ones may be among the state, too.
    work.history()
        .lookUp(part.state().stream().filter(each -> decision.known(each) == null).toList());
    StateSnapshot before = decision.view().state();
    StateSnapshot grown =
        work.intake()
            .resolver()
            .made(before, joining.grow(part.state(), work.history(), context.server()));
    new CurrentStateChange(work.history(), Map.of(), before.number(), context.clock(), true)
        .grow(grown);
    work.intake().keepBounds();
    if (decision.view().createOrNull() == null) {
      return notReceived(part);
    }
    if (decision.isEmpty()) {
      return new CommandOutcome.Verdicts(verdicts);
    }
    decision.answerWith(verdicts);
    return new CommandOutcome.Events(decision);
  }
}
