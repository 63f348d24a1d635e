package org.hearth.server.readers.sync;

import static org.assertj.core.api.Assertions.assertThat;
import static org.hearth.server.readers.sync.SyncClient.events;
import static org.hearth.server.readers.sync.SyncClient.join;

import com.fasterxml.jackson.databind.JsonNode;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.hearth.server.matrix.id.EventId;
import org.hearth.server.matrix.id.RoomId;
import org.hearth.server.store.RowChange;
import org.hearth.server.store.Table;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/// A room of which a row is damaged is left out of `/sync`, and told of when the row is whole
/// again.
class DamagedRoomTest {
  private static final byte[] GARBAGE = "no JSON".getBytes(StandardCharsets.UTF_8);

  @TempDir Path folder;
  private SyncServer server;
  private SyncClient alice;
  private RoomId damaged;
  private RoomId whole;
  private EventId event;
  private byte[] json;

  @BeforeEach
  void damageOneOfTwoRooms() {
    server = new SyncServer(folder);
    damaged = server.rooms().open("alice", "shared");
    whole = server.rooms().open("alice", "shared");
    alice = server.client("alice");
    alice.sync();
    event = server.rooms().say(damaged, "alice", "unreadable");
    server.rooms().say(whole, "alice", "readable");
    json = stored();
    write(GARBAGE);
    restart();
  }

  @AfterEach
  void stop() {
    server.close();
  }

  @Test
  void theOtherRoomsAreToldAndTheRoomLater() {
    JsonNode told = alice.sync();
    assertThat(events(join(told, whole).path("timeline"))).containsExactly("readable");
    assertThat(join(told, damaged).isMissingNode()).isTrue();

    server.rooms().say(whole, "alice", "goes on");
    JsonNode next = alice.sync();
    assertThat(events(join(next, whole).path("timeline"))).containsExactly("goes on");
    assertThat(join(next, damaged).isMissingNode()).isTrue();

    write(json);
    restart();
    JsonNode mended = alice.sync();
    assertThat(events(join(mended, damaged).path("timeline"))).containsExactly("unreadable");
    assertThat(join(mended, whole).isMissingNode()).isTrue();
    assertThat(alice.sync().has("rooms")).isFalse();
    assertThat(alice.since()).matches("s[0-9]+_t[0-9]+-[0-9]+");
  }

  @Test
  void aClientThatHasNothingIsToldOfTheRoomLater() {
    SyncClient tablet = server.client("alice", "TABLET");
    assertThat(join(tablet.sync(), damaged).isMissingNode()).isTrue();
    assertThat(tablet.joined()).containsOnlyKeys(whole.value());

    write(json);
    restart();
    tablet.moveTo(server.http("alice", "TABLET"));

    JsonNode section = join(tablet.sync(), damaged);
    assertThat(events(section.path("timeline"))).endsWith("unreadable");
    assertThat(tablet.room(damaged).state()).containsKey("m.room.create|");
  }

  @Test
  void accountDataOfTheRoomComesWithTheRoom() {
    server.http("alice").put(tagPath(damaged), "{}").expect(200);
    server.http("alice").put(tagPath(whole), "{}").expect(200);

    JsonNode told = alice.sync();
    assertThat(join(told, whole).at("/account_data/events/0/type").asText()).isEqualTo("m.tag");
    assertThat(join(told, damaged).isMissingNode()).isTrue();

    write(json);
    restart();
    JsonNode mended = alice.sync();
    assertThat(join(mended, damaged).at("/account_data/events/0/type").asText()).isEqualTo("m.tag");
    assertThat(join(mended, whole).isMissingNode()).isTrue();
    assertThat(alice.sync().has("rooms")).isFalse();
  }

  /// Neither by a part of the room while it cannot be read, nor by its end.
  @Test
  void aClientThatHasNothingNeverLearnsOfARoomThatWasLeftMeanwhile() {
    server.http("alice").put(tagPath(damaged), "{}").expect(200);
    SyncClient tablet = server.client("alice", "TABLET");
    assertThat(join(tablet.sync(), damaged).isMissingNode()).isTrue();

    write(json);
    restart();
    server.rooms().leave(damaged, "alice");
    tablet.moveTo(server.http("alice", "TABLET"));

    JsonNode told = tablet.sync();
    assertThat(told.at("/rooms/leave").has(damaged.value())).isFalse();
    assertThat(join(told, damaged).isMissingNode()).isTrue();
  }

  @Test
  void itsHistoryIsToldWithoutTheDamagedEvent() {
    for (String direction : List.of("b", "f")) {
      for (int limit : List.of(1, 3, 100)) {
        assertThat(history(direction, limit)).as("%s by %d", direction, limit).hasSize(5);
      }
    }

    write(json);
    restart();
    assertThat(history("b", 3)).hasSize(6).startsWith("unreadable");
  }

  private List<String> history(String direction, int limit) {
    List<String> told = new ArrayList<>();
    String from = "";
    do {
      JsonNode page =
          server
              .http("alice")
              .get(
                  "/_matrix/client/v3/rooms/%s/messages?dir=%s&limit=%d%s"
                      .formatted(damaged, direction, limit, from))
              .expect(200)
              .json();
      page.path("chunk").forEach(each -> told.add(SyncClient.said(each)));
      from = page.has("end") ? "&from=" + page.path("end").asText() : "";
    } while (!from.isEmpty());
    return told;
  }

  private static String tagPath(RoomId room) {
    return "/_matrix/client/v3/user/@alice:hearth.test/rooms/%s/tags/u.kept".formatted(room);
  }

  private void restart() {
    server.close();
    server = new SyncServer(folder);
    alice.moveTo(server.http("alice"));
  }

  private byte[] stored() {
    return server
        .store()
        .reads()
        .read(connection -> {
          try (var select =
              connection.prepareStatement("SELECT json FROM room_event WHERE event_id = ?")) {
            select.setString(1, event.value());
            try (var rows = select.executeQuery()) {
              assertThat(rows.next()).isTrue();
              return rows.getBytes(1);
            }
          }
        });
  }

  private void write(byte[] row) {
    RowChange change =
        RowChange.of(
            new Table("room_event", "a test's", "the test"),
            "UPDATE room_event SET json = ? WHERE event_id = ?",
            (statement, _) -> {
              statement.setBytes(1, row);
              statement.setString(2, event.value());
            });
    var _ = server.store().committer().commit("test", List.of(change), List.of());
  }
}
