package org.hearth.server.servers.room.check;

import static org.assertj.core.api.Assertions.assertThat;

import org.hearth.server.store.Store;

/// The check at the end of every test that has stored rooms.
public final class DatabaseCheck {
  private DatabaseCheck() {}

  public static void assertSound(Store store) {
    assertThat(RoomDatabaseCheck.problems(store)).isEmpty();
  }
}
