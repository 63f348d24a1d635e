package org.hearth.server.readers.sync;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.hearth.server.readers.sync.SyncClient.join;

import com.fasterxml.jackson.databind.JsonNode;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import org.hearth.ringlogs.LogPosition;
import org.hearth.ringlogs.LogWriter;
import org.hearth.ringlogs.Reply;
import org.hearth.server.logs.ReceiptInput;
import org.hearth.server.logs.ReceiptOutput;
import org.hearth.server.logs.ReceiptType;
import org.hearth.server.matrix.id.EventId;
import org.hearth.server.matrix.id.RoomId;
import org.hearth.server.store.Committer;
import org.hearth.server.store.HeldCommitter;
import org.hearth.server.store.Outcome;
import org.hearth.server.store.RowChange;
import org.hearth.server.store.StorageException;
import org.hearth.server.store.Table;
import org.hearth.server.store.UnitOfWork;
import org.hearth.server.store.UnitOwner;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/// Which receipts are kept: the bounds of the table, and when rows go.
@Tag("long")
class ReceiptRowsTest extends ReceiptRoom {
  private static final Duration PATIENCE = Duration.ofSeconds(20);

  private static final Table RECEIPT = new Table("receipt", "a test's", "the test");

  private void awaitRows(long expected) {
    long deadline = System.nanoTime() + PATIENCE.toNanos();
    while (rows() != expected) {
      assertThat(System.nanoTime()).as("%d rows", rows()).isLessThan(deadline);
      Thread.onSpinWait();
    }
  }

  @Test
  void tenThousandThreadsLeaveTheLatestOfThem() throws Exception {
    EventId event = say("hello");
    LogWriter<ReceiptInput, LogPosition> commands = server.receiptServer().input().writer("Tests");
    List<Reply<LogPosition>> replies = new ArrayList<>();
    for (int i = 0; i < 10_000; i++) {
      ReceiptOutput receipt =
          new ReceiptOutput(
              room, TestRooms.user("alice"), ReceiptType.READ, "$thread" + i, event, i, 1);
      replies.add(commands.submit(new ReceiptInput.MoveMarker(receipt), PATIENCE));
    }
    for (Reply<LogPosition> each : replies) {
      var _ = each.await(PATIENCE);
    }
    read("alice", event);
    read("alice", event, "main");
    read("alice", event, event.value());
    post("alice", room, "m.read.private", event.value(), "{}").expect(200);

    assertThat(rows()).isEqualTo(200 + 3);
    assertThat(count("SELECT COUNT(*) FROM receipt WHERE thread_id LIKE '$thread99__'"))
        .isEqualTo(100);
  }

  /// What the server believes of a marker is forgotten when it was not stored.
  @Test
  void aMarkerWhoseCommitFailedIsMovedWhenItIsSaidAgain() throws Exception {
    EventId event = say("hello");
    Committer committer = server.store().committer();
    LogWriter<ReceiptInput, LogPosition> commands = server.receiptServer().input().writer("Tests");
    ReceiptInput move =
        new ReceiptInput.MoveMarker(
            new ReceiptOutput(room, TestRooms.user("alice"), ReceiptType.READ, null, event, 5, 1));
    Reply<LogPosition> failing;
    try (HeldCommitter _ = HeldCommitter.hold(committer)) {
      // Of this row the server does not know when it adds its own.
      committer.submit(
          new UnitOfWork(
              new UnitOwner("test"),
              List.of(row("alice", event, 1)),
              List.of(),
              Outcome.of(_ -> {}, _ -> {})));
      failing = commands.submit(move, PATIENCE);
      var _ =
          commands
              .submit(new ReceiptInput.ForgetMember(room, TestRooms.user("nobody")), PATIENCE)
              .await(PATIENCE);
    }
    assertThatThrownBy(() -> failing.await(PATIENCE)).isInstanceOf(StorageException.class);

    var _ = commands.submit(move, PATIENCE).await(PATIENCE);

    assertThat(count("SELECT event_place FROM receipt")).isEqualTo(5);
  }

  @Test
  void whoLeavesIsKickedOrBannedHasNoneAndIsToldNoMore() {
    EventId event = say("hello");
    for (String each : List.of("leaver", "kicked", "banned")) {
      rooms.join(room, each);
      read(each, event);
      read(each, event, "main");
    }
    SyncClient leaver = server.client("leaver");
    leaver.sync();
    assertThat(rows()).isEqualTo(6);

    rooms.leave(room, "leaver");
    rooms.kick(room, "alice", "kicked");
    rooms.ban(room, "alice", "banned");
    awaitRows(0);
    read("alice", event);

    assertThat(leaver.sync().toString()).doesNotContain("m.receipt");
    assertThat(receiptsFromNothing("bob")).containsOnlyKeys(isRead("alice"));
    post("banned", room, "m.read", event.value(), "{}").expect(403, "M_FORBIDDEN");

    rooms.forget(room, "leaver");
    rooms.join(room, "leaver");
    assertThat(receipts(leaver.sync())).containsOnlyKeys(isRead("alice"));
    assertThat(leaver.sync().has("rooms")).isFalse();
  }

