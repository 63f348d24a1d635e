package org.hearth.server.servers.room.shard;

import static org.assertj.core.api.Assertions.assertThat;
import static org.hearth.server.matrix.testkit.RoomFixture.ALICE;

import org.hearth.server.logs.ClientTransaction;
import org.hearth.server.matrix.event.Pdu;
import org.hearth.server.matrix.id.DeviceId;
import org.hearth.server.matrix.testkit.RoomFixture;
import org.hearth.server.matrix.version.RoomVersions;
import org.hearth.server.servers.room.state.EventRef;
import org.junit.jupiter.api.Test;

/// What a shard notes of transactions, and what that weighs.
final class RecentTransactionsTest {
  private static final int LONG = 2_000;

  private final Pdu event =
      RoomFixture.of(RoomVersions.V11).message(ALICE, "m.room.message", "{}").build();
  private final RecentTransactions transactions = new RecentTransactions();

  private void add(String id) {
    transactions.add(event, new ClientTransaction(DeviceId.parse("A"), id), EventRef.at(5, event));
  }

  @Test
  void longIdsWeighMore() {
    add("x".repeat(LONG));

    assertThat(transactions.weightBytes()).isGreaterThan(LONG);
  }

  @Test
  void whatIsForgottenWeighsNothing() {
    for (int i = 0; i < 300; i++) {
      add("x".repeat(LONG) + i);
    }
    for (int i = 0; i < 300; i++) {
      add("%03d".formatted(i));
    }
    RecentTransactions others = new RecentTransactions();
    for (int i = 0; i < 300; i++) {
      others.add(
          event,
          new ClientTransaction(DeviceId.parse("A"), "%03d".formatted(i)),
          EventRef.at(5, event));
    }

    assertThat(transactions.weightBytes()).isEqualTo(others.weightBytes()).isPositive();
  }
}
