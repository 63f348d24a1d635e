package org.hearth.server.http;

import io.helidon.http.HeaderNames;
import io.helidon.http.HttpPrologue;
import io.helidon.webserver.CloseConnectionException;
import io.helidon.webserver.http.Filter;
import io.helidon.webserver.http.FilterChain;
import io.helidon.webserver.http.RoutingRequest;
import io.helidon.webserver.http.RoutingResponse;
import java.lang.System.Logger;
import java.lang.System.Logger.Level;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.util.List;
import java.util.Optional;
import java.util.TreeSet;
import java.util.concurrent.Callable;
import java.util.concurrent.TimeUnit;
import org.hearth.server.http.connection.Connection;
import org.hearth.server.http.connection.Deadlines;
import org.hearth.server.http.connection.StopSignal;
import org.hearth.server.matrix.error.Errcode;
import org.hearth.server.matrix.error.MatrixException;
import org.hearth.server.matrix.id.DeviceId;
import org.jspecify.annotations.Nullable;

/// A request's way from the listener to its handler and back.
///
/// 1. route, on the path as it was sent
/// 2. who calls
/// 3. how often
/// 4. the body, within the limits of size, time and memory
/// 5. the handler
/// 6. the answer: headers for browsers, counters, access log
///
/// It stands in the place of Helidon's own routing, which normalises a path (`//`, `;x`, `%6c`)
/// before it looks at it.
///
/// **thread**: each request's own virtual thread.
final class Dispatcher implements Filter {
  private static final Logger ACCESS_LOG = System.getLogger("org.hearth.access");
  private static final int CLIENT_GONE = 499;
  private static final int LONGEST_LOGGED = 200;

  /// Of a GET: "content received in a GET request has no generally defined semantics" (RFC 9110,
  /// 9.3.1).
  private static final byte[] NO_BODY = {};

  private final Router router;
  private final AccessControl access;
  private final RateLimiter limiter;
  private final HttpLimits limits;
  private final RemoteAddress remoteAddress;
  private final Authenticator authenticator;
  private final ErrorHandlers errors;
  private final InFlight inFlight;
  private final Deadlines deadlines;
  private final StopSignal stopping;
  private final LargeAnswers largeAnswers = new LargeAnswers();
  private final BodyMemory bodies = new BodyMemory();

  Dispatcher(
      Router router,
      HttpOptions options,
      Authenticator authenticator,
      RateLimiter limiter,
      ErrorHandlers errors,
      Lifetime lifetime) {
    this.router = router;
    this.access = new AccessControl(authenticator, limiter, options.queryTokens());
    this.limiter = limiter;
    this.limits = options.limits();
    this.remoteAddress = new RemoteAddress(options.trustedProxies());
    this.authenticator = authenticator;
    this.errors = errors;
    this.inFlight = lifetime.inFlight();
    this.deadlines = lifetime.deadlines();
    this.stopping = lifetime.stopping();
  }

  /// What lives as long as the listeners do.
  record Lifetime(InFlight inFlight, Deadlines deadlines, StopSignal stopping) {}

  /// One request, from its head to its answer.
  @Override
  public void filter(FilterChain chain, RoutingRequest request, RoutingResponse response) {
    Exchange exchange = new Exchange();
    inFlight.begin();
    try {
      Entity entity = new Entity(request, deadlines, limits.bodyTime());
      boolean headOnly = request.prologue().method().text().equals("HEAD");
      Response answer =
          guarded(
              exchange,
              () -> stopping.isRaised() ? isStopping() : handled(request, entity, exchange));
      boolean usable =
          switch (answer.body()) {
            case Response.Whole(var bytes) ->
                send(answer, bytes, bytes.length, response, headOnly, entity, exchange);
            case Response.Written(var writer) ->
                stream(answer, writer, response, headOnly, entity, exchange);
          };
      if (!usable) {
        entity.linger();
        // Helidon itself would go on and take what is left of the body for the next request.
        throw new CloseConnectionException("closed after an answer that said so");
      }
      exchange.connection.requestEnded();
    } finally {
      exchange.end();
    }
  }

