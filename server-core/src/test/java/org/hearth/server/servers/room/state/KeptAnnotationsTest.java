package org.hearth.server.servers.room.state;

import static org.assertj.core.api.Assertions.assertThat;
import static org.hearth.server.matrix.testkit.RoomFixture.ALICE;
import static org.hearth.server.matrix.testkit.RoomFixture.BOB;

import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import org.hearth.server.matrix.event.Pdu;
import org.hearth.server.matrix.id.UserId;
import org.hearth.server.matrix.testkit.RoomFixture;
import org.hearth.server.matrix.version.RoomVersions;
import org.hearth.server.servers.room.Annotation;
import org.hearth.server.servers.room.server.RunningRooms;
import org.hearth.server.store.RowChange;
import org.hearth.server.store.StoreExtension;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

/// Annotations that were stored before their likeness was are found like later ones.
final class KeptAnnotationsTest {
  private static final String MIGRATION = "/db/migration/V15__annotation.sql";

  @RegisterExtension final StoreExtension stores = new StoreExtension();
  private RunningRooms rooms;
  private RoomFixture room;
  private Pdu root;

  @BeforeEach
  void start() {
    rooms = new RunningRooms(stores.store());
    room = RoomFixture.withMembers(RoomVersions.V11);
    room.usualPowerLevels().add();
    root = room.message(ALICE, "m.room.message", "{\"body\":\"root\"}").add();
    rooms.live(room.events());
  }

  @AfterEach
  void stop() {
    rooms.close();
  }

  private Pdu related(UserId sender, String relation, String key) {
    return room.message(
            sender,
            "m.reaction",
            "{\"m.relates_to\":{\"rel_type\":\"%s\",\"event_id\":\"%s\",\"key\":\"%s\"}}"
                .formatted(relation, root.eventId(), key))
        .add();
  }

  private List<String> likenesses() {
    return stores
        .store()
        .reads()
        .read(connection -> {
          try (PreparedStatement statement =
                  connection.prepareStatement(
                      "SELECT position, likeness FROM room_relation ORDER BY position");
              ResultSet rows = statement.executeQuery()) {
            List<String> found = new ArrayList<>();
            while (rows.next()) {
              found.add(rows.getString(1) + ": " + rows.getString(2));
            }
            return found;
          }
        });
  }

  private void execute(String sql) {
    RowChange change = RowChange.of(RoomTables.RELATION, sql, (_, _) -> {});
    var _ = stores.store().committer().commit("test", List.of(change), List.of());
  }

  private void migrateAnew() throws IOException {
    execute("DROP INDEX room_relation_alike");
    execute("ALTER TABLE room_relation DROP COLUMN likeness RESTRICT");
    try (InputStream script = Objects.requireNonNull(getClass().getResourceAsStream(MIGRATION))) {
      String text = new String(script.readAllBytes(), StandardCharsets.UTF_8);
      for (String statement : text.replaceAll("(?m)^--.*$", "").split(";", -1)) {
        if (!statement.isBlank()) {
          execute(statement);
        }
      }
    }
  }

  @Test
  void theMigrationFindsWhatTheServerWrites() throws IOException {
    Pdu one = related(BOB, "m.annotation", "👍");
    Pdu other = related(ALICE, "m.annotation", "👍");
    Pdu thread = related(BOB, "m.thread", "👍");
    rooms.live(one, other, thread);
    List<String> written = likenesses();
    assertThat(written).hasSize(3).doesNotHaveDuplicates();
    assertThat(written.getLast()).endsWith(": null");

    migrateAnew();

    assertThat(likenesses()).isEqualTo(written);
    assertThat(
            rooms
                .queries()
                .annotation(room.roomId(), Annotation.of(one).orElseThrow())
                .orElseThrow()
                .id())
        .isEqualTo(one.eventId());
  }

  @Test
  void whatCannotBeReadHasNoLikeness() {
    assertThat(KeptAnnotations.likeness(null)).isNull();
    assertThat(KeptAnnotations.likeness("{{".getBytes(StandardCharsets.UTF_8))).isNull();
    assertThat(KeptAnnotations.likeness("{}".getBytes(StandardCharsets.UTF_8))).isNull();
  }
}
