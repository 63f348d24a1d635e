package org.hearth.server.http;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import org.hearth.server.http.connection.ConnectionLimits;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

class LimitsTest {
  private static final Duration LONG = Duration.ofMinutes(1);
  private static final Duration SHORT = Duration.ofSeconds(1);
  private static final int CONNECTIONS = 50;

  /// Has time: what it refuses, it refuses for its size.
  private static TestServer server;

  /// Has no time: what is slow, it cuts off.
  private static TestServer hasty;

  @BeforeAll
  static void start() {
    server = serving(limits(LONG, LONG));
    hasty = serving(limits(LONG, SHORT));
  }

  private static HttpLimits limits(Duration idle, Duration arrival) {
    return new HttpLimits(
        1000,
        10_000,
        100_000,
        2000,
        4000,
        60,
        arrival,
        new ConnectionLimits(
            CONNECTIONS, CONNECTIONS, CONNECTIONS, CONNECTIONS, idle, arrival, 64));
  }

  private static TestServer serving(HttpLimits limits) {
    return new TestServer(
        TestServer.standard().with(limits),
        routes -> {
          for (BodyLimit limit : BodyLimit.values()) {
            routes.add(
                HttpMethod.POST,
                "/" + limit,
                limit == BodyLimit.LARGE ? Access.USER : Access.NONE,
                RateClass.NONE,
                limit,
                request -> Response.field("bytes", "" + request.body().length));
          }
        });
  }

  @AfterAll
  static void stop() {
    server.close();
    hasty.close();
  }

  @Test
  void takesABodyOfTheLimitAndNoneAboveIt() {
    var client = server.client().as("alice");

    assertThat(client.send("POST", "/SMALL", new byte[1000]).expect(200).text("bytes"))
        .isEqualTo("1000");
    client.send("POST", "/SMALL", new byte[1001]).expect(413, "M_TOO_LARGE");
    client.send("POST", "/STANDARD", new byte[10_000]).expect(200);
    client.send("POST", "/STANDARD", new byte[10_001]).expect(413, "M_TOO_LARGE");
    client.send("POST", "/LARGE", new byte[100_000]).expect(200);
    client.send("POST", "/LARGE", new byte[100_001]).expect(413, "M_TOO_LARGE");
  }

  @Test
  void limitsChunkedBodiesToo() {
    try (RawClient raw = server.raw()) {
      raw.send("POST /SMALL HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n");
      raw.send("1f4\r\n" + "x".repeat(500) + "\r\n");
      raw.send("1f4\r\n" + "x".repeat(500) + "\r\n");
      raw.send("1\r\nx\r\n0\r\n\r\n");

      var answer = raw.answer();

      assertThat(answer.status()).isEqualTo(413);
      assertThat(answer.body()).contains("M_TOO_LARGE");
    }
  }

  @Test
  void takesNoChunkIntoMemoryThatIsAboveTheLimit() {
    try (RawClient raw = server.raw()) {
      raw.send("POST /SMALL HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n");
      // The chunk itself is never sent: its size is enough.
      raw.send("100000\r\n");

      assertThat(raw.answer().status()).isEqualTo(413);
    }
  }

  @Test
  void answersBeforeTheBodyWhenItIsAnnouncedTooLarge() {
    try (RawClient raw = server.raw()) {
      raw.send(
          "POST /SMALL HTTP/1.1\r\nHost: a\r\nContent-Length: 90000\r\nExpect: 100-continue\r\n\r\n");

      var answer = raw.answer();

      assertThat(answer.status()).isEqualTo(413);
      assertThat(answer.header("Connection")).isEqualToIgnoringCase("close");
      assertThat(raw.isClosed()).isTrue();
    }
  }

  @Test
  void refusesWithoutATokenBeforeTheBodyIsRead() {
    try (RawClient raw = server.raw()) {
      raw.send(
          "POST /LARGE HTTP/1.1\r\nHost: a\r\nContent-Length: 90000\r\nExpect: 100-continue\r\n\r\n");

      assertThat(raw.answer().status()).isEqualTo(401);
    }
  }

  @Test
  void keepsTheConnectionWhenAnUnwantedBodyIsSmall() {
    try (RawClient raw = server.raw()) {
      raw.send("POST /nowhere HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\n\r\nhello");
      assertThat(raw.answer().status()).isEqualTo(404);

      raw.send("POST /SMALL HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\n\r\nhello");
      assertThat(raw.answer().status()).isEqualTo(200);
    }
  }

  @Test
  void aClientThatSendsOnStillHearsWhyItWasRefused() {
    try (RawClient raw = server.raw()) {
      raw.send(
          "POST /SMALL HTTP/1.1\r\nHost: a\r\nContent-Length: 90000\r\n\r\n" + "x".repeat(90_000));

      assertThat(raw.answer().status()).isEqualTo(413);
    }
  }

