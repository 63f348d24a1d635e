package org.hearth.server.services.serverkeys;

import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;
import org.hearth.server.matrix.id.ServerName;

/// Reaches the servers of a test. A server that is not there cannot be reached.
final class HttpKeySource implements KeySource {
  private static final HttpClient HTTP =
      HttpClient.newBuilder().version(HttpClient.Version.HTTP_1_1).build();

  private final Map<ServerName, URI> servers = new ConcurrentHashMap<>();

  void add(KeyPeer... peers) {
    for (KeyPeer each : peers) {
      servers.put(each.name(), each.base());
    }
  }

  @Override
  public CompletableFuture<byte[]> fetch(ServerName server) {
    return send(server, "/_matrix/key/v2/server", HttpRequest.newBuilder().GET());
  }

  @Override
  public CompletableFuture<byte[]> query(ServerName notary, byte[] body) {
    return send(
        notary,
        "/_matrix/key/v2/query",
        HttpRequest.newBuilder().POST(HttpRequest.BodyPublishers.ofByteArray(body)));
  }

  private CompletableFuture<byte[]> send(
      ServerName server, String path, HttpRequest.Builder request) {
    URI base = servers.get(server);
    if (base == null) {
      return CompletableFuture.failedFuture(new IllegalStateException("nobody is " + server));
    }
    return HTTP.sendAsync(
            request.uri(base.resolve(path)).build(), HttpResponse.BodyHandlers.ofByteArray())
        .thenApply(response -> {
          if (response.statusCode() != 200) {
            throw new IllegalStateException("status " + response.statusCode());
          }
          return response.body();
        });
  }
}
