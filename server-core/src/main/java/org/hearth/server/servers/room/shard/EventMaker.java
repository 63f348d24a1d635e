package org.hearth.server.servers.room.shard;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.Function;
import org.hearth.server.logs.RoomReply.Refusal;
import org.hearth.server.matrix.auth.AuthEventSelection;
import org.hearth.server.matrix.auth.AuthRule;
import org.hearth.server.matrix.auth.AuthRules;
import org.hearth.server.matrix.auth.AuthState;
import org.hearth.server.matrix.auth.AuthVerdict;
import org.hearth.server.matrix.error.Errcode;
import org.hearth.server.matrix.error.MatrixException;
import org.hearth.server.matrix.event.EventDraft;
import org.hearth.server.matrix.event.EventLinks;
import org.hearth.server.matrix.event.Pdu;
import org.hearth.server.matrix.event.StateKey;
import org.hearth.server.matrix.id.EventId;
import org.hearth.server.matrix.json.UnpaddedBase64;
import org.hearth.server.matrix.sign.LocalEvents;
import org.hearth.server.matrix.version.RoomVersion;
import org.hearth.server.servers.room.state.EventRef;
import org.hearth.server.servers.room.state.RoomView;
import org.hearth.server.servers.room.state.StoredEvents;

/// Makes an event of a draft in its place in the room, and judges it.
///
/// **thread**: any; no state of its own.
public final class EventMaker {
  private final LocalEvents localEvents;
  private final StoredEvents events;

  public EventMaker(LocalEvents localEvents, StoredEvents events) {
    this.localEvents = localEvents;
    this.events = events;
  }

  /// The event, or why it cannot be.
  public sealed interface Made {
    /// It may be added.
    ///
    /// @param replaced the event that its state key has now; empty when none has, or it is not
    ///   state
    record Event(Pdu pdu, Optional<Pdu> replaced) implements Made {}

    /// It may not.
    record Refused(Refusal refusal, String detail) implements Made {}
  }

  /// Makes the event after the room's newest ones and judges it by the current state.
  public Made make(EventDraft draft, RoomView room, long originServerTs) {
    return make(draft, room, originServerTs, this::event);
  }

  /// Makes the event after the room's newest ones and judges it by the current state.
  ///
  /// @param read finds the events
  public Made make(
      EventDraft draft, RoomView room, long originServerTs, Function<EventRef, Pdu> read) {
    CurrentState state = new CurrentState(room, read);
    Pdu event;
    try {
      event =
          localEvents.make(
              draft,
              new EventLinks(
                  extremities(room, read),
                  authEvents(draft, room, state),
                  room.depth() + 1,
                  originServerTs,
                  hashes(draft, room, state, read)),
              room.info().version());
    } catch (MatrixException e) {
      return new Made.Refused(
          e.is(Errcode.TOO_LARGE) ? Refusal.TOO_LARGE : Refusal.BAD_CONTENT, e.safeMessage());
    }
    return switch (AuthRules.check(event, state)) {
      case AuthVerdict.Allowed() -> new Made.Event(event, replaced(event, state));
      case AuthVerdict.Rejected(var rule, var detail) ->
          new Made.Refused(isAboutForm(rule) ? Refusal.BAD_CONTENT : Refusal.FORBIDDEN, detail);
    };
  }

  /// Makes an event that follows another one of which the room is not here: it is judged by nobody.
  ///
  /// @return empty if it would not be an event of that room version
  public Optional<Pdu> after(Pdu event, EventDraft draft, long originServerTs) {
    List<EventId> cited = List.of(event.eventId());
    Map<EventId, String> hashes =
        event.version().eventIds().isHash()
            ? Map.of()
            : Map.of(event.eventId(), UnpaddedBase64.encode(event.referenceHash()));
    try {
      return Optional.of(
          localEvents.make(
              draft,
              new EventLinks(cited, cited, event.depth() + 1, originServerTs, hashes),
              event.version()));
    } catch (MatrixException _) {
      return Optional.empty();
    }
  }

  /// Whether a rule is about what an event looks like: nobody may send such a one.
  private static boolean isAboutForm(AuthRule rule) {
    return switch (rule) {
      case CREATE_ADDITIONAL_CREATORS,
          MEMBER_MALFORMED,
          MEMBERSHIP_UNKNOWN,
          POWER_LEVELS_NOT_INTEGER,
          POWER_LEVELS_ENTRY_NOT_INTEGER,
          POWER_LEVELS_USERS_MALFORMED,
          POWER_LEVELS_NAME_CREATOR ->
          true;
      default -> false;
    };
  }

  /// The event that a reference leads to.
  public Pdu event(EventRef ref) {
    Pdu pending = ref.pending();
    return pending != null ? pending : events.get(ref.position()).shown().pdu();
  }

  /// The current state of a room, for the rules; each event is looked up once.
  public AuthState stateOf(RoomView room) {
    return new CurrentState(room, this::event);
  }

  private static List<EventId> extremities(RoomView room, Function<EventRef, Pdu> read) {
    List<EventId> ids = new ArrayList<>(room.extremities().size());
    for (EventRef each : room.extremities()) {
      ids.add(read.apply(each).eventId());
    }
    return ids;
  }

  /// "`[event_id, {"sha256": hash}]` pairs" are what events of room versions 1 and 2 cite.
  private static Map<EventId, String> hashes(
      EventDraft draft, RoomView room, CurrentState state, Function<EventRef, Pdu> read) {
    RoomVersion version = room.info().version();
    if (version.eventIds().isHash()) {
      return Map.of();
    }
    Map<EventId, String> hashes = new HashMap<>();
    List<Pdu> cited = new ArrayList<>();
    room.extremities().forEach(each -> cited.add(read.apply(each)));
    AuthEventSelection.keysFor(draft, version).forEach(key -> state.get(key).ifPresent(cited::add));
    for (Pdu event : cited) {
      hashes.put(event.eventId(), UnpaddedBase64.encode(event.referenceHash()));
    }
    return hashes;
  }

  private static List<EventId> authEvents(EventDraft draft, RoomView room, CurrentState state) {
    List<EventId> ids = new ArrayList<>();
    for (StateKey key :
        AuthEventSelection.keysFor(
            room.info().version(),
            draft.type(),
            draft.sender(),
            draft.stateKey(),
            draft.content())) {
      state.get(key).ifPresent(event -> ids.add(event.eventId()));
    }
    return ids;
  }

  private static Optional<Pdu> replaced(Pdu event, CurrentState state) {
    return event.stateKeyPair().flatMap(state::get);
  }

  private static final class CurrentState implements AuthState {
    private final RoomView room;
    private final Function<EventRef, Pdu> read;
    private final Map<StateKey, Optional<Pdu>> known = new HashMap<>();

    CurrentState(RoomView room, Function<EventRef, Pdu> read) {
      this.room = room;
      this.read = read;
    }

    @Override
    public Optional<Pdu> get(StateKey key) {
      Optional<Pdu> before = known.get(key);
      if (before == null) {
        before = Optional.ofNullable(room.current(key)).map(read);
        known.put(key, before);
      }
      return before;
    }
  }
}
