package org.hearth.server.servers.notification;

import static java.util.Objects.requireNonNull;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.TextNode;
import java.util.ArrayList;
import java.util.BitSet;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import org.hearth.server.logs.ReceiptOutput;
import org.hearth.server.matrix.id.EventId;
import org.hearth.server.matrix.id.RoomId;
import org.hearth.server.matrix.id.UserId;
import org.hearth.server.servers.notification.UnreadCounts.Count;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

class RoomCountsTest {
  private static final RoomId ROOM = RoomId.parse("!r:hearth.test");
  private static final UserId ALICE = UserId.parse("@alice:hearth.test");
  private static final UserId BOB = UserId.parse("@bob:hearth.test");
  private static final String MAIN = ReceiptOutput.MAIN;
  private static final List<JsonNode> NOTIFY = List.of(TextNode.valueOf("notify"));
  private static final List<JsonNode> LOUDLY =
      List.of(
          TextNode.valueOf("notify"),
          JsonNodeFactory.instance.objectNode().put("set_tweak", "highlight"));

  private final RoomCounts counts = new RoomCounts(ROOM, 0);

  private static EventId id(long place) {
    return EventId.parse("$" + place + ":hearth.test");
  }

  private void join(UserId... users) {
    for (UserId each : users) {
      assertThat(counts.join(each, each.localpart(), true)).isFalse();
    }
  }

  /// An event that notifies everybody who is in the room.
  private void event(long place, String thread, boolean highlight) {
    BitSet members = new BitSet();
    counts.forEachMember(each -> members.set(each.number()));
    Way way = new Way(highlight ? LOUDLY : NOTIFY, highlight, members);
    counts.count(new CountedEvent(place, 1000 + place, id(place), thread, List.of(way)));
  }

  private static UnreadCounts main(long notifications, long highlights) {
    return new UnreadCounts(new Count(notifications, highlights), Map.of());
  }

  private RoomCounts stored() {
    return CountsPacking.unpack(ROOM, CountsPacking.pack(counts, 7).bytes()).counts();
  }

  @Test
  void aMarkerAnywhereLeavesWhatIsBehindIt() {
    join(ALICE, BOB);
    for (long place = 1; place <= 10; place++) {
      event(place, MAIN, place == 9);
    }

    assertThat(counts.read(ALICE, null, 4)).isTrue();
    assertThat(counts.counts(ALICE)).isEqualTo(main(6, 1));
    assertThat(counts.read(ALICE, null, 3)).as("backwards").isFalse();
    assertThat(counts.counts(ALICE)).isEqualTo(main(6, 1));
    assertThat(counts.read(ALICE, MAIN, 9)).isTrue();
    assertThat(counts.counts(ALICE)).isEqualTo(main(1, 0));
    assertThat(counts.counts(BOB)).isEqualTo(main(10, 1));
  }

  /// A receipt of an event that is told before the event itself.
  @Test
  void whatIsReadBeforeItComesIsNotCounted() {
    join(ALICE);

    assertThat(counts.read(ALICE, null, 2)).isFalse();
    event(1, MAIN, false);
    event(2, MAIN, true);
    event(3, MAIN, false);

    assertThat(counts.counts(ALICE)).isEqualTo(main(1, 0));
  }

  @Test
  void eventsThatAreTooOldToBeKeptStayCounted() {
    join(ALICE);
    event(1, MAIN, true);
    event(2, "$thread:hearth.test", false);
    long last = RoomCounts.MOST_EVENTS * 3L;
    for (long place = 3; place <= last; place++) {
      event(place, MAIN, false);
    }

    UnreadCounts all =
        new UnreadCounts(new Count(last - 1, 1), Map.of("$thread:hearth.test", new Count(1, 0)));
    assertThat(counts.counts(ALICE)).isEqualTo(all);
    assertThat(stored().counts(ALICE)).isEqualTo(all);
    assertThat(counts.read(ALICE, null, 1)).as("what is too old cannot be told apart").isFalse();
    assertThat(counts.read(ALICE, MAIN, last - 10)).isTrue();
    assertThat(counts.counts(ALICE).main()).isEqualTo(new Count(10, 0));
    assertThat(counts.counts(ALICE).threads()).hasSize(1);
    assertThat(counts.read(ALICE, null, last)).isTrue();
    assertThat(counts.counts(ALICE)).isEqualTo(UnreadCounts.NONE);
  }

