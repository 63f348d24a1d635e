package org.hearth.server.readers.tokens;

import org.hearth.ringlogs.LogPosition;
import org.hearth.server.servers.room.RoomEvent;

/// Makes the tokens of this database's history, and knows them again.
///
/// @param epoch of the database
public record Tokens(long epoch) {
  public SyncToken at(LogPosition position) {
    return new SyncToken(position, epoch);
  }

  /// The token of a point that an answer comes to.
  public SyncToken of(SyncPoint point) {
    return new SyncToken(point, epoch, 0);
  }

  /// The point just before the event of history that has that place; of place 0, the beginning of
  /// the live timeline.
  public SyncToken inHistory(long place) {
    return new SyncToken(new SyncPoint(LogPosition.ORIGIN), epoch, -place);
  }

  /// The point just before an event of that place, which may be of history.
  public SyncToken before(long place) {
    return place < 0 ? inHistory(place) : at(new LogPosition(place - 1));
  }

  /// The point just after an event of that place, which may be of history.
  public SyncToken after(long place) {
    return place < 0 ? inHistory(place + 1) : at(new LogPosition(place));
  }

  /// The point just before an event.
  public SyncToken before(RoomEvent event) {
    return event.isHistory()
        ? inHistory(event.place())
        : at(new LogPosition(event.position().value() - 1));
  }

  /// The point just after an event.
  public SyncToken after(RoomEvent event) {
    return event.isHistory() ? inHistory(event.place() + 1) : at(event.position());
  }

  /// Whether what the token's holder knows is what happened here. A database that was restored has
  /// a new epoch, and may not yet have come to the position of a token from before.
  ///
  /// @param head the newest position there is
  public boolean isOurs(SyncToken token, LogPosition head) {
    return token.epoch() == epoch && !token.position().isAfter(head);
  }
}
