package org.hearth.server.writers.federationbackfill;

import java.time.Duration;
import java.util.Collection;
import java.util.Comparator;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import org.hearth.server.logs.EventVerdict;
import org.hearth.server.logs.RoomInput;
import org.hearth.server.logs.RoomReply;
import org.hearth.server.matrix.event.Pdu;
import org.hearth.server.matrix.id.EventId;
import org.hearth.server.matrix.id.RoomId;
import org.hearth.server.matrix.id.ServerName;
import org.hearth.server.matrix.version.RoomVersion;
import org.hearth.server.outbound.events.CheckedEvents;
import org.hearth.server.outbound.events.Fetched;
import org.hearth.server.outbound.events.FetchedIds;
import org.hearth.server.outbound.events.FetchedState;
import org.hearth.server.outbound.events.PeerEvents;
import org.hearth.server.servers.room.RoomClient;
import org.hearth.server.servers.room.RoomQueries;

/// Has the Room Server take in events as history. What it says to miss for them is asked of the
/// server that gave them: the state before those whose previous events did not come along, and what
/// authorises them. The state is what one server says; it counts for judging these events, and is
/// never the room's current state.
///
/// **bound**: [#MOST_ROUNDS], [#MOST_EDGES], [#MOST_SINGLE] and [#STATES_AT_ONCE], and the time
/// that it is given: each of dozens of questions may take a minute, and a server may use up all of
/// it.
///
/// **thread**: any that may wait; none of a log.
final class HistoryIntake {
  /// So often the Room Server is given the events, the first time without what is missing.
  private static final int MOST_ROUNDS = 3;

  /// Events for which the state before them is asked for; the gaps before others stay.
  private static final int MOST_EDGES = 5;

  /// So many events of a state are asked for one by one; more come with the whole state.
  private static final int MOST_SINGLE = 20;

  /// A whole state may be large; all that are fetched at the same time are in memory. One that
  /// comes too slowly is given up for others.
  private static final int STATES_AT_ONCE = 1;

  private static final Duration STATE_QUICKLY = Duration.ofSeconds(20);

  private final RoomQueries rooms;
  private final RoomClient client;
  private final PeerEvents events;
  private final Places states = new Places(STATES_AT_ONCE, 0, STATE_QUICKLY, System::nanoTime);

  HistoryIntake(RoomQueries rooms, RoomClient client, PeerEvents events) {
    this.rooms = rooms;
    this.client = client;
    this.events = events;
  }

  /// Takes in events of a room.
  ///
  /// @param server that gave them
  /// @param end the moment, of [System#nanoTime], from which on nothing more is asked
  /// @return whether any of them is now in the room's history
  boolean take(ServerName server, RoomId room, RoomVersion version, CheckedEvents given, long end)
      throws InterruptedException {
    return new Taking(server, room, version, given, end).run();
  }

  /// The events of one answer on their way in.
  private final class Taking {
    private final ServerName server;
    private final RoomId room;
    private final RoomVersion version;
    private final long end;
    private final Map<EventId, Pdu> left = new LinkedHashMap<>();
    private final Map<EventId, Pdu> outliers = new LinkedHashMap<>();
    private final Map<EventId, Set<ServerName>> signers;
    private final Map<EventId, List<EventId>> statesBefore = new HashMap<>();
    private final Set<EventId> unobtainable = new HashSet<>();

    Taking(ServerName server, RoomId room, RoomVersion version, CheckedEvents given, long end) {
      this.server = server;
      this.room = room;
      this.version = version;
      this.end = end;
      this.signers = new HashMap<>(given.signers());
      given.events().forEach(each -> left.put(each.eventId(), each));
    }

    boolean run() throws InterruptedException {
      boolean any = false;
      for (int round = 1; round <= MOST_ROUNDS && !left.isEmpty(); round++) {
        if (!(client.ask(command()) instanceof RoomReply.Received received)) {
          return any;
        }
        Map<EventId, EventVerdict.Incomplete> incomplete = new LinkedHashMap<>();
        for (RoomReply.Judged each : received.events()) {
          if (left.containsKey(each.event())) {
            any |= each.verdict() instanceof EventVerdict.Accepted;
            if (each.verdict() instanceof EventVerdict.Incomplete missing) {
              incomplete.put(each.event(), missing);
            }
          }
        }
        left.keySet().retainAll(incomplete.keySet());
        if (round < MOST_ROUNDS && !complete(incomplete)) {
          return any;
        }
      }
      return any;
    }

