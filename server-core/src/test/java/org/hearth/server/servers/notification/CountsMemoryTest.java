package org.hearth.server.servers.notification;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.node.TextNode;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.BitSet;
import java.util.List;
import java.util.Set;
import java.util.SplittableRandom;
import org.hearth.ringlogs.DeadLetters;
import org.hearth.ringlogs.FailureHandling;
import org.hearth.ringlogs.LogPosition;
import org.hearth.ringlogs.Positioned;
import org.hearth.ringlogs.VolatileLog;
import org.hearth.server.logs.Logs;
import org.hearth.server.logs.NotificationOutput;
import org.hearth.server.logs.ReceiptOutput;
import org.hearth.server.logs.ReceiptType;
import org.hearth.server.matrix.id.EventId;
import org.hearth.server.matrix.id.RoomId;
import org.hearth.server.matrix.id.ServerName;
import org.hearth.server.matrix.id.UserId;
import org.hearth.server.matrix.testkit.TestKeys;
import org.hearth.server.servers.receipt.ReceiptQueries;
import org.hearth.server.servers.room.RoomServerOptions;
import org.hearth.server.servers.room.server.RoomServer;
import org.hearth.server.store.StoreExtension;
import org.hearth.server.store.Unavailable;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

/// Counts of more rooms than there is memory for.
class CountsMemoryTest {
  private static final ServerName NAME = ServerName.parse("hearth.test");
  private static final UserId ALICE = UserId.parse("@alice:hearth.test");
  private static final int ROOMS = 100;
  private static final long BUDGET = 40_000;

  @RegisterExtension final StoreExtension stores = new StoreExtension();

  private final List<ReceiptOutput> receipts = new ArrayList<>();
  private CountsMemory memory;
  private CountsWriter writer;
  private LogPosition counted = LogPosition.ORIGIN;

  @BeforeEach
  void start() {
    InstantSource clock = InstantSource.system();
    RoomServer rooms =
        new RoomServer(
            stores.store(),
            NAME,
            TestKeys.of(NAME),
            clock,
            new SplittableRandom(1),
            RoomServerOptions.standard());
    memory =
        new CountsMemory(
            new StoredCounts(stores.store().reads()),
            rooms.queries(),
            new Receipts(),
            NAME,
            BUDGET);
    VolatileLog<NotificationOutput> output =
        new VolatileLog<>(
            Logs.NOTIFICATION_OUTPUT,
            1,
            new FailureHandling(DeadLetters.inMemory(), Unavailable::is, clock));
    writer =
        new CountsWriter(
            memory,
            stores.store().committer(),
            output,
            LogPosition.ORIGIN,
            () -> counted,
            () -> LogPosition.ORIGIN);
  }

  /// What has been read by the time a room comes in.
  private final class Receipts implements ReceiptQueries {
    @Override
    public List<ReceiptOutput> changed(
        RoomId room, UserId viewer, LogPosition after, LogPosition upTo) {
      return List.of();
    }

    @Override
    public List<ReceiptOutput> setAfter(RoomId room, LogPosition after) {
      return receipts.stream().filter(each -> each.room().equals(room)).toList();
    }

    @Override
    public List<Positioned<ReceiptOutput>> publicAfter(RoomId room, LogPosition after, int most) {
      return List.of();
    }

    @Override
    public Set<RoomId> roomsReadAfter(UserId user, LogPosition after, LogPosition upTo) {
      return Set.of();
    }
  }

  private static RoomId room(int number) {
    return RoomId.parse("!r" + number + ":hearth.test");
  }

  /// Alice is in the room, and an event notifies her.
  private void event(RoomId room, long place) {
    var _ =
        memory.change(
            room,
            LogPosition.ORIGIN,
            counts -> {
              var _ = counts.join(ALICE, "Alice", false);
              BitSet all = new BitSet();
              counts.forEachMember(each -> all.set(each.number()));
              Way way = new Way(List.of(TextNode.valueOf("notify")), false, all);
              EventId id = EventId.parse("$" + place + ":hearth.test");
              counts.count(new CountedEvent(place, 1, id, ReceiptOutput.MAIN, List.of(way)));
              return counts;
            });
    counted = new LogPosition(place);
  }

