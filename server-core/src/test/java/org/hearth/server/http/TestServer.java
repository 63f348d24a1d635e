package org.hearth.server.http;

import java.time.Duration;
import java.time.InstantSource;
import java.util.List;
import java.util.Map;
import org.hearth.server.http.connection.ConnectionLimits;
import org.hearth.server.http.connection.Listener;
import org.hearth.server.http.peers.Peers;
import org.hearth.server.matrix.error.MatrixException;
import org.hearth.server.matrix.id.DeviceId;
import org.hearth.server.matrix.id.UserId;

/// A server with routes of a test's own, on a port that the system chooses.
final class TestServer implements AutoCloseable {
  /// A client that takes nothing of its answer is given up after four seconds.
  static final HttpLimits SHORT_OF_TIME =
      new HttpLimits(
          1000,
          1000,
          1000,
          10_000,
          10_000,
          40,
          Duration.ofSeconds(1),
          new ConnectionLimits(50, 50, 50, 50, Duration.ofSeconds(60), Duration.ofSeconds(60), 10));

  static final UserId ALICE = UserId.parse("@alice:hearth.test");
  static final UserId GUEST = UserId.parse("@1:hearth.test");
  static final UserId ADMIN = UserId.parse("@admin:hearth.test");

  private static final Map<String, Requester> TOKENS =
      Map.of(
          "alice", new Requester(ALICE, DeviceId.parse("A"), 1, false, false),
          "alice-elsewhere", new Requester(ALICE, DeviceId.parse("B"), 4, false, false),
          "guest", new Requester(GUEST, DeviceId.parse("G"), 2, true, false),
          "admin", new Requester(ADMIN, DeviceId.parse("R"), 3, false, true));

  private final HttpServer server;

  TestServer(HttpOptions options, RouteGroup... groups) {
    this(options, InstantSource.system(), groups);
  }

  TestServer(HttpOptions options, InstantSource clock, RouteGroup... groups) {
    this(options, Peers.none(), clock, groups);
  }

  TestServer(HttpOptions options, Peers peers, InstantSource clock, RouteGroup... groups) {
    server =
        HttpServer.start(
            options,
            List.of(groups),
            new HttpServer.Callers(TestServer::authenticate, peers),
            clock,
            _ -> {});
  }

  TestServer(RouteGroup... groups) {
    this(standard(), groups);
  }

  /// Without limits that all clients of a test, which have one address, share.
  static HttpOptions standard() {
    return HttpOptions.standard(List.of(Listener.loopback(0)))
        .with(RateLimits.off())
        .with(limits(ConnectionLimits.standard()));
  }

  /// The usual limits, and such of connections, but as many from one address as there may be.
  private static HttpLimits limits(ConnectionLimits usual) {
    return HttpLimits.standard()
        .with(
            new ConnectionLimits(
                usual.most(),
                usual.most(),
                usual.most(),
                usual.most(),
                usual.idle(),
                usual.headTime(),
                usual.backlog()));
  }

  /// @param token one of those above, or `someN`, of whom there are as many as one likes
  static Requester authenticate(String token) {
    if (token.startsWith("some")) {
      UserId user = UserId.parse("@" + token + ":hearth.test");
      return new Requester(user, DeviceId.parse("S"), 4, false, false);
    }
    Requester requester = TOKENS.get(token);
    if (requester == null) {
      throw MatrixException.unknownToken(false);
    }
    return requester;
  }

  HttpServer server() {
    return server;
  }

  int port() {
    return server.addresses().getFirst().getPort();
  }

  TestClient client() {
    return TestClient.of(server).unspecified();
  }

  RawClient raw() {
    return new RawClient(port());
  }

  @Override
  public void close() {
    server.stop(Duration.ofSeconds(5));
  }
}
