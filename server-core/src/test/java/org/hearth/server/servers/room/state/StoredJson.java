package org.hearth.server.servers.room.state;

import static org.assertj.core.api.Assertions.assertThat;

import java.sql.PreparedStatement;
import java.sql.ResultSet;
import org.hearth.server.matrix.id.EventId;
import org.hearth.server.store.Store;

/// What the table of events holds of an event.
public final class StoredJson {
  private StoredJson() {}

  public static byte[] of(Store store, EventId id) {
    return store
        .reads()
        .read(connection -> {
          try (PreparedStatement statement =
              connection.prepareStatement("SELECT json FROM room_event WHERE event_id = ?")) {
            statement.setString(1, id.value());
            try (ResultSet rows = statement.executeQuery()) {
              assertThat(rows.next()).isTrue();
              return rows.getBytes(1);
            }
          }
        });
  }
}
