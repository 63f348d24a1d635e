package org.hearth.server.readers.sync;

import org.hearth.server.matrix.id.RoomId;
import org.junit.jupiter.api.BeforeEach;

/// A room of alice and bob for each test; bob has synced once.
abstract class SharedRoom extends FreshSyncServer {
  RoomId room;
  SyncClient bob;

  @BeforeEach
  void open() {
    room = rooms.open("alice", "shared");
    rooms.join(room, "bob");
    bob = server.client("bob");
    bob.sync();
  }

  @Override
  void restart() {
    super.restart();
    bob.moveTo(server.http("bob"));
  }

  @Override
  void kill() {
    super.kill();
    bob.moveTo(server.http("bob"));
  }
}
