package org.hearth.server.http;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.io.InputStream;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.time.Duration;
import java.util.concurrent.Callable;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import org.hearth.server.matrix.json.JsonWriter;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/// A large answer that the same device asks for again while it is made.
class JoinedAnswersTest {
  /// As much as the kernel does not take for a client that does not read.
  private static final int KIB = 16 * 1024;

  private static final int SHORT = 200;
  private static final String ONE_KIB = "x".repeat(1022);

  private final AtomicInteger made = new AtomicInteger();
  private final AtomicBoolean interrupted = new AtomicBoolean();
  private final CountDownLatch goOn = new CountDownLatch(1);
  private final ExecutorService clients = Executors.newVirtualThreadPerTaskExecutor();
  private final HttpClient http =
      HttpClient.newBuilder().version(HttpClient.Version.HTTP_1_1).build();
  private final TestServer server =
      new TestServer(TestServer.standard().with(TestServer.SHORT_OF_TIME), this::register);

  @AfterEach
  void close() {
    goOn.countDown();
    http.shutdownNow();
    server.close();
    clients.close();
  }

  private void register(Routes routes) {
    add(routes, HttpMethod.GET, "/halves", this::halves);
    add(routes, HttpMethod.POST, "/halves", this::halves);
    routes.add(
        HttpMethod.GET,
        "/question",
        Access.USER,
        RateClass.SYNC,
        request -> Response.written(request.query("asks").orElse(""), this::halves));
    routes.add(
        HttpMethod.GET, "/news", Access.USER, RateClass.SYNC, _ -> Response.field("some", "news"));
    add(routes, HttpMethod.PUT, "/change", stream -> stream.json().value("changed"));
    add(
        routes,
        HttpMethod.GET,
        "/whole",
        stream -> {
          stream.awaitTurn();
          made.incrementAndGet();
          stream.json().array();
          writeSome(stream.json(), SHORT);
          goOn.await();
          writeSome(stream.json(), KIB);
          stream.json().endArray();
          interrupted.set(Thread.currentThread().isInterrupted());
        });
    add(
        routes,
        HttpMethod.GET,
        "/fails-at-first",
        stream -> {
          stream.awaitTurn();
          int times = made.incrementAndGet();
          goOn.await();
          if (times == 1) {
            throw new IllegalStateException("for the test");
          }
          stream.json().value("made");
        });
    add(
        routes,
        HttpMethod.GET,
        "/fails",
        stream -> {
          stream.awaitTurn();
          made.incrementAndGet();
          stream.json().array();
          writeSome(stream.json(), SHORT);
          goOn.await();
          throw new IllegalStateException("for the test");
        });
    add(
        routes,
        HttpMethod.GET,
        "/endless",
        stream -> {
          stream.awaitTurn();
          made.incrementAndGet();
          stream.json().array();
          while (true) {
            stream.json().value(ONE_KIB);
          }
        });
  }

  private static void add(Routes routes, HttpMethod method, String path, BodyWriter writer) {
    routes.add(method, path, Access.USER, RateClass.NONE, _ -> Response.written(writer));
  }

  /// Waits in its middle until the test says so.
  private void halves(BodyWriter.Stream stream) throws InterruptedException {
    stream.awaitTurn();
    int times = made.incrementAndGet();
    JsonWriter json = stream.json();
    json.array().value(times);
    writeSome(json, SHORT);
    stream.withoutTurn(() -> {
      goOn.await();
      return times;
    });
    writeSome(json, SHORT);
    json.endArray();
  }

  private static void writeSome(JsonWriter json, int count) {
    for (int i = 0; i < count; i++) {
      json.value(ONE_KIB);
    }
  }

  /// @return when the head is there
  private HttpResponse<InputStream> open(String path) throws Exception {
    return http.send(
        HttpRequest.newBuilder(URI.create("http://127.0.0.1:" + server.port() + path))
            .header("Authorization", "Bearer alice")
            .timeout(Duration.ofSeconds(60))
            .build(),
        HttpResponse.BodyHandlers.ofInputStream());
  }

  private static byte[] rest(HttpResponse<InputStream> answer) throws IOException {
    try (InputStream body = answer.body()) {
      return body.readAllBytes();
    }
  }

  private <T> Future<T> submit(Callable<T> work) {
    return clients.submit(work);
  }

  private static <T> T get(Future<T> future) throws Exception {
    return future.get(60, TimeUnit.SECONDS);
  }

  private void awaitUnderWay(int count) {
    long until = System.nanoTime() + Duration.ofSeconds(60).toNanos();
    while (server.server().figures().inFlight() != count) {
      assertThat(System.nanoTime()).isLessThan(until);
      Thread.onSpinWait();
    }
  }

  @Test
  void isMadeOnceAndComesWholeToBoth() throws Exception {
    HttpResponse<InputStream> first = open("/halves");
    HttpResponse<InputStream> second = open("/halves");
    goOn.countDown();

    byte[] answer = rest(first);
    assertThat(answer).hasSizeGreaterThan(2 * SHORT * 1024);
    assertThat(rest(second)).isEqualTo(answer);
    assertThat(made.get()).isEqualTo(1);
  }

