package org.hearth.server.readers.events;

import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import org.hearth.ringlogs.LogPosition;
import org.hearth.server.matrix.id.RoomId;
import org.hearth.server.servers.room.RoomEvent;
import org.hearth.server.servers.room.RoomQueries;
import org.hearth.server.servers.room.Stretch;

/// Reads stretches of rooms' histories: from memory where they are recent, else from the database.
///
/// **Thread:** any.
public final class Timelines {
  /// So many events are looked at for one answer, whatever the filter keeps back.
  static final int MOST_SCANNED = 1_000;

  /// A page ends with the event with which so many bytes of memory were looked at.
  static final int MOST_BYTES = 3 << 20;

  private static final int LEAST_PAGE = 20;
  private static final int LARGEST_PAGE = 64;

  private final RoomQueries rooms;
  private final Optional<RecentEvents> recent;

  public Timelines(RoomQueries rooms, RecentEvents recent) {
    this(rooms, Optional.of(recent));
  }

  private Timelines(RoomQueries rooms, Optional<RecentEvents> recent) {
    this.rooms = rooms;
    this.recent = recent;
  }

  /// Those of who follows no events, and has none in memory.
  public static Timelines ofDatabase(RoomQueries rooms) {
    return new Timelines(rooms, Optional.empty());
  }

  /// What is asked for.
  ///
  /// @param after exclusive
  /// @param upTo inclusive
  public record Range(RoomId room, LogPosition after, LogPosition upTo) {}

  /// A page of history.
  ///
  /// @param events those that pass, in the order of reading
  /// @param scanned all that were looked at, in the order of reading
  /// @param more whether there may be more beyond the last that was looked at
  public record Page(List<RoomEvent> events, List<RoomEvent> scanned, boolean more) {
    /// This page with what comes after it.
    public Page and(Page next) {
      List<RoomEvent> passed = new ArrayList<>(events);
      passed.addAll(next.events);
      List<RoomEvent> looked = new ArrayList<>(scanned);
      looked.addAll(next.scanned);
      return new Page(passed, looked, next.more);
    }
  }

  /// Whether there is anything to tell of the room in the range.
  public boolean any(Range range) {
    return changedAside(range) || anyEvent(range);
  }

  /// Whether the state changed without an event of the timeline, in the range or since.
  private boolean changedAside(Range range) {
    return rooms.stateChangedAside(range.room(), range.after());
  }

  private boolean anyEvent(Range range) {
    return recent
        .flatMap(each -> each.anyIn(range.room(), range.after(), range.upTo()))
        .orElseGet(() -> !rooms.forwards(range.room(), range.after(), range.upTo(), 1).isEmpty());
  }

  /// The newest events of the range: those after its last gap, if it has one.
  public Timeline newest(Range range, Viewer viewer, EventFilter filter, int limit) {
    Page page = allBackwards(range, viewer, filter, limit + 1);
    Optional<LogPosition> gap = lastGap(range, viewer, page);
    if (gap.isPresent()) {
      LogPosition before = new LogPosition(gap.get().value() - 1);
      page = allBackwards(new Range(range.room(), before, range.upTo()), viewer, filter, limit + 1);
    }
    boolean limited = gap.isPresent() || page.more() || page.events().size() > limit;
    List<RoomEvent> events =
        page.events().subList(0, Math.min(limit, page.events().size())).reversed();
    LogPosition start =
        events.isEmpty() ? range.upTo() : new LogPosition(events.getFirst().position().value() - 1);
    Set<LogPosition> shown = new HashSet<>();
    events.forEach(each -> shown.add(each.position()));
    List<RoomEvent> aside =
        page.scanned().stream()
            .filter(each -> each.pdu().isState() && !shown.contains(each.position()))
            .toList();
    boolean more = limited || changedAside(range);
    return new Timeline(
        events,
        limited,
        start,
        more || !aside.isEmpty(),
        more || aside.stream().anyMatch(each -> each.pdu().isMember()));
  }

  /// "True if the number of events returned was limited by the `limit` on the filter": and where
  /// events are missing that were never fetched, since a client that is not told would take what it
  /// has for all there is. Before an event of this server nothing is missing.
  private Optional<LogPosition> lastGap(Range range, Viewer viewer, Page page) {
    boolean ofOthers =
        page.scanned().stream().anyMatch(each -> !each.sender().isOn(viewer.user().server()));
    return ofOthers ? rooms.lastGap(range.room(), range.after(), range.upTo()) : Optional.empty();
  }

  /// At most `limit` events that pass, newest first, without those that are damaged.
  public Page backwards(Range range, Viewer viewer, EventFilter filter, int limit) {
    long after = range.after().value();
    return pages(
        new Taking(viewer, filter, limit),
        range.upTo().value(),
        -1,
        (upTo, size) -> rooms.readable(range.room(), new Stretch.Reach(true, after, upTo), size));
  }

  /// At most `limit` events that pass, oldest first, without those that are damaged.
  public Page forwards(Range range, Viewer viewer, EventFilter filter, int limit) {
    long upTo = range.upTo().value();
    return pages(
        new Taking(viewer, filter, limit),
        range.after().value(),
        0,
        (after, size) -> rooms.readable(range.room(), new Stretch.Reach(false, after, upTo), size));
  }

