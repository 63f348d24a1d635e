package org.hearth.server.servers.room.receive;

import static org.hearth.server.servers.room.state.Standing.OUTLIER;

import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import org.hearth.server.logs.RoomInput.Arrival;
import org.hearth.server.matrix.auth.SignedBy;
import org.hearth.server.matrix.checks.Outcome;
import org.hearth.server.matrix.checks.PolicyServer;
import org.hearth.server.matrix.event.Pdu;
import org.hearth.server.matrix.id.EventId;
import org.hearth.server.servers.room.shard.GraphEvent;
import org.hearth.server.servers.room.state.EventRef;
import org.hearth.server.servers.room.state.GraphRows;
import org.hearth.server.servers.room.state.StateSnapshot;
import org.hearth.server.servers.room.state.Wants;

/// Judges rejected events again when an auth event comes that they were rejected for want of.
///
/// **thread**: the shard's; for one command.
final class SecondJudgement {
  private final RoomHistory history;
  private final MissingEvents missing;
  private final StatesBefore states;
  private final AuthorizationChecks checks;
  private final EventPlacement placement;
  private final PolicyCheck policy;

  /// Check 7.
  @FunctionalInterface
  interface PolicyCheck {
    /// The policy server that should have signed the event and has not.
    Optional<PolicyServer> notSignedBy(Pdu event, Outcome outcome, Arrival arrival);
  }

  SecondJudgement(
      RoomHistory history,
      MissingEvents missing,
      StatesBefore states,
      AuthorizationChecks checks,
      EventPlacement placement,
      PolicyCheck policy) {
    this.history = history;
    this.missing = missing;
    this.states = states;
    this.checks = checks;
    this.placement = placement;
    this.policy = policy;
  }

  /// Judges again what was rejected for want of an event that is now here, and so on.
  void accepted(EventId accepted) {
    List<EventId> open = new ArrayList<>(List.of(accepted));
    while (!open.isEmpty()) {
      for (EventRef waiting : missing.takeWant(open.removeLast(), Wants.Kind.AUTH)) {
        GraphEvent known = history.known(waiting);
        keepEdges(known);
        if (known.standing().isRejected() && passesNow(known)) {
          open.add(known.event().eventId());
        }
      }
    }
  }

  private void keepEdges(GraphEvent known) {
    List<EventRef> edges = placement.edges(known.event());
    if (!edges.isEmpty()) {
      history.decision().change(GraphRows.noAuth(known.room(), known.ref()));
      history.decision().change(GraphRows.auth(known.room(), known.ref(), edges));
    }
  }

  /// Whether an event that was rejected passes now. Who has signed it is not known any more, so
  /// that a join that needs the signature of another server stays rejected.
  ///
  /// It is put where it would be if it came now. The state before it is worked out anew, since
  /// events before it may have been judged again with it. If nothing follows it, it is a live event
  /// like any other: the timeline tells of it, and what it sets is part of the current state. If
  /// accepted events follow it, it is judged in the same way and becomes history: it is shown
  /// before what is live, and the states after those events stay as they are. For they were judged
  /// by the specification's words: "Subsequent events from other servers that reference rejected
  /// events should be allowed if they still pass the auth rules. The state used in the checks
  /// should be calculated as normal, except not updating with the rejected event where it is a
  /// state event." So no state that was worked out from a rejected event has anything of it, and
  /// none becomes wrong by its acceptance: what was accepted, shown and signed on those states
  /// stays accepted. Every event that cites it from now on, in `prev_events` or in the auth chain
  /// of a state that is resolved, finds it accepted.
  private boolean passesNow(GraphEvent known) {
    Pdu event = known.event();
    SignedBy signatures = SignedBy.servers(Set.of());
    boolean placed = known.standing().isPlaced();
    Arrival arrival = missing.isFollowed(event.eventId()) ? Arrival.FOLLOWED : Arrival.LIVE;
    StateSnapshot before = placed ? states.stateBeforeNow(known) : StateSnapshot.EMPTY;
    Outcome outcome =
        placed
            ? checks.judge(event, before, signatures, arrival)
            : checks.byAuthEvents(event, signatures);
    if (outcome instanceof Outcome.Rejected) {
      missing.wantAuthEvents(known);
      return false;
    }
    if (placed && policy.notSignedBy(event, outcome, arrival).isPresent()) {
      // Nobody can be asked here.
      placement.enterNotRecommended(known.ref(), event, known, before);
    } else if (placed) {
      placement.enter(known.ref(), event, known, before, outcome, arrival);
    } else {
      placement.store(
          known.ref(),
          event,
          known,
          new GraphRows.Verdict(null, OUTLIER, null, GraphRows.Shown.NOWHERE),
          null);
    }
    return true;
  }
}