  @Test
  void whatWasMissedIsMadeGoodAtTheStart() {
    EventId event = say("hello");
    read("alice", event);
    var _ = server.store().committer().commit("test", List.of(row("gone", event, 1)), List.of());
    assertThat(rows()).isEqualTo(2);

    restart();

    awaitRows(1);
    assertThat(receiptsFromNothing("bob")).containsOnlyKeys(isRead("alice"));
  }

  @Test
  void aDamagedRowCostsOnlyItself() throws Exception {
    EventId event = say("hello");
    read("alice", event);
    LogPosition head = server.store().head();
    List<RowChange> rows = new ArrayList<>();
    for (String user : List.of("!damaged", id("gone"), "damaged")) {
      rows.add(row(user, room.value(), event, head.value()));
    }
    rows.add(row(id("gone"), "damaged", event, head.value()));
    var _ = server.store().committer().commit("test", rows, List.of());

    // Those who follow the logs look anew at all that there is.
    for (var each : server.receiptServer().readings()) {
      lose(each.reader(), server.store().head());
    }
    for (var each : server.notifications().readings()) {
      lose(each.reader(), server.store().head());
    }
    awaitRows(4);

    assertThat(receiptsFromNothing("bob")).containsOnlyKeys(isRead("alice"));
    read("bob", event);
    assertThat(receiptsFromNothing("alice")).containsOnlyKeys(isRead("alice"), isRead("bob"));
  }

  @Test
  void aDamagedRowDoesNotEndTheLookAtTheStart() {
    EventId event = say("hello");
    var _ =
        server
            .store()
            .committer()
            .commit(
                "test",
                List.of(row("!damaged", room.value(), event, 1), row("gone", event, 1)),
                List.of());

    restart();

    awaitRows(1);
    assertThat(count("SELECT COUNT(*) FROM receipt WHERE user_id = '!damaged'")).isEqualTo(1);
  }

  private RowChange row(String user, EventId event, long position) {
    return row(id(user), room.value(), event, position);
  }

  private static RowChange row(String user, String in, EventId event, long position) {
    return RowChange.of(
        RECEIPT,
        "INSERT INTO receipt (user_id, room_id, receipt_type, thread_id, event_id, event_place,"
            + " received_millis, log_position) VALUES (?, ?, 'm.read', '', ?, 1, 1, ?)",
        (statement, _) -> {
          statement.setString(1, user);
          statement.setString(2, in);
          statement.setString(3, event.value());
          statement.setLong(4, position);
        });
  }

  @Test
  void aFirstSyncHasTheNewestOfALargeRoomAndAllOfOnesOwn() {
    EventId event = say("hello");
    List<RowChange> changes = new ArrayList<>();
    changes.add(row("bob", event, 1));
    for (int i = 0; i < 1_100; i++) {
      changes.add(row("member" + i, event, 2 + i));
    }
    var _ = server.store().committer().commit("test", changes, List.of());
    for (int i = 0; i < 1_100; i++) {
      var _ = say("so that the positions have been given");
    }

    assertThat(receiptsFromNothing("bob"))
        .hasSize(1_001)
        .containsKeys(isRead("bob"), isRead("member1099"), isRead("member100"));
  }

  @Test
  void aClosedAccountHasNone() {
    read("alice", say("hello"));
    read("bob", say("hello"));

    server.closeAndErase("alice");

    assertThat(rows()).isEqualTo(1);
    assertThat(receiptsFromNothing("bob")).containsOnlyKeys(isRead("bob"));
  }

  @Test
  void whatIsNotNotedAnyMoreIsFoundInTheDatabase() {
    RoomId quiet = rooms.open("alice", "shared");
    rooms.join(quiet, "bob");
    EventId event = say("hello");
    bob.sync();
    read("alice", event);
    LogPosition head = server.store().head();
    server.clientSync().readings().stream()
        .filter(each -> each.log() == server.receiptServer().output())
        .forEach(each -> lose(each.reader(), head));

    JsonNode answer = bob.sync();

    assertThat(receipts(answer)).containsOnlyKeys(isRead("alice"));
    assertThat(join(answer, quiet).isMissingNode()).isTrue();
    assertThat(bob.sync().has("rooms")).isFalse();
  }

  private static void lose(org.hearth.ringlogs.LogReader<?> reader, LogPosition upTo) {
    try {
      reader.onLost(LogPosition.ORIGIN, upTo);
    } catch (Exception e) {
      throw new IllegalStateException(e);
    }
  }
}
