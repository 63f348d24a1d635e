package org.hearth.server.servers.notification;

import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import org.hearth.server.matrix.auth.Membership;
import org.hearth.server.matrix.id.UserId;
import org.hearth.server.matrix.push.PushOutcome;
import org.hearth.server.servers.room.OutsideRoom;
import org.hearth.server.servers.room.RoomEvent;
import org.hearth.server.servers.room.RoomMembership;
import org.hearth.server.servers.room.RoomQueries;

/// The invitations that wait for a user's answer, as what the user "has been, or would have been
/// notified about".
///
/// Nothing of them is kept: the rules are asked again, so that what has been changed since holds.
/// There is no receipt in a room to which one is invited, so none is read. When it was told is not
/// known either: its time is that of the event.
///
/// **bound**: the newest [#MOST] are looked at. **thread**: any; a call reads their events.
final class Invitations {
  static final int MOST = 100;

  private final RoomQueries rooms;
  private final Evaluation evaluation;

  Invitations(RoomQueries rooms, Evaluation evaluation) {
    this.rooms = rooms;
    this.evaluation = evaluation;
  }

  /// Those that notify the user, newest first.
  ///
  /// @param before as [NotificationQueries#notifications] has it
  List<Notification> of(UserId user, long before, boolean highlights, int limit) {
    List<RoomMembership> newest =
        rooms.roomsOf(user, Set.of(Membership.INVITE)).stream()
            .sorted(Comparator.comparing(RoomMembership::position).reversed())
            .limit(MOST)
            .toList();
    List<Notification> found = new ArrayList<>();
    for (RoomMembership each : newest) {
      if (found.size() < limit && each.position().value() < before) {
        notification(each)
            .filter(notification -> notification.highlight() || !highlights)
            .ifPresent(found::add);
      }
    }
    return found;
  }

  private Optional<Notification> notification(RoomMembership invited) {
    return rooms
        .eventAt(invited.position())
        .or(() -> rooms.outside(invited.room(), invited.user()).map(OutsideRoom::asEvent))
        .filter(event -> event.redactedBecause() == null)
        .flatMap(event ->
            evaluation
                .ofOther(event.pdu(), invited.user())
                .map(outcome -> notification(event, outcome)));
  }

  private static Notification notification(RoomEvent event, PushOutcome outcome) {
    return new Notification(
        event.position().value(),
        event.room(),
        event.id(),
        outcome.actions(),
        outcome.highlights(),
        false,
        event.pdu().originServerTs());
  }
}
