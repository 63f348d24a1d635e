package org.hearth.server.services.staging;

import java.util.Map;
import java.util.Optional;
import java.util.concurrent.ConcurrentHashMap;
import org.hearth.server.matrix.id.RoomId;
import org.hearth.server.matrix.version.RoomVersion;

/// Rooms that are on their way here: a user of this server joins them through another server. Those
/// in the room know of the join before the room's state is here, and send their events. These are
/// staged meanwhile, since who is told that an event is not taken does not send it again.
///
/// **bound**: the joins that are under way. **thread**: any.
public final class ArrivingRooms {
  private final Map<RoomId, Arriving> rooms = new ConcurrentHashMap<>();

  private record Arriving(RoomVersion version, int joins) {}

  /// The time of one join; to be closed at its end, once.
  public interface Arrival extends AutoCloseable {
    @Override
    void close();
  }

  /// A join is about to be handed in.
  ///
  /// @param version that the room is said to have
  /// @return to be closed when the room is here, or does not come
  public Arrival begin(RoomId room, RoomVersion version) {
    rooms.merge(
        room,
        new Arriving(version, 1),
        (before, _) -> new Arriving(before.version(), before.joins() + 1));
    return () ->
        rooms.computeIfPresent(
            room,
            (_, before) ->
                before.joins() == 1 ? null : new Arriving(before.version(), before.joins() - 1));
  }

  /// The version that a room is said to have that is on its way; empty for all others. Who asks for
  /// the room itself afterwards misses none that has come here in between.
  public Optional<RoomVersion> version(RoomId room) {
    return Optional.ofNullable(rooms.get(room)).map(Arriving::version);
  }
}
