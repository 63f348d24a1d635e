package org.hearth.server.servers.room.receive;

import java.util.HashSet;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.function.Predicate;
import org.hearth.server.logs.EventVerdict;
import org.hearth.server.matrix.event.Pdu;
import org.hearth.server.matrix.event.PduFormat;
import org.hearth.server.matrix.id.EventId;
import org.hearth.server.servers.room.shard.GraphEvent;
import org.hearth.server.servers.room.state.EventRef;
import org.hearth.server.servers.room.state.GraphRows;
import org.hearth.server.servers.room.state.RefusedCounts;
import org.hearth.server.servers.room.state.Standing;
import org.hearth.server.servers.room.state.Wants;
import org.jspecify.annotations.Nullable;

/// Says which events are missing for one that has come, and notes for what they are wanted, so that
/// they are put to use when they come.
///
/// **thread**: the shard's; for one command.
final class MissingEvents {
  /// Of an event of history that cites more than events may now, so many are remembered that are
  /// missing: a peer may make it cite more than a thousand.
  private static final int MOST_PREVIOUS = PduFormat.MAX_PREV_EVENTS;

  private static final int MOST_AUTH = PduFormat.MAX_AUTH_EVENTS;

  private final RoomHistory history;

  /// Of whom this command has brought redactions of events that are not here.
  private final Set<String> redacting = new LinkedHashSet<>();

  /// Auth events that no server gives us.
  private final Set<EventId> unobtainable;

  MissingEvents(RoomHistory history, Set<EventId> unobtainable) {
    this.history = history;
    this.unobtainable = unobtainable;
  }

  /// What is needed to judge the event and is not here.
  Optional<EventVerdict> missing(Pdu event, boolean outlier, @Nullable List<EventId> given) {
    Set<EventId> auth = notHere(event.authEvents(), _ -> true);
    auth.removeAll(unobtainable);
    Set<EventId> previous = Set.of();
    Set<EventId> state = Set.of();
    if (given != null) {
      state = notHere(given, _ -> true);
    } else if (!outlier) {
      previous = notHere(event.prevEvents(), known -> known.standing().isPlaced());
    }
    for (EventId id : outlier || given != null ? List.<EventId>of() : event.prevEvents()) {
      GraphEvent known = history.find(id);
      if (known != null && known.room() != room()) {
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

  /// Whether an accepted event is here already that has this one as a previous event.
  boolean isFollowed(EventId id) {
    Wants wants = history.wants(id);
    return wants.has(Wants.Kind.PREVIOUS) || wants.has(Wants.Kind.FOLLOWED);
  }

  /// The rejected events before an accepted one: they are followed, whatever becomes of them.
  void noteRejected(GraphEvent event) {
    for (EventId id : first(MOST_PREVIOUS, event.event().prevEvents())) {
      GraphEvent previous = history.find(id);
      if (previous != null && previous.standing().isRejected()) {
        want(id, Wants.Kind.FOLLOWED, event.ref());
      }
    }
  }

  private static List<EventId> first(int most, List<EventId> ids) {
    return ids.size() <= most ? ids : ids.subList(0, most);
  }

  private void want(EventId id, Wants.Kind kind, EventRef by) {
    var _ = want(id, kind, by, Wants.OF_NOBODY);
  }

  private boolean want(EventId id, Wants.Kind kind, EventRef by, String share) {
    boolean isNew = history.changedWants(id).add(kind, by, share);
    if (isNew) {
      history.decision().change(GraphRows.wanted(room(), id, kind, by, share));
    }
    return isNew;
  }

  /// An accepted redaction of an event that is not here waits for it.
  ///
  /// @param ofAny whether it takes effect whoever has sent that event
  void wantTarget(EventId target, GraphEvent redaction, boolean ofAny) {
    String share = ofAny ? Wants.OF_MODERATORS : RefusedCounts.site(redaction.event());
    if (want(target, Wants.Kind.REDACTED, redaction.ref(), share)) {
      redacting.add(share);
    }
  }

  /// The end: no more redactions wait than may.
  void finish() {
    for (String share : redacting) {
      history.decision().change(GraphRows.boundRedactions(room(), share));
    }
    if (redacting.stream().anyMatch(share -> !share.equals(Wants.OF_MODERATORS))) {
      history.decision().change(GraphRows.boundRedactions(room()));
    }
  }

  private long room() {
    return history.view().info().number();
  }

  List<EventRef> takeWant(EventId id, Wants.Kind kind) {
    if (!history.wants(id).has(kind)) {
      return List.of();
    }
    history.decision().change(GraphRows.found(room(), id, kind));
    return history.changedWants(id).take(kind);
  }

  /// Notes the gap before an event whose state a peer has given: the events before it are history
  /// when they come later.
  void noteGaps(Pdu event, @Nullable List<EventId> given, boolean isNewAndLive) {
    if (given == null) {
      return;
    }
    GraphEvent now = history.find(event.eventId());
    boolean missing = false;
    for (EventId id : first(MOST_PREVIOUS, event.prevEvents())) {
      GraphEvent previous = history.find(id);
      if (now != null && (previous == null || !previous.standing().isPlaced())) {
        want(id, Wants.Kind.PREVIOUS, now.ref());
        missing = true;
      }
    }
    if (missing && now != null && isNewAndLive && now.standing() == Standing.ACCEPTED) {
      history.decision().change(GraphRows.gap(now.room(), now.ref()));
    }
  }

  /// A rejection for want of auth events, or because of rejected ones, is not for ever.
  void wantAuthEvents(GraphEvent rejected) {
    for (EventId id : first(MOST_AUTH, rejected.event().authEvents())) {
      GraphEvent auth = history.find(id);
      if (auth == null || auth.standing().isRejected()) {
        want(id, Wants.Kind.AUTH, rejected.ref());
      }
    }
  }
}
