package org.hearth.server.http;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.time.Duration;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.locks.LockSupport;
import org.hearth.server.http.connection.ConnectionLimits;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/// Bodies that a handler reads as they come.
class StreamedBodiesTest {
  private static final int STREAMED = 100_000_000;
  private static final AtomicLong SEEN = new AtomicLong();
  private static TestServer server;

  @BeforeAll
  static void start() {
    HttpLimits limits =
        new HttpLimits(
                1000,
                1000,
                1000,
                10_000,
                10_000,
                40,
                Duration.ofSeconds(3),
                ConnectionLimits.standard())
            .withStreamedBodies(STREAMED);
    server =
        new TestServer(
            TestServer.standard().with(limits),
            routes ->
                routes
                    .add(
                        HttpMethod.POST,
                        "/all",
                        Access.NONE,
                        RateClass.NONE,
                        BodyLimit.STREAMED,
                        StreamedBodiesTest::count)
                    .add(
                        HttpMethod.POST,
                        "/none",
                        Access.NONE,
                        RateClass.NONE,
                        BodyLimit.STREAMED,
                        _ -> Response.empty()));
  }

  @AfterAll
  static void stop() {
    server.close();
  }

  private static Response count(Request request) throws IOException {
    AtomicLong count = new AtomicLong();
    request
        .content()
        .transferTo((_, length) -> {
          SEEN.addAndGet(length);
          count.addAndGet(length);
        });
    return Response.field("bytes", request.content().announcedBytes() + " " + count.get());
  }

  @Test
  void areReadToTheirEndAndLeaveTheConnection() {
    try (RawClient raw = server.raw()) {
      raw.request("POST", "/all", "Content-Length: 200000").send("x".repeat(200_000));
      assertThat(raw.answer().body()).contains("200000 200000");
      raw.request("POST", "/all", "Transfer-Encoding: chunked");
      raw.send("5\r\nabcde\r\n1\r\nf\r\n0\r\n\r\n");
      assertThat(raw.answer().body()).contains("0 6");
      raw.request("POST", "/all");
      assertThat(raw.answer().body()).contains("0 0");
    }
  }

  @Test
  void thatNobodyReadsAreNoNextRequest() {
    try (RawClient raw = server.raw()) {
      raw.request("POST", "/none", "Content-Length: 300000").send("x".repeat(300_000));

      assertThat(raw.answer().status()).isEqualTo(200);
      assertThat(raw.isClosed()).isTrue();
    }
  }

  @Test
  void haveChunksThatAreHeldInMemoryAndAreBounded() {
    try (RawClient raw = server.raw()) {
      raw.request("POST", "/all", "Transfer-Encoding: chunked").send("5000000\r\n");

      assertThat(raw.answer().status()).isEqualTo(413);
    }
  }

  /// Each byte comes in time, and all of them never would.
  @Tag("long")
  @Test
  void thatDripAreCutOff() throws Exception {
    try (RawClient raw = server.raw()) {
      raw.request("POST", "/all", "Content-Length: 10000000");
      Thread dripping =
          Thread.startVirtualThread(() -> {
            try {
              for (int i = 0; i < 2000; i++) {
                raw.send("x");
                LockSupport.parkNanos(Duration.ofMillis(20).toNanos());
              }
            } catch (UncheckedIOException _) {
              // It is cut off.
            }
          });

      // A byte that comes when the connection is closed resets it, and the answer is lost.
      assertThat(raw.answer().status()).isIn(408, 0);
      dripping.interrupt();
      dripping.join();
    }
  }

  @Test
  void thatAreQuickForLongAreNot() {
    long before = SEEN.get();
    try (RawClient raw = server.raw()) {
      raw.request("POST", "/all", "Content-Length: 30000000");
      String piece = "x".repeat(1_000_000);
      for (int i = 0; i < 30; i++) {
        raw.send(piece);
      }

      assertThat(raw.answer().status()).isEqualTo(200);
    }
    assertThat(SEEN.get() - before).isGreaterThanOrEqualTo(30_000_000);
  }
}
