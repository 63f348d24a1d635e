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
import org.hearth.server.matrix.push.PushEvent;
import org.hearth.server.servers.notification.UnreadCounts.Count;
import org.jspecify.annotations.Nullable;

/* How is counted

 The newest events that have notified anybody are kept, each with a bit for each member whom it has notified. How many a
 member has not read is found by going back through them as far as the member's markers. So an event costs a bit for a
 member, and a receipt, wherever it is, costs nothing but the moving of a marker.

 An event that is too old to be kept is added to a number of each member who has it unread. A receipt that is behind the
 last of those cannot say which of them it covers, and leaves the number as it is; any later one sets it to zero.
*/

/// What of a room's events has notified whom of its members of this server, and how far these have
/// read.
///
/// **bound**: [#MOST_MEMBERS], the [#MOST_EVENTS] newest events that notified anybody; of a member
/// [#MOST_THREAD_MARKERS], and what has become too old in [#MOST_OLD_THREADS] threads. **thread**:
/// members are changed, and gone through, by the thread that reads room-output; the rest any.
final class RoomCounts {
  /// The newest events that are kept.
  static final int MOST_EVENTS = 256;

  /// Further members of this server are not notified.
  static final int MOST_MEMBERS = 100_000;

  /// Threads in which a member has read up to somewhere; the marker least far goes.
  static final int MOST_THREAD_MARKERS = 200;

  /// Threads of which a member has unread events that are too old to be kept; of further ones those
  /// are forgotten whose newest is oldest.
  static final int MOST_OLD_THREADS = 8;

  private static final int BYTES = 1_000;
  private static final int MEMBER_BYTES = 500;

  /// Of a character of a display name, which is kept folded too.
  private static final int NAME_CHARACTER_BYTES = 4;

  /// Of a thread in which a member has read, or has old ones unread, beside its id.
  private static final int THREAD_BYTES = 150;

  /// Members of whom it is not known which rules they have: more are looked at all together.
  private static final int MOST_NEW = 64;

  private static final int SHARE_OF_NEW = 8;

  private final RoomId room;
  private final List<@Nullable Member> members = new ArrayList<>();
  private final Map<UserId, Member> byUser = new HashMap<>();
  private final Deque<CountedEvent> events = new ArrayDeque<>();

  /// The room's entries of room-output up to there are in here.
  private long upTo;

  /// The place of the newest event that was too old to be kept.
  private long lastDropped;

  /// How often it was changed, and how often it had been when it was last stored. One that begins
  /// is to be stored, since members keep their numbers.
  private long changes = 1;

  private long stored;

  /// The members for whom nothing but the unchanged default rules holds, found out when there had
  /// been so many changes of rules; of the others there were so many then.
  private BitSet plain = new BitSet();

  private long plainAsOf = -1;
  private int othersThen;

  private long accountedBytes;
  private volatile long lastUsed = System.nanoTime();

  /// A room of which nothing is counted.
  ///
  /// @param upTo of room-output; what is up to there is not to be counted
  RoomCounts(RoomId room, long upTo) {
    this.room = room;
    this.upTo = upTo;
  }

  /// One of this server's users in the room.
  static final class Member {
    private final int number;
    private final UserId user;
    private @Nullable String name;
    private @Nullable String foldedName;
    private final String foldedLocalpart;

    /// Up to where the member has read everything, the main timeline, and threads.
    long read;

    long readMain;
    final Map<String, Long> readThreads = new HashMap<>();

    /// Unread events that are too old to be kept, by thread.
    final Map<String, Old> old = new HashMap<>();

    Member(int number, UserId user, @Nullable String name) {
      this.number = number;
      this.user = user;
      this.foldedLocalpart = PushEvent.fold(user.localpart());
      rename(name);
    }

    private void rename(@Nullable String newName) {
      name = newName;
      foldedName = newName == null ? null : PushEvent.fold(newName);
    }

    /// Whether an event that does not say whom it mentions may name the member in its body.
    boolean mayBeNamed(PushEvent event) {
      return event.mayContain(foldedLocalpart)
          || (foldedName != null && event.mayContain(foldedName));
    }

    /// The place in all sets of members of this room, for as long as the user is in it.
    int number() {
      return number;
    }

    UserId user() {
      return user;
    }

    /// What the member says and reads makes this larger, and so it is weighed.
    private long bytes() {
      long bytes = name == null ? 0 : (long) NAME_CHARACTER_BYTES * name.length();
      for (Map<String, ?> threads : List.of(readThreads, old)) {
        for (String thread : threads.keySet()) {
          bytes += THREAD_BYTES + thread.length();
        }
      }
      return bytes;
    }

    /// The display name in the room.
    @Nullable String name() {
      return name;
    }

    private long readIn(String thread) {
      long own =
          thread.equals(ReceiptOutput.MAIN) ? readMain : readThreads.getOrDefault(thread, 0L);
      return Math.max(read, own);
    }

