package org.hearth.server.servers.room.receive;

import static org.hearth.server.servers.room.state.Standing.ACCEPTED;
import static org.hearth.server.servers.room.state.Standing.REJECTED;
import static org.hearth.server.servers.room.state.Standing.SOFT_FAILED;

import java.time.InstantSource;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.hearth.server.logs.ClientTransaction;
import org.hearth.server.logs.EventVerdict;
import org.hearth.server.logs.RoomInput.Arrival;
import org.hearth.server.logs.RoomOutput;
import org.hearth.server.matrix.auth.AuthRule;
import org.hearth.server.matrix.auth.Membership;
import org.hearth.server.matrix.checks.Outcome;
import org.hearth.server.matrix.event.Pdu;
import org.hearth.server.matrix.event.PduFormat;
import org.hearth.server.matrix.id.EventId;
import org.hearth.server.servers.room.shard.AddedEvent;
import org.hearth.server.servers.room.shard.Decision;
import org.hearth.server.servers.room.shard.GraphEvent;
import org.hearth.server.servers.room.state.EventRef;
import org.hearth.server.servers.room.state.GraphRows;
import org.hearth.server.servers.room.state.Numbers;
import org.hearth.server.servers.room.state.RefusedCounts;
import org.hearth.server.servers.room.state.Relation;
import org.hearth.server.servers.room.state.RoomRows;
import org.hearth.server.servers.room.state.Standing;
import org.hearth.server.servers.room.state.StateKeys;
import org.hearth.server.servers.room.state.StateSnapshot;
import org.hearth.server.servers.room.state.Wants;
import org.jspecify.annotations.Nullable;

/// Puts events of others where they belong, as they were judged: into the graph, into the timeline
/// or the history, and among the forward extremities.
///
/// **thread**: the shard's; for one command.
final class EventPlacement {
  private static final GraphRows.Shown NOWHERE = GraphRows.Shown.NOWHERE;

  private final RoomHistory history;
  private final Decision decision;
  private final MissingEvents missing;
  private final ForwardExtremities extremities;
  private final Numbers numbers;
  private final Redactions redactions;
  private final RefusedCounts refused;
  private final Returns returns;

  /// In which the one new event was sent, where it is one of this server; null for all others.
  private final @Nullable ClientTransaction transaction;

  /// The state events that the timeline has told of, by key.
  private final Map<Integer, EventRef> timeline = new HashMap<>();

  private long stateOfTimeline;

  EventPlacement(
      RoomHistory history,
      MissingEvents missing,
      ForwardExtremities extremities,
      Numbers numbers,
      RefusedCounts refused,
      Returns returns,
      @Nullable ClientTransaction transaction) {
    this.history = history;
    this.decision = history.decision();
    this.missing = missing;
    this.extremities = extremities;
    this.numbers = numbers;
    this.redactions = new Redactions(history);
    this.refused = refused;
    this.returns = returns;
    this.transaction = transaction;
    this.stateOfTimeline = history.view().state().number();
  }