  /// However much has happened in the rest of the room since.
  @Test
  void aThreadThatIsReadToItsEndIsReadAlsoWhenItsEventsAreTooOldToBeKept() {
    String thread = "$thread:hearth.test";
    join(ALICE, BOB);
    event(1, thread, true);
    event(2, thread, false);
    long last = RoomCounts.MOST_EVENTS * 3L;
    for (long place = 3; place <= last; place++) {
      event(place, MAIN, false);
    }

    assertThat(counts.read(ALICE, thread, 1)).as("one of two is not told apart").isFalse();
    assertThat(counts.read(ALICE, thread, 2)).isTrue();
    assertThat(counts.counts(ALICE)).isEqualTo(main(last - 2, 0));
    assertThat(stored().counts(ALICE)).isEqualTo(main(last - 2, 0));
    assertThat(counts.read(BOB, null, 2)).as("of all threads those that end there").isTrue();
    assertThat(counts.counts(BOB)).isEqualTo(main(last - 2, 0));
  }

  @Test
  void theMainTimelineIsReadToItsEndAlsoWhenThreadsGoOn() {
    String thread = "$thread:hearth.test";
    join(ALICE);
    event(1, MAIN, true);
    long last = RoomCounts.MOST_EVENTS * 3L;
    for (long place = 2; place <= last; place++) {
      event(place, thread, false);
    }

    assertThat(counts.read(ALICE, MAIN, 1)).isTrue();
    assertThat(counts.counts(ALICE))
        .isEqualTo(new UnreadCounts(Count.NONE, Map.of(thread, new Count(last - 1, 0))));
  }

  @Test
  void oldThreadsAndMarkersAreBounded() {
    join(ALICE);
    long place = 0;
    for (int i = 0; i < 3 * RoomCounts.MOST_EVENTS; i++) {
      event(++place, "$t" + i + ":hearth.test", false);
      var _ = counts.read(ALICE, "$other" + i + ":hearth.test", place);
    }

    assertThat(counts.counts(ALICE).threads())
        .hasSizeLessThanOrEqualTo(RoomCounts.MOST_EVENTS + RoomCounts.MOST_OLD_THREADS + 1)
        .hasSizeGreaterThan(RoomCounts.MOST_EVENTS);
    counts.forEachMember(
        each -> assertThat(each.readThreads).hasSize(RoomCounts.MOST_THREAD_MARKERS));
  }

  /// What a marker covers stays read when it has to go.
  @Test
  void aMemberHasNoMoreUnreadBecauseAMarkerIsTooMuch() {
    join(ALICE, BOB);
    for (int i = 1; i <= RoomCounts.MOST_EVENTS; i++) {
      event(i, "$t" + i + ":hearth.test", false);
    }
    for (int i = 1; i <= RoomCounts.MOST_EVENTS; i++) {
      var _ = counts.read(ALICE, "$t" + i + ":hearth.test", i);
    }

    assertThat(counts.counts(ALICE)).isEqualTo(UnreadCounts.NONE);
    assertThat(stored().counts(ALICE)).isEqualTo(UnreadCounts.NONE);
    assertThat(counts.counts(BOB).threads()).hasSize(RoomCounts.MOST_EVENTS);
  }

