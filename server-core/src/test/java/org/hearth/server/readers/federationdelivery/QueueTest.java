package org.hearth.server.readers.federationdelivery;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Instant;
import java.util.List;
import java.util.Objects;
import org.hearth.server.matrix.id.RoomId;
import org.junit.jupiter.api.Test;

/// From where on something is owed that is looked up when it is sent.
class QueueTest {
  private static final RoomId ROOM = RoomId.parse("!r:hearth.test");
  private static final Instant NOW = Instant.EPOCH;

  private final Queue queue = new Queue(DeliveryServer.server(1));

  @Test
  void whatWasHeldBackIsOwedBesideWhatIsNewer() {
    assertThat(queue.addDevices(20, NOW)).isTrue();
    assertThat(queue.addDevices(30, NOW)).isFalse();
    assertThat(queue.addDevices(10, NOW)).as("its row is another").isTrue();
    assertThat(queue.addReceipt(ROOM, 20, NOW)).isTrue();
    assertThat(queue.addReceipt(ROOM, 30, NOW)).isFalse();
    assertThat(queue.addReceipt(ROOM, 10, NOW)).as("its row is another").isTrue();

    assertThat(queue.devices()).isEqualTo(new Queue.Devices(10, 30));
    assertThat(queue.receipts().get(ROOM)).isEqualTo(new Queue.Receipts(10, 30));
    assertThat(queue.rows())
        .containsExactlyInAnyOrderElementsOf(
            List.of(
                new DeliveryRows.Debt(DeliveryRows.Kind.RECEIPTS, ROOM, 10),
                DeliveryRows.Debt.ofDevices(10)));
  }

  @Test
  void whatWasHeldBackIsOwedThoughWhatIsNewerIsTold() {
    var _ = queue.addDevices(20, NOW);
    var _ = queue.addReceipt(ROOM, 20, NOW);
    Queue.Devices devices = Objects.requireNonNull(queue.devices());
    var _ = queue.addDevices(10, NOW);
    var _ = queue.addReceipt(ROOM, 10, NOW);

    queue.devicesWritten(devices, new DeviceChanges.Written(1, 21, true));
    queue.receiptsTold(new Transaction.ReceiptsOf(ROOM, 20, 21));

    assertThat(queue.devices()).isEqualTo(new Queue.Devices(10, 20));
    assertThat(queue.receipts().get(ROOM)).isEqualTo(new Queue.Receipts(10, 20));
  }
}
