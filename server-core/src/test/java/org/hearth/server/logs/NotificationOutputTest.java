package org.hearth.server.logs;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.node.TextNode;
import java.util.Collections;
import java.util.List;
import org.hearth.server.matrix.id.EventId;
import org.hearth.server.matrix.id.RoomId;
import org.hearth.server.matrix.id.UserId;
import org.junit.jupiter.api.Test;

class NotificationOutputTest {
  private static final RoomId ROOM = RoomId.parse("!r:example.org");

  /// A ring has place for thousands of entries, and an entry may name all members of a large room.
  @Test
  void anEntryWeighsByWhomItNames() {
    assertThat(weight(10_000)).isBetween(weight(1) + 40_000, weight(1) + 200_000);
    assertThat(
            Logs.NOTIFICATION_OUTPUT
                .weight()
                .applyAsLong(
                    new NotificationOutput.CountsChanged(
                        1, ROOM, UserId.parse("@bob:example.org"))))
        .isPositive();
  }

  private static long weight(int users) {
    return Logs.NOTIFICATION_OUTPUT
        .weight()
        .applyAsLong(
            new NotificationOutput.Notified(
                1,
                ROOM,
                EventId.parse("$event"),
                ReceiptOutput.MAIN,
                0,
                List.of(
                    new NotificationOutput.Audience(
                        List.of(TextNode.valueOf("notify")),
                        false,
                        Collections.nCopies(users, UserId.parse("@bob:example.org"))))));
  }
}
