package org.hearth.server.http;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;

/// The end of a listener's thread, as the server is told of it.
class ListenerDeathTest {
  private final CompletableFuture<String> told = new CompletableFuture<>();
  private final HttpServer server =
      HttpServer.start(
          TestServer.standard(),
          List.of(),
          HttpServer.Callers.users(_ -> {
            throw new AssertionError("nobody asks");
          }),
          InstantSource.fixed(Instant.EPOCH),
          told::complete);

  private Thread acceptor() {
    String name = "http-accept-" + server.addresses().getFirst().getPort();
    return Thread.getAllStackTraces().keySet().stream()
        .filter(thread -> thread.getName().equals(name))
        .findFirst()
        .orElseThrow();
  }

  @Test
  void isToldWhenNobodyStoppedIt() throws Exception {
    // That closes the socket at which the thread waits.
    acceptor().interrupt();

    assertThat(told.get(1, TimeUnit.MINUTES)).contains("http-accept-", "lets connections in");
    server.stop(Duration.ZERO);
  }

  @Test
  void isNotToldWhenTheServerStops() throws Exception {
    Thread acceptor = acceptor();

    server.stop(Duration.ZERO);

    assertThat(acceptor.join(Duration.ofMinutes(1))).isTrue();
    assertThat(told).isNotDone();
  }
}