  @Test
  void oldThreadsThatAreTooManyAreCountedInTheMainTimeline() {
    join(ALICE);
    int all = 3 * RoomCounts.MOST_EVENTS;
    for (int i = 1; i <= all; i++) {
      event(i, "$t" + i + ":hearth.test", false);
    }

    assertThat(counts.counts(ALICE).total()).isEqualTo(new Count(all, 0));
    assertThat(counts.counts(ALICE).threads())
        .hasSize(RoomCounts.MOST_EVENTS + RoomCounts.MOST_OLD_THREADS);
    assertThat(counts.read(ALICE, MAIN, all)).isTrue();
    assertThat(counts.counts(ALICE).main()).isEqualTo(Count.NONE);
  }

  @Test
  void tellsWhetherAnEventHasNotifiedSince() {
    join(ALICE);
    event(5, MAIN, false);
    join(BOB);
    var _ = counts.read(ALICE, null, 5);

    assertThat(counts.isNotified(ALICE, 4, 5)).as("though it is read").isTrue();
    assertThat(counts.isNotified(ALICE, 5, 9)).isFalse();
    assertThat(counts.isNotified(ALICE, 0, 4)).isFalse();
    assertThat(counts.isNotified(BOB, 0, 9)).isFalse();
    for (long place = 10; place < 10 + RoomCounts.MOST_EVENTS; place++) {
      event(place, MAIN, false);
    }
    assertThat(counts.leave(BOB)).isTrue();
    join(BOB);
    event(1_000, MAIN, false);
    event(1_001, MAIN, false);
    assertThat(counts.isNotified(BOB, 1, 999)).isFalse();
    assertThat(counts.isNotified(ALICE, 1, 11)).as("what is too old to be kept").isTrue();
  }

  private static UserId user(int number) {
    return UserId.parse("@user" + number + ":hearth.test");
  }

  /// So that what is stored of a room has a bound, and nothing stops the counting.
  @Tag("long")
  @Test
  void theThreadsOfAllMembersTogetherAreBounded() {
    int users = 2 * RoomCounts.MOST_THREADS / RoomCounts.MOST_THREAD_MARKERS;
    for (int i = 0; i < users; i++) {
      join(user(i));
    }
    for (int i = 1; i <= RoomCounts.MOST_THREAD_MARKERS; i++) {
      event(i, "$t" + i + ":hearth.test", false);
    }
    for (int i = 0; i < users; i++) {
      for (int read = 1; read < RoomCounts.MOST_THREAD_MARKERS; read++) {
        var _ = counts.read(user(i), "$t" + read + ":hearth.test", read);
      }
    }

    long[] markers = new long[1];
    counts.forEachMember(each -> markers[0] += each.readThreads.size());
    assertThat(markers[0]).isBetween(RoomCounts.MOST_THREADS / 4L, (long) RoomCounts.MOST_THREADS);
    UnreadCounts last =
        new UnreadCounts(
            Count.NONE,
            Map.of("$t" + RoomCounts.MOST_THREAD_MARKERS + ":hearth.test", new Count(1, 0)));
    RoomCounts again = stored();
    for (int i = 0; i < users; i++) {
      assertThat(counts.counts(user(i))).isEqualTo(last);
      assertThat(again.counts(user(i))).isEqualTo(last);
    }
  }

  @Test
  void namesOfAllMembersTogetherAreBoundedAndTheOthersAreCountedWithoutTheirs() {
    String name = "x".repeat(1_024);
    int users = RoomCounts.MOST_NAME_CHARACTERS / name.length() + 10;
    for (int i = 0; i < users; i++) {
      assertThat(counts.join(user(i), name, true)).isFalse();
    }
    event(1, MAIN, false);

    int[] named = new int[1];
    counts.forEachMember(each -> named[0] += each.name() == null ? 0 : 1);
    assertThat(named[0]).isEqualTo(users - 10);
    assertThat(counts.counts(user(users - 1))).isEqualTo(main(1, 0));
    var _ = counts.leave(user(0));
    assertThat(counts.join(user(users - 1), name, false)).isFalse();
    counts.forEachMember(each -> {
      if (each.user().equals(user(users - 1))) {
        assertThat(each.name()).isEqualTo(name);
      }
    });
  }

