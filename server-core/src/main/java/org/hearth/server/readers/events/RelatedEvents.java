package org.hearth.server.readers.events;

import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.OptionalLong;
import java.util.Set;
import org.hearth.ringlogs.LogPosition;
import org.hearth.server.matrix.id.RoomId;
import org.hearth.server.servers.room.RelationQuery;
import org.hearth.server.servers.room.RoomEvent;
import org.hearth.server.servers.room.RoomQueries;
import org.hearth.server.servers.room.Stretch;

/// Reads pages of what relates to an event, as one user may see it.
///
/// **Bound:** [#MOST_LOOKED_AT] events are looked at for a page, and no more when they have
/// [Timelines#MOST_BYTES]: a page may have fewer events than was asked for, and even none, and says
/// from where to go on.
///
/// **Thread:** any.
///
/// @param rooms asked
public record RelatedEvents(RoomQueries rooms) {
  /// So many events are looked at for a page.
  public static final int MOST_LOOKED_AT = 1_000;

  private static final int LEAST_AT_ONCE = 16;
  private static final int MOST_AT_ONCE = 64;

  /// A page.
  ///
  /// @param end the place from which to go on; empty if there is nothing more
  public record Page(List<RoomEvent> events, OptionalLong end) {}

  /// What the user may see of what relates to the event, and did not ask to be spared.
  ///
  /// @param query with the most events that the page has
  public Page page(RoomId room, RelationQuery query, Viewer viewer) {
    return page(room, query, Long.MAX_VALUE, false, viewer);
  }

  /// The same, up to a place, and, if it is `deep`, with what relates to that, and so on.
  ///
  /// @param end the place at which the page ends at the latest, itself not included; the greatest
  ///   number for none
  public Page page(RoomId room, RelationQuery query, long end, boolean deep, Viewer viewer) {
    List<RoomEvent> passed = new ArrayList<>();
    RelationQuery next = query;
    int looked = 0;
    long bytes = 0;
    while (true) {
      int size = Math.clamp(query.limit() - passed.size() + 1L, LEAST_AT_ONCE, MOST_AT_ONCE);
      next = next.limitedTo(size);
      Stretch stretch = deep ? rooms.relatedDeep(room, next) : rooms.related(room, next);
      Set<LogPosition> visible = visible(stretch.events(), viewer);
      for (RoomEvent each : stretch.events()) {
        if (isBeyond(each.place(), end, query)) {
          return new Page(passed, OptionalLong.empty());
        }
        if (visible.contains(each.position())) {
          if (passed.size() == query.limit()) {
            return new Page(passed, OptionalLong.of(passed.getLast().place()));
          }
          passed.add(each);
        }
        bytes += each.pdu().memoryBytes();
      }
      looked += size;
      if (!stretch.full() || isBeyond(stretch.last(), end, query)) {
        return new Page(passed, OptionalLong.empty());
      }
      if (looked >= MOST_LOOKED_AT || bytes >= Timelines.MOST_BYTES) {
        return new Page(passed, OptionalLong.of(stretch.last()));
      }
      next = next.from(stretch.last());
    }
  }

  private static boolean isBeyond(long place, long end, RelationQuery query) {
    return end != Long.MAX_VALUE && (query.backwards() ? place <= end : place >= end);
  }

  private Set<LogPosition> visible(List<RoomEvent> events, Viewer viewer) {
    List<RoomEvent> wanted = events.stream().filter(each -> !viewer.ignored().hides(each)).toList();
    Set<LogPosition> visible = new HashSet<>();
    rooms.visible(viewer.user(), wanted).forEach(each -> visible.add(each.position()));
    return visible;
  }
}
