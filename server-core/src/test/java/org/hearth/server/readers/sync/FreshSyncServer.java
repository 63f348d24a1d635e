package org.hearth.server.readers.sync;

import java.nio.file.Path;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import org.hearth.server.readers.events.IgnoredUsers;
import org.hearth.server.readers.events.Viewer;
import org.hearth.server.readers.sync.view.SyncUsers;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.io.TempDir;

/// A server for each test, and requests that wait.
abstract class FreshSyncServer {
  /// How long a request waits that is to be woken.
  static final long LONG = 60_000;

  @TempDir Path folder;
  SyncServer server;
  TestRooms rooms;
  final ExecutorService waiters = Executors.newVirtualThreadPerTaskExecutor();

  @BeforeEach
  void start() {
    server = new SyncServer(folder);
    rooms = server.rooms();
  }

  void start(ClientSync.Budget budget) {
    server = new SyncServer(folder, budget);
    rooms = server.rooms();
  }

  @AfterEach
  void stop() {
    waiters.shutdownNow();
    server.close();
  }

  /// The server ends, and another starts on the same data.
  void restart() {
    server.close();
    start();
  }

  /// The server's process is killed, and another starts on the same data.
  void kill() {
    server.kill();
    start();
  }

  static String id(String name) {
    return TestRooms.user(name).value();
  }

  <T> Future<T> waiting(String user, Callable<T> request) {
    return server.waiting(waiters, user, request);
  }

  static <T> T answer(Future<T> waiting) throws Exception {
    return waiting.get(60, TimeUnit.SECONDS);
  }

  /// Registers a request without a thread.
  SyncUsers.Entered enter(String user) {
    return server
        .clientSync()
        .users()
        .enter(new Viewer(TestRooms.user(user), null, IgnoredUsers.NONE));
  }

  void leave(SyncUsers.Entered entered) {
    server.clientSync().users().leave(entered);
  }
}
