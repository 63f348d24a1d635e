package org.hearth.server.services.media;

import static java.nio.charset.StandardCharsets.UTF_8;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.MissingNode;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpHeaders;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.time.Duration;
import java.util.Optional;
import org.hearth.server.WholeServer;
import org.hearth.server.http.SpecifiedAnswers;
import org.hearth.server.http.TestClient;

/// Somebody who uploads and downloads.
///
/// @param token empty for who has no account
public record MediaClient(URI base, String token) {
  static final String UPLOAD = "/_matrix/media/v3/upload";
  public static final String CREATE = "/_matrix/media/v1/create";
  public static final String DOWNLOAD = "/_matrix/client/v1/media/download/";
  public static final String OLD_DOWNLOAD = "/_matrix/media/v3/download/";

  private static final Duration TIME = Duration.ofSeconds(60);
  private static final HttpClient HTTP =
      HttpClient.newBuilder().version(HttpClient.Version.HTTP_1_1).build();
  private static final ObjectMapper JSON = new ObjectMapper();

  public static MediaClient register(WholeServer server, String name) {
    return new MediaClient(server.base(), server.newAccount(name).text("access_token"));
  }

  /// A new user of a server where anybody may register.
  public static MediaClient register(TestClient anybody, String name) {
    return new MediaClient(
        anybody.base(),
        anybody
            .anonymous()
            .post(
                "/_matrix/client/v3/register",
                "{'username': '%s', 'password': '%s', 'auth': {'type': 'm.login.dummy'}}"
                    .formatted(name, WholeServer.PASSWORD))
            .expect(200)
            .text("access_token"));
  }

  public MediaClient anonymous() {
    return new MediaClient(base, "");
  }

  public MediaClient at(URI otherBase) {
    return new MediaClient(otherBase, token);
  }

  @SuppressWarnings("ArrayRecordComponent") // compared by nobody
  public record Answer(int status, HttpHeaders headers, byte[] body) {
    public Answer expect(int expected) {
      if (status != expected) {
        throw new AssertionError(
            "expected %d, got %d %s".formatted(expected, status, new String(body, UTF_8)));
      }
      return this;
    }

    public Answer expect(int expected, String errcode) {
      if (!expect(expected).json().path("errcode").asText().equals(errcode)) {
        throw new AssertionError("expected %s, got %s".formatted(errcode, json()));
      }
      return this;
    }

    public JsonNode json() {
      try {
        return JSON.readTree(body);
      } catch (IOException e) {
        throw new UncheckedIOException(e);
      }
    }

    public String header(String name) {
      return headers.firstValue(name).orElse("");
    }
  }

  /// Any request.
  ///
  /// @param headers names and values in turn
  public Answer send(
      String method, String target, HttpRequest.BodyPublisher body, String... headers) {
    HttpRequest.Builder request =
        HttpRequest.newBuilder(URI.create(base + target)).timeout(TIME).method(method, body);
    if (!token.isEmpty()) {
      request.header("Authorization", "Bearer " + token);
    }
    if (headers.length > 0) {
      request.headers(headers);
    }
    try {
      HttpResponse<byte[]> answer =
          HTTP.send(request.build(), HttpResponse.BodyHandlers.ofByteArray());
      Answer got = new Answer(answer.statusCode(), answer.headers(), answer.body());
      String type = got.header("Content-Type");
      SpecifiedAnswers.check(
          method,
          target,
          got.status(),
          type,
          type.startsWith("application/json") ? got.json() : MissingNode.getInstance());
      return got;
    } catch (IOException e) {
      throw new UncheckedIOException(method + " " + target, e);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new IllegalStateException(e);
    }
  }

  public Answer get(String target, String... headers) {
    return send("GET", target, HttpRequest.BodyPublishers.noBody(), headers);
  }

  public Answer post(String target, byte[] body, String... headers) {
    return send("POST", target, HttpRequest.BodyPublishers.ofByteArray(body), headers);
  }

  public Answer put(String target, byte[] body, String... headers) {
    return send("PUT", target, HttpRequest.BodyPublishers.ofByteArray(body), headers);
  }

  /// Uploads, and gives the address without `mxc://`.
  public String upload(byte[] bytes, String type) {
    return upload(bytes, type, Optional.empty());
  }

  /// Uploads, and gives the address without `mxc://`.
  ///
  /// @param name percent-encoded
  public String upload(byte[] bytes, String type, Optional<String> name) {
    String target = UPLOAD + name.map(each -> "?filename=" + each).orElse("");
    return address(post(target, bytes, "Content-Type", type).expect(200));
  }

  public static String address(Answer answer) {
    return answer.json().path("content_uri").asText().substring("mxc://".length());
  }

  /// An address for something that is uploaded later.
  public String create() {
    return address(post(CREATE, "{}".getBytes(UTF_8)).expect(200));
  }
}
