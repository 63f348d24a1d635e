package org.hearth.server.servers.room.server;

import static org.hearth.server.matrix.testkit.RoomFixture.ALICE;

import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Objects;
import org.hearth.server.matrix.event.Pdu;
import org.hearth.server.matrix.id.UserId;
import org.hearth.server.matrix.testkit.RoomFixture;
import org.hearth.server.matrix.version.RoomVersions;
import org.hearth.server.servers.room.check.DatabaseCheck;
import org.hearth.server.store.RowChange;
import org.hearth.server.store.StoreExtension;
import org.hearth.server.store.Table;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.extension.RegisterExtension;

/// A room with a message, [#root], and events that relate to it. At the end the database is sound.
public abstract class RelatedToRoot {
  private static final Table RELATION = new Table("room_relation", "a test's", "the test");

  @RegisterExtension protected final StoreExtension stores = new StoreExtension();
  protected RunningRooms rooms;
  protected RoomFixture room;
  protected Pdu root;

  @BeforeEach
  void startRooms() {
    rooms = new RunningRooms(stores.store());
    room = RoomFixture.withMembers(RoomVersions.V11);
    room.usualPowerLevels().add();
    root = room.message(ALICE, "m.room.message", "{\"body\":\"root\"}").add();
    rooms.live(room.events());
  }

  @AfterEach
  void checkTheDatabase() {
    rooms.close();
    DatabaseCheck.assertSound(stores.store());
  }

  /// An event that relates to the root, with a key as annotations have it.
  protected Pdu related(UserId sender, String type, String relation, String key) {
    return room.message(
            sender,
            type,
            "{\"m.relates_to\":{\"rel_type\":\"%s\",\"event_id\":\"%s\",\"key\":\"%s\"}}"
                .formatted(relation, root.eventId(), key))
        .add();
  }

  /// Rows as texts, their columns parted by spaces.
  protected List<String> rows(String sql, int columns) {
    return stores
        .store()
        .reads()
        .select(
            sql,
            row -> {
              StringBuilder text = new StringBuilder();
              for (int i = 1; i <= columns; i++) {
                text.append(row.getString(i)).append(' ');
              }
              return text.toString();
            });
  }

  protected void execute(String sql) {
    RowChange change = RowChange.of(RELATION, sql, (_, _) -> {});
    var _ = stores.store().committer().commit("test", List.of(change), List.of());
  }

  /// Executes the statements of a migration once more.
  protected void migrate(String name) throws IOException {
    try (InputStream script =
        Objects.requireNonNull(getClass().getResourceAsStream("/db/migration/" + name))) {
      String text = new String(script.readAllBytes(), StandardCharsets.UTF_8);
      for (String statement : text.replaceAll("(?m)^\\s*--.*$", "").split(";", -1)) {
        if (!statement.isBlank()) {
          execute(statement);
        }
      }
    }
  }
}
