package org.hearth.server.servers.notification;

import com.fasterxml.jackson.databind.JsonNode;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.BitSet;
import java.util.Collections;
import java.util.Deque;
import java.util.HashMap;
import java.util.IdentityHashMap;
import java.util.Iterator;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.function.Consumer;
import org.hearth.server.logs.NotificationOutput;
import org.hearth.server.logs.ReceiptOutput;
import org.hearth.server.matrix.id.EventId;
import org.hearth.server.matrix.id.RoomId;
import org.hearth.server.matrix.id.UserId;
import org.hearth.server.servers.notification.UnreadCounts.Count;
import org.jspecify.annotations.Nullable;

/* How is counted

 The newest events that have notified anybody are kept, each with a bit for each member whom it has notified. How many a
 member has not read is found by going back through them as far as the member's markers. So an event costs a bit for a
 member, and a receipt, wherever it is, costs nothing but the moving of a marker.

 An event that is too old to be kept is added to a number that each member who has it unread has of its thread. A receipt
 that is behind the last of a thread's cannot say which of them it covers, and leaves the number as it is; any later one
 sets it to zero.
*/

/// What of a room's events has notified whom of its members of this server, and how far these have
/// read.
///
/// **bound**: [#MOST_MEMBERS] and [#MOST_NAME_CHARACTERS], the [#MOST_EVENTS] newest events that
/// notified anybody; of a member [#MOST_THREAD_MARKERS], and what has become too old in
/// [#MOST_OLD_THREADS] threads; of all members [#MOST_THREADS]. **thread**: members are changed,
/// and gone through, by the thread that reads room-output; the rest any.
final class RoomCounts {
  /// The newest events that are kept.
  static final int MOST_EVENTS = 256;

  /// Further members of this server are not notified.
  static final int MOST_MEMBERS = 100_000;

  /// Characters of the members' display names together; further names are not looked for.
  static final int MOST_NAME_CHARACTERS = 4 << 20;

  /// Threads in which a member has read up to somewhere. The marker least far goes, with what it
  /// covers.
  static final int MOST_THREAD_MARKERS = 200;

  /// Threads of which a member has unread events that are too old to be kept. Of further threads
  /// those are counted in the main timeline whose newest is oldest.
  static final int MOST_OLD_THREADS = 8;

  /// Threads of both kinds that all members have together. When there are more, those who have most
  /// keep fewer.
  static final int MOST_THREADS = 50_000;

  private static final int BYTES = 1_000;
  private static final int MEMBER_BYTES = 340;
  private static final int SHARE_OF_THREADS = 4;

  private final RoomId room;
  private final List<@Nullable CountedMember> members = new ArrayList<>();
  private final Map<UserId, CountedMember> byUser = new HashMap<>();
  private final Deque<CountedEvent> events = new ArrayDeque<>();

  /// The room's entries of room-output up to there are in here.
  private long upTo;

  /// The place of the newest event that was too old to be kept.
  private long lastDropped;

  /// How often it was changed, and how often it had been when it was last stored. One that begins
  /// is to be stored, since members keep their numbers.
  private long changes = 1;

  private long stored;

  /// Of all members.
  private int threads;

  private int nameCharacters;

  private long accountedBytes;
  private volatile long lastUsed = System.nanoTime();

  /// A room of which nothing is counted.
  ///
  /// @param upTo of room-output; what is up to there is not to be counted
  RoomCounts(RoomId room, long upTo) {
    this.room = room;
    this.upTo = upTo;
  }

  RoomId room() {
    return room;
  }

  // --- members

  /// Goes through the members.
  void forEachMember(Consumer<CountedMember> told) {
    for (CountedMember each : members) {
      if (each != null) {
        told.accept(each);
      }
    }
  }

  /// A member; null if the user is none.
  @Nullable CountedMember member(UserId user) {
    return byUser.get(user);
  }

  /// A user is in the room.
  ///
  /// @param comes whether the user was not, before
  /// @return whether counts are others than before
  synchronized boolean join(UserId user, @Nullable String name, boolean comes) {
    boolean had = comes && leave(user);
    CountedMember known = byUser.get(user);
    if (known == null && byUser.size() < MOST_MEMBERS) {
      int number = members.size();
      if (byUser.size() < number) {
        number = members.indexOf(null);
      } else {
        members.add(null);
      }
      known = new CountedMember(number, user, null);
      members.set(number, known);
      byUser.put(user, known);
    }
    if (known != null) {
      rename(known, name);
    }
    changes++;
    return had;
  }

