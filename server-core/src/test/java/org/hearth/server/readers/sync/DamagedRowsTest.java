package org.hearth.server.readers.sync;

import static org.assertj.core.api.Assertions.assertThat;
import static org.hearth.server.readers.sync.SyncClient.events;
import static org.hearth.server.readers.sync.SyncClient.join;

import ch.qos.logback.classic.Logger;
import ch.qos.logback.classic.spi.ILoggingEvent;
import ch.qos.logback.core.read.ListAppender;
import com.fasterxml.jackson.databind.JsonNode;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.hearth.server.matrix.id.RoomId;
import org.hearth.server.readers.sync.sections.HeldBackNews;
import org.hearth.server.store.RowChange;
import org.hearth.server.store.Table;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.slf4j.LoggerFactory;

/// Rows of a user that cannot be read cost what stands in them, and nothing else of `/sync`.
class DamagedRowsTest {
  private static final String DATA =
      "/_matrix/client/v3/user/@alice:hearth.test/account_data/m.ignored_user_list";

  @TempDir Path folder;
  private SyncServer server;
  private SyncClient alice;
  private RoomId room;

  @BeforeEach
  void open() {
    server = new SyncServer(folder);
    room = server.rooms().open("alice", "shared");
    alice = server.client("alice");
    alice.sync();
  }

  @AfterEach
  void stop() {
    server.close();
  }

  @Test
  void accountDataIsHeldBackAndNobodyIsIgnoredMeanwhile() {
    server.http("alice").put(DATA, "{'ignored_users': {}}").expect(200);
    update(
        "account_data",
        "UPDATE account_data SET content = CAST(X'7B7B' AS BLOB) WHERE user_id = ?");
    server.rooms().say(room, "alice", "goes on");
    restart();

    JsonNode told = alice.sync();
    assertThat(events(join(told, room).path("timeline"))).containsExactly("goes on");
    assertThat(told.has("account_data")).isFalse();
    server.http("alice").get(DATA).expect(500);
    JsonNode slid = new SlidingClient(server.http("alice")).sync(SlidingClient.list(0, 5, 1, ""));
    assertThat(slid.path("rooms").has(room.value())).isTrue();
    server.http("alice").get("/_matrix/client/v3/rooms/" + room + "/messages?dir=b").expect(200);

    server.http("alice").put(DATA, "{'ignored_users': {'@bob:hearth.test': {}}}").expect(200);
    assertThat(
            alice.sync().at("/account_data/events/0/content/ignored_users").has("@bob:hearth.test"))
        .isTrue();
  }

  @Test
  void aMembershipCostsItsRoomOnly() {
    RoomId other = server.rooms().open("alice", "shared");
    update(
        "room_member",
        "UPDATE room_member SET membership = 9 WHERE user_id = ? AND room_nid ="
            + " (SELECT room_nid FROM room WHERE room_id = '%s')".formatted(other));
    server.rooms().say(room, "alice", "goes on");
    restart();

    JsonNode told = alice.sync();

    assertThat(events(join(told, room).path("timeline"))).containsExactly("goes on");
    assertThat(join(told, other).isMissingNode()).isTrue();
    server
        .http("alice")
        .get("/_matrix/client/v3/rooms/%s/messages?dir=b".formatted(room))
        .expect(200);
  }

  /// As many as stand on one page of the database.
  @Test
  void manyDamagedRoomsLeaveTheOthers() {
    List<RoomId> damaged = new ArrayList<>();
    for (int i = 0; i < 60; i++) {
      damaged.add(server.rooms().open("alice", "shared"));
    }
    for (RoomId each : damaged) {
      update(
          "room",
          "UPDATE room SET version = 'nope' WHERE '@alice:hearth.test' = ? AND room_id = '%s'"
              .formatted(each));
    }
    server.rooms().say(room, "alice", "goes on");
    restart();

    JsonNode told = alice.sync();

    assertThat(events(join(told, room).path("timeline"))).containsExactly("goes on");
    assertThat(told.at("/rooms/join")).hasSize(1);
    server.rooms().say(room, "alice", "and on");
    assertThat(events(join(alice.sync(), room).path("timeline"))).containsExactly("and on");
  }

  /// Each answer of a sliding window meets the failure in several of its parts.
  @Test
  void whatCannotBeReadIsLoggedOnceInHoweverManyAnswersOfEitherKindItIsMissing() {
    server
        .http("alice")
        .put("/_matrix/client/v3/user/@alice:hearth.test/account_data/com.example.x", "{}")
        .expect(200);
    update(
        "account_data",
        "UPDATE account_data SET content = CAST(X'7B7B' AS BLOB) WHERE user_id = ?");
    restart();
    ListAppender<ILoggingEvent> logged = new ListAppender<>();
    logged.start();
    Logger log = (Logger) LoggerFactory.getLogger(HeldBackNews.class);
    log.addAppender(logged);
    try {
      SlidingClient sliding = new SlidingClient(server.http("alice"));
      String body =
          SlidingClient.list(0, 5, 1, "")
              .replaceFirst("}$", ",'extensions':{'account_data':{'enabled':true}}}");
      for (int i = 0; i < 3; i++) {
        server.rooms().say(room, "alice", "goes on");
        var _ = sliding.sync(body);
        alice.sync();
      }
    } finally {
      log.detachAppender(logged);
    }

    assertThat(logged.list)
        .extracting(ILoggingEvent::getFormattedMessage)
        .isNotEmpty()
        .doesNotHaveDuplicates();
  }

  @Test
  void damagedListsOfIgnoredUsersAreLoggedOnceAndCounted() {
    server.http("alice").put(DATA, "{'ignored_users': {}}").expect(200);
    update(
        "account_data",
        "UPDATE account_data SET content = CAST(X'7B7B' AS BLOB) WHERE user_id = ?");
    restart();
    ListAppender<ILoggingEvent> logged = new ListAppender<>();
    logged.start();
    Logger log = (Logger) LoggerFactory.getLogger("org.hearth.server");
    log.addAppender(logged);
    try {
      for (int i = 0; i < 3; i++) {
        server
            .http("alice")
            .get("/_matrix/client/v3/rooms/%s/messages?dir=b".formatted(room))
            .expect(200);
      }
    } finally {
      log.detachAppender(logged);
    }

    assertThat(logged.list)
        .extracting(ILoggingEvent::getFormattedMessage)
        .filteredOn(each -> each.contains("@alice:hearth.test"))
        .containsExactly("the ignored users of @alice:hearth.test cannot be read");
    assertThat(server.store().figures().unreadable()).isPositive();
  }

  private void restart() {
    server.close();
    server = new SyncServer(folder);
    alice.moveTo(server.http("alice"));
  }

  /// @param statement with a parameter for the user
  private void update(String table, String statement) {
    RowChange change =
        RowChange.of(
            new Table(table, "a test's", "the test"),
            statement,
            (prepared, _) -> prepared.setString(1, "@alice:hearth.test"));
    var _ = server.store().committer().commit("test", List.of(change), List.of());
  }
}