  @Test
  void isTheSameWhereTheQuestionIs() throws Exception {
    HttpResponse<InputStream> first = open("/question?asks=this&number=1");
    HttpResponse<InputStream> second = open("/question?asks=this&number=2");
    HttpResponse<InputStream> other = open("/question?asks=that");
    goOn.countDown();

    assertThat(rest(second)).isEqualTo(rest(first));
    assertThat(rest(other)).isNotEmpty();
    assertThat(made.get()).isEqualTo(2);
  }

  @Test
  void goesOnForTheOtherWhenTheFirstClientIsGone() throws Exception {
    RawClient first = server.raw();
    first.request("GET", "/halves", "Authorization: Bearer alice");
    assertThat(first.head()).isNotEmpty();
    HttpResponse<InputStream> second = open("/halves");
    first.close();
    goOn.countDown();

    assertThat(rest(second)).hasSizeGreaterThan(2 * SHORT * 1024);
    assertThat(made.get()).isEqualTo(1);
    awaitUnderWay(0);
  }

  /// Its deadline interrupts the thread that goes on for the other, and reads the database.
  @Tag("long")
  @Test
  void goesOnUninterruptedWhenTheFirstClientTakesNothing() throws Exception {
    try (RawClient first = server.raw()) {
      first.request("GET", "/whole", "Authorization: Bearer alice");
      assertThat(first.head()).isNotEmpty();
      HttpResponse<InputStream> second = open("/whole");
      goOn.countDown();

      assertThat(rest(second)).hasSizeGreaterThan(KIB * 1024);
    }

    assertThat(made.get()).isEqualTo(1);
    assertThat(interrupted.get()).isFalse();
  }

  @Test
  void isMadeAnewWhenItFailsBeforeItBegins() throws Exception {
    Future<Integer> first =
        submit(() -> server.client().as("alice").get("/fails-at-first").status());
    while (made.get() == 0) {
      Thread.onSpinWait();
    }
    Future<Integer> second =
        submit(() -> server.client().as("alice").get("/fails-at-first").status());
    awaitUnderWay(2);
    goOn.countDown();

    assertThat(get(first)).isEqualTo(500);
    assertThat(get(second)).isEqualTo(200);
    assertThat(made.get()).isEqualTo(2);
  }

  @Test
  void looksWholeToNobodyWhenItFailsInItsMiddle() throws Exception {
    HttpResponse<InputStream> first = open("/fails");
    HttpResponse<InputStream> second = open("/fails");
    goOn.countDown();

    assertThatThrownBy(() -> rest(first)).isInstanceOf(IOException.class);
    assertThatThrownBy(() -> rest(second)).isInstanceOf(IOException.class);
    assertThat(made.get()).isEqualTo(1);
  }

  @Test
  void endsWhenAllAreGone() throws Exception {
    RawClient first = server.raw();
    first.request("GET", "/endless", "Authorization: Bearer alice");
    assertThat(first.head()).isNotEmpty();
    RawClient second = server.raw();
    second.request("GET", "/endless", "Authorization: Bearer alice");
    assertThat(second.head()).isNotEmpty();
    first.close();
    second.close();

    awaitUnderWay(0);
  }

  @Test
  void isNotGivenToWhoHasChangedSomethingSince() throws Exception {
    HttpResponse<InputStream> first = open("/halves");
    server.client().as("alice").put("/change", "{}").expect(200);
    Future<HttpResponse<InputStream>> second = submit(() -> open("/halves"));
    awaitUnderWay(2);
    goOn.countDown();

    assertThat(rest(first)).startsWith("[1,".getBytes(java.nio.charset.StandardCharsets.US_ASCII));
    assertThat(rest(get(second)))
        .startsWith("[2,".getBytes(java.nio.charset.StandardCharsets.US_ASCII));
  }

  @Test
  void isNotGivenToADeviceThatWasToldSomethingSince() throws Exception {
    HttpResponse<InputStream> first = open("/halves");
    server.client().as("alice").get("/news").expect(200);
    Future<HttpResponse<InputStream>> second = submit(() -> open("/halves"));
    awaitUnderWay(2);
    goOn.countDown();

    assertThat(rest(first)).isNotEmpty();
    assertThat(rest(get(second))).isNotEmpty();
    assertThat(made.get()).isEqualTo(2);
  }

  /// What is asked with a body is not told by its target.
  @Test
  void isNotSharedByRequestsWithABody() throws Exception {
    Future<Integer> first =
        submit(() -> server.client().as("alice").post("/halves", "{}").status());
    Future<Integer> second =
        submit(() -> server.client().as("alice").post("/halves", "{'a':1}").status());
    awaitUnderWay(2);
    goOn.countDown();

    assertThat(get(first)).isEqualTo(200);
    assertThat(get(second)).isEqualTo(200);
    assertThat(made.get()).isEqualTo(2);
  }
}
