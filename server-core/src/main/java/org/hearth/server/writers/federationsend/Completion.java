package org.hearth.server.writers.federationsend;

import java.time.Duration;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Collection;
import java.util.Comparator;
import java.util.Deque;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Collectors;
import org.hearth.ringlogs.LogPosition;
import org.hearth.server.logs.EventVerdict;
import org.hearth.server.logs.RoomInput;
import org.hearth.server.logs.RoomReply;
import org.hearth.server.matrix.checks.PolicyServer;
import org.hearth.server.matrix.event.Pdu;
import org.hearth.server.matrix.id.EventId;
import org.hearth.server.matrix.id.RoomId;
import org.hearth.server.matrix.id.ServerName;
import org.hearth.server.matrix.version.RoomVersion;
import org.hearth.server.outbound.events.CheckedEvents;
import org.hearth.server.outbound.events.PeerEvents;
import org.hearth.server.servers.room.RoomClient;
import org.hearth.server.servers.room.RoomEvent;
import org.hearth.server.servers.room.RoomQueries;
import org.jspecify.annotations.Nullable;

/// Gets from other servers what some events of one room need, until the Room Server can judge them
/// or nothing more is to be had.
///
/// - *Previous events* are walked back from those that have come, [#MOST_WALKED] at most. Where the
///   walk ends before something that is here, the event before is fetched with the state before it,
///   as a peer says. The Room Server resolves that with what it knows: nobody's word replaces a
///   room's state.
/// - *Auth events* are fetched with theirs. The Room Server is told which of them no server gives.
/// - *Events of a given state* are fetched one by one, or all at once where many are missing.
///
/// - *Signatures* of the room's policy server are asked for where it has not signed an event
///   ([PolicySignatures]). What it does not sign is soft-failed.
///
/// Only what was asked for is taken: what leads from nothing that is wanted is dropped. Of a server
/// that is not in the room less is taken, since anybody may send events to it.
///
/// **bound**: rounds, requests, time, events and memory as below; [LargeAnswers]. **thread**: one
/// job's.
///
/// **source**: [Backfilling and retrieving missing
/// events](https://spec.matrix.org/v1.19/server-server-api/#backfilling-and-retrieving-missing-events)
final class Completion {
  /// How often the Room Server is asked.
  static final int ROUNDS = 16;

  /// Servers that are asked, one after the other.
  static final int MOST_SERVERS = 4;

  /// Previous events that are fetched by walking back.
  static final int MOST_WALKED = 100;

  /// Previous events of one request.
  static final int WALKED_AT_ONCE = 10;

  /// Events before which the state is asked for.
  static final int MOST_GAPS = 10;

  /// Events of a state that are fetched one by one; of more, all at once, or not at all.
  static final int MOST_SINGLE = 50;

  /// Ids of states in memory, about.
  static final int MOST_IDS = 200_000;

  /// Fetched events in memory, about.
  static final long MOST_BYTES = 16L << 20;

  /// The same for events of a server that is not in the room, as far as it is known here.
  static final long MOST_BYTES_OF_STRANGER = 4L << 20;

  /// Fetched events without a place, of such a server.
  static final int MOST_OUTLIERS_OF_STRANGER = 500;

  /// Of so many the Room Server is asked at once: each question is one commit.
  static final int MOST_OUTLIERS_AT_ONCE = 500;

  /// Requests to other servers.
  static final int MOST_REQUESTS = 200;

  /// Of these requests, those to servers that have not caused the job.
  static final int MOST_OF_OTHERS = 40;

  static final Duration LONGEST = Duration.ofMinutes(3);

  private final RoomId room;
  private final RoomVersion version;
  private final Sources sources;
  private final RoomQueries rooms;
  private final RoomClient client;
  private final LargeAnswers largeAnswers;
  private final ServerName origin;
  private boolean mayBeLarge;
  private boolean crowded;

  /// Events that have no place in the room yet: those that came, and the fetched ones before them.
  private final Map<EventId, Pdu> toPlace = new LinkedHashMap<>();

  private final Map<EventId, Pdu> outliers = new LinkedHashMap<>();

  /// Events that were refused, and which the Room Server may not have stored: they go along for the
  /// sake of those that refer to them.
  private final Map<EventId, Pdu> refused = new LinkedHashMap<>();