  @Test
  void soDoesAClientThatSendsMoreThanAnyRouteTakes() {
    for (int i = 0; i < 50; i++) {
      try (RawClient raw = server.raw()) {
        raw.send(
            "POST /LARGE HTTP/1.1\r\nHost: a\r\nAuthorization: Bearer alice\r\n"
                + "Content-Length: 200000\r\n\r\n"
                + "x".repeat(200_000));

        assertThat(raw.answer().status()).isEqualTo(413);
      }
    }
  }

  @Test
  void continuesWhenAsked() {
    try (RawClient raw = server.raw()) {
      raw.send(
          "POST /SMALL HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\nExpect: 100-continue\r\n\r\n");
      assertThat(raw.head()).containsExactly("HTTP/1.1 100 Continue");

      assertThat(raw.send("hello").answer().body()).contains("\"5\"");
    }
  }

  @Test
  void refusesATargetThatIsTooLong() {
    try (RawClient raw = server.raw()) {
      var answer = raw.request("GET", "/" + "x".repeat(2000)).answer();

      assertThat(answer.status()).isEqualTo(414);
      assertThat(answer.body()).contains("M_TOO_LARGE");
    }
  }

  @Test
  void refusesHeadersThatAreTooLarge() {
    try (RawClient raw = server.raw()) {
      var answer = raw.request("GET", "/", "X: " + "x".repeat(4000)).answer();

      assertThat(answer.status()).isBetween(400, 431);
      assertThat(answer.body()).contains("errcode");
    }
  }

  @Tag("long")
  @Test
  void doesNotWaitForABodyThatDrips() {
    try (RawClient raw = hasty.raw()) {
      raw.send("POST /SMALL HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\n\r\n");
      raw.send("h");

      assertThat(raw.answer().status()).isIn(0, 408);
      assertThat(raw.isClosed()).isTrue();
    }
  }

  @Tag("long")
  @Test
  void doesNotWaitForAChunkThatDrips() {
    try (RawClient raw = hasty.raw()) {
      raw.send("POST /SMALL HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\nff\r\nx");

      assertThat(raw.answer().status()).isIn(0, 408);
      assertThat(raw.isClosed()).isTrue();
    }
  }

  @Tag("long")
  @Test
  void doesNotWaitForHeadersThatDrip() {
    try (RawClient raw = hasty.raw()) {
      raw.send("GET / HTTP/1.1\r\nHost: a\r\nX: ");

      assertThat(raw.answer().status()).isIn(0, 408, 500);
      assertThat(raw.isClosed()).isTrue();
    }
  }

  @Tag("long")
  @Test
  void closesAnIdleConnection() {
    try (TestServer impatient = serving(limits(Duration.ofSeconds(3), LONG));
        RawClient raw = impatient.raw()) {
      assertThat(raw.request("GET", "/").answer().status()).isEqualTo(404);

      assertThat(raw.isClosed()).isTrue();
    }
  }

  @Test
  void acceptsNoMoreConnectionsThanAllowedAtATime() throws InterruptedException {
    AtomicInteger served = new AtomicInteger();
    AtomicInteger most = new AtomicInteger();
    CountDownLatch full = new CountDownLatch(CONNECTIONS);
    CountDownLatch released = new CountDownLatch(1);
    List<RawClient> many = new ArrayList<>();
    try (TestServer crowded =
        new TestServer(
            TestServer.standard().with(limits(LONG, LONG)),
            routes ->
                routes.add(
                    HttpMethod.GET,
                    "/",
                    Access.NONE,
                    RateClass.NONE,
                    _ -> {
                      most.accumulateAndGet(served.incrementAndGet(), Math::max);
                      full.countDown();
                      boolean inTime = released.await(LONG.toSeconds(), TimeUnit.SECONDS);
                      served.decrementAndGet();
                      return Response.field("released", inTime ? "yes" : "no");
                    }))) {
      for (int i = 0; i < CONNECTIONS + 5; i++) {
        many.add(crowded.raw());
      }

      many.forEach(each -> each.request("GET", "/", "Connection: close"));
      assertThat(full.await(LONG.toSeconds(), TimeUnit.SECONDS)).isTrue();
      released.countDown();

      // Those above the limit wait until others are closed, and are served then.
      assertThat(many)
          .allSatisfy(each -> assertThat(each.answer().body()).isEqualTo("{\"released\":\"yes\"}"));
      assertThat(most).hasValue(CONNECTIONS);
    } finally {
      many.forEach(RawClient::close);
    }
  }
}
