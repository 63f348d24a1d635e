package org.hearth.server.servers.room.state;

import static org.assertj.core.api.Assertions.assertThat;

import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.util.ArrayList;
import java.util.List;
import org.hearth.server.store.StoreExtension;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

class RoomAlertsTest {
  @RegisterExtension final StoreExtension stores = new StoreExtension();

  private void raise(long room, long millis, String text) {
    var _ =
        stores.store().committer().commit("test", GraphRows.alert(room, millis, text), List.of());
  }

  private List<String> oldestFirst(long room) {
    return stores
        .store()
        .reads()
        .read(connection -> {
          List<String> texts = new ArrayList<>();
          try (PreparedStatement statement =
              connection.prepareStatement(
                  "SELECT text FROM room_alert WHERE room_nid = ? ORDER BY raised")) {
            statement.setLong(1, room);
            try (ResultSet rows = statement.executeQuery()) {
              while (rows.next()) {
                texts.add(rows.getString(1));
              }
            }
          }
          return texts;
        });
  }

  @Test
  void keepsTheNewestHundredOfARoom() {
    raise(1, 1, "of another room");
    for (int i = 1; i <= GraphRows.MOST_ALERTS; i++) {
      raise(2, i, "alert " + i);
    }
    assertThat(oldestFirst(2)).hasSize(GraphRows.MOST_ALERTS).startsWith("alert 1");

    raise(2, 101, "alert 101");

    assertThat(oldestFirst(2))
        .hasSize(GraphRows.MOST_ALERTS)
        .startsWith("alert 2", "alert 3")
        .endsWith("alert 101");
    assertThat(oldestFirst(1)).hasSize(1);
  }

  /// Of those that were raised at one moment none is the oldest.
  @Test
  void keepsNoMoreThanThatInOneMoment() {
    for (int i = 0; i <= GraphRows.MOST_ALERTS; i++) {
      raise(2, 7, "at once");
    }

    assertThat(oldestFirst(2)).hasSizeBetween(1, GraphRows.MOST_ALERTS);
  }
}