  private final Map<EventId, List<EventId>> states = new HashMap<>();
  private final Map<EventId, Set<ServerName>> signers = new HashMap<>();
  private final Set<EventId> unobtainable = new HashSet<>();
  private final Set<EventId> chainsAsked = new HashSet<>();
  private final Set<EventId> gapsAsked = new HashSet<>();
  private final Map<EventId, EventVerdict> verdicts = new LinkedHashMap<>();
  private final PolicySignatures signatures;

  /// Those to be placed that nobody has sent by himself.
  private final Set<EventId> fetched = new HashSet<>();

  /// Of the first event that happened while this server was in the room; negative before it was
  /// looked for.
  private long firstDepth = -1;

  /// What was before that event, by the events that have come: each names those before it.
  private final Set<EventId> beforeFirst = new HashSet<>();

  private int walked;
  private int idsLeft = MOST_IDS;
  private long bytesLeft;
  private int outliersLeft;
  private boolean walkOver;

  /// @param servers whom to ask, best first; the one that has caused it is the first
  /// @param isStranger whether that one is not in the room
  Completion(
      RoomId room,
      RoomVersion version,
      List<ServerName> servers,
      boolean isStranger,
      PeerEvents events,
      RoomQueries rooms,
      RoomClient client,
      LargeAnswers largeAnswers) {
    this.room = room;
    this.version = version;
    this.sources = new Sources(room, version, servers, events);
    this.rooms = rooms;
    this.client = client;
    this.signatures = new PolicySignatures(client.policies());
    this.largeAnswers = largeAnswers;
    this.origin = servers.getFirst();
    this.bytesLeft = isStranger ? MOST_BYTES_OF_STRANGER : MOST_BYTES;
    this.outliersLeft = isStranger ? MOST_OUTLIERS_OF_STRANGER : Integer.MAX_VALUE;
  }

  /// An event that is to be judged.
  void add(Pdu event, @Nullable Set<ServerName> by) {
    toPlace.put(event.eventId(), event);
    signers.put(event.eventId(), by == null ? Set.of() : by);
  }

  /// What became of each event, those that were fetched among them.
  Map<EventId, EventVerdict> verdicts() {
    return verdicts;
  }

  /// Has the events judged, and fetches what they need, in turns.
  void run() throws InterruptedException {
    try {
      for (int round = 0; round < ROUNDS && !toPlace.isEmpty(); round++) {
        Map<EventId, EventVerdict.Incomplete> open = judge();
        boolean signed = signatures.haveSigned(toPlace);
        boolean fetched = !open.isEmpty() && !sources.isOver() && bytesLeft > 0 && fetch(open);
        if (!signed && !fetched) {
          return;
        }
      }
    } finally {
      if (mayBeLarge) {
        largeAnswers.giveBack(origin);
      }
    }
  }

  /// Whether something was not asked for because too many others have large answers.
  boolean isCrowded() {
    return crowded;
  }

  private boolean mayBeLarge() {
    mayBeLarge = mayBeLarge || largeAnswers.take(origin);
    crowded |= !mayBeLarge;
    return mayBeLarge;
  }

  private Map<EventId, EventVerdict.Incomplete> judge() throws InterruptedException {
    handOverOutliers();
    if (!fetched.isEmpty()) {
      lookBack();
    }
    Map<RoomInput.Arrival, List<Pdu>> byArrival =
        toPlace.values().stream().collect(Collectors.groupingBy(this::arrival));
    Map<EventId, EventVerdict.Incomplete> open = new LinkedHashMap<>();
    for (RoomInput.Arrival past : List.of(RoomInput.Arrival.HISTORY, RoomInput.Arrival.FOLLOWED)) {
      List<Pdu> old = byArrival.getOrDefault(past, List.of());
      if (!old.isEmpty()) {
        take(judge(past, old, outliers.values()), open);
      }
    }
    // What is refused goes along, since the Room Server keeps it for the sake of what follows it.
    Map<EventId, Pdu> events = new LinkedHashMap<>(refused);
    byArrival
        .getOrDefault(RoomInput.Arrival.LIVE, List.of())
        .forEach(each -> events.put(each.eventId(), each));
    take(judge(RoomInput.Arrival.LIVE, events.values(), outliers.values()), open);
    open.keySet().removeAll(refused.keySet());
    return open;
  }