  /// Of what is in memory the bound is in bytes.
  @Test
  void threadsThatWereReadAreCountedAsMemory() {
    join(ALICE);
    long empty = counts.grown();

    for (int i = 1; i <= RoomCounts.MOST_THREAD_MARKERS; i++) {
      var _ = counts.read(ALICE, "$" + i + "x".repeat(200), i);
    }

    assertThat(empty).isLessThan(5_000);
    assertThat(counts.grown()).isBetween(200L * 300, 200L * 500);
    assertThat(counts.grown()).isZero();
  }

  @Test
  void actionsAreCountedAsMemoryOnceForAllEventsThatShareThem() {
    join(ALICE);
    ArrayNode list = JsonNodeFactory.instance.arrayNode();
    for (int i = 0; i < 400; i++) {
      list.add(1);
    }
    List<JsonNode> large =
        List.of(JsonNodeFactory.instance.objectNode().put("set_tweak", "x").set("value", list));
    BitSet members = BitSet.valueOf(new long[] {1});
    long before = counts.grown();
    for (long place = 1; place <= 10; place++) {
      counts.count(
          new CountedEvent(
              place, 0, id(place), MAIN, List.of(new Way(large, false, (BitSet) members.clone()))));
    }

    long grown = counts.grown();

    assertThat(before).isPositive();
    assertThat(grown).isBetween(20_000L, 40_000L);
    assertThat(stored().grown()).as("also when it was stored").isBetween(20_000L, 40_000L);
    counts.count(
        new CountedEvent(
            11,
            0,
            id(11),
            MAIN,
            List.of(new Way(List.copyOf(new ArrayList<>(large)), false, members))));
    assertThat(counts.grown()).isGreaterThan(20_000);
  }

  @Test
  void whoComesIntoThePlaceOfAnotherHasNothingOfTheirs() {
    join(ALICE, BOB);
    event(1, MAIN, false);

    assertThat(counts.leave(ALICE)).isTrue();
    UserId carol = UserId.parse("@carol:hearth.test");
    join(carol);

    assertThat(counts.counts(carol)).isEqualTo(UnreadCounts.NONE);
    assertThat(counts.counts(ALICE)).isEqualTo(UnreadCounts.NONE);
    assertThat(counts.counts(BOB)).isEqualTo(main(1, 0));
    assertThat(counts.notifications(carol, Long.MAX_VALUE, false, 10)).isEmpty();
    counts.forEachMember(each -> assertThat(each.number()).isLessThan(2));
  }

  @Test
  void aMemberWhoComesAnewBeginsAnew() {
    join(ALICE);
    event(1, MAIN, false);

    assertThat(counts.join(ALICE, "Alice", false)).as("a new name").isFalse();
    assertThat(counts.counts(ALICE)).isEqualTo(main(1, 0));
    assertThat(counts.join(ALICE, "Alice", true)).isTrue();
    assertThat(counts.counts(ALICE)).isEqualTo(UnreadCounts.NONE);
  }

  /// What a member controls weighs, or the bound of all counts in memory would be none.
  @Test
  void namesAndThreadsAreWeighed() {
    join(ALICE);
    var _ = counts.grown();

    var _ = counts.join(ALICE, "x".repeat(1_000), false);
    assertThat(counts.grown()).isGreaterThanOrEqualTo(2 * 900L);
    for (int i = 0; i < RoomCounts.MOST_THREAD_MARKERS; i++) {
      var _ = counts.read(ALICE, "$t" + i + ":hearth.test", i + 1);
    }
    assertThat(counts.grown()).isGreaterThanOrEqualTo(100L * RoomCounts.MOST_THREAD_MARKERS);
    assertThat(counts.read(ALICE, null, 1_000)).isFalse();
    assertThat(counts.grown()).as("what goes is no longer weighed").isNegative();
  }

