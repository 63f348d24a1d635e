package org.hearth.server.http;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.io.OutputStream;
import java.net.InetAddress;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
import org.hearth.server.http.connection.ConnectionLimits;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/// Clients that send a byte now and then, to hold connections for as long as they like, are cut
/// off.
class SlowClientsTest {
  private static final Duration PATIENCE = Duration.ofSeconds(60);
  private static final HttpLimits LIMITS =
      new HttpLimits(
          1000,
          1000,
          1000,
          10_000,
          10_000,
          40,
          Duration.ofSeconds(2),
          new ConnectionLimits(50, 50, 50, 50, Duration.ofSeconds(2), Duration.ofSeconds(2), 10));
  private static final ExecutorService CLIENTS = Executors.newVirtualThreadPerTaskExecutor();
  private static TestServer server;

  // All at the same time: each waits for seconds and does nothing.
  private static Future<?> requestLine;
  private static Future<?> headers;
  private static Future<?> manyHeaders;
  private static Future<?> body;
  private static Future<?> chunks;
  private static Future<?> silence;

  @BeforeAll
  static void start() {
    server =
        new TestServer(
            TestServer.standard().with(LIMITS),
            routes ->
                routes.add(
                    HttpMethod.POST, "/it", Access.NONE, RateClass.NONE, _ -> Response.empty()));
    String head = "POST /it HTTP/1.1\r\nHost: a\r\n";
    requestLine = cutOff("", "GET /" + "x".repeat(5000));
    headers = cutOff(head + "X: ", "x".repeat(5000));
    manyHeaders = cutOff(head, "a: b\r\n".repeat(1000));
    body = cutOff(head + "Content-Length: 1000\r\n\r\n", "x".repeat(900));
    chunks = cutOff(head + "Transfer-Encoding: chunked\r\n\r\n", "1\r\nx\r\n".repeat(500));
    silence = cutOff("", "");
  }

  private static Future<?> cutOff(String atOnce, String dripping) {
    return CLIENTS.submit(() -> {
      assertCutOff(atOnce, dripping);
      return dripping;
    });
  }

  @AfterAll
  static void stop() {
    CLIENTS.close();
    server.close();
  }

  @Test
  void thatDripTheRequestLine() throws Exception {
    requestLine.get();
  }

  @Test
  void thatDripTheHeaders() throws Exception {
    headers.get();
  }

  @Tag("long")
  @Test
  void thatDripOneHeaderAfterTheOther() throws Exception {
    manyHeaders.get();
  }

  @Test
  void thatDripTheBody() throws Exception {
    body.get();
  }

  @Test
  void thatDripChunks() throws Exception {
    chunks.get();
  }

  @Test
  void thatSayNothingAtAll() throws Exception {
    silence.get();
  }

  @Tag("long")
  @Test
  void whileTheOthersAreServed() throws Exception {
    Future<?> slow = cutOff("POST /it HTTP/1.1\r\n", "X: y\r\n".repeat(100));
    for (int i = 0; i < 20; i++) {
      // Each on a connection of its own, which is not idle before the request is there.
      try (RawClient raw = server.raw()) {
        raw.send("POST /it HTTP/1.1\r\nHost: a\r\nContent-Length: 2\r\n\r\n{}");
        assertThat(raw.answer().status()).isEqualTo(200);
      }
    }
    slow.get();
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