  /// What was fetched and is from before all that has happened here goes into the history, whatever
  /// follows it: as one of the room's ends it would have the state of long ago resolved with that
  /// of now. Of what was before the first event that happened here that is certain; how deep an
  /// event is says its maker, so that what is only less deep is judged like all others.
  private RoomInput.Arrival arrival(Pdu event) {
    if (!fetched.contains(event.eventId())) {
      return RoomInput.Arrival.LIVE;
    }
    if (beforeFirst.contains(event.eventId())) {
      return RoomInput.Arrival.HISTORY;
    }
    return event.depth() < firstDepth ? RoomInput.Arrival.FOLLOWED : RoomInput.Arrival.LIVE;
  }

  /// Finds what was before the first event that happened here, as far as it has come.
  private void lookBack() {
    if (firstDepth < 0) {
      Optional<Pdu> first =
          rooms.forwards(room, LogPosition.ORIGIN, new LogPosition(Long.MAX_VALUE), 1).stream()
              .map(RoomEvent::pdu)
              .findFirst();
      firstDepth = first.map(Pdu::depth).orElse(0L);
      // In other versions a server may give another event under the same id.
      first
          .filter(_ -> version.eventIds().isHash())
          .ifPresent(each -> beforeFirst.addAll(each.prevEvents()));
    }
    Deque<EventId> open = new ArrayDeque<>(beforeFirst);
    while (!open.isEmpty()) {
      Pdu event = toPlace.get(open.remove());
      if (event != null) {
        event.prevEvents().stream().filter(beforeFirst::add).forEach(open::add);
      }
    }
  }

  private void take(List<RoomReply.Judged> judged, Map<EventId, EventVerdict.Incomplete> open) {
    for (RoomReply.Judged each : judged) {
      EventId id = each.event();
      if (each.verdict() instanceof EventVerdict.Incomplete incomplete) {
        open.put(id, incomplete);
      }
      if (each.verdict() instanceof EventVerdict.NotSigned(PolicyServer policy)) {
        signatures.areMissing(policy);
      }
      Pdu placed = toPlace.get(id);
      // A refused event that is known is what it was, unless it was accepted with an auth event.
      if (placed != null
          || (refused.containsKey(id)
              && (!(each.verdict() instanceof EventVerdict.Known) || isAccepted(id)))) {
        verdicts.put(id, each.verdict());
      }
      if (placed != null
          && !open.containsKey(id)
          && !(each.verdict() instanceof EventVerdict.NotSigned)) {
        toPlace.remove(id);
      }
      switch (each.verdict()) {
        case EventVerdict.Incomplete _, EventVerdict.NotSigned _ -> {}
        case EventVerdict.Rejected _, EventVerdict.SoftFailed _ -> {
          if (placed != null) {
            refused.put(id, placed);
          }
        }
        case EventVerdict.Accepted _, EventVerdict.Known _, EventVerdict.Dropped _ -> {
          refused.remove(id);
          outliers.remove(id);
          states.remove(id);
        }
      }
    }
  }

  private boolean isAccepted(EventId id) {
    return rooms.status(id).filter(each -> !each.rejected() && !each.softFailed()).isPresent();
  }

  /// Has many events without a place judged in parts, so that no commit is so large that others
  /// wait for it. What honest servers give refers to what is less deep; of others what is not
  /// judged in a part is judged at the end.
  private void handOverOutliers() throws InterruptedException {
    if (outliers.size() <= MOST_OUTLIERS_AT_ONCE) {
      return;
    }
    List<Pdu> sorted =
        outliers.values().stream().sorted(Comparator.comparingLong(Pdu::depth)).toList();
    for (int from = 0; from < sorted.size(); from += MOST_OUTLIERS_AT_ONCE) {
      int to = Math.min(sorted.size(), from + MOST_OUTLIERS_AT_ONCE);
      for (RoomReply.Judged each :
          judge(RoomInput.Arrival.LIVE, List.of(), sorted.subList(from, to))) {
        if (each.verdict() instanceof EventVerdict.Accepted
            || each.verdict() instanceof EventVerdict.Known) {
          outliers.remove(each.event());
        }
      }
    }
  }

  private List<RoomReply.Judged> judge(
      RoomInput.Arrival arrival, Collection<Pdu> events, Collection<Pdu> without)
      throws InterruptedException {
    RoomReply reply =
        client.ask(
            new RoomInput.ReceiveEvents(
                room,
                version.id(),
                arrival,
                List.copyOf(events),
                List.copyOf(without),
                states,
                signers,
                unobtainable,
                signatures.notRecommended()));
    return reply instanceof RoomReply.Received(_, var judged) ? judged : List.of();
  }