  /// At most `limit` events that pass of those just before an event, newest first; before the live
  /// ones is the history.
  public Page before(RoomEvent event, Viewer viewer, EventFilter filter, int limit) {
    if (event.isHistory()) {
      return history(event.room(), true, event.place(), viewer, filter, limit);
    }
    LogPosition justBefore = new LogPosition(event.position().value() - 1);
    Range range = new Range(event.room(), LogPosition.ORIGIN, justBefore);
    Page live = backwards(range, viewer, filter, limit);
    int left = limit - live.events().size();
    return live.more() || left <= 0
        ? live
        : live.and(history(event.room(), true, 0, viewer, filter, left));
  }

  /// At most `limit` events that pass of those just after an event, oldest first; after the history
  /// are the live ones.
  public Page after(
      RoomEvent event, Viewer viewer, EventFilter filter, int limit, LogPosition now) {
    if (!event.isHistory()) {
      return forwards(new Range(event.room(), event.position(), now), viewer, filter, limit);
    }
    Page history = history(event.room(), false, event.place() + 1, viewer, filter, limit);
    int left = limit - history.events().size();
    return history.more() || left <= 0
        ? history
        : history.and(
            forwards(new Range(event.room(), LogPosition.ORIGIN, now), viewer, filter, left));
  }

  /// At most `limit` events that pass of the history before the live timeline, without those that
  /// are damaged.
  ///
  /// @param from the place before which, or from which on, to look
  public Page history(
      RoomId room, boolean backwards, long from, Viewer viewer, EventFilter filter, int limit) {
    Taking taking = new Taking(viewer, filter, limit);
    return backwards
        ? pages(
            taking,
            Math.min(from, 0),
            0,
            (before, size) ->
                rooms.readable(room, new Stretch.Reach(true, Long.MIN_VALUE, before - 1), size))
        : pages(
            taking,
            from - 1,
            0,
            (after, size) -> rooms.readable(room, new Stretch.Reach(false, after, -1), size));
  }

  /// As [#backwards], but fails on an event that is damaged: what is told once is not told again.
  private Page allBackwards(Range range, Viewer viewer, EventFilter filter, int limit) {
    return pages(
        new Taking(viewer, filter, limit),
        range.upTo().value(),
        -1,
        (upTo, size) -> newestFirst(range.room(), upTo, range.after(), size));
  }

  private Stretch newestFirst(RoomId room, long upTo, LogPosition after, Stretch.Size size) {
    return recent
        .flatMap(each -> each.backwards(room, new LogPosition(upTo), after, size.events()))
        .map(events -> Stretch.of(events, size.events()))
        .orElseGet(() -> rooms.stretch(room, new Stretch.Reach(true, after.value(), upTo), size));
  }

  /// Reads on from a place.
  private interface Reading {
    Stretch from(long place, Stretch.Size size);
  }

  /// @param step from the last place that was looked at to where to look next
  private static Page pages(Taking taking, long start, int step, Reading reading) {
    long from = start;
    while (true) {
      Stretch stretch = reading.from(from, taking.next());
      boolean more = taking.take(stretch);
      if (!more || taking.isFull()) {
        return taking.page(more);
      }
      from = stretch.last() + step;
    }
  }

  /// A page in the making: what was looked at, and what of it passes.
  private final class Taking {
    private final Viewer viewer;
    private final EventFilter filter;
    private final int limit;
    private final List<RoomEvent> passed = new ArrayList<>();
    private final List<RoomEvent> scanned = new ArrayList<>();
    private long bytes;

    Taking(Viewer viewer, EventFilter filter, int limit) {
      this.viewer = viewer;
      this.filter = filter;
      this.limit = limit;
    }

    /// How much to read next.
    Stretch.Size next() {
      int least = isPickedFrom() ? LEAST_PAGE : 1;
      int size = Math.clamp(limit - passed.size(), least, LARGEST_PAGE);
      int events = Math.max(1, Math.min(size, MOST_SCANNED - scanned.size()));
      return new Stretch.Size(events, MOST_BYTES - bytes);
    }

    boolean isFull() {
      return passed.size() >= limit || scanned.size() >= MOST_SCANNED || bytes >= MOST_BYTES;
    }

    /// Takes from the events what passes until there is enough.
    ///
    /// @return whether there may be more beyond the last that was looked at
    boolean take(Stretch stretch) {
      List<RoomEvent> events = stretch.events();
      Set<LogPosition> visible = visible(events);
      int looked = 0;
      for (RoomEvent each : events) {
        if (isFull()) {
          break;
        }
        looked++;
        bytes += each.pdu().memoryBytes();
        scanned.add(each);
        if (visible.contains(each.position())) {
          passed.add(each);
        }
      }
      return stretch.full() || looked < events.size();
    }

    /// Whether events are kept back that the user might see.
    private boolean isPickedFrom() {
      return !filter.admitsEveryEvent() || !viewer.ignored().isEmpty();
    }

    private Set<LogPosition> visible(List<RoomEvent> events) {
      List<RoomEvent> wanted =
          isPickedFrom()
              ? events.stream()
                  .filter(each -> admits(filter, each) && !viewer.ignored().hides(each))
                  .toList()
              : events;
      Set<LogPosition> visible = new HashSet<>();
      rooms.visible(viewer.user(), wanted).forEach(each -> visible.add(each.position()));
      return visible;
    }

    Page page(boolean more) {
      return new Page(passed, scanned, more);
    }
  }

  public static boolean admits(EventFilter filter, RoomEvent event) {
    return filter.admits(event.type(), event.sender().value(), event.pdu().content());
  }
}
