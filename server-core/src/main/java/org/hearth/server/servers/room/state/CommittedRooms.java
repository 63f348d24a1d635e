package org.hearth.server.servers.room.state;

import com.github.benmanes.caffeine.cache.Cache;
import com.github.benmanes.caffeine.cache.Caffeine;
import java.util.Optional;
import org.hearth.server.matrix.id.RoomId;

/// What is committed of each room, kept in memory within a budget of bytes. A room that is larger
/// than half of it counts as half, so that it is not read from the database each time.
///
/// **thread**: any; `committed` the committer's only.
public final class CommittedRooms {
  private final RoomLoader loader;
  private final Cache<RoomId, RoomView> rooms;

  CommittedRooms(RoomLoader loader, long maximumBytes) {
    this.loader = loader;
    this.rooms =
        Caffeine.newBuilder()
            .maximumWeight(maximumBytes)
            .weigher((RoomId _, RoomView view) ->
                (int) Math.min(view.weightBytes(), Math.max(1, maximumBytes / 2)))
            .executor(Runnable::run)
            .build();
  }

  /// The room as it is committed.
  public Optional<RoomView> find(RoomId room) {
    RoomView kept = rooms.getIfPresent(room);
    if (kept != null) {
      return Optional.of(kept);
    }
    return loader.load(room).map(this::keepNewer);
  }

  /// A commit brought the room to this.
  public void committed(RoomView view) {
    keepNewer(view);
  }

  /// Forgets a room that is to be read again.
  public void forget(RoomId room) {
    rooms.invalidate(room);
  }

  /// Forgets all rooms.
  public void clear() {
    rooms.invalidateAll();
  }

  /// What a commit says and what was read at the same time may come here in either order.
  private RoomView keepNewer(RoomView view) {
    return rooms
        .asMap()
        .merge(
            view.info().id(),
            view,
            (kept, offered) ->
                offered.last().position() >= kept.last().position() ? offered : kept);
  }
}
