package org.hearth.server.servers.room;

import java.util.Collection;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.function.Consumer;
import org.hearth.server.matrix.id.EventId;
import org.hearth.server.matrix.id.RoomId;
import org.hearth.server.matrix.id.ServerName;

/// What is to be known of rooms before another server is told of them, or says something. Beside
/// [RoomQueries], and of the same box.
///
/// **thread**, **shape** and **errors**: as of [RoomQueries].
public interface PeerQueries {
  /// The servers whose users are joined now, this one too.
  Set<ServerName> servers(RoomId room);

  /// Whether the room's `m.room.server_acl` lets that server take part, now.
  boolean isAllowed(RoomId room, ServerName server);

  /// Those of the events that a server may see: by the room's history visibility and the
  /// memberships of its users; also what is in the room's current state, which is told to all who
  /// are in the room, and what its own users have sent. In their order, without what was rejected
  /// or has no place in the room's graph.
  List<RoomEvent> visible(ServerName server, Collection<RoomEvent> events);

  /// Those of the events about which a server may ask, in their order: it is in the room now, or
  /// was in it when the event came here, or a user of it was joined before or after the event.
  ///
  /// Whoever lost its last user while it was away, or because branches of the room's history came
  /// together, needs these to see that. What came after that time is not among them.
  List<RoomEvent> askable(ServerName server, Collection<RoomEvent> events);

  /// Whether the last users of that server are out of the room because branches of the room's
  /// history came together, and not because they left or were sent away.
  boolean isTakenOut(RoomId room, ServerName server);

  /// Whether a user of that server was joined before or after the event.
  boolean wasJoined(ServerName server, RoomEvent event);

  /// The event nearest to a moment that a server may see that is in the room now.
  ///
  /// @param timestamp milliseconds since 1970
  /// @param forwards the first at or after the moment, else the last at or before it
  Optional<RoomEvent> eventNear(RoomId room, ServerName server, long timestamp, boolean forwards);

  /// These events of the room, their auth events, theirs and so on, each once and in no order. What
  /// is not here, or in another room, is left out.
  ///
  /// @param each is told of one after the other, so that not all have to be in memory
  void authChain(RoomId room, Collection<EventId> events, Consumer<RoomEvent> each);
}