  private void rename(CountedMember member, @Nullable String name) {
    nameCharacters -= member.nameLength();
    boolean fits = name == null || nameCharacters + name.length() <= MOST_NAME_CHARACTERS;
    member.rename(fits ? name : null);
    nameCharacters += member.nameLength();
  }

  /// A user is no longer in the room.
  ///
  /// @return whether counts are others than before
  synchronized boolean leave(UserId user) {
    boolean had = !counts(user).equals(UnreadCounts.NONE);
    CountedMember member = byUser.remove(user);
    if (member != null) {
      members.set(member.number(), null);
      threads -= member.threads();
      nameCharacters -= member.nameLength();
      events.removeIf(each -> !each.forget(member.number()));
      changes++;
    }
    return had;
  }

  // --- events

  /// Whether an entry of room-output is in here already.
  synchronized boolean has(long position) {
    return position <= upTo;
  }

  /// Counts an event, which is later than all before; one without ways notifies nobody.
  synchronized void count(CountedEvent event) {
    upTo = event.place();
    if (event.ways().isEmpty()) {
      return;
    }
    events.addLast(event);
    if (events.size() > MOST_EVENTS) {
      drop(events.removeFirst());
    }
    changes++;
  }

  private void drop(CountedEvent event) {
    lastDropped = event.place();
    for (Way way : event.ways()) {
      BitSet those = way.members();
      for (int i = those.nextSetBit(0); i >= 0; i = those.nextSetBit(i + 1)) {
        CountedMember member = members.get(i);
        if (member != null && event.place() > member.readIn(event.thread())) {
          threads -= member.threads();
          member.drop(event.thread(), event.place(), way.highlight());
          threads += member.threads();
        }
      }
    }
    boundThreads();
  }

  /// Lets members keep fewer threads each until there is place for further ones.
  private void boundThreads() {
    if (threads <= MOST_THREADS) {
      return;
    }
    int each = MOST_THREAD_MARKERS;
    while (threads > MOST_THREADS - MOST_THREADS / SHARE_OF_THREADS) {
      each /= 2;
      for (CountedMember member : byUser.values()) {
        threads -= member.threads();
        keepMarkers(member, each);
        member.keepOld(each);
        threads += member.threads();
      }
    }
  }

  /// Gives up markers. What one covers no longer notifies the member, so that it stays read.
  private void keepMarkers(CountedMember member, int most) {
    while (member.readThreads.size() > most) {
      var least = Collections.min(member.readThreads.entrySet(), Map.Entry.comparingByValue());
      String thread = least.getKey();
      long place = least.getValue();
      member.readThreads.remove(thread);
      if (place > lastDropped) {
        events.removeIf(each ->
            each.place() <= place && each.thread().equals(thread) && !each.forget(member.number()));
      }
    }
  }

  /// Notes that an entry without an event of its own is in here.
  synchronized void passed(long position) {
    upTo = Math.max(upTo, position);
  }

  /// Forgets an event that is redacted.
  synchronized void redact(EventId event) {
    if (events.removeIf(each -> each.id().equals(event))) {
      changes++;
    }
  }

  /// The event at a place, if it has notified anybody.
  synchronized Optional<CountedEvent> at(long place) {
    for (Iterator<CountedEvent> all = events.descendingIterator(); all.hasNext(); ) {
      CountedEvent each = all.next();
      if (each.place() <= place) {
        return each.place() == place ? Optional.of(each) : Optional.empty();
      }
    }
    return Optional.empty();
  }

  /// Whom an event notifies, as others are told.
  synchronized List<NotificationOutput.Audience> audiences(CountedEvent event) {
    List<NotificationOutput.Audience> audiences = new ArrayList<>();
    for (Way way : event.ways()) {
      List<UserId> users = new ArrayList<>(way.members().cardinality());
      BitSet those = way.members();
      for (int i = those.nextSetBit(0); i >= 0; i = those.nextSetBit(i + 1)) {
        CountedMember member = members.get(i);
        if (member != null) {
          users.add(member.user());
        }
      }
      if (!users.isEmpty()) {
        audiences.add(new NotificationOutput.Audience(way.actions(), way.highlight(), users));
      }
    }
    return audiences;
  }

  // --- reading

  /// A user has read up to a place; a marker never moves backwards.
  ///
  /// @param thread null for everything
  /// @return whether the user's counts are others than before
  synchronized boolean read(UserId user, @Nullable String thread, long place) {
    CountedMember member = byUser.get(user);
    if (member == null) {
      return false;
    }
    UnreadCounts before = counts(user);
    threads -= member.threads();
    member.moveMarker(thread, place);
    keepMarkers(member, MOST_THREAD_MARKERS);
    member.readOld(thread, place);
    threads += member.threads();
    boundThreads();
    changes++;
    return !counts(user).equals(before);
  }

