package org.hearth.product;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.MissingNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.URI;
import java.net.URLEncoder;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
import org.hearth.server.http.SpecifiedAnswers;

/// A Matrix client for tests of a server that may be gone at any moment.
///
/// @param base where the server is
/// @param token an access token; empty for none
/// @param isHearth whether what it answers is held against the specification
record MatrixHttp(URI base, String token, boolean isHearth) {
  private static final String V1 = "/_matrix/client/v1";
  private static final String UPLOAD = "/_matrix/media/v3/upload";
  private static final String V3 = "/_matrix/client/v3";
  private static final Duration TIME = Duration.ofSeconds(60);
  private static final Duration RETURN = Duration.ofMinutes(2);
  private static final ObjectMapper JSON = new ObjectMapper();
  private static final HttpClient HTTP =
      HttpClient.newBuilder()
          .version(HttpClient.Version.HTTP_1_1)
          .connectTimeout(Duration.ofSeconds(60))
          .build();

  /// What came back.
  record Answer(int status, JsonNode json, Optional<String> retryAfter) {
    /// The body of a request that was granted.
    ///
    /// @throws UncheckedIOException if the server is about to be gone
    JsonNode granted() {
      if (status == 503 && json.path("error").asText().equals("The server is stopping")) {
        throw new UncheckedIOException(new IOException("it is stopping"));
      }
      if (status != 200) {
        throw new AssertionError("refused with %d %s".formatted(status, json));
      }
      return json;
    }

    boolean is(int expected, String errcode) {
      return status == expected && json.path("errcode").asText().equals(errcode);
    }
  }

  static ObjectNode object() {
    return JSON.createObjectNode();
  }

  static String encoded(String segment) {
    return URLEncoder.encode(segment, StandardCharsets.UTF_8).replace("+", "%20");
  }

  static MatrixHttp at(URI base) {
    return new MatrixHttp(base, "", true);
  }

  /// A client of a server that is not ours.
  static MatrixHttp ofOther(URI base) {
    return new MatrixHttp(base, "", false);
  }

  /// A client of a new account.
  MatrixHttp register(String name, String password) {
    ObjectNode body = object().put("username", name).put("password", password);
    body.putObject("auth").put("type", "m.login.dummy");
    return withToken(post("/register", body));
  }

  private MatrixHttp withToken(Answer login) {
    return new MatrixHttp(base, login.granted().path("access_token").textValue(), isHearth);
  }

  /// Logs in to an account that exists, on a new device.
  Answer logIn(String name, String password) {
    return post(
        "/login",
        object().put("type", "m.login.password").put("user", name).put("password", password));
  }

  /// The same user on a new device.
  MatrixHttp onNewDevice(String name, String password) {
    return withToken(new MatrixHttp(base, "", isHearth).logIn(name, password));
  }

  /// Returns when the server, which was gone, answers again.
  void awaitAnswer() {
    long until = System.nanoTime() + RETURN.toNanos();
    while (System.nanoTime() < until) {
      try {
        get("/account/whoami").granted();
        return;
      } catch (UncheckedIOException _) {
        LockSupport.parkNanos(TimeUnit.MILLISECONDS.toNanos(50));
      }
    }
    throw new AssertionError("the server did not come back");
  }

  /// Asks for what is below `/_matrix/client/v3`, as the others do.
  Answer get(String path) {
    return send("GET", V3 + path, Optional.empty());
  }

  /// Asks for what is below `/_matrix/client/v1`.
  Answer getV1(String path) {
    return send("GET", V1 + path, Optional.empty());
  }

  Answer post(String path, ObjectNode body) {
    return send("POST", V3 + path, Optional.of(body));
  }

  Answer put(String path, ObjectNode body) {
    return send("PUT", V3 + path, Optional.of(body));
  }

  /// Uploads a file.
  ///
  /// @return its address, `mxc://…`
  /// @throws UncheckedIOException if no answer came
  String upload(byte[] bytes) {
    return upload(bytes, "application/octet-stream");
  }

  /// Uploads a file of a type.
  String upload(byte[] bytes, String contentType) {
    HttpRequest.Builder request =
        HttpRequest.newBuilder(URI.create(base + UPLOAD))
            .header("Content-Type", contentType)
            .POST(HttpRequest.BodyPublishers.ofByteArray(bytes));
    HttpResponse<byte[]> response = exchange(request, "POST " + UPLOAD);
    return answer(response, "POST", UPLOAD).granted().path("content_uri").textValue();
  }

  /// Downloads a file.
  ///
  /// @param uri its address, `mxc://…`
  byte[] download(String uri) {
    return media(uri, "download", "");
  }

  /// Downloads a small square picture of a file.
  ///
  /// @param uri its address, `mxc://…`
  byte[] thumbnail(String uri, int side) {
    return media(uri, "thumbnail", "?method=crop&width=%d&height=%d".formatted(side, side));
  }

  private byte[] media(String uri, String what, String query) {
    String path = V1 + "/media/" + what + "/" + uri.substring("mxc://".length()) + query;
    HttpResponse<byte[]> response =
        exchange(HttpRequest.newBuilder(URI.create(base + path)).GET(), path);
    if (response.statusCode() != 200) {
      throw new AssertionError(
          "%s: %d %s"
              .formatted(
                  path,
                  response.statusCode(),
                  new String(response.body(), StandardCharsets.UTF_8)));
    }
    return response.body();
  }

  /// Sends a request.
  ///
  /// @throws UncheckedIOException if no answer came: whether it was done is not known
  private Answer send(String method, String path, Optional<ObjectNode> body) {
    HttpRequest.Builder request =
        HttpRequest.newBuilder(URI.create(base + path))
            .method(
                method,
                body.map(each -> HttpRequest.BodyPublishers.ofString(each.toString()))
                    .orElseGet(HttpRequest.BodyPublishers::noBody));
    return answer(exchange(request, method + " " + path), method, path);
  }

  private Answer answer(HttpResponse<byte[]> response, String method, String path) {
    try {
      JsonNode json =
          response.body().length == 0 ? MissingNode.getInstance() : JSON.readTree(response.body());
      if (isHearth) {
        SpecifiedAnswers.check(
            method,
            path,
            response.statusCode(),
            response.headers().firstValue("Content-Type").orElse(""),
            json);
      }
      return new Answer(response.statusCode(), json, response.headers().firstValue("Retry-After"));
    } catch (IOException e) {
      throw new UncheckedIOException(method + " " + path, e);
    }
  }

  private HttpResponse<byte[]> exchange(HttpRequest.Builder request, String what) {
    request.timeout(TIME);
    if (!token.isEmpty()) {
      request.header("Authorization", "Bearer " + token);
    }
    try {
      return HTTP.send(request.build(), HttpResponse.BodyHandlers.ofByteArray());
    } catch (IOException e) {
      throw new UncheckedIOException(what, e);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new IllegalStateException(e);
    }
  }
}
