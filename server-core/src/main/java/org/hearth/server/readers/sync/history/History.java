package org.hearth.server.readers.sync.history;

import java.util.Optional;
import org.hearth.server.http.Request;
import org.hearth.server.matrix.error.MatrixException;
import org.hearth.server.matrix.id.EventId;
import org.hearth.server.matrix.id.Identifiers;
import org.hearth.server.matrix.id.RoomId;
import org.hearth.server.readers.events.ClientEvents;
import org.hearth.server.readers.events.IgnoredUsers;
import org.hearth.server.readers.events.OwnMembership;
import org.hearth.server.readers.events.Timelines;
import org.hearth.server.readers.events.Viewer;
import org.hearth.server.readers.tokens.Snapshots;
import org.hearth.server.readers.tokens.Tokens;
import org.hearth.server.servers.room.RoomEvent;
import org.hearth.server.servers.room.RoomQueries;
import org.hearth.server.servers.room.Stretch;
import org.hearth.server.services.accountdata.AccountDataQueries;

/// What the calls that read a room's history are made of.
public record History(
    RoomQueries rooms,
    Timelines timelines,
    ClientEvents events,
    Snapshots snapshots,
    Tokens tokens,
    AccountDataQueries accountData,
    OlderHistory older) {
  /// So many bytes of memory are looked at to find out whether a page comes to the end of what is
  /// here.
  private static final long MOST_BYTES_AHEAD = 1 << 20;

  /// Who asks, without the messages of those whom they ignore.
  Viewer ignoring(Viewer viewer) {
    return viewer.ignoring(IgnoredUsers.of(accountData, viewer.user()));
  }

  /// The event that the path names, if it is in the room and the user may see it; all else is as if
  /// it were not there.
  ///
  /// @param room as the client named it; empty for whatever room it is in
  RoomEvent visible(Request request, Optional<String> room, Viewer viewer) {
    return Identifiers.read(EventId::parse, request.path("eventId"))
        .flatMap(rooms::event)
        .filter(event -> room.isEmpty() || room.get().equals(event.room().value()))
        .filter(event -> rooms.maySee(viewer.user(), event))
        .orElseThrow(() -> MatrixException.notFound("Event not found"));
  }

  /// Fetches older history if a reader backwards may come to where what is here ends, and more is
  /// missing. Only for who is in the room; not within a turn among large answers.
  ///
  /// @param before the place before which is read
  /// @param events how many are read at most
  OlderHistory.Fetching fetchBefore(RoomAccess access, RoomId room, long before, int events)
      throws InterruptedException {
    return events > 0
            && access instanceof RoomAccess.Member
            && !rooms.missingPrevious(room).isEmpty()
            && endsWithin(room, before, events)
        ? older.before(room)
        : OlderHistory.Fetching.DONE;
  }

  private boolean endsWithin(RoomId room, long before, int events) {
    int left = events;
    if (before > 0) {
      Stretch live = rooms.readable(room, new Stretch.Reach(true, 0, before - 1), size(left));
      if (live.full()) {
        return false;
      }
      left = Math.max(1, left - live.events().size());
    }
    long upTo = Math.min(before, 0) - 1;
    return !rooms.readable(room, new Stretch.Reach(true, Long.MIN_VALUE, upTo), size(left)).full();
  }

  private static Stretch.Size size(int events) {
    return new Stretch.Size(events, MOST_BYTES_AHEAD);
  }

  /// What the room is to the one who asks.
  OwnMembership own(RoomId room, Viewer viewer) {
    return OwnMembership.upTo(rooms, rooms.membership(room, viewer.user()));
  }
}
