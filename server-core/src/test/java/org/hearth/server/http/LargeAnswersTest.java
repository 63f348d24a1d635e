package org.hearth.server.http;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.BufferedInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.net.InetAddress;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletionService;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutorCompletionService;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import org.hearth.server.matrix.error.MatrixException;
import org.hearth.server.matrix.json.JsonWriter;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/// Answers that are sent while they are made.
class LargeAnswersTest {
  private static final String KIB = "x".repeat(1022);

  private final AtomicInteger made = new AtomicInteger();
  private final CountDownLatch goOn = new CountDownLatch(1);
  private final ExecutorService clients = Executors.newVirtualThreadPerTaskExecutor();
  private final TestServer server =
      new TestServer(TestServer.standard().with(TestServer.SHORT_OF_TIME), this::register);

  @AfterEach
  void close() {
    goOn.countDown();
    server.close();
    clients.close();
  }

  private void register(Routes routes) {
    routes.add(
        HttpMethod.GET,
        "/whole",
        Access.USER,
        RateClass.NONE,
        _ -> {
          made.incrementAndGet();
          return Response.bytes(200, "text/plain", new byte[64 << 20]);
        });
    add(routes, "/small", stream -> stream.json().value("small"));
    add(routes, "/large", stream -> write(stream.json(), 2048));
    add(
        routes,
        "/refused",
        stream -> {
          stream.json().array().value(1);
          throw MatrixException.forbidden("no");
        });
    add(
        routes,
        "/broken",
        stream -> {
          write(stream.json(), 128);
          throw new IllegalStateException("for the test");
        });
    add(
        routes,
        "/endless",
        stream -> {
          stream.awaitTurn();
          stream.json().array();
          while (true) {
            stream.json().value(KIB);
            made.incrementAndGet();
          }
        });
    addOneAtATime(routes, "/one", "kind");
    add(
        routes,
        "/held",
        stream -> {
          stream.awaitTurn();
          made.incrementAndGet();
          goOn.await();
          stream.json().value(made.get());
        });
  }

  private void addOneAtATime(Routes routes, String path, Object kind) {
    routes.add(
        HttpMethod.POST,
        path,
        Access.USER,
        RateClass.NONE,
        _ ->
            Response.writtenOneAtATime(
                kind,
                stream -> {
                  stream.awaitTurn();
                  made.incrementAndGet();
                  var _ =
                      stream.withoutTurn(() -> {
                        goOn.await();
                        return true;
                      });
                  stream.json().value(true);
                }));
  }

  private static void add(Routes routes, String path, BodyWriter writer) {
    routes.add(HttpMethod.GET, path, Access.USER, RateClass.NONE, _ -> Response.written(writer));
  }

  private static void write(JsonWriter json, int count) {
    json.array();
    for (int i = 0; i < count; i++) {
      json.value(KIB);
    }
    json.endArray();
  }

  @Test
  void comeInPieces() throws IOException {
    TestClient.Answer answer = server.client().as("alice").get("/large");

    assertThat(answer.status()).isEqualTo(200);
    assertThat(answer.json()).hasSize(2048);
    assertThat(answer.headers().firstValue("Transfer-Encoding")).hasValue("chunked");
    assertThat(answer.headers().firstValue("Access-Control-Allow-Origin")).hasValue("*");
  }

  @Test
  void leaveTheConnectionForTheNextRequest() throws IOException {
    try (Socket socket = new Socket(InetAddress.getLoopbackAddress(), server.port())) {
      String request = "GET /large HTTP/1.1\r\nHost: a\r\nAuthorization: Bearer alice\r\n\r\n";
      socket.getOutputStream().write((request + request).getBytes(StandardCharsets.US_ASCII));

      InputStream in = new BufferedInputStream(socket.getInputStream());
      assertThat(untilNoChunkIsLeft(in)).isGreaterThan(2 << 20);
      assertThat(untilNoChunkIsLeft(in)).isGreaterThan(2 << 20);
    }
  }

  /// @return how many bytes came
  private static long untilNoChunkIsLeft(InputStream in) throws IOException {
    String end = "\r\n0\r\n\r\n";
    long count = 0;
    for (int matched = 0; matched < end.length(); count++) {
      int each = in.read();
      assertThat(each).isNotNegative();
      matched = each == end.charAt(matched) ? matched + 1 : each == '\r' ? 1 : 0;
    }
    return count;
  }

  @Test
  void areOrdinaryWhenTheyAreSmall() throws IOException {
    TestClient.Answer answer = server.client().as("alice").get("/small");

    assertThat(answer.json().asText()).isEqualTo("small");
    assertThat(answer.headers().firstValue("Content-Length")).hasValue("7");
  }

  @Test
  void areRefusedLikeAnyOtherBeforeTheFirstPiece() throws IOException {
    TestClient.Answer answer = server.client().as("alice").get("/refused");

    assertThat(answer.status()).isEqualTo(403);
    assertThat(answer.json().path("errcode").asText()).isEqualTo("M_FORBIDDEN");
  }