  /// Puts an event into the graph as it was judged.
  void enter(
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
        boolean live = arrival.isLive();
        GraphRows.Shown shown =
            switch (arrival) {
              case LIVE -> GraphRows.Shown.LIVE;
              case HANDED_IN -> GraphRows.Shown.LIVE_AND_SENT_ON;
              case HISTORY, FOLLOWED -> GraphRows.Shown.HISTORY;
            };
        GraphEvent now = place(ref, event, known, before, ACCEPTED, null, shown);
        if (live) {
          follow(now);
        }
        missing.takeWant(event.eventId(), Wants.Kind.PREVIOUS);
        missing.takeWant(event.eventId(), Wants.Kind.FOLLOWED);
        missing.noteRejected(now);
      }
    }
  }

  /// Puts an event into the graph that the room's policy server does not recommend.
  void enterNotRecommended(
      EventRef ref, Pdu event, @Nullable GraphEvent known, StateSnapshot before) {
    var _ = place(ref, event, known, before, SOFT_FAILED, EventVerdict.POLICY_SERVER, NOWHERE);
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
    if (returns.contains(id)) {
      extremities.comeBack(
          event, missing.isFollowed(id), returns.unheard(event, extremities.shallowestFirst()));
    } else {
      extremities.add(event, missing.isFollowed(id));
    }
    stateOfTimeline = event.stateAfter();
    event
        .event()
        .stateKeyPair()
        .ifPresent(key -> timeline.put(decision.keyNumber(key), event.ref()));
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
    StateSnapshot after = before.with(numbers.nextState(), key, ref, event.eventId(), replacedId);
    StateSnapshot same = wasKnown ? history.state(after.hash()) : null;
    if (same != null) {
      return same;
    }
    decision.addState(after);
    history.shard().keep(after);
    return after;
  }

  GraphEvent store(
      EventRef ref,
      Pdu event,
      @Nullable GraphEvent known,
      GraphRows.Verdict judged,
      @Nullable Pdu replaced) {
    List<EventRef> authEvents = edges(event);
    Decision.Target redacts =
        judged.standing().isRejected() ? null : redactions.target(event, judged);
    GraphEvent now = add(ref, event, known, judged, authEvents, redacts, replaced);
    count(event, known, judged.standing());
    if (redacts == null && event.isRedaction() && judged.standing() == ACCEPTED) {
      event
          .redacts()
          .filter(target -> history.find(target) == null)
          .ifPresent(target -> missing.wantTarget(target, now, redactions.mayRedactAny(now)));
    }
    if (judged.standing().isRejected()) {
      missing.wantAuthEvents(now);
    } else {
      redactions.redactBy(missing.takeWant(event.eventId(), Wants.Kind.REDACTED), now);
    }
    return now;
  }

  private void count(Pdu event, @Nullable GraphEvent known, Standing now) {
    boolean wasRefused = known != null && known.standing().isRefused();
    if (now.isRefused() && !wasRefused) {
      refused.add(event);
    } else if (wasRefused && !now.isRefused()) {
      refused.take(event);
    }
  }

  /// The edges of a state event in the auth graph; none while some of its auth events are not here.
  /// An event of history may cite more than events may now. It has none either, since the rules
  /// reject it: "have entries whose `type` and `state_key` don't match those specified by the auth
  /// events selection algorithm", or "duplicate entries".
  List<EventRef> edges(Pdu event) {
    List<EventRef> edges = new ArrayList<>();
    if (event.authEvents().size() > PduFormat.MAX_AUTH_EVENTS) {
      return edges;
    }
    for (EventId id : event.isState() ? event.authEvents() : List.<EventId>of()) {
      GraphEvent auth = history.find(id);
      if (auth == null) {
        return List.of();
      }
      edges.add(auth.ref());
    }
    return edges;
  }

  /// Adds an event of another server.
  ///
  /// @param given the reference to it, if it is new
  /// @param known null for an event that is new; else what was known of it
  /// @param authEvents its edges; empty unless it is state
  /// @param replaced the event that had its state key in the state before it
  private GraphEvent add(
      EventRef given,
      Pdu event,
      @Nullable GraphEvent known,
      GraphRows.Verdict verdict,
      List<EventRef> authEvents,
      Decision.@Nullable Target redacts,
      @Nullable Pdu replaced) {
    long room = history.view().info().number();
    EventRef ref = known == null ? given : known.ref();
    ClientTransaction sentIn = known == null ? transaction : null;
    AddedEvent now = new AddedEvent(ref, event, sentIn, room, verdict);
    if (known == null) {
      decision.change(GraphRows.event(room, ref, event, sentIn, verdict));
      if (!authEvents.isEmpty()) {
        decision.change(GraphRows.auth(room, ref, authEvents));
      }
      Relation.rows(room, ref, ref, event, verdict.shown()).forEach(decision::change);
      Relation.begunThread(room, event).ifPresent(decision::change);
      tell(ref, event, sentIn, verdict, redacts, replaced);
    } else {
      EventRef marker = EventRef.to(event);
      decision.change(GraphRows.judged(ref, marker, event, verdict));
      decision.change(GraphRows.placed(room, marker, ref));
      // Of one that was redacted meanwhile nothing is left that it relates to.
      Relation.rows(room, ref, marker, known.event(), verdict.shown()).forEach(decision::change);
      tell(marker, event, null, verdict, redacts, replaced);
    }
    if (redacts != null) {
      decision.redact(redacts, ref);
    }
    return known == null ? decision.add(now) : decision.judgedAgain(now);
  }

  /// Gives an event of another server its position, and tells of it if it is shown. What is not
  /// shown no reader has a use for, and there may be ten thousands of it: the auth events and the
  /// state that come with a join would overrun the ring, so that every reader had to go to the
  /// tables.
  private void tell(
      EventRef about,
      Pdu event,
      @Nullable ClientTransaction sentIn,
      GraphRows.Verdict verdict,
      Decision.@Nullable Target redacts,
      @Nullable Pdu replaced) {
    switch (verdict.shown()) {
      case LIVE, LIVE_AND_SENT_ON ->
          decision.announce(
              new RoomOutput.EventAdded(
                  event,
                  sentIn,
                  replaced,
                  event.isMember()
                      ? Optional.ofNullable(replaced)
                          .flatMap(Membership::of)
                          .orElse(Membership.LEAVE)
                      : null,
                  redacts == null ? null : redacts.event().eventId(),
                  verdict.shown() == GraphRows.Shown.LIVE_AND_SENT_ON
                      ? event.sender().server()
                      : null));
      case HISTORY ->
          decision.announce(new RoomOutput.EventStored(event, RoomOutput.Standing.HISTORY));
      case NOWHERE -> {}
    }
    decision.takePosition(about);
  }

  /// Writes how much is kept by now of what was refused, and lets go of redactions beyond their
  /// bound; what a new room begins with does not count as refused.
  void keepBounds() {
    missing.finish();
    if (!decision.isOfNewRoom()) {
      refused.changes(history.view().info().number()).forEach(decision::change);
    }
  }

  /// The end: the room is where the events have brought it.
  void finish(InstantSource clock) {
    keepBounds();
    extremities.prune();
    StateSnapshot state = extremities.state();
    if (state.number() == history.view().state().number()
        && !extremities.haveChanged()
        && timeline.isEmpty()) {
      return;
    }
    new CurrentStateChange(history, timeline, stateOfTimeline, clock, !returns.isEmpty())
        .apply(extremities.refs(), extremities.depth(), state);
  }
}
