package org.hearth.server.servers.room.read;

import java.util.ArrayList;
import java.util.Collection;
import java.util.HashMap;
import java.util.Iterator;
import java.util.List;
import java.util.Map;
import java.util.function.Function;
import java.util.function.Predicate;
import org.hearth.server.matrix.id.RoomId;
import org.hearth.server.servers.room.RoomEvent;
import org.hearth.server.servers.room.state.RoomMemory;
import org.hearth.server.servers.room.state.RoomView;
import org.hearth.server.servers.room.state.StoredEvents;

/// Events of any rooms as somebody may see them, whose eyes are made once for each of the rooms.
///
/// **thread**: any.
record VisibleEvents(RoomMemory memory) {
  /// Those of the events that pass, in their order.
  ///
  /// @param eyes of a room, whether somebody may see an event of it
  List<RoomEvent> among(
      Collection<RoomEvent> events, Function<RoomView, Predicate<StoredEvents.Stored>> eyes) {
    Map<RoomId, Predicate<StoredEvents.Stored>> byRoom = new HashMap<>();
    List<RoomEvent> visible = new ArrayList<>();
    Iterator<StoredEvents.Stored> stored =
        memory
            .events()
            .get(events.stream().map(each -> each.position().value()).toList())
            .iterator();
    for (RoomEvent event : events) {
      Predicate<StoredEvents.Stored> own =
          byRoom.computeIfAbsent(event.room(), _ -> eyes.apply(room(event)));
      if (own.test(stored.next())) {
        visible.add(event);
      }
    }
    return visible;
  }

  /// The room of an event that is here.
  RoomView room(RoomEvent event) {
    return memory
        .rooms()
        .find(event.room())
        .orElseThrow(() -> new IllegalArgumentException(event.room() + " is not a room here"));
  }
}
