package org.hearth.server.servers.device;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.hearth.ringlogs.LogPosition;
import org.hearth.server.matrix.id.DeviceId;
import org.hearth.server.matrix.id.UserId;
import org.hearth.server.store.Outcome;
import org.hearth.server.store.RowChange;
import org.hearth.server.store.Store;
import org.hearth.server.store.StoreExtension;
import org.hearth.server.store.StoreOptions;
import org.hearth.server.store.Table;
import org.hearth.server.store.UnitOfWork;
import org.hearth.server.store.UnitOwner;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/// Which messages make place for others in an inbox that is full.
class DeviceRowsTest {
  private static final UserId BOB = UserId.parse("@bob:hearth.test");
  private static final DeviceId PHONE = new DeviceId("PHONE");
  private static final DeviceRows.Key INBOX = DeviceRows.key(BOB, PHONE);
  private static final byte[] EMPTY = "{}".getBytes(StandardCharsets.UTF_8);

  @TempDir private Path folder;

  @BeforeEach
  void layTables() throws IOException {
    StoreExtension.layTables(folder);
  }

  /// Nothing is kept of a device that is not there.
  private static void logIn(Store store) {
    logIn(store, INBOX);
  }

  private static void logIn(Store store, DeviceRows.Key of) {
    RowChange device =
        RowChange.of(
            new Table("device", "a test's", "the test"),
            "INSERT INTO device (user_id, device_id, created_millis) VALUES (?, ?, 0)",
            (statement, _) -> {
              statement.setString(1, of.user());
              statement.setString(2, of.device());
            });
    var _ = store.committer().commit("test", List.of(device), List.of());
  }

  private static void send(Store store, DeviceRows rows, String sender, String type) {
    send(store, rows, sender, type, EMPTY);
  }

  private static void send(
      Store store, DeviceRows rows, String sender, String type, byte[] content) {
    List<RowChange> changes = new ArrayList<>(rows.add(INBOX, content.length));
    changes.add(message(INBOX, sender, type, content));
    commit(store, changes);
  }

  private static RowChange message(DeviceRows.Key to, String sender, String type, byte[] content) {
    return Inboxes.insert(to, UserId.parse("@" + sender + ":hearth.test"), type, content, 0);
  }

  private static void commit(Store store, List<RowChange> changes) {
    UnitOwner owner = new UnitOwner(DeviceQueries.BOX);
    store
        .committer()
        .commit(
            new UnitOfWork(
                owner, owner.generation(), changes, changes.size(), List.of(), Outcome.ignored()));
  }

  private static List<String> inbox(Store store) {
    return inbox(store, PHONE);
  }

  private static List<String> inbox(Store store, DeviceId device) {
    return new Inboxes(store.reads())
            .messages(BOB, device, LogPosition.ORIGIN, new LogPosition(Long.MAX_VALUE), 100)
            .list()
            .stream()
            .map(DeviceMessage::type)
            .toList();
  }

  private static DeviceRows rows(Store store, int most, long mostBytes) {
    DeviceRows.Amount bound = new DeviceRows.Amount(most, mostBytes);
    return new DeviceRows(Inboxes.MESSAGE, bound, true, store.reads());
  }

  private static byte[] content(int bytes) {
    return "{\"a\":\"%s\"}".formatted("x".repeat(bytes - 8)).getBytes(StandardCharsets.UTF_8);
  }

  /// The one who has sent the most bytes, in however few messages.
  @Test
  void theOldestOfWhoeverHasSentTheMostBytesGoes() {
    try (Store store = Store.open(StoreOptions.of(folder).withMinimumFreeBytes(0))) {
      logIn(store);
      DeviceRows rows = rows(store, 100, 1_000);
      for (int i = 0; i < 8; i++) {
        send(store, rows, "friend", "key " + i, content(20));
      }
      for (int i = 0; i < 20; i++) {
        send(store, rows, "stranger", "flood " + i, content(200));
      }

      assertThat(inbox(store))
          .startsWith("key 0", "key 1")
          .contains("key 7")
          .endsWith("flood 18", "flood 19")
          .hasSizeBetween(8 + 2, 8 + 4);
    }
  }

  /// Also after a restart, when what is there is counted in the database.
  @Test
  void theOldestOfAllGoesWhereNobodyHasSentManyBytes() {
    try (Store store = Store.open(StoreOptions.of(folder).withMinimumFreeBytes(0))) {
      logIn(store);
      for (int i = 0; i < 11; i++) {
        send(store, rows(store, 100, 1_000), "user" + i, "from " + i, content(100));
      }

      assertThat(inbox(store)).hasSize(9).startsWith("from 2").endsWith("from 10");
    }
  }

  @Test
  void theOldestOfWhoeverHasSentTheMostGoes() {
    try (Store store = Store.open(StoreOptions.of(folder).withMinimumFreeBytes(0))) {
      logIn(store);
      DeviceRows rows = rows(store, 10, 1_000);
      send(store, rows, "friend", "key 1");
      send(store, rows, "friend", "key 2");
      for (int i = 0; i < 30; i++) {
        send(store, rows, "stranger", "flood " + i);
      }

      assertThat(inbox(store))
          .startsWith("key 1", "key 2")
          .endsWith("flood 28", "flood 29")
          .hasSizeLessThanOrEqualTo(10);
    }
  }

