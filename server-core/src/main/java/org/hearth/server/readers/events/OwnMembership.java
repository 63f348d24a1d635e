package org.hearth.server.readers.events;

import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.hearth.ringlogs.LogPosition;
import org.hearth.server.matrix.auth.Membership;
import org.hearth.server.matrix.event.StateKey;
import org.hearth.server.servers.room.RoomEvent;
import org.hearth.server.servers.room.RoomMembership;
import org.hearth.server.servers.room.RoomQueries;

/// What one user was to one room, back through time: read member event by member event, no further
/// than asked.
///
/// **Bound:** who left is looked for through [#MOST_STEPS] memberships, for others may invite
/// somebody who was never in the room, and withdraw that, as often as they like.
///
/// **Thread:** one request's.
public final class OwnMembership {
  static final int MOST_STEPS = 1_000;

  /// From that position on the membership was this, until the step before.
  private record Step(LogPosition position, Membership membership) {}

  private final RoomQueries rooms;
  private final List<Step> newestFirst = new ArrayList<>();

  private OwnMembership(RoomQueries rooms) {
    this.rooms = rooms;
  }

  /// The memberships up to one of them.
  ///
  /// @param newest the newest to be looked at; empty when there never was one
  public static OwnMembership upTo(RoomQueries rooms, Optional<RoomMembership> newest) {
    OwnMembership own = new OwnMembership(rooms);
    own.newestFirst.add(
        newest
            .map(each -> new Step(each.position(), each.membership()))
            .orElseGet(OwnMembership::never));
    return own;
  }

  private static Step never() {
    return new Step(LogPosition.ORIGIN, Membership.LEAVE);
  }

  /// The membership after the entry at that position; "if the user had yet to join the room at the
  /// time of the event (i.e, they have no m.room.member state), … `leave`".
  public Membership at(LogPosition position) {
    int i = 0;
    while (step(i).position().isAfter(position)) {
      i++;
    }
    return step(i).membership();
  }

  /// The membership after all that was to be looked at.
  Membership newest() {
    return step(0).membership();
  }

  /// Whether the user was joined at that position and has been ever since.
  public boolean joinedEverSince(LogPosition position) {
    int i = 0;
    while (step(i).membership() == Membership.JOIN) {
      if (!step(i).position().isAfter(position)) {
        return true;
      }
      i++;
    }
    return false;
  }

  /// Where the user, who is not joined, ceased to be; empty if the user never was, or if
  /// [#MOST_STEPS] invitations, bans and ends of them came after it.
  public Optional<LogPosition> leftAt() {
    return leftAt(LogPosition.ORIGIN);
  }

  /// Where the user, who is not joined, ceased to be after that position; else empty as above.
  public Optional<LogPosition> leftAt(LogPosition since) {
    for (int i = 0; i < MOST_STEPS && step(i).position().isAfter(since); i++) {
      if (step(i + 1).membership() == Membership.JOIN) {
        return Optional.of(step(i).position());
      }
    }
    return Optional.empty();
  }

  private Step step(int index) {
    while (newestFirst.size() <= index) {
      newestFirst.add(before(newestFirst.getLast()));
    }
    return newestFirst.get(index);
  }

  private Step before(Step step) {
    return rooms
        .eventAt(step.position())
        .flatMap(rooms::replacedBy)
        .map(event -> new Step(event.position(), membershipOf(event)))
        .orElseGet(OwnMembership::never);
  }

  /// The member event that a membership comes from; empty where its position is another entry's.
  public static Optional<RoomEvent> event(RoomQueries rooms, RoomMembership membership) {
    StateKey member = StateKey.member(membership.user().value());
    return rooms
        .eventAt(membership.position())
        .filter(each -> each.pdu().stateKeyPair().equals(Optional.of(member)));
  }

  /// The membership that a member event sets; a word that is not known counts as leave.
  public static Membership membershipOf(RoomEvent event) {
    return Membership.of(event.pdu()).orElse(Membership.LEAVE);
  }
}
