package org.hearth.bench.federation;

import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.IOException;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.atomic.AtomicReference;
import java.util.concurrent.locks.LockSupport;
import org.hearth.bench.load.Times;
import org.jspecify.annotations.Nullable;

/// How long a join of a room of many members takes, from the request of the user to its answer, and
/// how long another user's messages in another room take meanwhile.
///
/// Those messages are due at fixed times, and each counts from when it was due: one that waits
/// delays those after it, and their waiting counts too.
///
/// **thread**: one, and one that sends.
final class LargeJoin {
  private static final Duration BEFORE = Duration.ofSeconds(20);

  private LargeJoin() {}

  static void measure(Stage stage, ObjectNode figures) throws IOException, InterruptedException {
    int members = stage.number("members", 50_000);
    List<Peer> servers = stage.peers(stage.number("servers", 100));
    PeerRoom room = new PeerRoom(servers.getFirst(), "large");
    room.join(servers, members);
    Duration pace = Duration.ofMillis(stage.number("every-ms", 50));
    try (LocalUser alice = stage.user("alice");
        LocalUser bob = stage.user("bob")) {
      Sending sending = new Sending(bob, pace);
      Times before = new Times();
      sending.into(before);
      Thread thread = Thread.ofVirtual().start(sending);
      Thread.sleep(BEFORE);
      Times meanwhile = new Times();
      sending.into(meanwhile);
      double cpu = stage.server().cpuSeconds();
      long began = System.nanoTime();
      try {
        alice.join(room);
      } finally {
        sending.end();
      }
      double seconds = (System.nanoTime() - began) / 1e9;
      cpu = stage.server().cpuSeconds() - cpu;
      thread.join();
      sending.check();
      figures.put("members", members);
      figures.put("of_servers", servers.size());
      figures.put("seconds", FederationFigures.rounded(seconds, 1));
      figures.put("server_cpu_seconds", FederationFigures.rounded(cpu, 1));
      figures.put("members_seen", alice.members(room.id().value()));
      figures.set("sends_before", before.json());
      figures.set("sends_meanwhile", meanwhile.json());
    }
  }

  /// Sends on and on.
  private static final class Sending implements Runnable {
    private final LocalUser user;
    private final Duration pace;
    private final AtomicReference<@Nullable Exception> failure = new AtomicReference<>();
    private volatile Times times = new Times();
    private volatile boolean ended;

    Sending(LocalUser user, Duration pace) {
      this.user = user;
      this.pace = pace;
    }

    void into(Times other) {
      times = other;
    }

    void end() {
      ended = true;
    }

    void check() throws IOException {
      Exception failed = failure.get();
      if (failed != null) {
        throw new IOException("a message could not be sent", failed);
      }
    }

    @Override
    public void run() {
      try {
        String room = user.makeRoom();
        long due = System.nanoTime();
        for (int number = 1; !ended; number++) {
          for (long left = due - System.nanoTime(); left > 0; left = due - System.nanoTime()) {
            LockSupport.parkNanos(left);
          }
          Times into = times;
          var _ = user.say(room, number);
          into.add(System.nanoTime() - due);
          due += pace.toNanos();
        }
      } catch (IOException | RuntimeException e) {
        failure.set(e);
      }
    }
  }
}
