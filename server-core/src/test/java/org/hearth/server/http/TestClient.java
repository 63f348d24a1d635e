package org.hearth.server.http;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.MissingNode;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.InetSocketAddress;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpHeaders;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/// A client for tests: JSON in, JSON out, paths sent as they are written. Every answer has to be as
/// the specification defines it ([SpecifiedAnswers]).
///
/// **thread**: any. All instances share one `HttpClient`, so making one costs nothing.
///
/// ```
/// TestClient alice = TestClient.of(server).as(token);
/// alice.put("/_matrix/client/v3/rooms/" + TestClient.encoded(room) + "/send/m.room.message/1",
///     "{'msgtype': 'm.text', 'body': 'Hello'}").expect(200).text("event_id");
/// ```
public final class TestClient {
  private static final Duration TIME = Duration.ofSeconds(90);
  private static final HttpClient HTTP =
      HttpClient.newBuilder()
          .version(HttpClient.Version.HTTP_1_1)
          .connectTimeout(Duration.ofSeconds(60))
          .build();
  private static final ObjectMapper JSON = new ObjectMapper();

  private final URI base;
  private final Authorization authorization;
  private final boolean specified;

  /// What the `Authorization` headers of a request say.
  @FunctionalInterface
  public interface Authorization {
    /// One text a header.
    List<String> of(String method, String target, byte @Nullable [] body);
  }

  /// @param specified whether answers have to be as the specification has them
  private TestClient(URI base, Authorization authorization, boolean specified) {
    this.base = base;
    this.authorization = authorization;
    this.specified = specified;
  }

  /// A client without a token for the first listener of a server.
  public static TestClient of(HttpServer server) {
    InetSocketAddress address = server.addresses().getFirst();
    return of(
        URI.create("http://" + address.getAddress().getHostAddress() + ":" + address.getPort()));
  }

  /// A client without a token.
  public static TestClient of(URI base) {
    return new TestClient(base, (_, _, _) -> List.of(), true);
  }

  /// The same client with that access token.
  public TestClient as(String accessToken) {
    return as((_, _, _) -> List.of("Bearer " + accessToken));
  }

  /// The same client, which says so who it is.
  public TestClient as(Authorization other) {
    return new TestClient(base, other, specified);
  }

  /// The same client of a server that is elsewhere now.
  public TestClient at(URI otherBase) {
    return new TestClient(otherBase, authorization, specified);
  }

  /// The same client without a token.
  public TestClient anonymous() {
    return as((_, _, _) -> List.of());
  }

  /// The same client for routes of a test's own, whose answers nobody has specified.
  TestClient unspecified() {
    return new TestClient(base, authorization, false);
  }

  /// What is called.
  public URI base() {
    return base;
  }

  /// A path segment with everything encoded that may not stand there as it is, `/` too.
  public static String encoded(String segment) {
    return java.net.URLEncoder.encode(segment, StandardCharsets.UTF_8).replace("+", "%20");
  }

  public Answer get(String target) {
    return send("GET", target, null);
  }

  public Answer delete(String target) {
    return send("DELETE", target, null);
  }

  /// Sends a body.
  ///
  /// @param json in which `'` may stand for `"`
  public Answer post(String target, String json) {
    return send("POST", target, bytes(json));
  }

  /// Sends a body.
  ///
  /// @param json in which `'` may stand for `"`
  public Answer put(String target, String json) {
    return send("PUT", target, bytes(json));
  }

  public Answer post(String target, JsonNode json) {
    return send("POST", target, json.toString().getBytes(StandardCharsets.UTF_8));
  }

  public Answer put(String target, JsonNode json) {
    return send("PUT", target, json.toString().getBytes(StandardCharsets.UTF_8));
  }

  /// Sends a body.
  ///
  /// @param json in which `'` may stand for `"`
  public Answer delete(String target, String json) {
    return send("DELETE", target, bytes(json));
  }

  /// Any method with any bytes, or without a body.
  public Answer send(String method, String target, byte @Nullable [] body) {
    HttpRequest.Builder request =
        HttpRequest.newBuilder(URI.create(base + target))
            .timeout(TIME)
            .method(
                method,
                body == null
                    ? HttpRequest.BodyPublishers.noBody()
                    : HttpRequest.BodyPublishers.ofByteArray(body));
    authorization.of(method, target, body).forEach(text -> request.header("Authorization", text));
    if (body != null) {
      request.header("Content-Type", "application/json");
    }
    try {
      HttpResponse<byte[]> response =
          HTTP.send(request.build(), HttpResponse.BodyHandlers.ofByteArray());
      Answer answer =
          new Answer(response.statusCode(), response.headers(), parsed(response.body()));
      if (specified) {
        SpecifiedAnswers.check(
            method,
            target,
            answer.status(),
            answer.header("Content-Type").orElse(""),
            answer.json());
      }
      return answer;
    } catch (IOException e) {
      throw new UncheckedIOException(method + " " + target, e);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new IllegalStateException(e);
    }
  }

  private static byte[] bytes(String json) {
    return json.replace('\'', '"').getBytes(StandardCharsets.UTF_8);
  }

  private static JsonNode parsed(byte[] body) throws IOException {
    if (body.length == 0) {
      return MissingNode.getInstance();
    }
    return JSON.readTree(body);
  }

  /// What came back.
  ///
  /// @param json the body; a missing node if there was none
  public record Answer(int status, HttpHeaders headers, JsonNode json) {
    /// The same answer if it has that status.
    public Answer expect(int expected) {
      if (status != expected) {
        throw new AssertionError("expected %d, got %d %s".formatted(expected, status, json));
      }
      return this;
    }

    /// The same answer if it is that refusal.
    public Answer expect(int expected, String errcode) {
      if (status != expected || !errcode.equals(errcode())) {
        throw new AssertionError(
            "expected %d %s, got %d %s".formatted(expected, errcode, status, json));
      }
      return this;
    }

    /// The error code; empty if there is none.
    public String errcode() {
      return json.path("errcode").asText("");
    }

    /// A text of the body that must be there.
    public String text(String name) {
      JsonNode value = json.path(name);
      if (!value.isTextual()) {
        throw new AssertionError("no text " + name + " in " + json);
      }
      return value.textValue();
    }

    /// A part of the body by JSON pointer; a missing node if it is not there.
    public JsonNode at(String pointer) {
      return json.at(pointer);
    }

    public Optional<String> header(String name) {
      return headers.firstValue(name);
    }
  }
}
