package org.hearth.server.readers.push;

import com.fasterxml.jackson.databind.JsonNode;
import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpServer;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.charset.StandardCharsets;
import java.util.Objects;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import org.hearth.server.matrix.json.MatrixJson;

/// A push gateway on loopback that says what a test wants.
final class Gateway implements AutoCloseable {
  static final String PATH = "/_matrix/push/v1/notify";

  /// Takes everything.
  static final Script TAKES = exchange -> answer(exchange, 200, "{\"rejected\": []}");

  private final ExecutorService threads = Executors.newVirtualThreadPerTaskExecutor();
  private final BlockingQueue<JsonNode> notifications = new LinkedBlockingQueue<>();
  private final HttpServer server;
  private volatile Script script = TAKES;

  /// What the gateway does with a request whose body it has read.
  @FunctionalInterface
  interface Script {
    void answer(HttpExchange exchange) throws IOException;
  }

  Gateway() throws IOException {
    server = HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0);
    server.setExecutor(threads);
    server.createContext("/", this::handle);
    server.start();
  }

  private void handle(HttpExchange exchange) throws IOException {
    try (exchange) {
      if (!exchange.getRequestMethod().equals("POST")
          || !exchange.getRequestURI().getPath().equals(PATH)) {
        answer(exchange, 404, "{}");
        return;
      }
      JsonNode body = MatrixJson.parse(exchange.getRequestBody().readAllBytes());
      notifications.add(body.path("notification"));
      script.answer(exchange);
    }
  }

  static void answer(HttpExchange exchange, int status, String body) throws IOException {
    byte[] bytes = body.getBytes(StandardCharsets.UTF_8);
    exchange.sendResponseHeaders(status, bytes.length);
    exchange.getResponseBody().write(bytes);
  }

  /// From now on answers so.
  void says(Script other) {
    script = other;
  }

  void says(int status, String body) {
    script = exchange -> answer(exchange, status, body);
  }

  String url() {
    return "http://127.0.0.1:" + server.getAddress().getPort() + PATH;
  }

  /// The next notification that came; waits for it.
  JsonNode next() {
    try {
      return Objects.requireNonNull(
          notifications.poll(60, TimeUnit.SECONDS), "nothing has come within a minute");
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new AssertionError(e);
    }
  }

  /// How many have come that no test has looked at.
  int waiting() {
    return notifications.size();
  }

  @Override
  public void close() {
    server.stop(0);
    threads.shutdownNow();
  }
}