  @Test
  void theOldestOfAllGoesWhereNobodyHasSentMuch() {
    try (Store store = Store.open(StoreOptions.of(folder).withMinimumFreeBytes(0))) {
      logIn(store);
      DeviceRows rows = rows(store, 10, 1_000);
      for (int i = 0; i < 11; i++) {
        send(store, rows, "user" + i, "from " + i);
      }

      assertThat(inbox(store)).hasSize(9).startsWith("from 2").endsWith("from 10");
    }
  }

  /// Somebody with many devices has no more place than somebody with a few; the largest inboxes
  /// make it, and what others have sent to the small ones stays.
  @Test
  void theInboxesOfAllDevicesOfAUserHaveABound() {
    try (Store store = Store.open(StoreOptions.of(folder).withMinimumFreeBytes(0))) {
      DeviceRows rows = rows(store, 100, 100_000);
      UserInboxes ofUser =
          new UserInboxes(rows, new DeviceRows.Amount(1_000, 10_000), store.reads());
      DeviceId quiet = new DeviceId("QUIET");
      List<DeviceRows.Key> flooded = new ArrayList<>();
      logIn(store, DeviceRows.key(BOB, quiet));
      for (int i = 0; i < 4; i++) {
        flooded.add(DeviceRows.key(BOB, new DeviceId("D" + i)));
        logIn(store, flooded.getLast());
      }
      List<RowChange> first = ofUser.add(BOB.value(), 100);
      assertThat(first).isEmpty();
      commit(store, List.of(message(DeviceRows.key(BOB, quiet), "friend", "key", content(100))));

      for (int i = 0; i < 200; i++) {
        DeviceRows.Key to = flooded.get(i % flooded.size());
        List<RowChange> changes = new ArrayList<>(ofUser.add(BOB.value(), 200));
        changes.add(message(to, "stranger", "flood " + i, content(200)));
        commit(store, changes);
        assertThat(bytes(store)).isLessThanOrEqualTo(10_000);
      }

      assertThat(inbox(store, quiet)).containsExactly("key");
      assertThat(bytes(store)).isGreaterThan(8_000);
      assertThat(inbox(store, new DeviceId("D3"))).endsWith("flood 199");
      assertThat(flooded)
          .allSatisfy(each -> assertThat(inbox(store, new DeviceId(each.device()))).isNotEmpty());
    }
  }

  /// What a call adds is not stored before its end: of who is one message below the bound, each of
  /// the call's messages comes to it.
  @Test
  void theRowsAreNotCountedForEachMessageOfACall() {
    try (Store store = Store.open(StoreOptions.of(folder).withMinimumFreeBytes(0))) {
      logIn(store);
      DeviceRows.Amount most = new DeviceRows.Amount(1_000, 1_000_000);
      DeviceRows rows = new DeviceRows(Inboxes.MESSAGE, most, true, store.reads());
      UserInboxes ofUser = new UserInboxes(rows, most, store.reads());
      List<RowChange> stored = new ArrayList<>();
      for (int i = 0; i < 999; i++) {
        stored.add(
            Inboxes.insert(INBOX, UserId.parse("@friend:hearth.test"), "key " + i, EMPTY, i));
        assertThat(rows.add(INBOX, EMPTY.length)).isEmpty();
        assertThat(ofUser.add(BOB.value(), EMPTY.length)).isEmpty();
      }
      commit(store, stored);
      long before = store.figures().reads();

      int makingRoom = 0;
      for (int i = 0; i < 90; i++) {
        makingRoom += rows.add(INBOX, EMPTY.length).size();
        makingRoom += ofUser.add(BOB.value(), EMPTY.length).size();
      }

      assertThat(makingRoom).isEqualTo(2);
      assertThat(store.figures().reads() - before).isLessThanOrEqualTo(4);
    }
  }

  /// What a device has received goes, and is counted until the bound is come to.
  @Test
  void theRowsAreNotCountedForEachMessageWhereAsManyGo() {
    try (Store store = Store.open(StoreOptions.of(folder).withMinimumFreeBytes(0))) {
      logIn(store);
      DeviceRows rows = rows(store, 1_000, 1_000_000);
      List<RowChange> stored = new ArrayList<>();
      for (int i = 0; i < 999; i++) {
        stored.add(
            Inboxes.insert(INBOX, UserId.parse("@friend:hearth.test"), "key " + i, EMPTY, i));
      }
      commit(store, stored);
      long before = store.figures().reads();

      for (int i = 0; i < 100; i++) {
        send(store, rows, "stranger", "flood " + i);
        commit(store, List.of(goes(store)));
      }

      assertThat(store.figures().reads() - before - 100).isLessThanOrEqualTo(5);
    }
  }

  /// The device has received its oldest message.
  private static RowChange goes(Store store) {
    long oldest =
        store
            .reads()
            .select("SELECT MIN(position) FROM device_message", row -> row.getLong(1))
            .getFirst();
    return rows(store, 1, 1).deleteUpTo(INBOX, oldest);
  }

  private static long bytes(Store store) {
    return store
        .reads()
        .select("SELECT SUM(bytes) FROM device_message", row -> row.getLong(1))
        .getFirst();
  }
}
