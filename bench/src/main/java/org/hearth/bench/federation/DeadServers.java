package org.hearth.bench.federation;

import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.IOException;
import java.time.Duration;
import java.util.List;

/// What servers cost that are not there any more, while nothing happens but that they are tried
/// again now and then: processor time of a server, minute after minute, first without a word for
/// them, and then with a message that none of them gets. Who connects to one is refused.
///
/// **thread**: one.
final class DeadServers {
  private DeadServers() {}

  static void measure(Stage stage, ObjectNode figures) throws IOException, InterruptedException {
    List<Peer> servers = stage.peers(stage.number("servers", 1_000));
    Duration settle = Duration.ofSeconds(stage.number("settle", 60));
    Duration span = Duration.ofSeconds(stage.number("seconds", 60));
    int spans = stage.number("spans", 10);
    PeerRoom room = new PeerRoom(servers.getFirst(), "dead");
    room.join(servers, servers.size());
    try (LocalUser alice = stage.user("alice")) {
      alice.join(room);
      int members = alice.members(room.id().value());
      // Who has founded it, the members, and who has come.
      if (members != servers.size() + 2) {
        throw new IOException(
            "expected a room of %d, found one of %d".formatted(servers.size() + 2, members));
      }
      for (Peer each : servers) {
        each.silence();
      }
      Thread.sleep(settle);
      figures.put("servers", servers.size());
      figures.put("seconds_of_a_span", span.toSeconds());
      figures.put("percent_of_a_core_before", share(stage.server(), span));
      var _ = alice.say(room.id().value(), 1);
      ArrayNode after = figures.putArray("percent_of_a_core_after");
      for (int i = 0; i < spans; i++) {
        after.add(share(stage.server(), span));
      }
    }
  }

  private static double share(MeasuredServer server, Duration span)
      throws IOException, InterruptedException {
    double cpu = server.cpuSeconds();
    long began = System.nanoTime();
    Thread.sleep(span);
    double seconds = (System.nanoTime() - began) / 1e9;
    return FederationFigures.rounded((server.cpuSeconds() - cpu) / seconds * 100, 2);
  }
}
