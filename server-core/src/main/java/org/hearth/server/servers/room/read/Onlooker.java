package org.hearth.server.servers.room.read;

import java.util.List;
import org.hearth.ringlogs.LogPosition;
import org.hearth.server.matrix.auth.Membership;
import org.hearth.server.matrix.event.Pdu;
import org.hearth.server.matrix.event.StateKey;
import org.hearth.server.servers.room.RoomState;
import org.hearth.server.servers.room.state.StoredEvents;

/// Who looks at the history of one room: a user, or all users of another server together.
///
/// **thread**: one.
interface Onlooker {
  /// Whether an event may be shown at all, whatever the room's history visibility.
  boolean isShown(StoredEvents.Stored event);

  /// Whether an event sets a membership of theirs.
  boolean isOwnMembership(Pdu event);

  /// What they are by a state: of several users, whatever shows most.
  Membership membership(RoomState state);

  /// The position of the newest event by which they were made a member; of who never was, the
  /// position before all.
  LogPosition lastJoin();

  /// The state keys by which what they may see changes, beside the history visibility; perhaps not
  /// all.
  List<StateKey> memberKeys();
}
