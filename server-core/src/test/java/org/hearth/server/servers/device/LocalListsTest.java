package org.hearth.server.servers.device;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Duration;
import java.time.InstantSource;
import java.util.List;
import java.util.Random;
import java.util.SplittableRandom;
import java.util.stream.Stream;
import org.hearth.ringlogs.DeadLetters;
import org.hearth.ringlogs.FailureHandling;
import org.hearth.ringlogs.LogSet;
import org.hearth.server.logs.AccountOutput;
import org.hearth.server.logs.DeviceOutput;
import org.hearth.server.logs.Logs;
import org.hearth.server.matrix.id.DeviceId;
import org.hearth.server.matrix.id.ServerName;
import org.hearth.server.matrix.id.UserId;
import org.hearth.server.matrix.testkit.TestKeys;
import org.hearth.server.servers.room.RoomServerOptions;
import org.hearth.server.servers.room.server.RoomServer;
import org.hearth.server.services.account.Accounts;
import org.hearth.server.services.keys.Keys;
import org.hearth.server.store.Journal;
import org.hearth.server.store.JournalWriter;
import org.hearth.server.store.JournaledLog;
import org.hearth.server.store.StoreExtension;
import org.hearth.server.store.Unavailable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

/// How the updates of devices are numbered of which other servers are told.
class LocalListsTest {
  private static final Duration PATIENCE = Duration.ofSeconds(60);
  private static final ServerName HERE = ServerName.parse("hearth.test");
  private static final UserId ALICE = UserId.parse("@alice:hearth.test");
  private static final UserId BOB = UserId.parse("@bob:hearth.test");
  private static final DeviceId PHONE = new DeviceId("PHONE");
  private static final DeviceId LAPTOP = new DeviceId("LAPTOP");

  @RegisterExtension final StoreExtension stores = new StoreExtension();

  /// A server that runs until it has told of all that was announced.
  private final class Run implements AutoCloseable {
    private final JournalWriter<AccountOutput> accounts;
    private final LogSet logs;

    Run() {
      InstantSource clock = InstantSource.system();
      FailureHandling failures =
          new FailureHandling(DeadLetters.inMemory(), Unavailable::is, clock);
      Journal journal = new Journal(stores.store(), clock);
      RoomServer rooms =
          new RoomServer(
              stores.store(),
              HERE,
              TestKeys.of(HERE),
              clock,
              new SplittableRandom(1),
              RoomServerOptions.standard());
      JournaledLog<AccountOutput> log = journal.log(Logs.ACCOUNT_OUTPUT, failures);
      accounts = log.writer("test");
      DeviceServer server =
          new DeviceServer(
              new DeviceServer.Needs(
                  HERE,
                  stores.store(),
                  new Accounts(stores.store().reads(), HERE),
                  new Keys(stores.store().reads()),
                  rooms.queries(),
                  rooms.peerQueries(),
                  new Inboxes(stores.store().reads()),
                  new RemoteDevices(stores.store().reads()),
                  new Random(1)),
              new DeviceServer.Followed(log.output(), rooms.output()),
              journal.log(Logs.DEVICE_OUTPUT, failures),
              failures);
      server.readings().forEach(each -> register(each));
      logs =
          new LogSet(
              Stream.of(rooms.logs(), server.logs(), List.of(log.output()))
                  .flatMap(List::stream)
                  .toList());
      logs.start(stores.store().head());
    }

    private static <E> void register(org.hearth.server.box.Reading<E> reading) {
      reading.log().register(reading.reader());
    }

    void announce(AccountOutput... entries) {
      var _ = accounts.commit(List.of(), List.of(entries));
    }

    @Override
    public void close() {
      try {
        assertThat(logs.drainAndStop(PATIENCE)).isTrue();
      } catch (InterruptedException e) {
        throw new IllegalStateException(e);
      }
    }
  }

  private List<DeviceOutput> told() {
    return stores
        .store()
        .reads()
        .select(
            "SELECT codec_version, entry FROM journal WHERE log = 'device-output' ORDER BY"
                + " position",
            row -> Logs.DEVICE_OUTPUT.codec().decode(row.getInt(1), row.getBytes(2)));
  }

  private List<DeviceOutput.DeviceListChanged> updates(UserId user) {
    return told().stream()
        .filter(DeviceOutput.DeviceListChanged.class::isInstance)
        .map(DeviceOutput.DeviceListChanged.class::cast)
        .filter(each -> each.user().equals(user))
        .toList();
  }

  private static void assertChained(List<DeviceOutput.DeviceListChanged> updates) {
    for (int i = 0; i < updates.size(); i++) {
      assertThat(updates.get(i).prevId())
          .isEqualTo(i == 0 ? List.of() : List.of(updates.get(i - 1).streamId()));
      if (i > 0) {
        assertThat(updates.get(i).streamId()).isGreaterThan(updates.get(i - 1).streamId());
      }
    }
  }

  @Test
  void eachUpdateNamesTheOneBeforeItAlsoAfterARestart() {
    try (Run first = new Run()) {
      first.announce(
          new AccountOutput.DeviceAdded(ALICE, PHONE),
          new AccountOutput.DeviceAdded(ALICE, LAPTOP),
          new AccountOutput.DeviceAdded(BOB, PHONE));
      first.announce(new AccountOutput.DeviceKeysChanged(ALICE, List.of(PHONE, LAPTOP)));
    }
    try (Run second = new Run()) {
      second.announce(new AccountOutput.DeviceChanged(BOB, PHONE));
      second.announce(
          new AccountOutput.DeviceRemoved(ALICE, PHONE), new AccountOutput.SigningKeysChanged(BOB));
    }

    List<DeviceOutput.DeviceListChanged> alices = updates(ALICE);
    assertChained(alices);
    assertThat(alices)
        .extracting(DeviceOutput.DeviceListChanged::device)
        .endsWith(PHONE)
        .contains(LAPTOP);
    assertThat(updates(BOB)).hasSize(2);
    assertChained(updates(BOB));
    assertThat(told()).contains(new DeviceOutput.SigningKeysChanged(BOB));
    assertThat(new RemoteDevices(stores.store().reads()).streamId(ALICE))
        .isEqualTo(alices.getLast().streamId());
  }

  @Test
  void whatConcernsNoDeviceIsNotTold() {
    try (Run run = new Run()) {
      run.announce(
          new AccountOutput.AccountCreated(ALICE, false),
          new AccountOutput.UserVerified(ALICE, BOB),
          new AccountOutput.ProfileChanged(ALICE, "A", null));
    }

    assertThat(told()).isEmpty();
  }
}
