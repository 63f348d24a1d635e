package org.hearth.server.servers.room.receive;

import static org.hearth.server.servers.room.state.Standing.OUTLIER;
import static org.hearth.server.servers.room.state.Standing.REJECTED_OUTLIER;

import java.util.List;
import java.util.Optional;
import java.util.Set;
import org.hearth.server.logs.ClientTransaction;
import org.hearth.server.logs.EventVerdict;
import org.hearth.server.logs.RoomInput.Arrival;
import org.hearth.server.logs.RoomInput.ReceiveEvents;
import org.hearth.server.matrix.auth.AuthRule;
import org.hearth.server.matrix.auth.SignedBy;
import org.hearth.server.matrix.checks.Outcome;
import org.hearth.server.matrix.checks.PolicyServer;
import org.hearth.server.matrix.event.EventTypes;
import org.hearth.server.matrix.event.Pdu;
import org.hearth.server.matrix.event.StateKey;
import org.hearth.server.matrix.id.EventId;
import org.hearth.server.matrix.id.ServerName;
import org.hearth.server.servers.room.shard.GraphEvent;
import org.hearth.server.servers.room.shard.ShardContext;
import org.hearth.server.servers.room.state.EventRef;
import org.hearth.server.servers.room.state.GraphRows;
import org.hearth.server.servers.room.state.RefusedCounts;
import org.hearth.server.servers.room.state.RoomInfo;
import org.hearth.server.servers.room.state.RoomView;
import org.hearth.server.servers.room.state.StateKeys;
import org.hearth.server.servers.room.state.StateSnapshot;
import org.jspecify.annotations.Nullable;

/// Takes in events of others, one after the other: says what is missing for it, or judges it by the
/// state before it and has it put where it belongs.
///
/// **thread**: the shard's; for one command.
///
/// **source**: [checks performed on receipt of a
/// PDU](https://spec.matrix.org/v1.19/server-server-api/#checks-performed-on-receipt-of-a-pdu)
final class Intake {
  private static final GraphRows.Shown NOWHERE = GraphRows.Shown.NOWHERE;

  private final ShardContext context;
  private final ReceiveEvents command;
  private final RoomHistory history;
  private final StateResolver resolver;
  private final ForwardExtremities extremities;
  private final AuthorizationChecks checks;
  private final MissingEvents missing;
  private final StatesBefore states;
  private final EventPlacement placement;
  private final SecondJudgement secondJudgement;
  private @Nullable NamedPolicy named;

  private final Returns returns;

  /// The state before the event that comes with one, when that has come before it.
  private @Nullable StateSnapshot arrived;

  /// @param weAreOut whether nobody of this server is in the room
  /// @param transaction of the command's one event, if that was sent in one
  Intake(
      ShardContext context,
      ReceiveEvents command,
      RoomHistory history,
      RefusedCounts refused,
      boolean weAreOut,
      @Nullable ClientTransaction transaction) {
    this.context = context;
    this.command = command;
    this.history = history;
    this.resolver = new StateResolver(history, context.numbers());
    this.returns = new Returns(history, context.server(), command, weAreOut);
    this.extremities = new ForwardExtremities(history, resolver);
    this.checks = new AuthorizationChecks(history, extremities);
    this.missing = new MissingEvents(history, command.unobtainable());
    this.states = new StatesBefore(history, resolver);
    this.placement =
        new EventPlacement(
            history, missing, extremities, context.numbers(), refused, returns, transaction);
    this.secondJudgement =
        new SecondJudgement(history, missing, states, checks, placement, this::notSignedBy);
  }

  /// Whether somebody of this server comes back by it to a room that all of them had left.
  boolean isReturn() {
    return !returns.isEmpty();
  }

