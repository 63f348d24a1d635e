package org.hearth.server.servers.notification;

import java.util.Comparator;
import java.util.HashMap;
import java.util.Map;
import java.util.Objects;
import org.hearth.server.logs.ReceiptOutput;
import org.hearth.server.matrix.id.UserId;
import org.hearth.server.matrix.push.PushEvent;
import org.jspecify.annotations.Nullable;

/// One of this server's users in a room, as [RoomCounts] knows it.
///
/// **bound**: of threads [RoomCounts]'. **thread**: [RoomCounts]'.
final class CountedMember {
  /// Of a character of a display name, which is kept folded too.
  private static final int NAME_CHARACTER_BYTES = 4;

  /// Of the digest of rules that others have not.
  private static final int RULES_BYTES = 120;

  /// Of a thread in which a member has read, or has old ones unread, beside its id.
  private static final int THREAD_BYTES = 150;

  private final int number;
  private final UserId user;
  private @Nullable String name;
  private @Nullable String foldedName;
  private final String foldedLocalpart;

  /// The content of the member's rules in this room, as [UserRules] has it after so many changes;
  /// null if it is not known. Changed by the thread that reads room-output.
  private @Nullable String rules;

  private long rulesAsOf;

  /// Up to where the member has read everything, the main timeline, and threads.
  long read;

  long readMain;

  /// By thread. Most members have neither these nor old ones, and a room may have many members.
  Map<String, Long> readThreads = Map.of();

  /// Unread events that are too old to be kept, by thread.
  Map<String, Old> old = Map.of();

  CountedMember(int number, UserId user, @Nullable String name) {
    this.number = number;
    this.user = user;
    this.foldedLocalpart = PushEvent.fold(user.localpart());
    rename(name);
  }

  void rename(@Nullable String newName) {
    name = newName;
    String folded = newName == null ? null : PushEvent.fold(newName);
    foldedName = Objects.equals(folded, newName) ? newName : folded;
  }

  /// Adds what was stored of a thread.
  void restoreRead(String thread, long place) {
    readThreads = changeable(readThreads);
    readThreads.put(thread, place);
  }

  /// Adds what was stored of a thread.
  void restoreOld(String thread, Old unread) {
    old = changeable(old);
    old.put(thread, unread);
  }

  private static <V> Map<String, V> changeable(Map<String, V> threads) {
    return threads.isEmpty() ? new HashMap<>() : threads;
  }

  /// Whether an event that does not say whom it mentions may name the member in its body.
  boolean mayBeNamed(PushEvent event) {
    return event.mayContain(foldedLocalpart)
        || (foldedName != null && event.mayContain(foldedName));
  }

  /// The content of the member's rules in this room; null if it is not known after so many changes.
  @Nullable String rules(long changes) {
    return changes == rulesAsOf ? rules : null;
  }

  void setRules(String content, long changes) {
    rules = content;
    rulesAsOf = changes;
  }

  /// The place in all sets of members of this room, for as long as the user is in it.
  int number() {
    return number;
  }

  UserId user() {
    return user;
  }

  /// What the member says and reads makes this larger, and so it is weighed.
  long bytes() {
    long bytes = name == null ? 0 : (long) NAME_CHARACTER_BYTES * name.length();
    bytes += rules == null || rules.isEmpty() ? 0 : RULES_BYTES;
    return bytes + bytes(readThreads) + bytes(old);
  }

  private static long bytes(Map<String, ?> threads) {
    long bytes = 0;
    for (String thread : threads.keySet()) {
      bytes += THREAD_BYTES + thread.length();
    }
    return bytes;
  }

  /// The display name in the room.
  @Nullable String name() {
    return name;
  }

  int nameLength() {
    return name == null ? 0 : name.length();
  }

  int threads() {
    return readThreads.size() + oldThreads();
  }

  int oldThreads() {
    return old.containsKey(ReceiptOutput.MAIN) ? old.size() - 1 : old.size();
  }

  long readIn(String thread) {
    long own = thread.equals(ReceiptOutput.MAIN) ? readMain : readThreads.getOrDefault(thread, 0L);
    return Math.max(read, own);
  }

  void drop(String thread, long place, boolean highlight) {
    old = changeable(old);
    old.merge(thread, new Old(1, highlight ? 1 : 0, place), Old::plus);
    keepOld(RoomCounts.MOST_OLD_THREADS);
  }

  /// Takes away what is old and read.
  ///
  /// @param thread null for all
  /// @param place a thread whose newest event is there or before is read to its end; of another it
  ///   is not known what is read
  void readOld(@Nullable String thread, long place) {
    if (!old.isEmpty()) {
      old.entrySet()
          .removeIf(each ->
              (thread == null || each.getKey().equals(thread)) && each.getValue().last() <= place);
    }
  }

  /// Counts what is old in further threads in the main timeline.
  void keepOld(int most) {
    while (oldThreads() > most) {
      old.entrySet().stream()
          .filter(each -> !each.getKey().equals(ReceiptOutput.MAIN))
          .min(Comparator.comparingLong(each -> each.getValue().last()))
          .map(Map.Entry::getKey)
          .map(old::remove)
          .ifPresent(each -> old.merge(ReceiptOutput.MAIN, each, Old::plus));
    }
  }

  void moveMarker(@Nullable String thread, long place) {
    if (thread == null) {
      read = Math.max(read, place);
      if (!readThreads.isEmpty()) {
        readThreads.values().removeIf(each -> each <= read);
      }
    } else if (thread.equals(ReceiptOutput.MAIN)) {
      readMain = Math.max(readMain, place);
    } else if (place > read) {
      readThreads = changeable(readThreads);
      readThreads.merge(thread, place, Math::max);
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
}