  /// Fetches what is missing.
  ///
  /// @return whether that changes anything
  private boolean fetch(Map<EventId, EventVerdict.Incomplete> open) throws InterruptedException {
    boolean changed = fetchAuthEvents(open);
    changed |= fetchStates(open);
    changed |= fetchPrevious(open);
    return changed;
  }

  private Map<EventId, Pdu> taken(CheckedEvents events) {
    Map<EventId, Pdu> all = new LinkedHashMap<>();
    events.events().forEach(each -> all.put(each.eventId(), each));
    return all;
  }

  private void place(Pdu event, CheckedEvents given) {
    toPlace.put(event.eventId(), event);
    fetched.add(event.eventId());
    outliers.remove(event.eventId());
    sign(event.eventId(), given);
    bytesLeft -= event.memoryBytes();
  }

  private void sign(EventId event, CheckedEvents by) {
    signers.put(event, by.signers().getOrDefault(event, Set.of()));
  }

  // --- auth events

  private boolean fetchAuthEvents(Map<EventId, EventVerdict.Incomplete> open)
      throws InterruptedException {
    boolean changed = false;
    for (Map.Entry<EventId, EventVerdict.Incomplete> each : open.entrySet()) {
      Set<EventId> missing = new LinkedHashSet<>(each.getValue().authEvents());
      missing.removeAll(outliers.keySet());
      missing.removeAll(unobtainable);
      // What is to be placed is judged together with those that cite it.
      missing.removeAll(toPlace.keySet());
      missing.removeAll(refused.keySet());
      if (!missing.isEmpty()) {
        if (mayBeLarge() && chainsAsked.add(each.getKey())) {
          Optional<CheckedEvents> chain = sources.eventAuth(each.getKey());
          if (chain.isPresent()) {
            changed |= takeOutliers(missing, chain.get());
            missing.removeAll(outliers.keySet());
          }
        }
        for (EventId id : missing) {
          changed |= takeOutlier(id);
        }
      }
    }
    return changed;
  }

  /// Takes the wanted events, and the events that authorise these; nothing else of what a peer has
  /// given.
  private boolean takeOutliers(Collection<EventId> wanted, CheckedEvents given) {
    Map<EventId, Pdu> byId = taken(given);
    boolean changed = false;
    Deque<EventId> next = new ArrayDeque<>(wanted);
    while (!next.isEmpty() && bytesLeft > 0 && outliersLeft > 0) {
      Pdu event = byId.remove(next.remove());
      if (event != null
          && !toPlace.containsKey(event.eventId())
          && !refused.containsKey(event.eventId())) {
        if (outliers.putIfAbsent(event.eventId(), event) == null) {
          changed = true;
          bytesLeft -= event.memoryBytes();
          outliersLeft--;
        }
        sign(event.eventId(), given);
        next.addAll(event.authEvents());
      }
    }
    return changed;
  }

  private boolean takeOutlier(EventId id) throws InterruptedException {
    Optional<CheckedEvents> found = sources.event(id);
    if (found.isPresent()) {
      return takeOutliers(List.of(id), found.get());
    }
    // Only what all have refused is not to be had; who is down may have it.
    return !sources.isUnsure() && unobtainable.add(id);
  }

  // --- states

  private boolean fetchStates(Map<EventId, EventVerdict.Incomplete> open)
      throws InterruptedException {
    boolean changed = false;
    for (Map.Entry<EventId, EventVerdict.Incomplete> each : open.entrySet()) {
      List<EventId> state = states.get(each.getKey());
      Set<EventId> missing = new LinkedHashSet<>(each.getValue().stateEvents());
      missing.removeAll(outliers.keySet());
      missing.removeAll(toPlace.keySet());
      missing.removeAll(refused.keySet());
      if (state == null || missing.isEmpty()) {
        continue;
      }
      for (EventId id : List.copyOf(missing).subList(0, Math.min(MOST_SINGLE, missing.size()))) {
        Optional<CheckedEvents> found = sources.event(id);
        if (found.isPresent()) {
          changed |= takeOutliers(List.of(id), found.get());
          missing.remove(id);
        }
      }
      missing.removeAll(outliers.keySet());
      if (!missing.isEmpty() && !sources.isUnsure()) {
        // A state without what nobody gives: the checks that follow tell whether it suffices.
        List<EventId> without = new ArrayList<>(state);
        without.removeAll(missing);
        states.put(each.getKey(), without);
        changed = true;
      }
    }
    return changed;
  }