  @Test
  void endShortWhenTheyFailAfterIt() throws IOException {
    try (Socket socket = new Socket(InetAddress.getLoopbackAddress(), server.port())) {
      String request = "GET /broken HTTP/1.1\r\nHost: a\r\nAuthorization: Bearer alice\r\n\r\n";
      socket.getOutputStream().write(request.getBytes(StandardCharsets.US_ASCII));

      String answer = new String(socket.getInputStream().readAllBytes(), StandardCharsets.US_ASCII);

      assertThat(answer).startsWith("HTTP/1.1 200").contains("xxx").doesNotEndWith("0\r\n\r\n");
    }
  }

  @Test
  void endWithAClientThatIsGone() throws Exception {
    try (RawClient raw = server.raw()) {
      raw.request("GET", "/endless", "Authorization: Bearer alice");
      assertThat(raw.head()).isNotEmpty();
    }

    awaitNoneUnderWay();
  }

  /// Of `HEAD` the body is made for its length only.
  @Test
  void ofHeadTakeTurnsAndEndWithAClientThatIsGone() throws Exception {
    try (RawClient raw = server.raw()) {
      raw.request("HEAD", "/endless", "Authorization: Bearer alice");
      while (made.get() == 0) {
        Thread.onSpinWait();
      }

      assertThat(server.client().as("admin").get("/large").json()).hasSize(2048);
      assertThat(server.server().figures().inFlight()).isPositive();
    }

    awaitNoneUnderWay();
  }

  @Tag("long")
  @Test
  void endWithAClientThatTakesNothing() throws Exception {
    try (RawClient raw = server.raw()) {
      raw.request("GET", "/endless", "Authorization: Bearer alice");
      awaitNoneUnderWay();

      // What the kernel's buffers took, and not what the client might have.
      assertThat(made.get()).isBetween(64, 64 * 1024);
    }
  }

  @Tag("long")
  @Test
  void endAlsoWhenTheyWereMadeBeforeTheyWereSent() throws Exception {
    try (RawClient raw = server.raw()) {
      raw.request("GET", "/whole", "Authorization: Bearer alice");

      awaitNoneUnderWay();
    }
  }

  private void awaitNoneUnderWay() throws InterruptedException {
    long until = System.nanoTime() + Duration.ofSeconds(60).toNanos();
    while (made.get() == 0 || server.server().figures().inFlight() > 0) {
      assertThat(System.nanoTime()).isLessThan(until);
      Thread.onSpinWait();
    }
  }

  @Test
  void areMadeOneAtATimeForTheSameQuestionOfADevice() throws Exception {
    List<Future<Integer>> answers = new ArrayList<>();
    for (int i = 0; i < 3; i++) {
      answers.add(clients.submit(() -> server.client().as("alice").get("/held").json().asInt()));
    }
    while (server.server().figures().inFlight() < 3 || made.get() == 0) {
      Thread.onSpinWait();
    }
    int begunBeforeTheFirstEnded = made.get();
    goOn.countDown();

    assertThat(begunBeforeTheFirstEnded).isEqualTo(1);
    for (Future<Integer> each : answers) {
      assertThat(each.get()).isBetween(1, 3);
    }
    // Who came in time had the first one's.
    assertThat(made.get()).isBetween(1, 3);
  }

  @Test
  void areMadeOneAtATimeForAUserWhereTheRouteSaysSo() throws Exception {
    List<Future<Integer>> answers = new ArrayList<>();
    for (String each : List.of("alice", "alice-elsewhere", "alice")) {
      String path = "/one?" + answers.size();
      answers.add(clients.submit(() -> server.client().as(each).post(path, "{}").status()));
    }
    while (server.server().figures().inFlight() < 3 || made.get() == 0) {
      Thread.onSpinWait();
    }
    int begunBeforeTheFirstEnded = made.get();
    Future<Integer> another =
        clients.submit(() -> server.client().as("admin").post("/one", "{}").status());
    while (made.get() < 2) {
      Thread.onSpinWait();
    }
    goOn.countDown();

    assertThat(begunBeforeTheFirstEnded).isEqualTo(1);
    assertThat(another.get()).isEqualTo(200);
    for (Future<Integer> each : answers) {
      assertThat(each.get()).isEqualTo(200);
    }
    assertThat(made.get()).isEqualTo(4);
  }

  @Test
  void ofAUserWhoAsksForManyLeaveRoomForOthers() throws Exception {
    CompletionService<Integer> answers = new ExecutorCompletionService<>(clients);
    int most = LargeAnswers.MOST_OF_A_USER + LargeAnswers.MOST_WAITING_OF_A_USER;
    for (int i = 0; i <= most; i++) {
      String path = "/held?" + i;
      answers.submit(() -> server.client().as("alice").get(path).status());
    }

    Future<Integer> refused = answers.poll(30, TimeUnit.SECONDS);
    assertThat(refused).as("an answer while all others are held").isNotNull();
    assertThat(refused.get()).isEqualTo(429);
    Future<Integer> other = clients.submit(() -> server.client().as("admin").get("/held").status());
    goOn.countDown();

    assertThat(other.get()).isEqualTo(200);
    for (int i = 0; i < most; i++) {
      assertThat(answers.take().get()).isEqualTo(200);
    }
  }
}
