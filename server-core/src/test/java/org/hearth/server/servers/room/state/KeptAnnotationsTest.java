package org.hearth.server.servers.room.state;

import static org.assertj.core.api.Assertions.assertThat;
import static org.hearth.server.matrix.testkit.RoomFixture.ALICE;
import static org.hearth.server.matrix.testkit.RoomFixture.BOB;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.List;
import org.hearth.server.matrix.event.Pdu;
import org.hearth.server.matrix.id.UserId;
import org.hearth.server.servers.room.Annotation;
import org.hearth.server.servers.room.server.RelatedToRoot;
import org.junit.jupiter.api.Test;

/// Annotations that were stored before their likeness was are found like later ones.
final class KeptAnnotationsTest extends RelatedToRoot {
  private Pdu related(UserId sender, String relation, String key) {
    return related(sender, "m.reaction", relation, key);
  }

  private List<String> likenesses() {
    return rows("SELECT position, likeness FROM room_relation ORDER BY position", 2);
  }

  private void migrateAnew() throws IOException {
    execute("DROP INDEX room_relation_alike");
    execute("ALTER TABLE room_relation DROP COLUMN likeness RESTRICT");
    migrate("V15__annotation.sql");
  }

  @Test
  void theMigrationFindsWhatTheServerWrites() throws IOException {
    Pdu one = related(BOB, "m.annotation", "👍");
    Pdu other = related(ALICE, "m.annotation", "👍");
    Pdu reference = related(BOB, "m.reference", "👍");
    rooms.live(one, other, reference);
    List<String> written = likenesses();
    assertThat(written).hasSize(3).doesNotHaveDuplicates();
    assertThat(written.getLast()).endsWith(" null ");

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
