package org.hearth.server.readers.sync.sliding;

import com.github.benmanes.caffeine.cache.Cache;
import com.github.benmanes.caffeine.cache.Caffeine;
import java.util.Optional;
import java.util.Set;
import org.hearth.ringlogs.LogPosition;
import org.hearth.server.matrix.id.RoomId;
import org.hearth.server.servers.room.RoomEvent;
import org.hearth.server.servers.room.RoomQueries;
import org.hearth.server.servers.room.Stretch;
import org.jspecify.annotations.Nullable;

/// When somebody last did in a room what people look at: `bump_stamp`, "an integer that can be used
/// to sort rooms based on the last \"proper\" activity in the room".
///
/// It is looked for backwards once a room, and then only in what came since.
///
/// **Bound:** [#MOST_ROOMS]. **Thread:** any.
final class Bumps {
  static final int MOST_ROOMS = 20_000;

  /// So far back it is looked for; beyond, where the look ended is as good.
  static final int MOST_SCANNED = 200;

  private static final int PIECE = 20;
  private static final long PIECE_BYTES = 1 << 20;

  private static final Set<String> TYPES =
      Set.of(
          "m.room.create",
          "m.room.message",
          "m.room.encrypted",
          "m.sticker",
          "m.call.invite",
          "m.poll.start",
          "m.beacon_info");

  private final RoomQueries rooms;
  private final Cache<RoomId, Bump> known =
      Caffeine.newBuilder().maximumSize(MOST_ROOMS).executor(Runnable::run).build();

  /// @param asOf up to where it was looked
  private record Bump(LogPosition asOf, long stamp) {}

  Bumps(RoomQueries rooms) {
    this.rooms = rooms;
  }

  /// The stamp of a room as of that position, or later.
  long of(RoomId room, LogPosition now) {
    @Nullable Bump before = known.getIfPresent(room);
    if (before != null && !now.isAfter(before.asOf())) {
      return before.stamp();
    }
    LogPosition after = before == null ? LogPosition.ORIGIN : before.asOf();
    long stamp = look(room, after, now).orElseGet(() -> before == null ? 0 : before.stamp());
    known.put(room, new Bump(now, stamp));
    return stamp;
  }

  /// Empty if nothing that counts came after that position.
  private Optional<Long> look(RoomId room, LogPosition after, LogPosition now) {
    long upTo = now.value();
    for (int scanned = 0; scanned < MOST_SCANNED; scanned += PIECE) {
      Stretch stretch =
          rooms.readable(
              room,
              new Stretch.Reach(true, after.value(), upTo),
              new Stretch.Size(PIECE, PIECE_BYTES));
      for (RoomEvent each : stretch.events()) {
        if (TYPES.contains(each.type())) {
          return Optional.of(each.position().value());
        }
      }
      if (!stretch.full()) {
        return Optional.empty();
      }
      upTo = stretch.last() - 1;
    }
    return after.equals(LogPosition.ORIGIN) ? Optional.of(Math.max(upTo, 0)) : Optional.empty();
  }
}
