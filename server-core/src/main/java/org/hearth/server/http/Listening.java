package org.hearth.server.http;

import io.helidon.common.tls.Tls;
import io.helidon.http.Headers;
import io.helidon.http.HttpPrologue;
import io.helidon.http.encoding.ContentEncodingContext;
import io.helidon.webserver.ConnectionContext;
import io.helidon.webserver.WebServer;
import io.helidon.webserver.http.Filter;
import io.helidon.webserver.http.HttpRouting;
import io.helidon.webserver.http1.Http1Config;
import io.helidon.webserver.http1.Http1ConnectionListener;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/// How a listener is set up in Helidon, whose defaults let in anything of any size from anywhere.
///
/// HTTP/1.1 only: HTTP/2 had a wait of 44 ms in every request when it was measured.
final class Listening {
  /// For requests that are still under way when all others have ended or the grace is over.
  private static final Duration LAST_GRACE = Duration.ofMillis(500);

  private Listening() {}

  /// A listener that is not open yet.
  static WebServer on(
      Listener listener,
      HttpLimits limits,
      Optional<TlsKeys> keys,
      Filter dispatcher,
      Deadlines deadlines) {
    var builder =
        WebServer.builder()
            .shutdownHook(false)
            .featuresDiscoverServices(false)
            .protocolsDiscoverServices(false)
            .concurrencyLimitDiscoverServices(false)
            .address(listener.bind())
            .host(listener.bind().getHostAddress())
            .port(listener.port())
            .backlog(limits.backlog())
            // Entity has a limit for each route, and reads on for a while after it has refused.
            // Helidon closes at once, and a client that still sends then may not see why.
            .maxPayloadSize((long) limits.largeBodyBytes() + Entity.LINGERING_BYTES)
            .maxTcpConnections(limits.connections())
            .maxConcurrentRequests(limits.requests())
            .idleConnectionTimeout(limits.idleConnection())
            .idleConnectionPeriod(limits.idleConnection().dividedBy(4).plusSeconds(1))
            .shutdownGracePeriod(LAST_GRACE)
            .connectionOptions(socket ->
                socket.tcpNoDelay(true).socketKeepAlive(true).readTimeout(limits.idleConnection()))
            .contentEncoding(
                ContentEncodingContext.builder().contentEncodingsDiscoverServices(false).build())
            .directHandlers(Answers.direct())
            .routing(HttpRouting.builder().addFilter(dispatcher))
            .addProtocol(
                Http1Config.builder()
                    .maxPrologueLength(limits.targetBytes())
                    .maxHeadersSize(limits.headerBytes())
                    .validateRequestHeaders(true)
                    // The dispatcher looks at the target itself, as it was sent.
                    .validatePath(false)
                    .validatePrologue(false)
                    .addReceiveListener(new HeaderDeadline(deadlines, limits.headerTime()))
                    .build());
    keys.ifPresent(all ->
        builder.tls(
            Tls.builder()
                .sslContext(all.context())
                .enabledProtocols(List.of("TLSv1.3", "TLSv1.2"))
                .build()));
    return builder.build();
  }

  /// Sets up a listener that is never opened: the first in a process loads half of Helidon.
  static void warmUp() {
    try (Deadlines deadlines = new Deadlines()) {
      on(
          Listener.loopback(0),
          HttpLimits.standard(),
          Optional.empty(),
          (chain, _, _) -> chain.proceed(),
          deadlines);
    }
  }

  /// Headers have to arrive in time, too.
  ///
  /// **thread**: both calls of a request come on the connection's own.
  private static final class HeaderDeadline implements Http1ConnectionListener {
    private static final ThreadLocal<Deadlines.@Nullable Deadline> CURRENT = new ThreadLocal<>();
    private final Deadlines deadlines;
    private final Duration time;

    HeaderDeadline(Deadlines deadlines, Duration time) {
      this.deadlines = deadlines;
      this.time = time;
    }

    @Override
    public void prologue(ConnectionContext ctx, HttpPrologue prologue) {
      CURRENT.set(deadlines.within(time));
    }

    @Override
    public void headers(ConnectionContext ctx, Headers headers) {
      Deadlines.Deadline deadline = CURRENT.get();
      if (deadline != null) {
        deadline.close();
        CURRENT.remove();
      }
    }
  }
}
