package org.hearth.server.http;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.io.OutputStream;
import java.net.InetAddress;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;

/// Clients that send a byte now and then, to hold connections for as long as they like, are cut
/// off.
class SlowClientsTest {
  private static final Duration PATIENCE = Duration.ofSeconds(25);
  private static final HttpLimits LIMITS =
      new HttpLimits(
          1000,
          1000,
          1000,
          10_000,
          10_000,
          50,
          40,
          Duration.ofSeconds(2),
          Duration.ofSeconds(2),
          Duration.ofSeconds(2),
          10);
  private static TestServer server;

  @BeforeAll
  static void start() {
    server =
        new TestServer(
            TestServer.standard().with(LIMITS),
            routes ->
                routes.add(
                    HttpMethod.POST, "/it", Access.NONE, RateClass.NONE, _ -> Response.empty()));
  }

  @AfterAll
  static void stop() {
    server.close();
  }

  @Test
  void thatDripTheRequestLine() throws IOException {
    assertCutOff("", "GET /" + "x".repeat(5000));
  }

  @Test
  void thatDripTheHeaders() throws IOException {
    assertCutOff("POST /it HTTP/1.1\r\nHost: a\r\nX: ", "x".repeat(5000));
  }

  @Test
  void thatDripOneHeaderAfterTheOther() throws IOException {
    assertCutOff("POST /it HTTP/1.1\r\nHost: a\r\n", "a: b\r\n".repeat(1000));
  }

  @Test
  void thatDripTheBody() throws IOException {
    assertCutOff("POST /it HTTP/1.1\r\nHost: a\r\nContent-Length: 1000\r\n\r\n", "x".repeat(900));
  }

  @Test
  void thatDripChunks() throws IOException {
    assertCutOff(
        "POST /it HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n",
        "1\r\nx\r\n".repeat(500));
  }

  @Test
  void thatSayNothingAtAll() throws IOException {
    assertCutOff("", "");
  }

  @Test
  void whileTheOthersAreServed() throws Exception {
    Thread slow = Thread.ofVirtual().start(SlowClientsTest::dripInVain);
    for (int i = 0; i < 20; i++) {
      server.client().post("/it", "{}").expect(200);
    }
    slow.join();
  }

  private static void dripInVain() {
    try {
      assertCutOff("POST /it HTTP/1.1\r\n", "X: y\r\n".repeat(100));
    } catch (IOException e) {
      throw new java.io.UncheckedIOException(e);
    }
  }

  /// Sends the first part at once and the rest ten bytes a second, until the connection is closed.
  private static void assertCutOff(String atOnce, String dripping) throws IOException {
    long began = System.nanoTime();
    try (Socket socket = new Socket(InetAddress.getLoopbackAddress(), server.port())) {
      socket.setSoTimeout(100);
      OutputStream out = socket.getOutputStream();
      out.write(atOnce.getBytes(StandardCharsets.US_ASCII));
      for (int i = 0; System.nanoTime() - began < PATIENCE.toNanos(); i++) {
        try {
          if (i < dripping.length()) {
            out.write(dripping.charAt(i));
            out.flush();
          }
          if (socket.getInputStream().read() < 0) {
            return;
          }
        } catch (java.net.SocketTimeoutException _) {
          LockSupport.parkNanos(TimeUnit.MILLISECONDS.toNanos(1));
        } catch (IOException _) {
          return; // Reset: it was closed while a byte was on its way.
        }
      }
    }
    assertThat(Duration.ofNanos(System.nanoTime() - began)).isLessThan(PATIENCE);
  }
}
