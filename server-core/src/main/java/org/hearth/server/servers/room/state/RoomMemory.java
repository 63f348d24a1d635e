package org.hearth.server.servers.room.state;

import org.hearth.server.servers.room.RoomServerOptions;
import org.hearth.server.store.ReadPool;

/// What is kept in memory of what is committed: rooms, events, states, and the rooms of users.
///
/// **thread**: any.
public record RoomMemory(
    CommittedRooms rooms,
    StoredEvents events,
    EncodedEvents encoded,
    StoredStates states,
    UserRooms userRooms) {

  /// An empty memory.
  public static RoomMemory over(ReadPool reads, RoomServerOptions options) {
    return new RoomMemory(
        new CommittedRooms(new RoomLoader(reads), options.roomBytes()),
        new StoredEvents(reads, options.eventBytes()),
        new EncodedEvents(reads, options.encodedBytes()),
        new StoredStates(reads, options.stateBytes()),
        new UserRooms(reads, options.userBytes()));
  }

  /// An event was redacted by a commit: it is read again in its redacted form. The committer's
  /// only.
  public void redacted(long position) {
    events.redacted(position);
    encoded.redacted(position);
  }
}
