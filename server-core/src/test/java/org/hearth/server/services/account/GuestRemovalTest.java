package org.hearth.server.services.account;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.atomic.AtomicInteger;
import org.hearth.ringlogs.LogPosition;
import org.hearth.ringlogs.MemoryReader;
import org.hearth.ringlogs.Positioned;
import org.hearth.server.logs.RoomOutput;
import org.hearth.server.matrix.event.EventTypes;
import org.hearth.server.matrix.event.StateKey;
import org.hearth.server.matrix.id.DeviceId;
import org.hearth.server.matrix.id.RoomId;
import org.hearth.server.matrix.id.UserId;
import org.hearth.server.store.Eventually;
import org.hearth.server.store.StorageException;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

class GuestRemovalTest {
  private static final RoomId ROOM = RoomId.parse("!room:hearth.test");
  private static final UserId GUEST = UserId.parse("@1:hearth.test");
  private static final UserId OTHER_GUEST = UserId.parse("@2:hearth.test");
  private static final UserId ALICE = UserId.parse("@alice:hearth.test");

  /// Guests, and nobody else.
  private record Guests(Set<UserId> all, AtomicInteger asked) implements AccountQueries {
    @Override
    public Optional<Account> account(UserId user) {
      return Optional.empty();
    }

    @Override
    public boolean isGuest(UserId user) {
      return all.contains(user);
    }

    @Override
    public List<Device> devices(UserId user) {
      return List.of();
    }

    @Override
    public Optional<Device> device(UserId user, DeviceId device) {
      return Optional.empty();
    }

    @Override
    public List<UserId> seenLast(int limit) {
      return List.of();
    }

    @Override
    public List<UserId> guests() {
      asked.incrementAndGet();
      return List.copyOf(all);
    }

    @Override
    public long activeCount() {
      return 0;
    }
  }

  /// Rooms that can be shut, so that who leaves waits, and that can fail.
  private static final class Rooms implements RoomExit {
    private final List<Integer> asked = new CopyOnWriteArrayList<>();
    private final Set<UserId> inOpenRooms = ConcurrentHashMap.newKeySet();
    private final List<UserId> left = new CopyOnWriteArrayList<>();
    private final CountDownLatch entered = new CountDownLatch(1);
    private final CountDownLatch open = new CountDownLatch(1);
    private final AtomicInteger failures = new AtomicInteger();
    private volatile RuntimeException failure = new IllegalStateException("not told");

    void fail(int times, RuntimeException with) {
      failure = with;
      failures.set(times);
    }

    @Override
    public void leaveAll(UserId user) {
      throw new IllegalStateException("no account is closed in this test");
    }

    @Override
    public List<UserId> whereGuestsMayNotBe(List<UserId> guests) {
      asked.add(guests.size());
      return guests.stream().filter(each -> !inOpenRooms.contains(each)).toList();
    }

    @Override
    public void leaveWhereGuestsMayNotBe(UserId guest) throws InterruptedException {
      entered.countDown();
      open.await();
      if (failures.getAndUpdate(times -> Math.max(0, times - 1)) > 0) {
        throw failure;
      }
      left.add(guest);
    }
  }

  private final Guests guests = new Guests(ConcurrentHashMap.newKeySet(), new AtomicInteger());
  private final Rooms rooms = new Rooms();
  private final GuestRemoval removal =
      new GuestRemoval(guests, _ -> List.of(ALICE, GUEST, OTHER_GUEST), rooms);
  private final MemoryReader<RoomOutput> reader =
      new MemoryReader<>("guest-access", LogPosition.ORIGIN, new GuestAccess(removal));

  @AfterEach
  void close() {
    rooms.open.countDown();
    removal.close();
  }

  /// The look at all guests with which it starts is over.
  private void started() {
    removal.start();
    Eventually.until("the first look", () -> guests.asked.get() == 1);
    guests.all.addAll(List.of(GUEST, OTHER_GUEST));
  }

  private static Positioned<RoomOutput> closing(long position) {
    return new Positioned<>(
        new LogPosition(position),
        new RoomOutput.StateChanged(
            ROOM,
            List.of(new RoomOutput.StateChange(StateKey.of(EventTypes.GUEST_ACCESS), null, null))));
  }