  private long unread(RoomId room) {
    return memory.find(room).orElseThrow().counts(ALICE).total().notifications();
  }

  @Test
  void whatIsStoredIsLetGoForOthersAndComesBackAsItWas() {
    for (int i = 0; i < ROOMS; i++) {
      event(room(i), 1);
      event(room(i), 2);
    }
    assertThat(memory.rooms()).as("what is stored nowhere stays").hasSize(ROOMS);

    writer.write();

    assertThat(memory.bytes()).isLessThanOrEqualTo(BUDGET);
    assertThat(memory.rooms()).hasSizeLessThan(ROOMS).isNotEmpty();
    for (int i = 0; i < ROOMS; i++) {
      assertThat(unread(room(i))).isEqualTo(2);
    }
    assertThat(memory.bytes()).isPositive().isLessThanOrEqualTo(BUDGET);
  }

  /// Many rooms in which something happens at a time. So much as a room can take at most
  /// ([CountsPacking]) finds place.
  @Test
  void theLargestRoomFindsPlace() {
    byte[] large = new byte[127_000_000];

    var _ =
        stores
            .store()
            .committer()
            .commit("test", List.of(StoredCounts.insert(room(1), large)), List.of());

    assertThat(
            stores
                .store()
                .reads()
                .select("SELECT LENGTH(content) FROM notification_counts", row -> row.getLong(1)))
        .containsExactly((long) large.length);
  }

  @Test
  void whatIsTooMuchIsStoredBeforeItsTime() {
    int rooms = 0;
    while (!memory.isCrowded()) {
      var _ = memory.get(room(rooms), LogPosition.ORIGIN);
      event(room(rooms++), 1);
    }
    assertThat(memory.bytes()).isGreaterThan(2 * BUDGET);
    assertThat(memory.rooms()).hasSize(rooms);

    writer.makeRoom();

    assertThat(memory.bytes()).isLessThanOrEqualTo(BUDGET);
    assertThat(memory.rooms()).hasSizeLessThan(rooms);
    assertThat(unread(room(0))).isEqualTo(1);
  }

  @Test
  void whatHasChangedSinceItWasStoredStays() {
    for (int i = 0; i < ROOMS; i++) {
      event(room(i), 1);
    }
    writer.write();
    event(room(0), 2);
    for (int i = ROOMS - 1; i > 0; i--) {
      assertThat(unread(room(i))).isEqualTo(1);
    }

    assertThat(memory.rooms()).contains(room(0)).hasSizeLessThan(ROOMS);
    assertThat(unread(room(0))).isEqualTo(2);
  }

  @Test
  void whatWasReadMeanwhileIsReadWhenARoomComesBack() {
    for (int i = 0; i < ROOMS; i++) {
      event(room(i), 1);
      event(room(i), 2);
    }
    writer.write();
    RoomId gone = room(0);
    for (int i = 1; memory.rooms().contains(gone); i++) {
      assertThat(unread(room(i))).isEqualTo(2);
    }

    receipts.add(
        new ReceiptOutput(
            gone, ALICE, ReceiptType.READ, null, EventId.parse("$1:hearth.test"), 1, 1));

    assertThat(memory.changeIfHere(gone, _ -> false, true)).as("whoever is told").isTrue();
    assertThat(unread(gone)).isEqualTo(1);
  }

  /// A change between the packing and its commit.
  @Test
  void whatChangesWhileItIsBeingStoredIsStoredTheNextTime() {
    event(room(0), 1);
    RoomCounts counts = memory.find(room(0)).orElseThrow();
    CountsPacking.Packed packed = CountsPacking.pack(counts, 0);
    event(room(0), 2);

    counts.stored(packed.changes());

    assertThat(memory.ifChanged(room(0))).contains(counts);
    writer.write();
    assertThat(memory.ifChanged(room(0))).isEmpty();
  }
}
