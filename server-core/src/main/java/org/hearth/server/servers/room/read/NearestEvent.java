package org.hearth.server.servers.room.read;

import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Optional;
import java.util.stream.Gatherers;
import java.util.stream.Stream;
import org.hearth.server.matrix.event.EventTypes;
import org.hearth.server.matrix.event.StateKey;
import org.hearth.server.servers.room.RoomEvent;
import org.hearth.server.servers.room.state.EventRef;
import org.hearth.server.servers.room.state.Places;
import org.hearth.server.servers.room.state.RoomMemory;
import org.hearth.server.servers.room.state.RoomView;
import org.hearth.server.servers.room.state.StoredEvents;

/// Finds the event nearest to a moment that somebody may see. Made for one question.
///
/// The order of the timeline is that of arrival, so the moment is found by halves and then looked
/// around. Where nothing around it may be seen, there can be no more before something changes what
/// the user may see: the history visibility or the user's membership. So it goes on at the next
/// such change, however many events are before that.
///
/// **bound**: [#MOST_LOOKED_AT] events of history and around changes each, and [#MOST_CHANGES] of
/// either kind of change.
///
/// **thread**: one. **source**: [the
/// endpoint](https://spec.matrix.org/v1.19/client-server-api/#get_matrixclientv1roomsroomidtimestamp_to_event)
final class NearestEvent {
  private static final int MOST_LOOKED_AT = 1000;
  private static final int MOST_CHANGES = 200;
  private static final int PAGE = 50;

  /// Events that are in memory at the same time.
  private static final int AT_ONCE = 16;

  private final Timeline timeline;
  private final StoredEvents events;
  private final RoomView room;
  private final Onlooker onlooker;
  private final HistoryVisibility visibility;
  private final long timestamp;
  private final boolean forwards;

  /// @param timestamp milliseconds since 1970
  /// @param forwards whether the first at or after it is wanted, else the last at or before it
  NearestEvent(
      Timeline timeline,
      RoomMemory memory,
      RoomView room,
      Onlooker onlooker,
      long timestamp,
      boolean forwards) {
    this.timeline = timeline;
    this.events = memory.events();
    this.room = room;
    this.onlooker = onlooker;
    this.visibility = new HistoryVisibility(onlooker, room, memory);
    this.timestamp = timestamp;
    this.forwards = forwards;
  }

  /// An event of a fitting time. It is read again when it is its turn, since many may fit, and each
  /// may be large.
  private record Candidate(long time, long number) {}

  Optional<RoomEvent> find() {
    long moment = moment();
    List<Candidate> around = new ArrayList<>();
    add(after(Math.max(0, moment - 1)), around);
    add(upTo(moment), around);
    addHistory(around);
    Optional<RoomEvent> nearest = nearest(around);
    int most = MOST_LOOKED_AT / PAGE;
    for (long change : changes(moment)) {
      if (nearest.isPresent() || most-- == 0) {
        break;
      }
      List<Candidate> there = new ArrayList<>();
      add(forwards ? after(change - 1) : upTo(change), there);
      nearest = nearest(there);
    }
    return nearest;
  }

  private long number() {
    return room.info().number();
  }

  /// The position from which on events are of that moment or later, if all came in order.
  private long moment() {
    long low = 0;
    long high = room.last().position();
    while (low < high) {
      long middle = low + (high - low) / 2;
      Optional<Long> at = timeline.last(number(), middle);
      if (at.isPresent() && time(events.get(at.get())) >= timestamp) {
        high = at.get() - 1 >= low ? at.get() - 1 : low;
      } else {
        low = middle + 1;
      }
    }
    return low;
  }

  private List<Long> after(long position) {
    return timeline.forwards(number(), position, room.last().position(), PAGE);
  }

  private List<Long> upTo(long position) {
    return timeline.backwards(number(), position, 0, PAGE);
  }

  private void addHistory(List<Candidate> around) {
    long before = 0;
    for (int looked = 0; looked < MOST_LOOKED_AT; looked += PAGE) {
      List<Timeline.Placed> page = timeline.history(number(), before, PAGE);
      long latest = add(page.stream().map(Timeline.Placed::number).toList(), around);
      if (page.size() < PAGE || latest < timestamp) {
        return;
      }
      before = page.getLast().place();
    }
  }

  /// Adds those of the events whose time fits.
  ///
  /// @return the latest time of all; the least number if there are none
  private long add(List<Long> numbers, List<Candidate> candidates) {
    return read(numbers)
        .mapToLong(each -> {
          long time = time(each);
          if (forwards ? time >= timestamp : time <= timestamp) {
            candidates.add(new Candidate(time, each.number()));
          }
          return time;
        })
        .max()
        .orElse(Long.MIN_VALUE);
  }

  private Stream<StoredEvents.Stored> read(List<Long> numbers) {
    return numbers.stream()
        .gather(Gatherers.windowFixed(AT_ONCE))
        .flatMap(each -> events.get(each).stream());
  }

  /// Where what the user may see changed, on the wanted side of the moment, nearest first.
  private List<Long> changes(long moment) {
    List<Long> changes = new ArrayList<>();
    addChanges(StateKey.of(EventTypes.HISTORY_VISIBILITY), changes);
    onlooker.memberKeys().forEach(key -> addChanges(key, changes));
    Comparator<Long> earliestFirst = Comparator.naturalOrder();
    return changes.stream()
        .filter(place -> forwards ? place > moment : place < moment)
        .sorted(forwards ? earliestFirst : earliestFirst.reversed())
        .toList();
  }

  private void addChanges(StateKey key, List<Long> changes) {
    EventRef current = room.current(key);
    long next = current == null ? 0 : current.position();
    for (int i = 0; next != 0 && i < MOST_CHANGES; i++) {
      RoomEvent event = events.get(next).shown();
      if (Places.isLive(event.place())) {
        changes.add(event.place());
      }
      next = event.replaces() == null ? 0 : event.replaces().value();
    }
  }

  private Optional<RoomEvent> nearest(List<Candidate> among) {
    Comparator<Candidate> byTime = Comparator.comparingLong(Candidate::time);
    List<Long> nearestFirst =
        among.stream()
            .sorted(forwards ? byTime : byTime.reversed())
            .map(Candidate::number)
            .toList();
    return read(nearestFirst)
        .filter(visibility::maySee)
        .findFirst()
        .map(StoredEvents.Stored::shown);
  }

  private static long time(StoredEvents.Stored event) {
    return event.shown().pdu().originServerTs();
  }
}
