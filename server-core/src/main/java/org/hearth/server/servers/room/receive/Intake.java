package org.hearth.server.servers.room.receive;

import static org.hearth.server.servers.room.state.Standing.ACCEPTED;
import static org.hearth.server.servers.room.state.Standing.OUTLIER;
import static org.hearth.server.servers.room.state.Standing.REJECTED;
import static org.hearth.server.servers.room.state.Standing.REJECTED_OUTLIER;
import static org.hearth.server.servers.room.state.Standing.SOFT_FAILED;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;
import java.util.function.Predicate;
import org.hearth.server.logs.EventVerdict;
import org.hearth.server.logs.RoomInput.Arrival;
import org.hearth.server.logs.RoomInput.ReceiveEvents;
import org.hearth.server.matrix.auth.AuthRule;
import org.hearth.server.matrix.auth.SignedBy;
import org.hearth.server.matrix.checks.Outcome;
import org.hearth.server.matrix.event.Pdu;
import org.hearth.server.matrix.id.EventId;
import org.hearth.server.matrix.id.ServerName;
import org.hearth.server.servers.room.shard.Decision;
import org.hearth.server.servers.room.shard.GraphEvent;
import org.hearth.server.servers.room.shard.ShardContext;
import org.hearth.server.servers.room.state.EventRef;
import org.hearth.server.servers.room.state.GraphRows;
import org.hearth.server.servers.room.state.RoomInfo;
import org.hearth.server.servers.room.state.RoomRows;
import org.hearth.server.servers.room.state.Standing;
import org.hearth.server.servers.room.state.StateKeys;
import org.hearth.server.servers.room.state.StateSnapshot;
import org.hearth.server.servers.room.state.Wants;
import org.jspecify.annotations.Nullable;

