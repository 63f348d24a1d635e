package org.hearth.server.readers.federationdelivery;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.CountDownLatch;
import org.hearth.ringlogs.LogPosition;
import org.hearth.server.logs.Logs;
import org.hearth.server.matrix.id.EventId;
import org.hearth.server.matrix.id.RoomId;
import org.hearth.server.store.Committer;
import org.hearth.server.store.Eventually;
import org.hearth.server.store.RowChange;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.RegisterExtension;

/// What is written down of what servers have to be told.
@Timeout(60)
class CheckpointsTest {
  private static final RoomId ROOM = RoomId.parse("!r:hearth.test");

  @RegisterExtension final DeliveryServer server = new DeliveryServer();

  private static Queue owing(Queues queues) {
    queues.add(
        ROOM,
        new Item(1, EventId.parse("$event")),
        Set.of(DeliveryServer.server(1)),
        Optional.empty(),
        Cause.NONE);
    return queues.all().getFirst();
  }

  /// The row is deleted by the next checkpoint: it was not there yet when all was told.
  @Test
  void whatIsToldWhileItIsWrittenDownIsDeletedNext() throws Exception {
    Queues queues = server.queuesOf(10, _ -> {});
    Queue queue = owing(queues);
    queues.change(queue, each -> each.standing(Queue.Standing.FAILS));
    CountDownLatch go = new CountDownLatch(1);
    Thread holding = holdCommits(go);
    Thread writing = Thread.ofPlatform().start(queues.checkpoints()::write);
    Eventually.until("it waits", () -> writing.getState().name().endsWith("WAITING"));

    queues.change(queue, each -> each.rooms().values().forEach(room -> room.paid(List.of(1L))));
    queues.settle(queue);
    go.countDown();
    writing.join();
    holding.join();
    assertThat(server.rows("delivery_debt")).isEqualTo(1);
    queues.checkpoints().write();

    assertThat(server.rows("delivery_debt")).isZero();
  }

  private Thread holdCommits(CountDownLatch go) throws InterruptedException {
    CountDownLatch held = new CountDownLatch(1);
    RowChange change =
        RowChange.of(
            DeliveryRows.PROGRESS,
            "UPDATE delivery_progress SET position = position WHERE log = ?",
            (statement, _) -> {
              statement.setString(1, "none");
              held.countDown();
              try {
                go.await();
              } catch (InterruptedException _) {
                Thread.currentThread().interrupt();
              }
            });
    Committer committer = server.store().committer();
    Thread holding =
        Thread.ofPlatform()
            .start(() -> {
              var _ = committer.commit("test", List.of(change), List.of());
            });
    held.await();
    return holding;
  }

  /// Whoever takes the rest all the time is never late with it; the progress of the log must not
  /// wait for what it refuses.
  @Test
  void whatIsRefusedIsWrittenDownWhileTheRestIsTaken() {
    Queues queues = server.queuesOf(10, _ -> {});
    Queue queue = owing(queues);
    queues.change(queue, each -> each.suspect(ROOM, new Queue.Suspect(1, 0)));
    queues.settle(queue);

    queues.checkpoints().write();

    assertThat(server.rows("delivery_debt")).isEqualTo(1);
    Instant now = Instant.ofEpochMilli(server.millis());
    queues.change(queue, each -> each.suspects().clear());
    boolean late = queues.locked(queue, each -> each.isLate(now, Duration.ofSeconds(1)));
    assertThat(late).isFalse();
  }

  /// The progress of a log never goes back: what is still owed of what it has passed is a row,
  /// however fast the server takes it.
  @Test
  void whatIsLeftOfARowIsARow() {
    DeliveryRows rows = new DeliveryRows(server.store().reads());
    Queues queues = server.queuesOf(10, _ -> {});
    queues.addReceipt(ROOM, 10, Set.of(DeliveryServer.server(1)));
    queues.addReceipt(ROOM, 30, Set.of(DeliveryServer.server(1)));
    queues.checkpoints().seen(Logs.RECEIPT_OUTPUT.name(), new LogPosition(40));
    Queue queue = queues.all().getFirst();
    queues.change(queue, each -> each.standing(Queue.Standing.FAILS));
    queues.checkpoints().write();

    queues.change(
        queue,
        each -> {
          each.standing(Queue.Standing.ANSWERS);
          each.receiptsTold(new Transaction.ReceiptsOf(ROOM, 10, 20));
        });
    queues.settle(queue);
    queues.checkpoints().write();

    assertThat(rows.owed())
        .extracting(DeliveryRows.Owed::debt)
        .containsExactly(new DeliveryRows.Debt(DeliveryRows.Kind.RECEIPTS, ROOM, 20));
    queues.change(queue, each -> each.receiptsTold(new Transaction.ReceiptsOf(ROOM, 20, 31)));
    queues.settle(queue);
    queues.checkpoints().write();
    assertThat(rows.owed()).isEmpty();
  }
}
