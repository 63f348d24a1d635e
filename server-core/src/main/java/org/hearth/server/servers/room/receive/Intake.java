package org.hearth.server.servers.room.receive;

import static org.hearth.server.servers.room.state.Standing.OUTLIER;
import static org.hearth.server.servers.room.state.Standing.REJECTED_OUTLIER;

import java.util.List;
import java.util.Optional;
import java.util.Set;
import org.hearth.server.logs.EventVerdict;
import org.hearth.server.logs.RoomInput.Arrival;
import org.hearth.server.logs.RoomInput.ReceiveEvents;
import org.hearth.server.matrix.auth.AuthRule;
import org.hearth.server.matrix.auth.SignedBy;
import org.hearth.server.matrix.checks.Outcome;
import org.hearth.server.matrix.event.Pdu;
import org.hearth.server.matrix.id.EventId;
import org.hearth.server.matrix.id.ServerName;
import org.hearth.server.servers.room.shard.GraphEvent;
import org.hearth.server.servers.room.shard.ShardContext;
import org.hearth.server.servers.room.state.EventRef;
import org.hearth.server.servers.room.state.GraphRows;
import org.hearth.server.servers.room.state.RoomInfo;
import org.hearth.server.servers.room.state.StateSnapshot;
import org.hearth.server.servers.room.state.Wants;
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
  private final ForwardExtremities extremities;
  private final AuthorizationChecks checks;
  private final MissingEvents missing;
  private final StatesBefore states;
  private final EventPlacement placement;
  private final SecondJudgement secondJudgement;

  Intake(
      ShardContext context,
      ReceiveEvents command,
      RoomHistory history,
      StateResolver resolver,
      Wants wants,
      boolean weAreOut) {
    this.context = context;
    this.command = command;
    this.history = history;
    this.extremities = new ForwardExtremities(history, resolver, weAreOut);
    this.checks = new AuthorizationChecks(history, extremities);
    this.missing = new MissingEvents(history, wants, command.unobtainable());
    this.states = new StatesBefore(history, resolver);
    this.placement =
        new EventPlacement(
            history, missing, extremities, context.numbers(), command.states().keySet());
    this.secondJudgement = new SecondJudgement(history, missing, states, checks, placement);
  }

  /// Takes in an event.
  ///
  /// @param outlier whether it gets no place in the graph
  /// @param arrival how it has come
  EventVerdict take(Pdu event, boolean outlier, Arrival arrival) {
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
    StateSnapshot before =
        given == null ? states.stateAfter(event.prevEvents()) : states.stateOf(given);
    Outcome outcome = checks.judge(event, before, SignedBy.servers(signers), arrival);
    placement.enter(ref, event, known, before, outcome, arrival);
    missing.noteGaps(event, given, known == null && arrival == Arrival.LIVE);
    return verdict(event, outcome);
  }

  private EventVerdict takeOutlier(
      EventRef ref, Pdu event, @Nullable GraphEvent known, SignedBy signatures) {
    // "4. Passes authorization rules based on the event's auth events, otherwise it is rejected."
    // An event without a place has no state before it, so this is all that can be asked.
    if (checks.byAuthEvents(event, signatures) instanceof Outcome.Rejected rejected) {
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

  /// The end: the room is where the events have brought it.
  void finish() {
    placement.finish(context.clock());
  }

  ForwardExtremities extremities() {
    return extremities;
  }
}
