package org.hearth.server.readers.sync.history;

import org.hearth.server.matrix.id.RoomId;
import org.hearth.server.readers.events.ClientEvents;
import org.hearth.server.readers.events.IgnoredUsers;
import org.hearth.server.readers.events.OwnMembership;
import org.hearth.server.readers.events.Timelines;
import org.hearth.server.readers.events.Viewer;
import org.hearth.server.readers.tokens.Snapshots;
import org.hearth.server.readers.tokens.Tokens;
import org.hearth.server.servers.room.RoomQueries;
import org.hearth.server.services.accountdata.AccountDataQueries;

/// What the calls that read a room's history are made of.
public record History(
    RoomQueries rooms,
    Timelines timelines,
    ClientEvents events,
    Snapshots snapshots,
    Tokens tokens,
    AccountDataQueries accountData) {
  /// Who asks, without the messages of those whom they ignore.
  Viewer ignoring(Viewer viewer) {
    return viewer.ignoring(IgnoredUsers.of(accountData, viewer.user()));
  }

  /// What the room is to the one who asks.
  OwnMembership own(RoomId room, Viewer viewer) {
    return OwnMembership.upTo(rooms, rooms.membership(room, viewer.user()));
  }
}