  /// The answer, whatever happens. This is the top of the request's own thread, so it catches
  /// everything: a stack that has overflown in a handler is whole again here.
  private Response guarded(Exchange exchange, Callable<Response> work) {
    try {
      return work.call();
    } catch (CloseConnectionException e) {
      throw e;
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      return isStopping();
    } catch (Throwable e) {
      return errors.response(e, exchange.what());
    }
  }

  private boolean send(
      Response answer,
      byte[] body,
      long length,
      RoutingResponse response,
      boolean headOnly,
      Entity entity,
      Exchange exchange) {
    if (exchange.connection.isClientGone()) {
      throw new CloseConnectionException("The client went away while it waited");
    }
    exchange.status = answer.status();
    boolean usable = entity.leavesConnectionUsable() && !stopping.isRaised();
    answerTime()
        .send(body.length, () -> Answers.send(answer, body, length, response, headOnly, usable));
    return usable;
  }

  private AnswerTime answerTime() {
    return new AnswerTime(deadlines, limits.bodyTime());
  }

  /// Sends an answer while it is made. One that is small, or fails before its first piece is full,
  /// is sent as any other.
  private boolean stream(
      Response answer,
      BodyWriter writer,
      RoutingResponse response,
      boolean headOnly,
      Entity entity,
      Exchange exchange) {
    try (StreamedAnswer stream =
        new StreamedAnswer(
            answer,
            response,
            largeAnswers,
            answerTime(),
            exchange.asker(),
            exchange.from(),
            headOnly ? exchange.connection.over() : null,
            () -> entity.leavesConnectionUsable() && !stopping.isRaised())) {
      Response made =
          guarded(
              exchange,
              () -> {
                writer.write(stream);
                return answer;
              });
      if (!stream.hasBegun()) {
        if (made.body() instanceof Response.Whole(var bytes)) {
          return send(made, bytes, bytes.length, response, headOnly, entity, exchange);
        }
        byte[] rest = stream.json().rest();
        return send(made, rest, stream.length(rest), response, headOnly, entity, exchange);
      }
      if (made.body() instanceof Response.Whole) {
        throw new CloseConnectionException("the answer failed in its middle");
      }
      stream.finish();
      exchange.status = answer.status();
      return stream.leavesConnectionUsable();
    }
  }

  private static Response isStopping() {
    return ErrorHandlers.refusal(
            new MatrixException(503, Errcode.UNKNOWN, "The server is stopping"))
        .with("Retry-After", "1");
  }

  private Response handled(RoutingRequest request, Entity entity, Exchange exchange)
      throws Exception {
    HttpPrologue prologue = request.prologue();
    String path = prologue.uriPath().rawPath();
    String query = prologue.hasQuery() ? prologue.query().rawValue() : "";
    exchange.address = remoteAddress(request);
    checkTarget(path, query, prologue);
    String method = prologue.method().text();
    exchange.method = method;
    exchange.path = path;
    if (method.equals("OPTIONS")) {
      return Answers.NOTHING;
    }
    HttpMethod routed = HttpMethod.of(method.equals("HEAD") ? "GET" : method).orElse(null);
    Router.Match.Found found;
    switch (router.match(routed, path)) {
      case Router.Match.Found match -> found = match;
      case Router.Match.OtherMethods(var methods) -> {
        String allowed =
            String.join(", ", new TreeSet<>(methods.stream().map(Enum::name).toList()));
        return ErrorHandlers.refusal(MatrixException.wrongMethod())
            .with("Allow", allowed + ", OPTIONS");
      }
      case Router.Match.Nothing _ -> throw MatrixException.unrecognized();
    }
    Route route = found.route();
    exchange.route = route;

    RequestHead head =
        new RequestHead(
            prologue.hasQuery() ? path + "?" + query : path,
            Query.parse(query),
            name -> request.headers().first(HeaderNames.create(name)),
            exchange.address);
    exchange.target = head.rawTarget();
    Optional<Requester> requester = access.requester(route.access(), head);
    exchange.requester = requester.orElse(null);
    String asker =
        requester
            .map(each -> each.user().value())
            .orElseGet(() -> RateLimiter.key(head.remoteAddress()));
    limiter.charge(route.rate(), asker);
    requester.ifPresent(each -> {
      exchange.connection.authenticated();
      authenticator.seen(each, head.remoteAddress(), head.headers().apply("User-Agent").orElse(""));
    });

    BodyMemory.Taken memory = bodies.of(asker);
    exchange.memory = memory;
    byte[] body =
        routed == HttpMethod.GET ? NO_BODY : entity.read(limits.bytes(route.body()), memory);
    memory.awaitRoomFor(body);
    return route
        .handler()
        .handle(
            new EdgeRequest(
                limiter,
                exchange.connection,
                found,
                head,
                access.token(head),
                exchange.requester,
                body));
  }