  @Test
  void eventsThatNotifyInTheSameWayShareWhatTheRuleSaysAlsoWhenTheyWereStored() {
    join(ALICE);
    event(1, MAIN, true);
    event(2, MAIN, true);

    List<Notification> notified = stored().notifications(ALICE, Long.MAX_VALUE, true, 10);

    assertThat(notified).hasSize(2);
    assertThat(notified.getFirst().actions()).isSameAs(notified.getLast().actions());
    assertThat(notified.getFirst().actions()).isEqualTo(LOUDLY);
  }

  @Test
  void damagedBytesAreRefused() {
    join(ALICE, BOB);
    event(1, MAIN, false);
    byte[] bytes = CountsPacking.pack(counts, 7).bytes();

    for (int i = 0; i < bytes.length; i++) {
      byte[] damaged = bytes.clone();
      damaged[i] ^= 0x55;
      assertThatThrownBy(() -> CountsPacking.unpack(ROOM, damaged))
          .isInstanceOf(IllegalStateException.class)
          .hasMessageContaining("damaged");
    }
  }

  /// Against a count of all events that ever were, with threads, members who come and go,
  /// redactions, and what is stored and read again.
  @Test
  void countsAsOneWhoKeepsEverything() {
    for (long seed = 1; seed <= 30; seed++) {
      compare(new Random(seed), "seed " + seed);
    }
  }

  private record Happened(long place, String thread, boolean highlight) {}

  private void compare(Random random, String seed) {
    List<UserId> users = List.of(ALICE, BOB, UserId.parse("@carol:hearth.test"));
    List<String> threads = List.of(MAIN, "$a:hearth.test", "$b:hearth.test");
    Map<UserId, List<Happened>> unread = new HashMap<>();
    RoomCounts tested = new RoomCounts(ROOM, 0);
    long place = 0;
    for (int step = 0; step < RoomCounts.MOST_EVENTS - 1; step++) {
      UserId user = users.get(random.nextInt(users.size()));
      String thread = threads.get(random.nextInt(threads.size()));
      switch (random.nextInt(12)) {
        case 0 -> {
          tested.join(user, null, !unread.containsKey(user));
          unread.computeIfAbsent(user, _ -> new ArrayList<>());
        }
        case 1 -> {
          tested.leave(user);
          unread.remove(user);
        }
        case 2, 3 -> {
          long upTo = random.nextLong(place + 1);
          @Nullable String read = random.nextBoolean() ? null : thread;
          tested.read(user, read, upTo);
          unread
              .getOrDefault(user, new ArrayList<>())
              .removeIf(
                  each -> each.place() <= upTo && (read == null || each.thread().equals(read)));
        }
        case 4 -> {
          long redacted = random.nextLong(place + 1);
          tested.redact(id(redacted));
          unread.values().forEach(all -> all.removeIf(each -> each.place() == redacted));
        }
        case 5 ->
            tested = CountsPacking.unpack(ROOM, CountsPacking.pack(tested, 0).bytes()).counts();
        default -> {
          Happened event = new Happened(++place, thread, random.nextInt(4) == 0);
          BitSet those = new BitSet();
          tested.forEachMember(member -> {
            if (random.nextInt(3) > 0) {
              those.set(member.number());
              requireNonNull(unread.get(member.user())).add(event);
            }
          });
          List<Way> ways =
              those.isEmpty() ? List.of() : List.of(new Way(NOTIFY, event.highlight(), those));
          tested.count(new CountedEvent(place, 1, id(place), thread, ways));
        }
      }
      for (UserId each : users) {
        assertThat(tested.counts(each))
            .as("%s of %s after %s", seed, each, step)
            .isEqualTo(counted(unread.getOrDefault(each, List.of())));
      }
    }
  }

  private static UnreadCounts counted(List<Happened> unread) {
    Map<String, Count> counts = new HashMap<>();
    for (Happened each : unread) {
      counts.merge(each.thread(), new Count(1, each.highlight() ? 1 : 0), Count::plus);
    }
    Count main = counts.remove(MAIN);
    return new UnreadCounts(main == null ? Count.NONE : main, counts);
  }
}
