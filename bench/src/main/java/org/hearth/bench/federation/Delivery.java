package org.hearth.bench.federation;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.IOException;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
import org.hearth.bench.load.Times;

/// How long a message takes to all servers of a room, from the request of the user until the last
/// of them has it.
///
/// **thread**: one; the others' listeners note what comes.
final class Delivery {
  private static final Duration PATIENCE = Duration.ofSeconds(60);

  private final int servers;
  private final Message[] messages;
  private final Times each = new Times();
  private final Times last = new Times();
  private final int warmUp;

  /// A message on its way.
  ///
  /// @param began when the user asked, by the nanoseconds of this process
  private record Message(long began, CountDownLatch missing) {}

  private Delivery(int servers, int messages, int warmUp) {
    this.servers = servers;
    this.messages = new Message[messages];
    this.warmUp = warmUp;
  }

  static void measure(Stage stage, ObjectNode figures) throws IOException, InterruptedException {
    List<Peer> servers = stage.peers(stage.number("servers", 100));
    int warmUp = stage.number("warm-up", 60);
    int measured = stage.number("messages", 240);
    Delivery delivery = new Delivery(servers.size(), warmUp + measured, warmUp);
    PeerRoom room = new PeerRoom(servers.getFirst(), "wide");
    room.join(servers, servers.size());
    servers.forEach(server -> server.into(delivery::came));
    Duration pace = Duration.ofMillis(stage.number("every-ms", 500));
    try (LocalUser alice = stage.user("alice")) {
      alice.join(room);
      double cpu = 0;
      long begun = 0;
      for (int i = 0; i < warmUp + measured; i++) {
        if (i == warmUp) {
          cpu = stage.server().cpuSeconds();
          begun = System.nanoTime();
        }
        delivery.send(alice, room.id().value(), i, pace);
      }
      double seconds = (System.nanoTime() - begun) / 1e9;
      cpu = stage.server().cpuSeconds() - cpu;
      figures.put("servers", servers.size());
      figures.put("messages_per_second", FederationFigures.rounded(measured / seconds, 2));
      figures.put("server_cores", FederationFigures.rounded(cpu / seconds, 3));
      figures.set("until_a_server_has_it", delivery.each.json());
      figures.set("until_the_last_has_it", delivery.last.json());
    }
  }

  private void send(LocalUser user, String room, int number, Duration pace)
      throws IOException, InterruptedException {
    long began = System.nanoTime();
    CountDownLatch missing = new CountDownLatch(servers);
    synchronized (messages) {
      messages[number] = new Message(began, missing);
    }
    var _ = user.say(room, number);
    if (!missing.await(PATIENCE.toSeconds(), TimeUnit.SECONDS)) {
      throw new IOException(
          "message %d did not come to %d servers in %d s"
              .formatted(number, missing.getCount(), PATIENCE.toSeconds()));
    }
    for (long left = began + pace.toNanos() - System.nanoTime();
        left > 0;
        left = began + pace.toNanos() - System.nanoTime()) {
      LockSupport.parkNanos(left);
    }
  }

  private void came(JsonNode pdus) {
    long now = System.nanoTime();
    for (JsonNode pdu : pdus) {
      JsonNode number = pdu.at("/content/n");
      if (number.isInt()) {
        Message message;
        synchronized (messages) {
          message = messages[number.intValue()];
        }
        message.missing().countDown();
        if (number.intValue() >= warmUp) {
          each.add(now - message.began());
          if (message.missing().getCount() == 0) {
            last.add(now - message.began());
          }
        }
      }
    }
  }
}