  /// What a user has not read.
  synchronized UnreadCounts counts(UserId user) {
    CountedMember member = byUser.get(user);
    if (member == null) {
      return UnreadCounts.NONE;
    }
    Map<String, Count> counts = new HashMap<>();
    member.old.forEach(
        (thread, old) -> counts.put(thread, new Count(old.notifications(), old.highlights())));
    for (Iterator<CountedEvent> all = events.descendingIterator(); all.hasNext(); ) {
      CountedEvent event = all.next();
      if (event.place() <= member.read) {
        break;
      }
      Way way = event.place() > member.readIn(event.thread()) ? event.of(member.number()) : null;
      if (way != null) {
        counts.merge(event.thread(), new Count(1, way.highlight() ? 1 : 0), Count::plus);
      }
    }
    if (counts.isEmpty()) {
      return UnreadCounts.NONE;
    }
    Count main = counts.remove(ReceiptOutput.MAIN);
    return new UnreadCounts(main == null ? Count.NONE : main, counts);
  }

  /// Whether an event has notified a user, read or not.
  ///
  /// @param after exclusive; of events that are too old to be kept those count that are not read
  /// @param upTo inclusive
  synchronized boolean isNotified(UserId user, long after, long upTo) {
    CountedMember member = byUser.get(user);
    if (member == null) {
      return false;
    }
    for (Iterator<CountedEvent> all = events.descendingIterator(); all.hasNext(); ) {
      CountedEvent event = all.next();
      if (event.place() <= after) {
        return false;
      }
      if (event.place() <= upTo && event.of(member.number()) != null) {
        return true;
      }
    }
    return member.old.values().stream()
        .anyMatch(each -> each.last() > after && each.last() <= upTo);
  }

  /// What has notified a user, newest first.
  synchronized List<Notification> notifications(
      UserId user, long before, boolean highlights, int limit) {
    List<Notification> found = new ArrayList<>();
    CountedMember member = byUser.get(user);
    Iterator<CountedEvent> all = events.descendingIterator();
    while (member != null && all.hasNext() && found.size() < limit) {
      CountedEvent event = all.next();
      Way way = event.place() < before ? event.of(member.number()) : null;
      if (way != null && (way.highlight() || !highlights)) {
        found.add(
            new Notification(
                event.place(),
                room,
                event.id(),
                way.actions(),
                way.highlight(),
                event.place() <= member.readIn(event.thread()),
                event.ts()));
      }
    }
    return found;
  }

  // --- keeping

  /// All that is to be stored.
  record Contents(
      long upTo,
      long lastDropped,
      List<@Nullable CountedMember> members,
      List<CountedEvent> events) {}

  /// Gives all that is to be stored while nothing changes.
  ///
  /// @return how often it was changed until now
  synchronized long store(Consumer<Contents> stored) {
    stored.accept(new Contents(upTo, lastDropped, members, List.copyOf(events)));
    return changes;
  }

  /// What was stored.
  static RoomCounts restore(RoomId room, Contents contents) {
    RoomCounts counts = new RoomCounts(room, contents.upTo());
    counts.lastDropped = contents.lastDropped();
    for (CountedMember each : contents.members()) {
      counts.members.add(each);
      if (each != null) {
        counts.byUser.put(each.user(), each);
        counts.threads += each.threads();
        counts.nameCharacters += each.nameLength();
      }
    }
    counts.events.addAll(contents.events());
    counts.boundThreads();
    counts.stored = counts.changes;
    return counts;
  }

  /// Notes that what there was after so many changes is stored.
  synchronized void stored(long atChanges) {
    stored = Math.max(stored, atChanges);
  }

  synchronized boolean isStored() {
    return stored == changes;
  }

  void use() {
    lastUsed = System.nanoTime();
  }

  long lastUsed() {
    return lastUsed;
  }

  /// How much larger it is than when this was last asked.
  synchronized long grown() {
    long bytes = BYTES + (long) MEMBER_BYTES * members.size();
    for (CountedMember each : byUser.values()) {
      bytes += each.bytes();
    }
    // Events that notify in the same way share what it says.
    Set<List<JsonNode>> actions = Collections.newSetFromMap(new IdentityHashMap<>());
    for (CountedEvent each : events) {
      bytes += each.bytes();
      for (Way way : each.ways()) {
        bytes += actions.add(way.actions()) ? way.actionBytes() : 0;
      }
    }
    long grown = bytes - accountedBytes;
    accountedBytes = bytes;
    return grown;
  }

  synchronized long accountedBytes() {
    return accountedBytes;
  }
}