  /// For the access log, which has no room for what somebody makes up.
  private static String shortened(String text) {
    return text.length() <= LONGEST_LOGGED ? text : text.substring(0, LONGEST_LOGGED) + "…";
  }

  /// Only what may stand in a request target goes on to the router: printable ASCII, and no
  /// fragment.
  private static void checkTarget(String path, String query, HttpPrologue prologue) {
    if (!isPrintable(path) || !isPrintable(query) || prologue.fragment().hasValue()) {
      throw MatrixException.invalidParam("The request target is malformed");
    }
  }

  private static boolean isPrintable(String text) {
    for (int i = 0; i < text.length(); i++) {
      char each = text.charAt(i);
      if (each <= ' ' || each >= 0x7F) {
        return false;
      }
    }
    return true;
  }

  private InetAddress remoteAddress(RoutingRequest request) {
    if (!(request.remotePeer().address() instanceof InetSocketAddress peer)) {
      return InetAddress.getLoopbackAddress();
    }
    List<String> forwarded = request.headers().all(HeaderNames.X_FORWARDED_FOR, List::of);
    return remoteAddress.of(peer.getAddress(), forwarded);
  }

  /// What is noted of a request while it is under way.
  private final class Exchange {
    private final long startNanos = System.nanoTime();
    private final Connection connection = Connection.current();
    private String method = "";
    private String path = "";
    private @Nullable Route route;
    private @Nullable Requester requester;
    private @Nullable InetAddress address;
    private String target = "";
    private BodyMemory.@Nullable Taken memory;
    private int status = CLIENT_GONE;

    private String what() {
      if (route != null) {
        return route.toString();
      }
      return method.isEmpty() ? "a malformed request" : shortened(method) + " " + shortened(path);
    }

    /// The address, as it is counted.
    private String from() {
      return address == null ? "" : RateLimiter.key(address);
    }

    private LargeAnswers.Asker asker() {
      if (requester == null) {
        return new LargeAnswers.Asker(from(), "", target);
      }
      DeviceId device = requester.device();
      return new LargeAnswers.Asker(
          requester.user().value(), device == null ? "" : device.value(), target);
    }

    private void end() {
      long took = System.nanoTime() - startNanos;
      if (memory != null) {
        memory.close();
      }
      inFlight.end(status);
      if (route != null) {
        route.counters().answered(status, took);
      }
      // Not by a pattern: patterns are parsed anew for each line.
      ACCESS_LOG.log(
          Level.DEBUG,
          () ->
              (address == null ? "-" : address.getHostAddress())
                  + " "
                  + what()
                  + " "
                  + status
                  + " "
                  + TimeUnit.NANOSECONDS.toMillis(took)
                  + " ms "
                  + (requester == null ? "-" : requester.user().value()));
    }
  }
}
