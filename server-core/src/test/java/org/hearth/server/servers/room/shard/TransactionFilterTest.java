package org.hearth.server.servers.room.shard;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.SplittableRandom;
import org.hearth.server.logs.ClientTransaction;
import org.hearth.server.matrix.id.DeviceId;
import org.hearth.server.store.StoreExtension;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

/// The filter of transactions at its bound; what it says below it is in RepeatedRequestTest.
final class TransactionFilterTest {
  private static final int BYTES = 24 << 10;

  @RegisterExtension final StoreExtension stores = new StoreExtension();

  @Test
  void knowsNothingMoreWhenItsMemoryIsUsedUp() throws InterruptedException {
    try (TransactionFilter filter =
        new TransactionFilter(stores.store().reads(), new SplittableRandom(1), BYTES)) {
      assertThat(filter.isNew(1, of("never begun"))).isFalse();
      filter.awaitReading();
      for (int i = 0; i < 1_000; i++) {
        filter.add(1, of("first " + i));
      }
      assertThat(filter.isNew(1, of("never begun"))).isTrue();

      for (int i = 0; i < 100_000; i++) {
        filter.add(1, of("later " + i));
      }

      assertThat(filter.isNew(1, of("never begun"))).isFalse();
      assertThat(filter.isNew(1, of("first 0"))).isFalse();
      assertThat(filter.bytes()).isLessThanOrEqualTo(BYTES);
    }
  }

  @Test
  void devicesThatCountAlikeAreToldApart() throws InterruptedException {
    try (TransactionFilter filter =
        new TransactionFilter(stores.store().reads(), new SplittableRandom(1), BYTES)) {
      assertThat(filter.isNew(1, of("7"))).isFalse();
      filter.awaitReading();

      filter.add(1, of("7"));

      assertThat(filter.isNew(1, of("7"))).isFalse();
      assertThat(filter.isNew(1, new ClientTransaction(DeviceId.parse("OTHER"), "7"))).isTrue();
    }
  }

  private static ClientTransaction of(String id) {
    return new ClientTransaction(DeviceId.parse("DEVICE"), id);
  }
}
