package org.hearth.server.servers.room.receive;

import org.hearth.server.servers.room.check.DatabaseCheck;
import org.hearth.server.servers.room.server.RunningRooms;
import org.hearth.server.store.StoreExtension;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.extension.RegisterExtension;

/// A Room Server that takes in events of other servers, and whose tables are sound afterwards.
abstract class WithRunningRooms {
  @RegisterExtension final StoreExtension stores = new StoreExtension();
  RunningRooms rooms;

  @BeforeEach
  void start() {
    rooms = new RunningRooms(stores.store());
  }

  @AfterEach
  void checkTheDatabase() {
    rooms.close();
    DatabaseCheck.assertSound(stores.store());
  }
}
