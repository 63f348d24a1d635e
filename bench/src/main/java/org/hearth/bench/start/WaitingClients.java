package org.hearth.bench.start;

import java.io.IOException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.atomic.AtomicInteger;
import org.hearth.bench.load.Connection;
import org.hearth.bench.load.ServerProcess;
import org.jspecify.annotations.Nullable;

/// Clients that have synced and wait for something new, one long poll of 30 s after the other.
final class WaitingClients {
  private static final String SYNC = "/_matrix/client/v3/sync";

  private final CountDownLatch synced;
  private final AtomicInteger polls = new AtomicInteger();
  private volatile boolean ended;
  private volatile @Nullable IOException failure;

  private WaitingClients(int count) {
    this.synced = new CountDownLatch(count);
  }

  /// What a server costs while they wait.
  ///
  /// @param cores processor time by wall time
  /// @param residentMib memory at the end
  /// @param polls long polls that ended meanwhile
  record Idle(double cores, long residentMib, int polls) {}

  /// Lets the clients wait.
  ///
  /// @param settle from the first sync of all to the beginning of the measured time
  /// @param measured how long that is
  static Idle measure(
      Launched server, List<People.Account> accounts, Duration settle, Duration measured)
      throws IOException, InterruptedException {
    WaitingClients clients = new WaitingClients(accounts.size());
    List<Connection> connections = new ArrayList<>();
    try {
      for (People.Account account : accounts) {
        Connection connection = new Connection(server.address());
        connections.add(connection);
        Thread.ofVirtual().start(() -> clients.follow(connection, account));
      }
      clients.synced.await();
      Thread.sleep(settle);
      int pollsBefore = clients.polls.get();
      ServerProcess before = server.figures();
      long begun = System.nanoTime();
      Thread.sleep(measured);
      ServerProcess after = server.figures();
      double seconds = (System.nanoTime() - begun) / 1e9;
      IOException failed = clients.failure;
      if (failed != null) {
        throw new IOException("a client could not wait", failed);
      }
      return new Idle(
          (after.cpuSeconds() - before.cpuSeconds()) / seconds,
          after.residentMib(),
          clients.polls.get() - pollsBefore);
    } finally {
      clients.ended = true;
      for (Connection connection : connections) {
        connection.close();
      }
    }
  }

  private void follow(Connection connection, People.Account account) {
    try {
      String since = sync(connection, account, SYNC);
      // A new device is told of itself; after that there is nothing new.
      since = sync(connection, account, SYNC + "?timeout=0&since=" + since);
      synced.countDown();
      while (!ended) {
        since = sync(connection, account, SYNC + "?timeout=30000&since=" + since);
        polls.incrementAndGet();
      }
    } catch (IOException e) {
      if (!ended) {
        failure = e;
        synced.countDown();
      }
    }
  }

  private static String sync(Connection connection, People.Account account, String target)
      throws IOException {
    Connection.Answer answer = connection.ask("GET", target, account.token(), "");
    if (answer.status() != 200) {
      throw new IOException("sync was answered %d".formatted(answer.status()));
    }
    return answer.json().path("next_batch").asText();
  }
}
