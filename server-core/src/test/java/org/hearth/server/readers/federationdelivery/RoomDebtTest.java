package org.hearth.server.readers.federationdelivery;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import org.hearth.server.matrix.id.EventId;
import org.hearth.server.matrix.id.RoomId;
import org.junit.jupiter.api.Test;

/// From where on something is owed of a room: up to there the log is done with.
class RoomDebtTest {
  private static final RoomId ROOM = RoomId.parse("!r:hearth.test");

  private final RoomDebt debt = RoomDebt.known(ROOM);

  private void say(long position) {
    var _ = debt.add(new Item(position, EventId.parse("$event" + position)), false);
  }

  private static DeliveryRows.Debt row(long since) {
    return new DeliveryRows.Debt(DeliveryRows.Kind.ROOM, ROOM, since);
  }

  @Test
  void whatWasSentEventByEventIsNotOwedAnyMore() {
    say(1);
    say(2);
    say(3);

    debt.paid(List.of(1L, 2L));
    debt.advance();

    assertThat(debt.rows()).containsExactly(row(3));
  }

  /// More is said while each transaction is under way, so the newest is never among what was sent.
  @Test
  void aRoomInWhichMoreIsSaidMeanwhileIsNotOwedFromTheBeginning() {
    say(1);
    debt.forgetItems();
    for (int i = 2; i < 10; i++) {
      long newest = debt.newest();
      say(i);
      debt.paidUpTo(newest);
      debt.advance();

      assertThat(debt.rows()).containsExactly(row(i));
    }

    debt.paidUpTo(debt.newest());
    assertThat(debt.isPaid()).isTrue();
  }
}
