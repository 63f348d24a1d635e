package org.hearth.server.services.serverkeys;

import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpServer;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.URI;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.Executors;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Function;
import java.util.function.Supplier;
import org.hearth.server.matrix.id.ServerName;

/// Another server, which says of its keys what a test wants, over HTTP.
final class KeyPeer implements AutoCloseable {
  private final ServerName name;
  private final HttpServer http;
  private final AtomicInteger asked = new AtomicInteger();
  private final List<byte[]> queries = new CopyOnWriteArrayList<>();

  /// What it says of its keys.
  volatile Supplier<byte[]> keys = () -> new byte[0];

  /// What it says as a notary.
  volatile Function<byte[], byte[]> notary = _ -> new byte[0];

  volatile int status = 200;

  KeyPeer(String name) throws IOException {
    this.name = new ServerName(name);
    this.http = HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 50);
    http.setExecutor(Executors.newVirtualThreadPerTaskExecutor());
    http.createContext("/_matrix/key/v2/server", this::tellKeys);
    http.createContext("/_matrix/key/v2/query", this::tellAsNotary);
    http.start();
  }

  ServerName name() {
    return name;
  }

  URI base() {
    return URI.create("http://127.0.0.1:" + http.getAddress().getPort());
  }

  /// How often it was asked for its own keys.
  int asked() {
    return asked.get();
  }

  /// What it was asked as a notary.
  List<byte[]> queries() {
    return queries;
  }

  private void tellKeys(HttpExchange exchange) throws IOException {
    asked.incrementAndGet();
    answer(exchange, keys.get());
  }

  private void tellAsNotary(HttpExchange exchange) throws IOException {
    byte[] query = exchange.getRequestBody().readAllBytes();
    queries.add(query);
    answer(exchange, notary.apply(query));
  }

  private void answer(HttpExchange exchange, byte[] body) throws IOException {
    try (exchange) {
      exchange.sendResponseHeaders(status, body.length == 0 ? -1 : body.length);
      exchange.getResponseBody().write(body);
    }
  }

  @Override
  public void close() {
    http.stop(0);
  }
}
