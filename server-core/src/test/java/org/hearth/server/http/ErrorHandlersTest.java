package org.hearth.server.http;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowable;

import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.List;
import java.util.SplittableRandom;
import java.util.concurrent.RejectedExecutionException;
import org.hearth.server.matrix.error.MatrixException;
import org.hearth.server.matrix.id.UserId;
import org.hearth.server.store.StorageException;
import org.hearth.server.store.StorageException.Reason;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

class ErrorHandlersTest {
  private static TestServer server;

  @BeforeAll
  static void start() {
    server =
        new TestServer(routes ->
            routes.add(
                HttpMethod.POST,
                "/echo",
                Access.NONE,
                RateClass.NONE,
                BodyLimit.STANDARD,
                request -> Response.json(request.json())));
  }

  @AfterAll
  static void stop() {
    server.close();
  }

  record Mapped(RuntimeException thrown, int status, String errcode, String retryAfter) {
    @Override
    public String toString() {
      return thrown + " -> " + status;
    }
  }

  static List<Mapped> exceptions() {
    return List.of(
        new Mapped(MatrixException.forbidden("no"), 403, "M_FORBIDDEN", ""),
        new Mapped(MatrixException.notFound("no"), 404, "M_NOT_FOUND", ""),
        new Mapped(
            MatrixException.limitExceeded(Duration.ofMillis(1500)), 429, "M_LIMIT_EXCEEDED", "2"),
        new Mapped(
            MatrixException.limitExceeded(Duration.ofNanos(1)), 429, "M_LIMIT_EXCEEDED", "1"),
        new Mapped(new StorageException(Reason.DISK_FULL, "secret"), 507, "M_UNKNOWN", "60"),
        new Mapped(new StorageException(Reason.READ_ONLY, "secret"), 503, "M_UNKNOWN", "1"),
        new Mapped(new StorageException(Reason.FAILED, "secret"), 503, "M_UNKNOWN", "1"),
        new Mapped(new StorageException(Reason.BUSY, "secret"), 503, "M_UNKNOWN", "1"),
        new Mapped(new StorageException(Reason.SUPERSEDED, "secret"), 503, "M_UNKNOWN", "1"),
        new Mapped(new StorageException(Reason.BAD_UNIT, "secret"), 500, "M_UNKNOWN", ""),
        new Mapped(new RejectedExecutionException("secret"), 503, "M_UNKNOWN", "1"),
        new Mapped(new IllegalStateException("secret"), 500, "M_UNKNOWN", ""));
  }

  @ParameterizedTest
  @MethodSource("exceptions")
  void mapsExceptionsToAnswers(Mapped each) {
    Response response =
        new ErrorHandlers(new SplittableRandom(1)).response(each.thrown(), "GET /x");

    String body = text(response);
    assertThat(response.status()).isEqualTo(each.status());
    assertThat(body).contains("\"errcode\":\"" + each.errcode() + "\"").contains("\"error\":");
    assertThat(body).doesNotContain("secret");
    assertThat(response.headers().getOrDefault("Retry-After", "")).isEqualTo(each.retryAfter());
  }

  @Test
  void tellsWhatIsWrongWithAnIdentifier() {
    Throwable thrown = catchThrowable(() -> UserId.parse("nobody"));

    Response response = new ErrorHandlers(new SplittableRandom(1)).response(thrown, "GET /x");

    assertThat(response.status()).isEqualTo(400);
    assertThat(text(response)).contains("M_INVALID_PARAM").contains("user id");
  }

  @Test
  void givesAReferenceInsteadOfWhatWentWrong() {
    Response response =
        new ErrorHandlers(new SplittableRandom(1))
            .response(new StackOverflowError("secret"), "GET /x");

    assertThat(text(response)).containsPattern("reference [0-9a-f]{8}");
  }

  private static String text(Response response) {
    return response.body() instanceof Response.Whole(var bytes)
        ? new String(bytes, StandardCharsets.UTF_8)
        : "";
  }

  /// A body, a character for each byte.
  record Body(String text, int status, String errcode) {
    byte[] bytes() {
      return text.getBytes(StandardCharsets.ISO_8859_1);
    }

    @Override
    public String toString() {
      return text.substring(0, Math.min(40, text.length())) + " -> " + errcode;
    }
  }

  static List<Body> bodies() {
    return List.of(
        new Body("", 400, "M_NOT_JSON"),
        new Body("{", 400, "M_NOT_JSON"),
        new Body("{\"a\":1,}", 400, "M_NOT_JSON"),
        new Body("{'a':1}", 400, "M_NOT_JSON"),
        new Body("{\"a\":NaN}", 400, "M_NOT_JSON"),
        new Body("{\"a\":01}", 400, "M_NOT_JSON"),
        new Body("{\"a\":\"\u00ff\"}", 400, "M_NOT_JSON"),
        new Body("\u00ef\u00bb\u00bf{}", 400, "M_NOT_JSON"),
        new Body("{} {}", 400, "M_NOT_JSON"),
        new Body("a=b&c=d", 400, "M_NOT_JSON"),
        new Body("[]", 400, "M_BAD_JSON"),
        new Body("\"text\"", 400, "M_BAD_JSON"),
        new Body("null", 400, "M_BAD_JSON"),
        new Body("{\"a\":1,\"a\":2}", 400, "M_BAD_JSON"),
        new Body("{\"a\":" + "9".repeat(100) + "}", 400, "M_BAD_JSON"),
        new Body("{\"a\":" + "[".repeat(200) + "]".repeat(200) + "}", 400, "M_BAD_JSON"),
        new Body("[".repeat(100_000), 400, "M_BAD_JSON"),
        new Body("{\"a\":\"\\ud800\"}", 400, "M_BAD_JSON"),
        new Body("{}", 200, ""),
        new Body("{\"a\":" + "[".repeat(90) + "]".repeat(90) + "}", 200, ""));
  }

  @ParameterizedTest
  @MethodSource("bodies")
  void refusesWhatIsNotAJsonObject(Body each) {
    TestClient.Answer answer = server.client().send("POST", "/echo", each.bytes());

    assertThat(answer.status()).as(answer.json().toString()).isEqualTo(each.status());
    assertThat(answer.errcode()).isEqualTo(each.errcode());
  }

  @Test
  void takesJsonWhateverItsTypeIsSaidToBe() {
    for (String type : List.of("text/plain", "application/x-www-form-urlencoded", "nonsense")) {
      try (RawClient raw = server.raw()) {
        raw.send(
            "POST /echo HTTP/1.1\r\nHost: a\r\nContent-Type: %s\r\nContent-Length: 2\r\n\r\n{}"
                .formatted(type));

        assertThat(raw.answer().status()).isEqualTo(200);
      }
    }
    try (RawClient raw = server.raw()) {
      raw.send("POST /echo HTTP/1.1\r\nHost: a\r\nContent-Length: 2\r\n\r\n{}");

      assertThat(raw.answer().status()).isEqualTo(200);
    }
  }
}
