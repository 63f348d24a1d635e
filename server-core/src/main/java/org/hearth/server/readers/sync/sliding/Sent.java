package org.hearth.server.readers.sync.sliding;

import java.util.Optional;
import org.hearth.ringlogs.LogPosition;

/// What a connection has been sent of a room.
///
/// Each kind of news has an up-to: [#LIVE] as long as the client has all up to the connection's own
/// point, so that most answers change no entry; a position once there was news that was not sent.
///
/// @param events up to where the client has what happened
/// @param accountData up to where it has the user's data of the room
/// @param receipts up to where it has the receipts
/// @param limit the most events of a timeline when the room was last wanted
/// @param covered so many of the newest events at least the client has without a gap
/// @param state the number of the state that was wanted then
/// @param dm whether the client was told that the room is a direct one
record Sent(
    long events, long accountData, long receipts, int limit, int covered, long state, boolean dm) {
  /// Up to the connection's own point.
  static final long LIVE = Long.MAX_VALUE;

  /// Nothing.
  static final long NEVER = -1;

  /// The number of [RequiredState#NONE].
  static final long NO_STATE = 0;

  /// Every event of the room.
  static final int ALL = Integer.MAX_VALUE;

  /// About what an entry takes with the nodes of the map.
  static final int BYTES = 160;

  /// One of the kinds of news.
  enum Kind {
    EVENTS,
    ACCOUNT_DATA,
    RECEIPTS
  }

  long upTo(Kind kind) {
    return switch (kind) {
      case EVENTS -> events;
      case ACCOUNT_DATA -> accountData;
      case RECEIPTS -> receipts;
    };
  }

  Sent with(Kind kind, long upTo) {
    return new Sent(
        kind == Kind.EVENTS ? upTo : events,
        kind == Kind.ACCOUNT_DATA ? upTo : accountData,
        kind == Kind.RECEIPTS ? upTo : receipts,
        limit,
        covered,
        state,
        dm);
  }

  /// The same of a room that is wanted otherwise, and of which so many events are covered now.
  Sent with(RoomConfig wanted, int nowCovered, boolean nowDm) {
    return new Sent(
        events, accountData, receipts, wanted.limit(), nowCovered, wanted.number(), nowDm);
  }

  /// Up to where the client has a kind of news; empty for nothing.
  ///
  /// @param point the connection's own
  Optional<LogPosition> since(Kind kind, LogPosition point) {
    long upTo = upTo(kind);
    if (upTo == NEVER) {
      return Optional.empty();
    }
    return Optional.of(upTo == LIVE ? point : new LogPosition(upTo));
  }
}
