package org.hearth.server.servers.room;

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
import org.hearth.server.matrix.auth.AuthRules;
import org.hearth.server.matrix.auth.AuthVerdict;
import org.hearth.server.matrix.auth.KnownEvents;
import org.hearth.server.matrix.auth.PowerLevels;
import org.hearth.server.matrix.auth.SignedBy;
import org.hearth.server.matrix.event.Pdu;
import org.hearth.server.matrix.id.EventId;
import org.jspecify.annotations.Nullable;

/// Takes in events of others, one after the other: judges each, finds the state before it, and puts
/// it where it belongs.
///
/// **thread**: the shard's; for one command.
///
/// **source**: [checks performed on receipt of a
/// PDU](https://spec.matrix.org/v1.19/server-server-api/#checks-performed-on-receipt-of-a-pdu)
final class Reception {
  /// The rule that refuses a second create event; no rule of the specification speaks of it, and
  /// every other rule takes for granted that there is one.
  static final String SECOND_CREATE = "SECOND_CREATE_EVENT";

  private final ShardContext context;
  private final ReceiveEvents command;
  private final RoomHistory history;
  private final Decision decision;
  private final Wants wants;
  private final Tips tips;

  /// The state events that the timeline has told of, by key.
  private final Map<Integer, EventRef> timeline = new HashMap<>();

  private long stateOfTimeline;
  private @Nullable EventId create;
  private final KnownEvents judgedBefore;

  Reception(
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
    this.tips = new Tips(history, context.numbers(), weAreOut);
    this.stateOfTimeline = history.view().state().number();
    EventRef created = history.view().createOrNull();
    this.create = created == null ? null : history.event(created).eventId();
    this.judgedBefore =
        id ->
            Optional.ofNullable(history.find(id))
                .map(known ->
                    new KnownEvents.KnownEvent(known.event(), known.standing().isRejected()));
  }

