package org.hearth.server.servers.room.state;

import static org.assertj.core.api.Assertions.assertThat;
import static org.hearth.server.matrix.testkit.RoomFixture.ALICE;
import static org.hearth.server.matrix.testkit.RoomFixture.BOB;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.sql.SQLException;
import java.util.List;
import org.hearth.server.matrix.event.Pdu;
import org.hearth.server.matrix.id.UserId;
import org.hearth.server.servers.room.server.RelatedToRoot;
import org.junit.jupiter.api.Test;

/// Relations that were stored before their kinds and threads were are found like later ones.
final class KeptRelationsTest extends RelatedToRoot {
  private Pdu related(UserId sender, String relation) {
    return related(sender, "m.room.message", relation, "x");
  }

  private List<String> relations() {
    return rows("SELECT position, kind, likeness FROM room_relation ORDER BY position", 3);
  }

  private List<String> threads() {
    return rows("SELECT root, replies, latest, begun_by FROM room_thread ORDER BY root", 4);
  }

  private void migrateAnew() throws IOException {
    execute("DROP TABLE room_thread");
    execute("DROP INDEX room_relation_of_kind");
    execute("ALTER TABLE room_relation DROP COLUMN kind RESTRICT");
    execute("UPDATE room_relation SET likeness = NULL WHERE rel_type <> 'm.annotation'");
    execute(
        "CREATE INDEX room_relation_of_event ON room_relation (room_nid, relates_to, place DESC)");
    migrate("V37__thread.sql");
    execute("DROP FUNCTION thread_begun_by");
    migrate("V55__thread_begun_by.sql");
  }

  @Test
  void theMigrationMakesWhatTheServerWrites() throws IOException {
    Pdu redacted = related(BOB, "m.thread");
    rooms.live(
        related(BOB, "m.thread"),
        related(ALICE, "m.thread"),
        related(ALICE, "m.replace"),
        related(BOB, "m.reference"),
        related(BOB, "m.annotation"),
        related(BOB, "org.example.other"),
        redacted);
    List<String> relations = relations();
    List<String> threads = threads();
    assertThat(relations).hasSize(7).doesNotHaveDuplicates();
    assertThat(threads).hasSize(1);

    migrateAnew();

    assertThat(relations()).isEqualTo(relations);
    assertThat(threads()).isEqualTo(threads);
  }

  @Test
  void theMigrationForgetsWhatIsRedacted() throws IOException {
    Pdu kept = related(BOB, "m.thread");
    Pdu redacted = related(BOB, "m.thread");
    rooms.live(kept, redacted);
    execute("UPDATE room_event SET redacted_by = 1 WHERE event_id = '" + redacted.eventId() + "'");

    migrateAnew();

    assertThat(relations()).hasSize(1);
    assertThat(threads()).singleElement().asString().contains(" 1 ");
  }

  @Test
  void theMigrationFindsWhoBeganThreads() throws IOException {
    root =
        room.message(ALICE, "m.room.message", "{\"body\":\"%s\"}".formatted("x".repeat(40_000)))
            .add();
    rooms.live(root, related(BOB, "m.thread"));
    root = room.events().getFirst();
    rooms.live(related(BOB, "m.thread"));
    List<String> threads = threads();
    assertThat(threads).hasSize(2).filteredOn(each -> each.contains("null")).hasSize(1);

    migrateAnew();

    assertThat(threads()).isEqualTo(threads);
  }

  @Test
  void whatCannotBeReadHasNoLikeness() throws SQLException {
    byte[] object = "{}".getBytes(StandardCharsets.UTF_8);
    assertThat(KeptRelations.likeness(null, "m.thread")).isNull();
    assertThat(KeptRelations.likeness(object, null)).isNull();
    assertThat(KeptRelations.likeness(object, "m.thread")).isNull();
    byte[] damaged = "{{".getBytes(StandardCharsets.UTF_8);
    assertThat(KeptRelations.likeness(damaged, "m.thread")).isNull();
    assertThat(KeptRelations.begunBy(null, null)).isNull();
    assertThat(KeptRelations.begunBy(object, null)).isNull();
    assertThat(KeptRelations.begunBy(damaged, null)).isNull();
  }
}