  // --- previous events

  private boolean fetchPrevious(Map<EventId, EventVerdict.Incomplete> open)
      throws InterruptedException {
    Map<EventId, Set<EventId>> missing = new LinkedHashMap<>();
    for (Map.Entry<EventId, EventVerdict.Incomplete> each : open.entrySet()) {
      Set<EventId> previous = new LinkedHashSet<>(each.getValue().prevEvents());
      previous.removeAll(toPlace.keySet());
      previous.removeAll(refused.keySet());
      if (toPlace.containsKey(each.getKey()) && !previous.isEmpty()) {
        missing.put(each.getKey(), previous);
      }
    }
    if (missing.isEmpty()) {
      return false;
    }
    return walk(missing) || bridge(missing);
  }

  /// Walks back from the events before which something is missing.
  private boolean walk(Map<EventId, Set<EventId>> missing) throws InterruptedException {
    if (walkOver || walked >= MOST_WALKED) {
      return false;
    }
    Optional<CheckedEvents> given =
        sources.missing(
            rooms.forwardExtremities(room),
            missing.keySet(),
            Math.min(WALKED_AT_ONCE, MOST_WALKED - walked));
    int before = toPlace.size();
    if (given.isPresent()) {
      Map<EventId, Pdu> byId = taken(given.get());
      Deque<EventId> next = new ArrayDeque<>();
      missing.values().forEach(next::addAll);
      while (!next.isEmpty()) {
        Pdu event = byId.remove(next.remove());
        if (event != null && !verdicts.containsKey(event.eventId())) {
          place(event, given.get());
          next.addAll(event.prevEvents());
        }
      }
    }
    walked += toPlace.size() - before;
    walkOver = toPlace.size() == before;
    return !walkOver;
  }

  /// Gets the state where the walk has ended: before the missing event, if a server gives that
  /// event; else before the event that follows it.
  private boolean bridge(Map<EventId, Set<EventId>> missing) throws InterruptedException {
    boolean changed = false;
    for (Map.Entry<EventId, Set<EventId>> each : missing.entrySet()) {
      boolean allFound = true;
      for (EventId previous : each.getValue()) {
        allFound &= toPlace.containsKey(previous) || bridgeAt(previous);
        changed |= toPlace.containsKey(previous);
      }
      if (!allFound && gapsAsked.add(each.getKey()) && gapsAsked.size() <= MOST_GAPS) {
        changed |= takeState(each.getKey());
      }
    }
    return changed;
  }

  private boolean bridgeAt(EventId previous) throws InterruptedException {
    if (!gapsAsked.add(previous) || gapsAsked.size() > MOST_GAPS) {
      return false;
    }
    Optional<CheckedEvents> found = sources.event(previous);
    if (found.isEmpty() || !takeState(previous)) {
      return false;
    }
    for (Pdu event : found.get().events()) {
      place(event, found.get());
    }
    return true;
  }

  private boolean takeState(EventId at) throws InterruptedException {
    if (idsLeft <= 0 || !mayBeLarge()) {
      return false;
    }
    Optional<List<EventId>> named = sources.stateIds(at);
    if (named.isEmpty()) {
      return false;
    }
    idsLeft -= named.get().size();
    Optional<List<EventId>> state = obtained(at, named.get());
    state.ifPresent(ids -> states.put(at, ids));
    return state.isPresent();
  }

  /// What is here of a state, or comes with the whole of it, and what may be asked for one by one.
  /// A peer may name a hundred thousand events that there are not: these are looked for and given
  /// up here, since other rooms need the Room Server's thread, too.
  ///
  /// @return empty if it is not known yet what can be had
  private Optional<List<EventId>> obtained(EventId at, List<EventId> state)
      throws InterruptedException {
    Set<EventId> missing = rooms.unknown(state);
    missing.removeAll(outliers.keySet());
    missing.removeAll(toPlace.keySet());
    missing.removeAll(refused.keySet());
    if (missing.size() <= MOST_SINGLE) {
      return Optional.of(state);
    }
    Optional<CheckedEvents> all = sources.state(at);
    if (all.isEmpty() && sources.isUnsure()) {
      return Optional.empty();
    }
    if (all.isPresent()) {
      takeOutliers(missing, all.get());
      missing.removeAll(outliers.keySet());
    }
    return Optional.of(state.stream().filter(each -> !missing.contains(each)).toList());
  }
}
