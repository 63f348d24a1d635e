package org.hearth.server.readers.federationdelivery;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalStateException;

import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.stream.IntStream;
import org.hearth.ringlogs.LogPosition;
import org.hearth.ringlogs.Positioned;
import org.hearth.server.logs.DeviceOutput;
import org.hearth.server.store.RowChange;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.RegisterExtension;

/// How what is to be told of devices is written down: a user may share rooms with thousands of
/// servers, and many users at once may have something to tell.
@Timeout(60)
class DeviceReaderTest {
  private static final int SERVERS = 40;
  private static final int ENTRIES = 100;

  @RegisterExtension final DeliveryServer server = new DeliveryServer();

  private List<Positioned<DeviceOutput>> changes() {
    String[] others =
        IntStream.rangeClosed(1, SERVERS)
            .mapToObj(each -> DeliveryServer.user("bob", each))
            .toArray(String[]::new);
    var _ = server.room(others);
    List<Positioned<DeviceOutput>> batch = new ArrayList<>();
    for (long i = 1; i <= ENTRIES; i++) {
      batch.add(
          new Positioned<>(
              new LogPosition(i),
              new DeviceOutput.DeviceListChanged(
                  DeliveryServer.alice(), DeliveryServer.device("PHONE"), i, List.of())));
    }
    return batch;
  }

  /// A user may share rooms with ten thousand servers, and change a device again and again.
  @Test
  void aChangeIsOneRowHoweverManyServersAreToldOfIt() {
    List<List<RowChange>> units = new ArrayList<>();
    DeviceReader reader = server.deviceReader(units::add);

    reader.onBatch(changes());

    assertThat(units.stream().mapToInt(List::size).sum())
        .isLessThanOrEqualTo(2 * ENTRIES + 2 * units.size());
    assertThat(reader.position()).isEqualTo(new LogPosition(ENTRIES));
  }

  /// Of each change all who share a room are told.
  @Test
  void whoeverSharesARoomHasSomethingToBeTold() {
    Queues queues = server.queuesOf(Queues.MOST, _ -> {});
    DeviceReader reader = server.deviceReader(queues, DeviceReader.MOST_OF_ALL);

    reader.onBatch(changes());

    assertThat(queues.all())
        .hasSize(SERVERS)
        .allSatisfy(each -> assertThat(each.devices()).isEqualTo(new Queue.Devices(1, ENTRIES)));
    assertThat(server.rows("delivery_change")).isEqualTo(1);
    assertThat(new DeliveryRows(server.store().reads()).changes(1, 10))
        .singleElement()
        .satisfies(each -> assertThat(each.edu().position()).isEqualTo(ENTRIES));
  }

  /// After a crash all comes again of which somebody may not have been told.
  @Test
  void theProgressOfChangesWaitsForThoseWhoHaveToBeTold() {
    Queues queues = server.queuesOf(Queues.MOST, _ -> {});
    DeviceReader reader = server.deviceReader(queues, DeviceReader.MOST_OF_ALL);
    DeliveryRows rows = new DeliveryRows(server.store().reads());
    LogPosition before = rows.progress(DeliveryRows.CHANGES);
    reader.onBatch(changes());

    queues.checkpoints().write();

    assertThat(rows.progress(DeliveryRows.CHANGES)).isEqualTo(before);
    DeviceChanges.Written all = new DeviceChanges.Written(0, ENTRIES + 1, true);
    for (Queue each : queues.all()) {
      queues.change(each, it -> it.devicesWritten(Objects.requireNonNull(it.devices()), all));
    }
    queues.checkpoints().write();
    assertThat(rows.progress(DeliveryRows.CHANGES)).isEqualTo(new LogPosition(ENTRIES));
  }

  /// What was written is not forgotten, and what was not is not passed over.
  @Test
  void theReaderIsWhereItsLastUnitEnded() {
    List<List<RowChange>> units = new ArrayList<>();
    DeviceReader reader =
        server.deviceReader(unit -> {
          if (!units.isEmpty()) {
            throw new IllegalStateException("the disk is full");
          }
          units.add(unit);
        });
    List<Positioned<DeviceOutput>> batch = changes();

    assertThatIllegalStateException().isThrownBy(() -> reader.onBatch(batch));

    assertThat(units).hasSize(1);
    assertThat(reader.position().value()).isBetween(1L, ENTRIES - 1L);
  }

  /// A server that is forgotten, since too many others have something to be told, may have a
  /// message again before the rows of what it had are deleted.
  @Test
  void whatComesAfterAServerWasForgottenIsNotDeletedWithWhatWasBefore() {
    Queues queues = server.queuesOf(1, _ -> {});
    DeviceReader reader = server.deviceReader(queues, DeviceReader.MOST_OF_ALL);
    reader.onBatch(List.of(message(1, 1)));
    reader.onBatch(List.of(message(2, 2)));
    reader.onBatch(List.of(message(3, 1)));

    queues.checkpoints().write();

    DeliveryRows rows = new DeliveryRows(server.store().reads());
    assertThat(rows.edus(DeliveryServer.server(1), 10))
        .extracting(DeliveryRows.Edu::position)
        .containsExactly(3L);
    assertThat(rows.edus(DeliveryServer.server(2), 10)).isEmpty();
  }

  /// Messages may be sent to servers that nobody has heard of: who has most gives up the oldest.
  @Test
  void allServersTogetherHaveABoundedNumberOfMessages() {
    DeviceReader reader = server.deviceReader(server.queuesOf(Queues.MOST, _ -> {}), 20);
    reader.onBatch(List.of(message(1, 1), message(2, 1), message(3, 2)));
    for (int i = 4; i <= 40; i++) {
      reader.onBatch(List.of(message(i, 3)));
    }

    DeliveryRows rows = new DeliveryRows(server.store().reads());
    assertThat(rows.edus(DeliveryServer.server(1), 100)).hasSize(2);
    assertThat(rows.edus(DeliveryServer.server(2), 100)).hasSize(1);
    assertThat(rows.edus(DeliveryServer.server(3), 100))
        .extracting(DeliveryRows.Edu::position)
        .hasSize(17)
        .endsWith(39L, 40L);
  }

  /// It was passed in an earlier run, and is older than what is written down.
  @Test
  void aMessageThatWasHeldBackIsTold() {
    server
        .deviceReader(server.queuesOf(Queues.MOST, _ -> {}), DeviceReader.MOST_OF_ALL)
        .onBatch(List.of(message(5, 1)));
    DeliveryRows rows = new DeliveryRows(server.store().reads());
    Queues next = server.queuesOf(Queues.MOST, _ -> {});
    next.load(rows);
    DeviceReader reader = server.deviceReader(next, DeviceReader.MOST_OF_ALL);

    reader.onBatch(List.of(message(2, 1)));
    reader.onRelease(List.of(message(3, 1)));

    assertThat(rows.edus(DeliveryServer.server(1), 10))
        .extracting(DeliveryRows.Edu::position)
        .containsExactly(3L, 5L);
  }

  private static Positioned<DeviceOutput> message(long position, int to) {
    return new Positioned<>(
        new LogPosition(position),
        DeliveryServer.message(to, "m" + position, DeliveryServer.json("{}")));
  }
}
