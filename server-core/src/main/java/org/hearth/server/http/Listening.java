package org.hearth.server.http;

import io.helidon.common.SerializationConfig;
import io.helidon.common.concurrency.limits.FixedLimit;
import io.helidon.common.context.Context;
import io.helidon.http.encoding.ContentEncodingContext;
import io.helidon.http.media.MediaContext;
import io.helidon.webserver.ListenerConfig;
import io.helidon.webserver.ListenerContext;
import io.helidon.webserver.Router;
import io.helidon.webserver.http.DirectHandlers;
import io.helidon.webserver.http.Filter;
import io.helidon.webserver.http.HttpRouting;
import io.helidon.webserver.http1.Http1Config;
import io.helidon.webserver.http1.Http1ConnectionSelector;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.ForkJoinPool;
import org.hearth.server.http.connection.Connection;
import org.hearth.server.http.connection.Protocol;

/// How Helidon is set up, whose defaults let in anything of any size.
///
/// HTTP/1.1 only: HTTP/2 had a wait of 44 ms in every request when it was measured.
final class Listening {
  private Listening() {}

  /// What Helidon asks for beside a connection.
  private record Surroundings(
      Context context,
      MediaContext mediaContext,
      ContentEncodingContext contentEncodingContext,
      DirectHandlers directHandlers,
      ListenerConfig config,
      ExecutorService executor)
      implements ListenerContext {}

  /// What all listeners speak.
  static Protocol protocol(HttpLimits limits, Filter dispatcher) {
    // No object of Java is ever read from bytes in this process.
    SerializationConfig.configureRuntime();
    ListenerConfig config =
        ListenerConfig.builder()
            .protocolsDiscoverServices(false)
            // Entity has a limit for each route, and reads on for a while after it has refused.
            // Helidon closes at once, and a client that still sends then may not see why.
            .maxPayloadSize(limits.streamedBodyBytes() + Entity.LINGERING_BYTES)
            .build();
    Http1Config http =
        Http1Config.builder()
            .maxPrologueLength(limits.targetBytes())
            .maxHeadersSize(limits.headerBytes())
            .validateRequestHeaders(true)
            // The dispatcher looks at the target itself, as it was sent.
            .validatePath(false)
            .validatePrologue(false)
            .addReceiveListener(Connection.HEADS)
            .build();
    return new Protocol(
        new Surroundings(
            Context.create(),
            MediaContext.builder().mediaSupportsDiscoverServices(false).build(),
            ContentEncodingContext.builder().contentEncodingsDiscoverServices(false).build(),
            Answers.direct(),
            config,
            ForkJoinPool.commonPool()),
        Router.builder().addRouting(HttpRouting.builder().addFilter(dispatcher)).build(),
        Http1ConnectionSelector.builder().config(http).build(),
        FixedLimit.builder().permits(limits.requests()).build());
  }

  /// Sets everything up for nothing: the first time in a process loads half of Helidon.
  static void warmUp() {
    protocol(HttpLimits.standard(), (chain, _, _) -> chain.proceed());
  }
}