    private void drop(String thread, long place, boolean highlight) {
      old.merge(thread, new Old(1, highlight ? 1 : 0, place), Old::plus);
      if (old.size() > MOST_OLD_THREADS + 1) {
        old.entrySet().stream()
            .filter(each -> !each.getKey().equals(ReceiptOutput.MAIN))
            .min((one, other) -> Long.compare(one.getValue().last(), other.getValue().last()))
            .map(Map.Entry::getKey)
            .ifPresent(old::remove);
      }
    }

    private void moveMarker(@Nullable String thread, long place) {
      if (thread == null) {
        read = Math.max(read, place);
        readThreads.values().removeIf(each -> each <= read);
      } else if (thread.equals(ReceiptOutput.MAIN)) {
        readMain = Math.max(readMain, place);
      } else if (place > read) {
        readThreads.merge(thread, place, Math::max);
        if (readThreads.size() > MOST_THREAD_MARKERS) {
          readThreads.entrySet().stream()
              .min(Map.Entry.comparingByValue())
              .map(Map.Entry::getKey)
              .ifPresent(readThreads::remove);
        }
      }
    }
  }

  /// Unread events of a thread that are too old to be kept.
  ///
  /// @param last the place of the newest
  record Old(long notifications, long highlights, long last) {
    private Old plus(Old other) {
      return new Old(
          notifications + other.notifications,
          highlights + other.highlights,
          Math.max(last, other.last));
    }
  }

  RoomId room() {
    return room;
  }

  // --- members

  /// Goes through the members.
  void forEachMember(Consumer<Member> told) {
    for (Member each : members) {
      if (each != null) {
        told.accept(each);
      }
    }
  }

  /// A member; null if the user is none.
  @Nullable Member member(UserId user) {
    return byUser.get(user);
  }

  /// The members for whom nothing but the default rules holds, if that is known after so many
  /// changes of rules and there are not too many new ones.
  Optional<BitSet> plain(long changes) {
    int others = byUser.size() - plain.cardinality();
    return plainAsOf == changes && others - othersThen <= MOST_NEW + byUser.size() / SHARE_OF_NEW
        ? Optional.of(plain)
        : Optional.empty();
  }

  /// Notes for whom nothing but the default rules holds.
  void setPlain(BitSet those, long changes) {
    plain = those;
    plainAsOf = changes;
    othersThen = byUser.size() - those.cardinality();
  }

  /// Goes through the members who are not among those.
  void forEachOther(BitSet those, Consumer<Member> told) {
    int end = members.size();
    for (int i = those.nextClearBit(0); i < end; i = those.nextClearBit(i + 1)) {
      Member member = members.get(i);
      if (member != null) {
        told.accept(member);
      }
    }
  }

  /// A user is in the room.
  ///
  /// @param comes whether the user was not, before
  /// @return whether counts are others than before
  synchronized boolean join(UserId user, @Nullable String name, boolean comes) {
    boolean had = comes && leave(user);
    Member known = byUser.get(user);
    if (known != null) {
      known.rename(name);
    } else if (byUser.size() < MOST_MEMBERS) {
      int number = members.size();
      if (byUser.size() < number) {
        number = members.indexOf(null);
      } else {
        members.add(null);
      }
      Member member = new Member(number, user, name);
      members.set(number, member);
      byUser.put(user, member);
    }
    changes++;
    return had;
  }

  /// A user is no longer in the room.
  ///
  /// @return whether counts are others than before
  synchronized boolean leave(UserId user) {
    boolean had = !counts(user).equals(UnreadCounts.NONE);
    Member member = byUser.remove(user);
    if (member != null) {
      members.set(member.number, null);
      plain.clear(member.number);
      events.removeIf(each -> !each.forget(member.number));
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
        Member member = members.get(i);
        if (member != null && event.place() > member.readIn(event.thread())) {
          member.drop(event.thread(), event.place(), way.highlight());
        }
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
        Member member = members.get(i);
        if (member != null) {
          users.add(member.user);
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
    Member member = byUser.get(user);
    if (member == null) {
      return false;
    }
    UnreadCounts before = counts(user);
    member.moveMarker(thread, place);
    if (place >= lastDropped && thread == null) {
      member.old.clear();
    } else if (place >= lastDropped) {
      member.old.remove(thread);
    }
    changes++;
    return !counts(user).equals(before);
  }

  /// What a user has not read.
  synchronized UnreadCounts counts(UserId user) {
    Member member = byUser.get(user);
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
      Way way = event.place() > member.readIn(event.thread()) ? event.of(member.number) : null;
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

  /// What has notified a user, newest first.
  synchronized List<Notification> notifications(
      UserId user, long before, boolean highlights, int limit) {
    List<Notification> found = new ArrayList<>();
    Member member = byUser.get(user);
    Iterator<CountedEvent> all = events.descendingIterator();
    while (member != null && all.hasNext() && found.size() < limit) {
      CountedEvent event = all.next();
      Way way = event.place() < before ? event.of(member.number) : null;
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
      long upTo, long lastDropped, List<@Nullable Member> members, List<CountedEvent> events) {}

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
    for (Member each : contents.members()) {
      counts.members.add(each);
      if (each != null) {
        counts.byUser.put(each.user, each);
      }
    }
    counts.events.addAll(contents.events());
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
    for (Member each : byUser.values()) {
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
