package org.hearth.server.servers.room.receive;

import java.util.Optional;
import org.hearth.server.logs.RoomInput.Arrival;
import org.hearth.server.matrix.auth.AuthRule;
import org.hearth.server.matrix.auth.AuthState;
import org.hearth.server.matrix.auth.KnownEvents;
import org.hearth.server.matrix.auth.SignedBy;
import org.hearth.server.matrix.checks.Check;
import org.hearth.server.matrix.checks.Outcome;
import org.hearth.server.matrix.checks.Place;
import org.hearth.server.matrix.checks.ReceiptChecks;
import org.hearth.server.matrix.event.Pdu;
import org.hearth.server.matrix.id.EventId;
import org.hearth.server.servers.room.state.EventRef;
import org.hearth.server.servers.room.state.StateSnapshot;
import org.jspecify.annotations.Nullable;

/// Judges events of others by what is known of the room: checks 4 to 6 on receipt.
///
/// **thread**: the shard's; for one command.
///
/// **source**: [checks performed on receipt of a
/// PDU](https://spec.matrix.org/v1.19/server-server-api/#checks-performed-on-receipt-of-a-pdu)
final class AuthorizationChecks {
  private final RoomHistory history;
  private final ForwardExtremities extremities;
  private final KnownEvents judgedBefore;
  private @Nullable EventId create;

  AuthorizationChecks(RoomHistory history, ForwardExtremities extremities) {
    this.history = history;
    this.extremities = extremities;
    EventRef created = history.view().createOrNull();
    this.create = created == null ? null : history.event(created).eventId();
    this.judgedBefore =
        id ->
            Optional.ofNullable(history.find(id))
                .map(known ->
                    new KnownEvents.KnownEvent(known.event(), known.standing().isRejected()));
  }

  /// An event was accepted; it may be the one that makes the room.
  void accepted(Pdu event) {
    create = event.isCreate() ? event.eventId() : create;
  }

  /// Checks 4 to 6.
  ///
  /// @param arrival whether check 6 applies: of history it does not
  Outcome judge(Pdu event, StateSnapshot before, SignedBy signatures, Arrival arrival) {
    if (isSecondCreate(event)) {
      return secondCreate();
    }
    return ReceiptChecks.judge(event, signatures, new Around(before, arrival));
  }

  /// Check 4: of an event without a place.
  Outcome byAuthEvents(Pdu event, SignedBy signatures) {
    if (isSecondCreate(event)) {
      return secondCreate();
    }
    return ReceiptChecks.judgeByAuthEvents(event, signatures, judgedBefore);
  }

  /// No rule speaks of a second create event, and every other rule takes for granted that there is
  /// one: it is refused as what may only be first, like one that has previous events.
  private boolean isSecondCreate(Pdu event) {
    return event.isCreate() && create != null && !create.equals(event.eventId());
  }

  private Outcome secondCreate() {
    return new Outcome.Rejected(
        Check.AUTH_EVENTS, AuthRule.CREATE_HAS_PREV_EVENTS, "the room was created by " + create);
  }

  /// What is around an event that gets a place.
  private final class Around implements Place {
    private final StateSnapshot before;
    private final Arrival arrival;

    Around(StateSnapshot before, Arrival arrival) {
      this.before = before;
      this.arrival = arrival;
    }

    @Override
    public Optional<KnownEvent> find(EventId id) {
      return judgedBefore.find(id);
    }

    @Override
    public AuthState stateBefore() {
      return history.authState(before);
    }

    @Override
    public Optional<AuthState> currentState() {
      if (!arrival.isJudgedByNow()) {
        return Optional.empty();
      }
      StateSnapshot current = extremities.state();
      return current.size() == 0 || current.number() == before.number()
          ? Optional.empty()
          : Optional.of(history.authState(current));
    }
  }
}
