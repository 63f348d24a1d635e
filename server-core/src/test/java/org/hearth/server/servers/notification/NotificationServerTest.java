package org.hearth.server.servers.notification;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.InstantSource;
import java.util.List;
import java.util.Optional;
import java.util.SplittableRandom;
import org.hearth.ringlogs.DeadLetters;
import org.hearth.ringlogs.FailureHandling;
import org.hearth.ringlogs.LogPosition;
import org.hearth.ringlogs.LogReader;
import org.hearth.ringlogs.Positioned;
import org.hearth.server.logs.Logs;
import org.hearth.server.logs.RoomOutput;
import org.hearth.server.matrix.event.Pdu;
import org.hearth.server.matrix.id.ServerName;
import org.hearth.server.matrix.testkit.RoomFixture;
import org.hearth.server.matrix.testkit.TestKeys;
import org.hearth.server.matrix.version.RoomVersions;
import org.hearth.server.servers.receipt.Receipts;
import org.hearth.server.servers.room.RoomServerOptions;
import org.hearth.server.servers.room.server.RoomServer;
import org.hearth.server.services.accountdata.AccountData;
import org.hearth.server.store.Journal;
import org.hearth.server.store.StoreExtension;
import org.hearth.server.store.Unavailable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

/// The Notification Server with very little memory.
class NotificationServerTest {
  private static final ServerName NAME = ServerName.parse("a.example");
  private static final long MEMORY_BYTES = 10_000;

  @RegisterExtension final StoreExtension stores = new StoreExtension();

  @Test
  @SuppressWarnings("unchecked") // the first reading is of room-output
  void whatIsCountedInTooManyRoomsToWaitIsStoredAtOnce() throws Exception {
    InstantSource clock = InstantSource.system();
    RoomServer rooms =
        new RoomServer(
            stores.store(),
            NAME,
            TestKeys.of(NAME),
            clock,
            new SplittableRandom(1),
            RoomServerOptions.standard());
    NotificationServer server =
        new NotificationServer(
            new NotificationServer.Needs(
                stores.store(),
                NAME,
                rooms.queries(),
                new Receipts(stores.store().reads()),
                new AccountData(stores.store().reads()),
                rooms.output(),
                new Journal(stores.store(), clock)
                    .log(
                        Logs.RECEIPT_OUTPUT,
                        new FailureHandling(DeadLetters.inMemory(), Unavailable::is, clock))
                    .output()),
            clock,
            MEMORY_BYTES);
    LogReader<RoomOutput> reader = (LogReader<RoomOutput>) server.readings().getFirst().reader();
    StoredCounts table = new StoredCounts(stores.store().reads());

    for (int i = 1; i <= 5; i++) {
      reader.onBatch(List.of(inAnotherRoom(i)));
    }
    assertThat(table.progress()).as("in a while").isEmpty();
    for (int i = 6; i <= 50; i++) {
      reader.onBatch(List.of(inAnotherRoom(i)));
    }

    assertThat(table.progress()).isNotEqualTo(Optional.empty());
  }

  private static Positioned<RoomOutput> inAnotherRoom(int number) {
    Pdu event = RoomFixture.empty(RoomVersions.V12).create("{\"n\":%d}".formatted(number)).add();
    return new Positioned<>(
        new LogPosition(number), new RoomOutput.EventAdded(event, null, null, null, null));
  }
}
