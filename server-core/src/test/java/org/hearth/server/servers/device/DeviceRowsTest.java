package org.hearth.server.servers.device;

import static org.assertj.core.api.Assertions.assertThat;

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
import org.hearth.server.store.StoreOptions;
import org.hearth.server.store.Table;
import org.hearth.server.store.UnitOfWork;
import org.hearth.server.store.UnitOwner;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/// Which messages make place for others in an inbox that is full.
class DeviceRowsTest {
  private static final UserId BOB = UserId.parse("@bob:hearth.test");
  private static final DeviceId PHONE = new DeviceId("PHONE");
  private static final DeviceRows.Key INBOX = DeviceRows.key(BOB, PHONE);
  private static final byte[] EMPTY = "{}".getBytes(StandardCharsets.UTF_8);

  @TempDir private Path folder;

  /// Nothing is kept of a device that is not there.
  private static void logIn(Store store) {
    RowChange device =
        RowChange.of(
            new Table("device", "a test's", "the test").beforeOthers(),
            "INSERT INTO device (user_id, device_id, created_millis) VALUES (?, ?, 0)",
            (statement, _) -> {
              statement.setString(1, INBOX.user());
              statement.setString(2, INBOX.device());
            });
    var _ = store.committer().commit("test", List.of(device), List.of());
  }

  private static void send(Store store, DeviceRows rows, String sender, String type) {
    List<RowChange> changes = new ArrayList<>(rows.add(INBOX));
    changes.add(Inboxes.insert(INBOX, UserId.parse("@" + sender + ":hearth.test"), type, EMPTY, 0));
    UnitOwner owner = new UnitOwner(DeviceQueries.BOX);
    store
        .committer()
        .commit(
            new UnitOfWork(owner, owner.generation(), changes, 1, List.of(), Outcome.ignored()));
  }

  private static List<String> inbox(Store store) {
    return new Inboxes(store.reads())
        .messages(BOB, PHONE, LogPosition.ORIGIN, new LogPosition(Long.MAX_VALUE), 100).stream()
            .map(DeviceMessage::type)
            .toList();
  }

  @Test
  void theOldestOfWhoeverHasSentTheMostGoes() {
    try (Store store = Store.open(StoreOptions.of(folder).withMinimumFreeBytes(0))) {
      logIn(store);
      DeviceRows rows = new DeviceRows(Inboxes.MESSAGE, 10, true, store.reads());
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
      DeviceRows rows = new DeviceRows(Inboxes.MESSAGE, 10, true, store.reads());
      for (int i = 0; i < 11; i++) {
        send(store, rows, "user" + i, "from " + i);
      }

      assertThat(inbox(store)).hasSize(9).startsWith("from 2").endsWith("from 10");
    }
  }
}