/// Takes in events of others, one after the other: judges each, finds the state before it, and puts
/// it where it belongs.
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
  private final Decision decision;
  private final Wants wants;
  private final ForwardExtremities extremities;

  /// The state events that the timeline has told of, by key.
  private final Map<Integer, EventRef> timeline = new HashMap<>();

  private long stateOfTimeline;
  private final AuthorizationChecks checks;
  private final Redactions redacting;

  Intake(
      ShardContext context,
      ReceiveEvents command,
      RoomHistory history,
      Wants wants,
      boolean weAreOut) {
    this.context = context;
    this.command = command;
    this.history = history;
    this.decision = history.decision();
    this.wants = wants;
    this.extremities = new ForwardExtremities(history, context.numbers(), weAreOut);
    this.stateOfTimeline = history.view().state().number();
    this.checks = new AuthorizationChecks(history, extremities);
    this.redacting = new Redactions(history);
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
    Optional<EventVerdict> incomplete = missing(event, outlier, given);
    if (incomplete.isPresent()) {
      return incomplete.get();
    }
    Set<ServerName> signers = command.signers().getOrDefault(event.eventId(), Set.of());
    if (outlier) {
      return takeOutlier(ref, event, known, SignedBy.servers(signers));
    }
    StateSnapshot before = given == null ? stateAfter(event.prevEvents()) : stateOf(given);
    Outcome outcome = checks.judge(event, before, SignedBy.servers(signers), arrival);
    enter(ref, event, known, before, outcome, arrival);
    noteGaps(event, given, known == null && arrival == Arrival.LIVE);
    return verdict(event, outcome);
  }

  private EventVerdict takeOutlier(
      EventRef ref, Pdu event, @Nullable GraphEvent known, SignedBy signatures) {
    // "4. Passes authorization rules based on the event's auth events, otherwise it is rejected."
    // An event without a place has no state before it, so this is all that can be asked.
    if (checks.byAuthEvents(event, signatures) instanceof Outcome.Rejected rejected) {
      String rule = rejected.rule().name();
      store(ref, event, known, new GraphRows.Verdict(null, REJECTED_OUTLIER, rule, NOWHERE), null);
      return verdict(event, rejected);
    }
    store(ref, event, known, new GraphRows.Verdict(null, OUTLIER, null, NOWHERE), null);
    return verdict(event, new Outcome.Accepted());
  }

  private EventVerdict verdict(Pdu event, Outcome outcome) {
    return switch (outcome) {
      case Outcome.Accepted() -> {
        checks.accepted(event);
        judgeAgain(event.eventId());
        yield new EventVerdict.Accepted();
      }
      case Outcome.SoftFailed(AuthRule rule, String detail) ->
          new EventVerdict.SoftFailed(rule.name(), detail);
      case Outcome.Rejected(_, AuthRule rule, String detail) ->
          new EventVerdict.Rejected(rule.name(), detail);
    };
  }

  /// What is needed to judge the event and is not here.
  private Optional<EventVerdict> missing(
      Pdu event, boolean outlier, @Nullable List<EventId> given) {
    Set<EventId> auth = notHere(event.authEvents(), _ -> true);
    auth.removeAll(command.unobtainable());
    Set<EventId> previous = Set.of();
    Set<EventId> state = Set.of();
    if (given != null) {
      state = notHere(given, _ -> true);
    } else if (!outlier) {
      previous = notHere(event.prevEvents(), known -> known.standing().isPlaced());
    }
    for (EventId id : outlier || given != null ? List.<EventId>of() : event.prevEvents()) {
      GraphEvent known = history.find(id);
      if (known != null && known.room() != history.view().info().number()) {
        return Optional.of(new EventVerdict.Dropped(id + " before it is of another room"));
      }
    }
    return auth.isEmpty() && previous.isEmpty() && state.isEmpty()
        ? Optional.empty()
        : Optional.of(new EventVerdict.Incomplete(previous, auth, state));
  }

  private Set<EventId> notHere(List<EventId> ids, Predicate<GraphEvent> suffices) {
    Set<EventId> missing = new HashSet<>();
    for (EventId id : ids) {
      GraphEvent known = history.find(id);
      if (known == null || !suffices.test(known)) {
        missing.add(id);
      }
    }
    return missing;
  }

  /// The state after events that have places: before one that follows them.
  private StateSnapshot stateAfter(List<EventId> previous) {
    if (previous.isEmpty()) {
      return StateSnapshot.EMPTY;
    }
    List<Long> states = new ArrayList<>();
    for (EventId id : previous) {
      GraphEvent known = history.find(id);
      if (known == null) {
        throw new IllegalStateException(id + " was found before");
      }
      states.add(known.stateAfter());
    }
    return StateResolver.resolve(states, history, context.numbers());
  }

  /// A state that a peer has given. What is no state, was rejected, or is of another room is left
  /// out; of two events for one key the later in the list counts.
  private StateSnapshot stateOf(List<EventId> ids) {
    TreeMap<Integer, Optional<EventRef>> changes = new TreeMap<>();
    long room = history.view().info().number();
    StateSnapshot base = history.view().state();
    for (EventId id : ids) {
      GraphEvent known = history.find(id);
      if (known != null && known.room() == room && !known.standing().isRejected()) {
        known
            .event()
            .stateKeyPair()
            .ifPresent(key -> changes.put(decision.keyNumber(key), Optional.of(known.ref())));
      }
    }
    for (int key = 0; key < base.keyLimit(); key++) {
      EventRef held = base.get(key);
      Optional<EventRef> now = changes.get(key);
      if (held != null && now == null) {
        changes.put(key, Optional.empty());
      } else if (now != null && EventRef.same(held, now.orElse(null))) {
        changes.remove(key);
      }
    }
    return StateResolver.made(base, changes, history, context.numbers());
  }

  /// Puts an event into the graph as it was judged.
  private void enter(
      EventRef ref,
      Pdu event,
      @Nullable GraphEvent known,
      StateSnapshot before,
      Outcome outcome,
      Arrival arrival) {
    long room = history.view().info().number();
    switch (outcome) {
      case Outcome.Rejected(_, AuthRule rule, _) -> {
        RoomRows.Place place = new RoomRows.Place(room, before, null, StateKeys.UNKNOWN, null);
        store(
            ref, event, known, new GraphRows.Verdict(place, REJECTED, rule.name(), NOWHERE), null);
      }
      case Outcome.SoftFailed(AuthRule rule, _) ->
          place(ref, event, known, before, SOFT_FAILED, rule.name(), NOWHERE);
      case Outcome.Accepted() -> {
        boolean live = arrival == Arrival.LIVE;
        GraphRows.Shown shown = live ? GraphRows.Shown.LIVE : GraphRows.Shown.HISTORY;
        GraphEvent now = place(ref, event, known, before, ACCEPTED, null, shown);
        if (live) {
          follow(now);
        }
        takeWant(event.eventId(), Wants.Kind.PREVIOUS);
        takeWant(event.eventId(), Wants.Kind.FOLLOWED);
        noteRejected(now);
      }
    }
  }

  /// Puts an event into the graph that makes a state, if it is state.
  private GraphEvent place(
      EventRef ref,
      Pdu event,
      @Nullable GraphEvent known,
      StateSnapshot before,
      Standing standing,
      @Nullable String rule,
      GraphRows.Shown shown) {
    int key = StateKeys.UNKNOWN;
    StateSnapshot made = null;
    EventRef replaced = null;
    if (event.isState()) {
      key = decision.keyNumber(event.stateKeyPair().orElseThrow());
      replaced = before.get(key);
      made = withEvent(before, key, ref, event, replaced, known != null);
    }
    RoomRows.Place place =
        new RoomRows.Place(history.view().info().number(), before, made, key, replaced);
    return store(
        ref,
        event,
        known,
        new GraphRows.Verdict(place, standing, rule, shown),
        replaced == null ? null : history.event(replaced));
  }

  /// A live event comes after what is there, and the timeline tells of it.
  private void follow(GraphEvent event) {
    EventId id = event.event().eventId();
    extremities.add(event, isFollowed(id), command.states().containsKey(id));
    stateOfTimeline = event.stateAfter();
    event
        .event()
        .stateKeyPair()
        .ifPresent(key -> timeline.put(decision.keyNumber(key), event.ref()));
  }

  /// Whether an accepted event is here already that has this one as a previous event.
  private boolean isFollowed(EventId id) {
    return wants.has(id, Wants.Kind.PREVIOUS) || wants.has(id, Wants.Kind.FOLLOWED);
  }

  /// The rejected events before an accepted one: they are followed, whatever becomes of them.
  private void noteRejected(GraphEvent event) {
    for (EventId id : event.event().prevEvents()) {
      GraphEvent previous = history.find(id);
      if (previous != null && previous.standing().isRejected()) {
        want(id, Wants.Kind.FOLLOWED, event.ref());
      }
    }
  }

  /// The state after a state event. One that was known as an outlier may have been in a state
  /// before, so that the new one need not be new.
  private StateSnapshot withEvent(
      StateSnapshot before,
      int key,
      EventRef ref,
      Pdu event,
      @Nullable EventRef replaced,
      boolean wasKnown) {
    EventId replacedId = replaced == null ? null : history.event(replaced).eventId();
    if (EventRef.same(replaced, ref)) {
      return before;
    }
    StateSnapshot after =
        before.with(context.numbers().nextState(), key, ref, event.eventId(), replacedId);
    StateSnapshot same = wasKnown ? history.state(after.hash()) : null;
    if (same != null) {
      return same;
    }
    decision.addState(after);
    history.shard().keep(after);
    return after;
  }

  private GraphEvent store(
      EventRef ref,
      Pdu event,
      @Nullable GraphEvent known,
      GraphRows.Verdict judged,
      @Nullable Pdu replaced) {
    List<EventRef> authEvents = edges(event);
    Decision.Target redacts =
        judged.standing().isRejected() ? null : redacting.target(event, judged);
    GraphEvent now = decision.receive(ref, event, known, judged, authEvents, redacts, replaced);
    if (redacts == null && event.isRedaction() && !judged.standing().isRejected()) {
      event
          .redacts()
          .filter(target -> history.find(target) == null)
          .ifPresent(target -> want(target, Wants.Kind.REDACTED, now.ref()));
    }
    if (judged.standing().isRejected()) {
      wantAuthEvents(now);
    } else {
      redacting.redactBy(takeWant(event.eventId(), Wants.Kind.REDACTED), now);
    }
    return now;
  }

  /// The edges of a state event in the auth graph; none while some of its auth events are not here.
  private List<EventRef> edges(Pdu event) {
    List<EventRef> edges = new ArrayList<>();
    for (EventId id : event.isState() ? event.authEvents() : List.<EventId>of()) {
      GraphEvent auth = history.find(id);
      if (auth == null) {
        return List.of();
      }
      edges.add(auth.ref());
    }
    return edges;
  }

  private void want(EventId id, Wants.Kind kind, EventRef by) {
    if (wants.add(id, kind, by)) {
      decision.change(GraphRows.wanted(history.view().info().number(), id, kind, by));
    }
  }

  private List<EventRef> takeWant(EventId id, Wants.Kind kind) {
    List<EventRef> by = wants.take(id, kind);
    if (!by.isEmpty()) {
      decision.change(GraphRows.found(history.view().info().number(), id, kind));
    }
    return by;
  }

  /// The events before one whose state a peer has given: whoever of them comes later is history.
  private void noteGaps(Pdu event, @Nullable List<EventId> given, boolean isNewAndLive) {
    if (given == null) {
      return;
    }
    GraphEvent now = history.find(event.eventId());
    boolean missing = false;
    for (EventId id : event.prevEvents()) {
      GraphEvent previous = history.find(id);
      if (now != null && (previous == null || !previous.standing().isPlaced())) {
        want(id, Wants.Kind.PREVIOUS, now.ref());
        missing = true;
      }
    }
    if (missing && now != null && isNewAndLive && now.standing() == ACCEPTED) {
      decision.change(GraphRows.gap(now.room(), now.ref()));
    }
  }

  /// A rejection for want of auth events, or because of rejected ones, is not for ever.
  private void wantAuthEvents(GraphEvent rejected) {
    for (EventId id : rejected.event().authEvents()) {
      GraphEvent auth = history.find(id);
      if (auth == null || auth.standing().isRejected()) {
        want(id, Wants.Kind.AUTH, rejected.ref());
      }
    }
  }

  /// Judges again what was rejected for want of an event that is now here, and so on.
  private void judgeAgain(EventId accepted) {
    List<EventId> open = new ArrayList<>(List.of(accepted));
    while (!open.isEmpty()) {
      for (EventRef waiting : takeWant(open.removeLast(), Wants.Kind.AUTH)) {
        GraphEvent known = history.known(waiting);
        keepEdges(known);
        if (known.standing().isRejected() && passesNow(known)) {
          open.add(known.event().eventId());
        }
      }
    }
  }

  private void keepEdges(GraphEvent known) {
    List<EventRef> edges = edges(known.event());
    if (!edges.isEmpty()) {
      decision.change(GraphRows.noAuth(known.room(), known.ref()));
      decision.change(GraphRows.auth(known.room(), known.ref(), edges));
    }
  }

  /// Whether an event that was rejected passes now. Who has signed it is not known any more, so
  /// that a join that needs the signature of another server stays rejected.
  ///
  /// It is put where it would be if it came now. The state before it is worked out anew, since
  /// events before it may have been judged again with it. If nothing follows it, it is a live event
  /// like any other: the timeline tells of it, and what it sets is part of the current state. If
  /// accepted events follow it, it is history: it is shown before what is live, and the states
  /// after those events stay as they are. For they were judged by the specification's words:
  /// "Subsequent events from other servers that reference rejected events should be allowed if they
  /// still pass the auth rules. The state used in the checks should be calculated as normal, except
  /// not updating with the rejected event where it is a state event." So no state that was worked
  /// out from a rejected event has anything of it, and none becomes wrong by its acceptance: what
  /// was accepted, shown and signed on those states stays accepted. Whoever cites it from now on,
  /// in `prev_events` or in the auth chain of a state that is resolved, finds it accepted.
  private boolean passesNow(GraphEvent known) {
    Pdu event = known.event();
    SignedBy signatures = SignedBy.servers(Set.of());
    boolean placed = known.standing().isPlaced();
    Arrival arrival = isFollowed(event.eventId()) ? Arrival.HISTORY : Arrival.LIVE;
    StateSnapshot before = placed ? stateBeforeNow(known) : StateSnapshot.EMPTY;
    Outcome outcome =
        placed
            ? checks.judge(event, before, signatures, arrival)
            : checks.byAuthEvents(event, signatures);
    if (outcome instanceof Outcome.Rejected) {
      wantAuthEvents(known);
      return false;
    }
    if (placed) {
      enter(known.ref(), event, known, before, outcome, arrival);
    } else {
      store(known.ref(), event, known, new GraphRows.Verdict(null, OUTLIER, null, NOWHERE), null);
    }
    return true;
  }

  /// The state before an event that has a place: as a peer has given it, where events before it are
  /// missing.
  private StateSnapshot stateBeforeNow(GraphEvent known) {
    List<EventId> previous = known.event().prevEvents();
    return notHere(previous, each -> each.standing().isPlaced()).isEmpty()
        ? stateAfter(previous)
        : history.state(known.stateBefore());
  }

  /// The end: the room is where the events have brought it.
  void finish() {
    extremities.prune();
    StateSnapshot state = extremities.state();
    if (state.number() == history.view().state().number()
        && !extremities.haveChanged()
        && timeline.isEmpty()) {
      return;
    }
    decision.move(
        extremities.refs(), extremities.depth(), state, timeline, stateOfTimeline, history::event);
  }

  ForwardExtremities extremities() {
    return extremities;
  }
}
