package org.hearth.server.readers.sync;

import java.nio.file.Path;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.io.TempDir;

/// One server for all tests of a class; every test has users of its own.
abstract class OneSyncServer {
  @TempDir static Path folder;
  static SyncServer server;
  static TestRooms rooms;

  @BeforeAll
  static void start() {
    server = new SyncServer(folder);
    rooms = server.rooms();
  }

  @AfterAll
  static void stop() {
    server.close();
  }
}