  /// A refusal by a rule.
  private record Refused(String rule, String detail) {}

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
    Known known = history.find(event.eventId());
    if (known != null && (outlier || known.standing().isPlaced())) {
      return new EventVerdict.Known();
    }
    EventRef ref = known == null ? EventRef.to(event) : known.ref();
    List<EventId> given = outlier ? null : command.states().get(event.eventId());
    Optional<EventVerdict> incomplete = missing(event, outlier, given);
    if (incomplete.isPresent()) {
      return incomplete.get();
    }
    // "4. Passes authorization rules based on the event's auth events, otherwise it is rejected."
    Refused refused = byAuthEvents(event);
    if (outlier) {
      Standing standing = refused == null ? Standing.OUTLIER : Standing.REJECTED_OUTLIER;
      store(ref, event, known, new GraphRows.Judged(null, standing, rule(refused), NOWHERE), null);
      return refused == null ? accepted(event) : rejected(event, refused);
    }
    StateSnapshot before = given == null ? stateAfter(event.prevEvents()) : stateOf(given);
    // "5. Passes authorization rules based on the state before the event, otherwise it is
    // rejected."
    if (refused == null) {
      refused = refusal(AuthRules.check(event, history.authState(before)));
    }
    if (refused != null) {
      RoomRows.Place place = new RoomRows.Place(room.number(), before, null, -1, null);
      store(
          ref,
          event,
          known,
          new GraphRows.Judged(place, Standing.REJECTED, refused.rule(), NOWHERE),
          null);
      noteGaps(event, given);
      return rejected(event, refused);
    }
    // "6. Passes authorization rules based on the current state of the room, otherwise it is "soft
    // failed"." Not asked of history, which was current once.
    Refused soft = arrival == Arrival.LIVE ? byCurrentState(event, before) : null;
    place(ref, event, known, before, soft, arrival);
    noteGaps(event, given);
    return soft == null ? accepted(event) : new EventVerdict.SoftFailed(soft.rule(), soft.detail());
  }

  private static final GraphRows.Shown NOWHERE = GraphRows.Shown.NOWHERE;

  private static @Nullable String rule(@Nullable Refused refused) {
    return refused == null ? null : refused.rule();
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
      Known known = history.find(id);
      if (known != null && known.room() != history.view().info().number()) {
        return Optional.of(new EventVerdict.Dropped(id + " before it is of another room"));
      }
    }
    return auth.isEmpty() && previous.isEmpty() && state.isEmpty()
        ? Optional.empty()
        : Optional.of(new EventVerdict.Incomplete(previous, auth, state));
  }

  private Set<EventId> notHere(List<EventId> ids, Predicate<Known> suffices) {
    Set<EventId> missing = new HashSet<>();
    for (EventId id : ids) {
      Known known = history.find(id);
      if (known == null || !suffices.test(known)) {
        missing.add(id);
      }
    }
    return missing;
  }

  private @Nullable Refused byAuthEvents(Pdu event) {
    if (event.isCreate() && create != null && !create.equals(event.eventId())) {
      return new Refused(SECOND_CREATE, "the room was created by " + create);
    }
    Refused refused =
        refusal(AuthRules.checkAuthEvents(event, judgedBefore, SignedBy.CHECKED_BEFORE));
    if (event.isCreate() && refused == null) {
      create = event.eventId();
    }
    return refused;
  }

  private @Nullable Refused byCurrentState(Pdu event, StateSnapshot before) {
    StateSnapshot current = tips.state();
    if (current.size() == 0 || current.number() == before.number()) {
      return null;
    }
    return refusal(AuthRules.check(event, history.authState(current)));
  }

  private static @Nullable Refused refusal(AuthVerdict verdict) {
    return switch (verdict) {
      case AuthVerdict.Allowed() -> null;
      case AuthVerdict.Rejected(AuthRule rule, String detail) -> new Refused(rule.name(), detail);
    };
  }

  /// The state after events that have places: before one that follows them.
  private StateSnapshot stateAfter(List<EventId> previous) {
    if (previous.isEmpty()) {
      return StateSnapshot.EMPTY;
    }
    List<Long> states = new ArrayList<>();
    for (EventId id : previous) {
      Known known = history.find(id);
      if (known == null) {
        throw new IllegalStateException(id + " was found before");
      }
      states.add(known.stateAfter());
    }
    return Resolving.resolve(states, history, context.numbers());
  }

  /// A state that a peer has given. What is no state, was rejected, or is of another room is left
  /// out; of two events for one key the later in the list counts.
  private StateSnapshot stateOf(List<EventId> ids) {
    TreeMap<Integer, Optional<EventRef>> changes = new TreeMap<>();
    long room = history.view().info().number();
    StateSnapshot base = history.view().state();
    for (EventId id : ids) {
      Known known = history.find(id);
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
    return Resolving.made(base, changes, history, context.numbers());
  }

  /// Puts an event that was not rejected into the graph.
  private void place(
      EventRef ref,
      Pdu event,
      @Nullable Known known,
      StateSnapshot before,
      @Nullable Refused soft,
      Arrival arrival) {
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
    GraphRows.Shown shown =
        soft != null
            ? NOWHERE
            : arrival == Arrival.LIVE ? GraphRows.Shown.LIVE : GraphRows.Shown.HISTORY;
    Standing standing = soft == null ? Standing.ACCEPTED : Standing.SOFT_FAILED;
    Known now =
        store(
            ref,
            event,
            known,
            new GraphRows.Judged(place, standing, rule(soft), shown),
            replaced == null ? null : history.event(replaced));
    if (arrival == Arrival.LIVE && soft == null) {
      boolean followed = wants.has(event.eventId(), Wants.Kind.PREVIOUS);
      tips.add(now, followed, command.states().containsKey(event.eventId()));
      if (known == null) {
        stateOfTimeline = now.stateAfter();
        if (event.isState()) {
          timeline.put(key, now.ref());
        }
      }
    }
    takeWant(event.eventId(), Wants.Kind.PREVIOUS);
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

  private Known store(
      EventRef ref,
      Pdu event,
      @Nullable Known known,
      GraphRows.Judged judged,
      @Nullable Pdu replaced) {
    List<EventRef> authEvents = new ArrayList<>();
    if (event.isState()) {
      for (EventId id : event.authEvents()) {
        Known auth = history.find(id);
        if (auth != null) {
          authEvents.add(auth.ref());
        }
      }
    }
    Decision.Target redacts = judged.standing().isRejected() ? null : redacts(event, judged);
    Known now = decision.receive(ref, event, known, judged, authEvents, redacts, replaced);
    if (redacts == null && event.isRedaction() && !judged.standing().isRejected()) {
      event
          .redacts()
          .filter(target -> history.find(target) == null)
          .ifPresent(target -> want(target, Wants.Kind.REDACTED, now.ref()));
    }
    if (judged.standing().isRejected()) {
      wantAuthEvents(now);
    } else {
      redactBy(takeWant(event.eventId(), Wants.Kind.REDACTED), now);
    }
    return now;
  }

  /// What a redaction redacts, when it may.
  private Decision.@Nullable Target redacts(Pdu event, GraphRows.Judged judged) {
    RoomRows.Place place = judged.place();
    if (place == null || judged.standing() != Standing.ACCEPTED) {
      return null;
    }
    return event
        .redacts()
        .map(history::find)
        .filter(target -> mayRedact(event, place.before(), target))
        .map(target -> new Decision.Target(target.ref(), target.event().eventId()))
        .orElse(null);
  }

  /// "the power level of the redaction event's sender is greater than or equal to the redact level"
  /// or "the domain of the redaction event's sender matches that of the original event's sender".
  private boolean mayRedact(Pdu redaction, StateSnapshot before, Known target) {
    if (target.room() != history.view().info().number()) {
      return false;
    }
    PowerLevels levels = PowerLevels.in(history.authState(before), history.view().info().version());
    return levels.userLevel(redaction.sender()) >= levels.redact()
        || redaction.sender().isOn(target.event().sender().server());
  }

  /// Redactions that came before what they redact.
  private void redactBy(List<EventRef> redactions, Known target) {
    for (EventRef each : redactions) {
      Known redaction = history.known(each);
      if (redaction.standing() == Standing.ACCEPTED
          && mayRedact(redaction.event(), history.state(redaction.stateBefore()), target)) {
        decision.redact(target.ref(), redaction.ref());
      }
    }
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
  private void noteGaps(Pdu event, @Nullable List<EventId> given) {
    if (given == null) {
      return;
    }
    Known now = history.find(event.eventId());
    for (EventId id : event.prevEvents()) {
      Known previous = history.find(id);
      if (now != null && (previous == null || !previous.standing().isPlaced())) {
        want(id, Wants.Kind.PREVIOUS, now.ref());
      }
    }
  }

  /// A rejection for want of auth events, or because of rejected ones, is not for ever.
  private void wantAuthEvents(Known rejected) {
    for (EventId id : rejected.event().authEvents()) {
      Known auth = history.find(id);
      if (auth == null || auth.standing().isRejected()) {
        want(id, Wants.Kind.AUTH, rejected.ref());
      }
    }
  }

  private EventVerdict accepted(Pdu event) {
    judgeAgain(event.eventId());
    return new EventVerdict.Accepted();
  }

  private EventVerdict rejected(Pdu event, Refused refused) {
    // Also an auth event that is here and rejected may change the verdict on who cites it.
    List<EventRef> waiting = takeWant(event.eventId(), Wants.Kind.AUTH);
    for (EventRef each : waiting) {
      want(event.eventId(), Wants.Kind.AUTH, each);
    }
    return new EventVerdict.Rejected(refused.rule(), refused.detail());
  }

  /// Judges again what was rejected for want of an event that is now here, and so on.
  private void judgeAgain(EventId accepted) {
    List<EventId> open = new ArrayList<>(List.of(accepted));
    while (!open.isEmpty()) {
      for (EventRef waiting : takeWant(open.removeLast(), Wants.Kind.AUTH)) {
        Known known = history.known(waiting);
        if (known.standing().isRejected() && passesNow(known)) {
          open.add(known.event().eventId());
        }
      }
    }
  }

  private boolean passesNow(Known known) {
    Pdu event = known.event();
    Refused refused = byAuthEvents(event);
    if (!known.standing().isPlaced()) {
      if (refused != null) {
        wantAuthEvents(known);
        return false;
      }
      store(
          known.ref(),
          event,
          known,
          new GraphRows.Judged(null, Standing.OUTLIER, null, NOWHERE),
          null);
      return true;
    }
    StateSnapshot before = history.state(known.stateBefore());
    if (refused == null) {
      refused = refusal(AuthRules.check(event, history.authState(before)));
    }
    if (refused != null) {
      wantAuthEvents(known);
      return false;
    }
    Refused soft = byCurrentState(event, before);
    place(known.ref(), event, known, before, soft, Arrival.LIVE);
    return soft == null;
  }

  /// The end: the room is where the events have brought it.
  void finish() {
    StateSnapshot state = tips.state();
    if (state.number() == history.view().state().number()
        && !tips.haveChanged()
        && timeline.isEmpty()) {
      return;
    }
    decision.move(tips.refs(), tips.depth(), state, timeline, stateOfTimeline, history::event);
  }

  Tips tips() {
    return tips;
  }
}