  @Test
  void theReaderDoesNotWaitForTheRoom() throws Exception {
    started();

    reader.onBatch(List.of(closing(1)));
    rooms.entered.await();
    reader.onBatch(List.of(closing(2)));

    assertThat(reader.position()).isEqualTo(new LogPosition(2));
    assertThat(rooms.left).isEmpty();
    rooms.open.countDown();
    Eventually.until("the guests have left", () -> rooms.left.size() >= 4);
    assertThat(rooms.left).containsOnly(GUEST, OTHER_GUEST);
  }

  @Test
  void triesAgainWhileTheStoreIsNotAvailable() {
    rooms.open.countDown();
    started();
    rooms.fail(3, new StorageException(StorageException.Reason.DISK_FULL, "in this test"));

    removal.lookAt(GUEST);

    Eventually.until("the guest has left", () -> rooms.left.contains(GUEST));
  }

  @Test
  void atTheStartItVisitsThoseOnlyWhoAreWhereTheyMayNotBe() {
    rooms.open.countDown();
    for (int i = 0; i < 250; i++) {
      UserId each = UserId.parse("@" + i + ":hearth.test");
      guests.all.add(each);
      rooms.inOpenRooms.add(each);
    }
    rooms.inOpenRooms.remove(GUEST);

    removal.start();

    Eventually.until("all were looked at", () -> rooms.asked.size() == 3);
    Eventually.until("the guest has left", () -> !rooms.left.isEmpty());
    assertThat(rooms.asked).containsExactly(100, 100, 50);
    assertThat(rooms.left).containsExactly(GUEST);
  }

  @Test
  void goesOnWhenOneGuestCannotLeave() {
    rooms.open.countDown();
    started();
    rooms.fail(1, new IllegalStateException("refused in this test"));

    removal.lookAt(GUEST);
    removal.lookAt(OTHER_GUEST);

    Eventually.until("the other has left", () -> rooms.left.contains(OTHER_GUEST));
    assertThat(rooms.left).containsExactly(OTHER_GUEST);
  }

  @Test
  void whoCannotLeaveKeepsNoOtherOfTheSameRoomIn() {
    rooms.open.countDown();
    started();
    rooms.fail(1, new IllegalStateException("refused in this test"));

    removal.lookAt(ROOM);

    Eventually.until("the other has left", () -> rooms.left.contains(OTHER_GUEST));
    assertThat(rooms.left).containsExactly(OTHER_GUEST);
  }

  @Test
  void theReaderIsToldOfLostEntriesInPlaceOfParkingRooms() {
    assertThat(reader.rebuilds()).isTrue();
  }

  @Test
  void looksAtAllGuestsAtTheStart() {
    guests.all.add(GUEST);
    rooms.open.countDown();

    removal.start();

    Eventually.until("the guest has left", () -> rooms.left.equals(List.of(GUEST)));
  }

  @Test
  void looksAtAllGuestsWhenTheReaderHasLostEntries() throws Exception {
    rooms.open.countDown();
    started();

    reader.onLost(LogPosition.ORIGIN, new LogPosition(7));

    Eventually.until("both have left", () -> rooms.left.size() == 2);
    assertThat(reader.position()).isEqualTo(new LogPosition(7));
  }

  @Test
  void looksAtAllGuestsWhenThereIsTooMuchToNote() throws InterruptedException {
    started();
    removal.lookAt(GUEST);
    rooms.entered.await();

    for (int i = 0; i <= GuestRemoval.MOST_NOTED; i++) {
      removal.lookAt(UserId.parse("@user" + i + ":hearth.test"));
    }
    rooms.open.countDown();

    Eventually.until("all guests are looked at", () -> guests.asked.get() == 2);
    Eventually.until("both have left", () -> rooms.left.containsAll(guests.all));
  }

  @Tag("long")
  @Test
  void endsWhileItWaitsForARoom() throws InterruptedException {
    started();
    removal.lookAt(GUEST);
    rooms.entered.await();

    removal.close();

    assertThat(rooms.left).isEmpty();
  }

  @Test
  void showsThatItsThreadHasDied() {
    AtomicInteger looks = new AtomicInteger();
    GuestRemoval dying =
        new GuestRemoval(
            guests,
            _ -> {
              looks.incrementAndGet();
              throw new AssertionError("an error of the virtual machine, say");
            },
            rooms);
    dying.start();
    Eventually.until("the first look", () -> guests.asked.get() == 1);
    dying.lookAt(ROOM);
    Eventually.until("it has died", () -> !dying.isAlive());

    assertThatThrownBy(() -> dying.lookAt(ROOM)).hasMessageContaining("not let out of rooms");
    assertThat(looks).hasValue(1);
  }
}
