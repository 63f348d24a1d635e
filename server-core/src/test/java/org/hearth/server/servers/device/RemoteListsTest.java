package org.hearth.server.servers.device;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.hearth.ringlogs.LogPosition;
import org.hearth.server.logs.DeviceInput;
import org.hearth.server.matrix.id.DeviceId;
import org.hearth.server.matrix.id.ServerName;
import org.hearth.server.matrix.id.UserId;
import org.hearth.server.services.keys.KeptDevices;
import org.hearth.server.services.keys.KeptDevices.Knowledge;
import org.hearth.server.store.Outcome;
import org.hearth.server.store.RowChange;
import org.hearth.server.store.StoreExtension;
import org.hearth.server.store.UnitOfWork;
import org.hearth.server.store.UnitOwner;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

/// What becomes of lists of devices elsewhere, and where they end.
@Tag("long")
class RemoteListsTest {
  private static final UserId BOB = UserId.parse("@bob:peer.test");
  private static final RemoteDevices.Amount MANY = new RemoteDevices.Amount(1_000, 1L << 30);

  @RegisterExtension final StoreExtension stores = new StoreExtension();
  private RemoteDevices devices;
  private volatile boolean needed = true;
  private RemoteLists lists;

  @BeforeEach
  void make() {
    devices = new RemoteDevices(stores.store().reads());
    lists = lists(MANY, MANY);
  }

  private RemoteLists lists(RemoteDevices.Amount ofServer, RemoteDevices.Amount all) {
    return new RemoteLists(devices, (_, _) -> needed, ofServer, all);
  }

  private void commit(RemoteLists.Decision decision) {
    commit(decision.rows());
    decision.settled().run();
  }

  private void commit(List<RowChange> rows) {
    UnitOwner owner = new UnitOwner("test");
    stores
        .store()
        .committer()
        .commit(new UnitOfWork(owner, owner.generation(), rows, 1, List.of(), Outcome.ignored()));
  }

  private static ObjectNode keys(String text) {
    return JsonNodeFactory.instance.objectNode().put("k", text);
  }

  private static DeviceInput.ReceiveDeviceUpdate update(
      UserId user, String device, long stream, long previous, @Nullable ObjectNode keys) {
    return new DeviceInput.ReceiveDeviceUpdate(
        user, new DeviceId(device), stream, List.of(previous), keys == null, null, keys);
  }

  private static DeviceInput.ReceiveDeviceList list(
      UserId user, long asOf, long stream, String... names) {
    List<DeviceInput.RemoteDevice> all = new ArrayList<>();
    for (String each : names) {
      all.add(new DeviceInput.RemoteDevice(new DeviceId(each), null, keys(each)));
    }
    return new DeviceInput.ReceiveDeviceList(user, asOf, stream, all, null, null);
  }

  /// A list that is up to date, of the update 7.
  private void follow(UserId user) {
    commit(lists.take(new DeviceInput.FollowDevices(user)));
    commit(lists.take(list(user, devices.head(user).marks(), 7, "OLD")));
    assertThat(devices.knowledge(user)).isEqualTo(Knowledge.FRESH);
  }

  private List<String> names(UserId user) {
    return devices.list(user).orElseThrow().devices().keySet().stream()
        .map(DeviceId::value)
        .sorted()
        .toList();
  }

  @Test
  void updatesThatComeBeforeTheOnesBeforeThemAreCommittedFollowThem() {
    follow(BOB);

    RemoteLists.Decision first = lists.take(update(BOB, "A", 8, 7, keys("a")));
    RemoteLists.Decision second = lists.take(update(BOB, "B", 9, 8, keys("b")));
    RemoteLists.Decision again = lists.take(update(BOB, "B", 9, 8, keys("b")));
    commit(first);
    commit(second);

    assertThat(again.isNothing()).isTrue();
    assertThat(names(BOB)).containsExactly("A", "B", "OLD");
    assertThat(devices.head(BOB).streamId()).isEqualTo(9);
    assertThat(devices.knowledge(BOB)).isEqualTo(Knowledge.FRESH);
  }