  /// Takes in an event.
  ///
  /// @param arrival how it has come
  EventVerdict take(InboundEvent incoming, Arrival arrival) {
    Pdu event = incoming.event();
    boolean outlier = incoming.outlier();
    RoomInfo room = history.view().info();
    if (!event.roomId().equals(room.id()) || !event.version().equals(room.version())) {
      return new EventVerdict.Dropped(
          "it is an event of %s, version %s".formatted(event.roomId(), event.version()));
    }
    GraphEvent known = history.find(event.eventId());
    if (known != null && (outlier || known.standing().isPlaced())) {
      return new EventVerdict.Known();
    }
    EventRef ref = known == null ? EventRef.to(event) : known.ref();
    List<EventId> given = outlier ? null : command.states().get(event.eventId());
    Optional<EventVerdict> incomplete = missing.missing(event, outlier, given);
    if (incomplete.isPresent()) {
      return incomplete.get();
    }
    Set<ServerName> signers = command.signers().getOrDefault(event.eventId(), Set.of());
    if (outlier) {
      return takeOutlier(ref, event, known, SignedBy.servers(signers));
    }
    StateSnapshot before = stateBefore(event, given);
    // What we knew of a room that has gone on without us is not its current state: who was banned
    // there when we left may be let in now.
    Arrival judgedAs = returns.contains(event.eventId()) ? Arrival.HISTORY : arrival;
    Outcome outcome = checks.judge(event, before, SignedBy.servers(signers), judgedAs);
    Optional<PolicyServer> unsigned = notSignedBy(event, outcome, judgedAs);
    if (unsigned.isPresent() && !command.notRecommended().contains(event.eventId())) {
      return new EventVerdict.NotSigned(unsigned.get());
    }
    if (unsigned.isPresent()) {
      placement.enterNotRecommended(ref, event, known, before);
      missing.noteGaps(event, given, known == null && arrival.isLive());
      return new EventVerdict.SoftFailed(
          EventVerdict.POLICY_SERVER, "%s does not recommend it".formatted(unsigned.get().name()));
    }
    placement.enter(ref, event, known, before, outcome, arrival);
    missing.noteGaps(event, given, known == null && arrival.isLive());
    return verdict(event, outcome);
  }

  private StateSnapshot stateBefore(Pdu event, @Nullable List<EventId> given) {
    if (given == null) {
      return states.stateAfter(event.prevEvents());
    }
    StateSnapshot whole = arrived;
    return whole == null ? states.stateOf(given) : whole;
  }

  /// The state that the command gives has come in parts before it.
  void arriveWith(StateSnapshot state) {
    arrived = state;
  }

  /// The policy server that should have signed an event and has not: check 7, which like check 6 is
  /// of new events and the current state.
  private Optional<PolicyServer> notSignedBy(Pdu event, Outcome outcome, Arrival arrival) {
    // 7. "Is validated by the Policy Server, if the room is using a Policy Server, otherwise it is
    // "soft failed"."
    return outcome instanceof Outcome.Accepted
            && arrival.isJudgedByNow()
            && PolicyServer.isAskedAbout(event)
        ? policyServer().filter(each -> !each.hasSigned(event))
        : Optional.empty();
  }

  /// The policy server that the room uses: "*Current state* shares the same definition as soft
  /// failure." Who is joined is said by the state before the command.
  Optional<PolicyServer> policyServer() {
    RoomView view = history.view();
    int key = view.info().keys().number(StateKey.of(EventTypes.POLICY));
    EventRef event = key == StateKeys.UNKNOWN ? null : extremities.state().get(key);
    if (event == null) {
      return Optional.empty();
    }
    NamedPolicy known = named;
    if (known == null || known.event() != event) {
      known = new NamedPolicy(event, PolicyServer.in(history.event(event)));
      named = known;
    }
    return known.policy().filter(each -> view.members().hasJoined(each.name()));
  }

  /// What a state event says, read once.
  private record NamedPolicy(EventRef event, Optional<PolicyServer> policy) {}

  RoomHistory history() {
    return history;
  }

  StateResolver resolver() {
    return resolver;
  }

  private EventVerdict takeOutlier(
      EventRef ref, Pdu event, @Nullable GraphEvent known, SignedBy signatures) {
    // "4. Passes authorization rules based on the event's auth events, otherwise it is rejected."
    // An event without a place has no state before it, so this is all that can be asked.
    if (checks.byAuthEvents(event.unpacked(), signatures) instanceof Outcome.Rejected rejected) {
      String rule = rejected.rule().name();
      placement.store(
          ref, event, known, new GraphRows.Verdict(null, REJECTED_OUTLIER, rule, NOWHERE), null);
      return verdict(event, rejected);
    }
    placement.store(ref, event, known, new GraphRows.Verdict(null, OUTLIER, null, NOWHERE), null);
    return verdict(event, new Outcome.Accepted());
  }

  private EventVerdict verdict(Pdu event, Outcome outcome) {
    return switch (outcome) {
      case Outcome.Accepted() -> {
        checks.accepted(event);
        secondJudgement.accepted(event.eventId());
        yield new EventVerdict.Accepted();
      }
      case Outcome.SoftFailed(AuthRule rule, String detail) ->
          new EventVerdict.SoftFailed(rule.name(), detail);
      case Outcome.Rejected(_, AuthRule rule, String detail) ->
          new EventVerdict.Rejected(rule.name(), detail);
    };
  }

  /// Writes what is kept by now of what was refused, and lets go of what is beyond a bound.
  void keepBounds() {
    placement.keepBounds();
  }

  /// The end: the room is where the events have brought it.
  void finish() {
    placement.finish(context.clock());
  }

  ForwardExtremities extremities() {
    return extremities;
  }
}