    private RoomInput.ReceiveEvents command() {
      return new RoomInput.ReceiveEvents(
          room,
          version.id(),
          RoomInput.Arrival.HISTORY,
          List.copyOf(left.values()),
          List.copyOf(outliers.values()),
          statesBefore,
          signers,
          unobtainable);
    }

    /// Asks for what is missing for the events that are furthest back.
    ///
    /// @return whether something came that was missing
    private boolean complete(Map<EventId, EventVerdict.Incomplete> incomplete)
        throws InterruptedException {
      List<Pdu> edges =
          left.values().stream()
              .filter(each -> isEdge(each.eventId(), incomplete))
              .sorted(Comparator.comparingLong(Pdu::depth))
              .limit(MOST_EDGES)
              .toList();
      boolean came = false;
      for (Pdu each : edges) {
        EventVerdict.Incomplete missing = incomplete.get(each.eventId());
        if (missing == null || isOver()) {
          continue;
        }
        if (!missing.prevEvents().isEmpty() && !statesBefore.containsKey(each.eventId())) {
          came |= fetchState(each);
        }
        if (!missing.authEvents().isEmpty() && !isOver()) {
          came |= fetchAuth(each, missing.authEvents());
        }
      }
      return came;
    }

    private boolean isOver() {
      return System.nanoTime() - end > 0;
    }

    /// Whether more is missing for it than what comes with it.
    private boolean isEdge(EventId event, Map<EventId, EventVerdict.Incomplete> incomplete) {
      EventVerdict.Incomplete missing = incomplete.get(event);
      return missing != null
          && (missing.prevEvents().stream().anyMatch(each -> !left.containsKey(each))
              || missing.authEvents().stream().anyMatch(each -> !left.containsKey(each)));
    }

    private boolean fetchState(Pdu event) throws InterruptedException {
      if (!(events.stateIds(server, room, event.eventId()) instanceof FetchedIds.Got ids)) {
        return false;
      }
      Set<EventId> wanted = new LinkedHashSet<>(ids.state());
      wanted.addAll(ids.authChain());
      Set<EventId> unknown = unknown(wanted);
      if (unknown.size() > MOST_SINGLE) {
        return fetchWholeState(event);
      }
      for (EventId each : unknown) {
        if (isOver()) {
          return false;
        }
        if (events.event(server, room, version, each) instanceof Fetched.Got(CheckedEvents got)) {
          keep(got);
        }
      }
      return tell(event, ids.state(), ids.authChain());
    }

    private boolean fetchWholeState(Pdu event) throws InterruptedException {
      Optional<Places.Place> taken = states.take(end);
      if (taken.isEmpty()) {
        return false;
      }
      Places.Place place = taken.get();
      try (place) {
        if (events.state(server, room, version, event.eventId())
            instanceof FetchedState.Got(List<EventId> state, CheckedEvents got)) {
          keep(got);
          return tell(event, state, List.of());
        }
        return false;
      } catch (InterruptedException e) {
        if (place.isGivenUp()) {
          return false;
        }
        throw e;
      }
    }

    /// The state before an event: what is known of it, or came. Of what cannot be had others may be
    /// authorised, which are then not.
    private boolean tell(Pdu event, List<EventId> state, List<EventId> chain) {
      Set<EventId> named = new LinkedHashSet<>(state);
      named.addAll(chain);
      outliers.values().forEach(each -> named.addAll(each.authEvents()));
      Set<EventId> missing = unknown(named);
      unobtainable.addAll(missing);
      statesBefore.put(
          event.eventId(), state.stream().filter(each -> !missing.contains(each)).toList());
      return true;
    }

    private boolean fetchAuth(Pdu event, Set<EventId> missing) throws InterruptedException {
      if (events.eventAuth(server, room, version, event.eventId())
          instanceof Fetched.Got(CheckedEvents got)) {
        keep(got);
        unobtainable.addAll(unknown(missing));
        return true;
      }
      return false;
    }

    private void keep(CheckedEvents got) {
      got.events().stream()
          .filter(each -> !left.containsKey(each.eventId()))
          .forEach(each -> outliers.putIfAbsent(each.eventId(), each));
      got.signers().forEach(signers::putIfAbsent);
    }

    /// A peer may name a hundred thousand: they are looked up together.
    private Set<EventId> unknown(Collection<EventId> ids) {
      Set<EventId> unknown = rooms.unknown(ids);
      unknown.removeAll(outliers.keySet());
      unknown.removeAll(left.keySet());
      return unknown;
    }
  }
}