  @Test
  void aDamagedRowCostsOnlyItself() {
    commit(lists.take(new DeviceInput.FollowDevices(BOB)));
    for (String column : List.of("user_id", "server_name")) {
      commit(
          List.of(
              RowChange.of(
                  RemoteDevices.LIST,
                  "INSERT INTO remote_device_list (user_id, server_name, stream_id, fresh, marks,"
                      + " changed_position, devices, bytes, master_key, self_signing_key)"
                      + " VALUES (?, ?, 0, 0, 1, 1, 0, 0, CAST(X'' AS BLOB), CAST(X'' AS BLOB))",
                  (statement, _) -> {
                    statement.setString(1, column.equals("user_id") ? "damaged" : "@a:b.test");
                    statement.setString(2, column.equals("user_id") ? "peer.test" : "a/b");
                  })));
    }

    assertThat(devices.users()).contains(BOB).hasSize(2);
    assertThat(devices.staleServers()).containsExactly(BOB.server());
    assertThat(devices.stale(BOB.server(), "", 10))
        .extracting(RemoteDeviceQueries.StaleList::user)
        .containsExactly(BOB);
    assertThat(devices.changed(LogPosition.ORIGIN, new LogPosition(1_000)))
        .containsExactly(UserId.parse("@a:b.test"));
  }

  @Test
  void whatIsNotCommittedIsNotCountedOn() {
    follow(BOB);

    lists.take(update(BOB, "A", 8, 7, keys("a"))).settled().run();
    commit(lists.take(update(BOB, "B", 9, 8, keys("b"))));

    assertThat(devices.knowledge(BOB)).isEqualTo(Knowledge.STALE);
    assertThat(names(BOB)).containsExactly("OLD");
  }

  @Test
  void anUpdateWithoutThoseBeforeItOrWithOthersToo() {
    for (List<Long> each : List.of(List.<Long>of(), List.of(7L, 6L), List.of(8L))) {
      follow(BOB);
      commit(
          lists.take(
              new DeviceInput.ReceiveDeviceUpdate(
                  BOB, new DeviceId("A"), 9, each, false, null, keys("a"))));

      assertThat(devices.knowledge(BOB)).as("%s", each).isEqualTo(Knowledge.STALE);
      commit(RemoteDevices.forget(BOB));
    }
  }

  /// What was fetched before an update came may lack it.
  @Test
  void aListThatWasFetchedBeforeItWasCalledOutOfDateAgainStaysOutOfDate() {
    commit(lists.take(new DeviceInput.FollowDevices(BOB)));
    long marks = devices.head(BOB).marks();
    commit(lists.take(update(BOB, "A", 8, 7, keys("a"))));

    commit(lists.take(list(BOB, marks, 7, "OLD")));

    assertThat(devices.knowledge(BOB)).isEqualTo(Knowledge.STALE);
    commit(lists.take(list(BOB, devices.head(BOB).marks(), 8, "A", "OLD")));
    assertThat(devices.knowledge(BOB)).isEqualTo(Knowledge.FRESH);
  }

  @Test
  void whoseListIsForgottenMeanwhileLeavesNoDevice() {
    follow(BOB);

    RemoteLists.Decision late = lists.take(update(BOB, "A", 8, 7, keys("a")));
    commit(RemoteDevices.forget(BOB));
    commit(late);

    assertThat(devices.knowledge(BOB)).isEqualTo(Knowledge.NONE);
    assertThat(stores.store().reads().select("SELECT user_id FROM remote_device", _ -> 1))
        .isEmpty();
  }

  @Test
  void nothingIsKeptOfWhomNobodyNeeds() {
    needed = false;
    assertThat(lists.take(new DeviceInput.FollowDevices(BOB)).isNothing()).isTrue();
    assertThat(lists.take(update(BOB, "A", 8, 7, keys("a"))).isNothing()).isTrue();
    assertThat(lists.take(new DeviceInput.ReceiveSigningKeys(BOB, keys("a"), null)).isNothing())
        .isTrue();
    assertThat(lists.take(list(BOB, 1, 7, "A")).isNothing()).isTrue();

    needed = true;
    commit(lists.take(new DeviceInput.FollowDevices(BOB)));
    needed = false;
    commit(lists.take(list(BOB, devices.head(BOB).marks(), 7, "A")));

    assertThat(devices.knowledge(BOB)).as("gone while it was fetched").isEqualTo(Knowledge.NONE);
  }

