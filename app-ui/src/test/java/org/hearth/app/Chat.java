package org.hearth.app;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
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
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.atomic.AtomicInteger;

/// A person's Matrix app, as far as a test of the panel needs one.
///
/// @param server where the server is
/// @param token the access token
record Chat(URI server, String token) {
  private static final Duration TIME = Duration.ofSeconds(60);
  private static final ObjectMapper JSON = new ObjectMapper();
  private static final HttpClient HTTP =
      HttpClient.newBuilder().version(HttpClient.Version.HTTP_1_1).build();
  private static final AtomicInteger TRANSACTIONS = new AtomicInteger();

  /// What came back.
  record Answer(int status, JsonNode json) {
    /// The body of a request that was granted.
    JsonNode granted() {
      if (status != 200) {
        throw new AssertionError("refused with %d %s".formatted(status, json));
      }
      return json;
    }
  }

  /// Signs a person in.
  static Chat signIn(URI server, String name, String password) {
    ObjectNode body = JSON.createObjectNode();
    body.put("type", "m.login.password").put("password", password);
    body.putObject("identifier").put("type", "m.id.user").put("user", name);
    JsonNode answer = new Chat(server, "").call("POST", "/login", body).granted();
    return new Chat(server, answer.path("access_token").asText());
  }

  /// Makes an account with a registration token.
  static Answer register(URI server, String name, String token, String password) {
    ObjectNode body = JSON.createObjectNode();
    body.put("username", name).put("password", password);
    body.putObject("auth").put("type", "m.login.registration_token").put("token", token);
    return new Chat(server, "").call("POST", "/register", body);
  }

  /// The same app, after the server has got another port.
  Chat at(URI other) {
    return new Chat(other, token);
  }

  /// Makes a room; returns its id.
  String createRoom(Map<String, Object> settings) {
    return call("POST", "/createRoom", settings).granted().path("room_id").asText();
  }

  void invite(String room, String person) {
    call("POST", "/rooms/" + encoded(room) + "/invite", Map.of("user_id", person)).granted();
  }

  void join(String room) {
    call("POST", "/join/" + encoded(room), Map.of()).granted();
  }

  /// Sends a message.
  Answer say(String room, String text) {
    return call(
        "PUT",
        "/rooms/%s/send/m.room.message/t%d"
            .formatted(encoded(room), TRANSACTIONS.incrementAndGet()),
        Map.of("msgtype", "m.text", "body", text));
  }

  /// The texts of the messages of a room, newest first.
  List<String> texts(String room) {
    return call("GET", "/rooms/" + encoded(room) + "/messages?dir=b&limit=100", null)
        .granted()
        .path("chunk")
        .valueStream()
        .map(event -> event.path("content").path("body").asText())
        .filter(text -> !text.isEmpty())
        .toList();
  }

  /// Waits for news as an app does that is open: again and again, until the server refuses.
  CompletableFuture<HttpResponse<byte[]>> listen() {
    return listen(call("GET", "/sync?timeout=0", null).granted().path("next_batch").asText());
  }

  private CompletableFuture<HttpResponse<byte[]>> listen(String since) {
    HttpRequest request =
        HttpRequest.newBuilder(
                URI.create(
                    server + "/_matrix/client/v3/sync?timeout=60000&since=" + encoded(since)))
            .header("Authorization", "Bearer " + token)
            .build();
    return HTTP.sendAsync(request, HttpResponse.BodyHandlers.ofByteArray())
        .thenCompose(answer ->
            answer.statusCode() == 200
                ? listen(next(answer))
                : CompletableFuture.completedFuture(answer));
  }

  private static String next(HttpResponse<byte[]> answer) {
    try {
      return JSON.readTree(answer.body()).path("next_batch").asText();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private Answer call(String method, String path, @org.jspecify.annotations.Nullable Object body) {
    try {
      HttpRequest request =
          HttpRequest.newBuilder(URI.create(server + "/_matrix/client/v3" + path))
              .timeout(TIME)
              .header("Authorization", "Bearer " + token)
              .method(
                  method,
                  body == null
                      ? HttpRequest.BodyPublishers.noBody()
                      : HttpRequest.BodyPublishers.ofByteArray(JSON.writeValueAsBytes(body)))
              .build();
      HttpResponse<byte[]> answer = HTTP.send(request, HttpResponse.BodyHandlers.ofByteArray());
      return new Answer(answer.statusCode(), JSON.readTree(answer.body()));
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new IllegalStateException("interrupted", e);
    }
  }

  private static String encoded(String segment) {
    return URLEncoder.encode(segment, StandardCharsets.UTF_8);
  }
}
