package org.hearth.server.readers.events;

import java.util.List;
import java.util.stream.Gatherers;
import java.util.stream.Stream;
import org.hearth.ringlogs.LogPosition;
import org.hearth.server.servers.room.RoomEvent;
import org.hearth.server.servers.room.RoomQueries;

/// Reads many events some at a time, so that no more than those are in memory.
public final class EventBatches {
  /// At 64 KiB each, 1 MiB of JSON, which takes some times that when it is parsed.
  static final int MOST = 16;

  private EventBatches() {}

  /// The events at those positions, at which events are known to be, in that order.
  public static Stream<RoomEvent> read(RoomQueries rooms, List<LogPosition> positions) {
    return of(positions).flatMap(batch -> rooms.eventsAt(batch).stream());
  }

  /// The positions, so many at a time.
  static Stream<List<LogPosition>> of(List<LogPosition> positions) {
    return positions.stream().gather(Gatherers.windowFixed(MOST));
  }
}