  private static UserId user(int number, String server) {
    return UserId.parse("@u%d:%s".formatted(number, server));
  }

  @Test
  void ofOneServerAndOfAllSoManyListsAreKept() {
    lists = lists(new RemoteDevices.Amount(3, 1L << 30), new RemoteDevices.Amount(5, 1L << 30));
    for (String server : List.of("a.test", "b.test", "c.test")) {
      for (int i = 0; i < 10; i++) {
        RemoteLists.Decision decision = lists.take(update(user(i, server), "A", 8, 7, keys("a")));
        commit(decision.rows().isEmpty() ? List.of() : decision.rows());
        decision.settled().run();
      }
    }

    assertThat(devices.amount(Optional.of(ServerName.parse("a.test"))).lists()).isEqualTo(3);
    assertThat(devices.amount(Optional.of(ServerName.parse("b.test"))).lists()).isEqualTo(2);
    assertThat(devices.amount(Optional.empty()).lists()).isEqualTo(5);
    // Whoever is kept already goes on.
    commit(lists.take(list(user(0, "a.test"), 1, 8, "A")));
    assertThat(devices.knowledge(user(0, "a.test"))).isEqualTo(Knowledge.FRESH);
  }

  @Test
  void whatAServersListsTakeHasABound() {
    lists = lists(new RemoteDevices.Amount(100, 100_000), MANY);
    follow(BOB);
    long stream = 7;
    while (devices.knowledge(BOB) == Knowledge.FRESH) {
      commit(lists.take(update(BOB, "A" + stream, stream + 1, stream, keys("x".repeat(15_000)))));
      stream++;
    }

    assertThat(stream).isBetween(12L, 15L);
    assertThat(devices.amount(Optional.of(BOB.server())).bytes()).isLessThanOrEqualTo(100_000);
    // Other servers' users are followed all the same.
    follow(UserId.parse("@eve:other.test"));
  }

  /// Also where one device is replaced again and again.
  @Test
  void whatOneUserHasHasABound() {
    follow(BOB);
    long stream = 7;
    while (devices.knowledge(BOB) == Knowledge.FRESH) {
      commit(lists.take(update(BOB, "SAME", stream + 1, stream, keys("x".repeat(15_000)))));
      stream++;
    }

    assertThat(stream).isBetween(70L, 80L);
    commit(lists.take(list(BOB, devices.head(BOB).marks(), stream, "SAME")));
    assertThat(devices.knowledge(BOB)).isEqualTo(Knowledge.FRESH);
    assertThat(devices.head(BOB).bytes()).isLessThan(100);
  }

  private static Optional<ObjectNode> read(KeptDevices.KeptList list, String device) {
    return Optional.ofNullable(list.devices().get(new DeviceId(device)))
        .flatMap(each -> each.keys().read());
  }

  @Test
  void keysOfADeviceAreReadWhenTheyAreAskedForAndDamagedOnesLeftOut() {
    follow(BOB);
    commit(lists.take(update(BOB, "A", 8, 7, keys("a"))));
    commit(
        List.of(
            RowChange.of(
                RemoteDevices.DEVICE,
                "UPDATE remote_device SET content = CAST(X'7B7B' AS BLOB) WHERE device_id = 'OLD'",
                (_, _) -> {})));

    KeptDevices.KeptList list = devices.list(BOB).orElseThrow();

    assertThat(read(list, "A")).hasValue(keys("a"));
    assertThat(stores.store().figures().unreadable()).isZero();
    assertThat(read(list, "OLD")).isEmpty();
    assertThat(stores.store().figures().unreadable()).isOne();
  }

  @Test
  void signingKeysTakeThePlaceOfThoseBefore() {
    follow(BOB);

    commit(lists.take(new DeviceInput.ReceiveSigningKeys(BOB, keys("m"), keys("s"))));
    commit(lists.take(new DeviceInput.ReceiveSigningKeys(BOB, keys("m2"), null)));

    assertThat(devices.list(BOB))
        .hasValueSatisfying(each -> {
          assertThat(each.masterKey()).hasValue(keys("m2"));
          assertThat(each.selfSigningKey()).hasValue(keys("s"));
        });
    assertThat(names(BOB)).containsExactly("OLD");
  }
}
