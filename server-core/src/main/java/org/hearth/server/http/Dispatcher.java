package org.hearth.server.http;

import com.fasterxml.jackson.databind.JsonNode;
import io.helidon.http.HeaderNames;
import io.helidon.http.HttpPrologue;
import io.helidon.webserver.CloseConnectionException;
import io.helidon.webserver.http.Filter;
import io.helidon.webserver.http.FilterChain;
import io.helidon.webserver.http.RoutingRequest;
import io.helidon.webserver.http.RoutingResponse;
import java.io.IOException;
import java.io.OutputStream;
import java.lang.System.Logger;
import java.lang.System.Logger.Level;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.util.Arrays;
import java.util.List;
import java.util.Objects;
import java.util.Optional;
import java.util.TreeSet;
import java.util.concurrent.Callable;
import java.util.concurrent.TimeUnit;
import org.hearth.server.http.connection.Connection;
import org.hearth.server.http.connection.Deadlines;
import org.hearth.server.http.connection.StopSignal;
import org.hearth.server.http.content.StoredPieces;
import org.hearth.server.http.content.StreamedBody;
import org.hearth.server.http.peers.Peers;
import org.hearth.server.http.peers.Turn;
import org.hearth.server.matrix.error.Errcode;
import org.hearth.server.matrix.error.MatrixException;
import org.hearth.server.matrix.id.DeviceId;
import org.hearth.server.matrix.id.ServerName;
import org.hearth.server.matrix.json.PeerJson;
import org.jspecify.annotations.Nullable;

/// A request's way from the listener to its handler and back.
///
/// 1. route, on the path as it was sent
/// 2. who calls; of another server, who it says to be
/// 3. how often
/// 4. the body, within the limits of size, time and memory
/// 5. of another server: whether it has signed all this; how often; its turn
/// 6. the handler
/// 7. the answer: headers for browsers, counters, access log
///
/// It stands in the place of Helidon's own routing, which normalises a path (`//`, `;x`, `%6c`)
/// before it looks at it.
///
/// **thread**: each request's own virtual thread.
final class Dispatcher implements Filter {
  private static final Logger LOG = System.getLogger(Dispatcher.class.getName());
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
  private final Peers peers;
  private final ErrorHandlers errors;
  private final InFlight inFlight;
  private final Deadlines deadlines;
  private final StopSignal stopping;
  private final LargeAnswers largeAnswers = new LargeAnswers();
  private final LargeAnswers.AnswerCounts answered = new LargeAnswers.AnswerCounts();
  private final BodyMemory bodies = new BodyMemory();

  Dispatcher(
      Router router,
      HttpOptions options,
      HttpServer.Callers callers,
      RateLimiter limiter,
      ErrorHandlers errors,
      Lifetime lifetime) {
    this.router = router;
    this.peers = callers.peers();
    this.authenticator = callers.authenticator();
    this.access = new AccessControl(authenticator, limiter, options.queryTokens(), peers);
    this.limiter = limiter;
    this.limits = options.limits();
    this.remoteAddress = new RemoteAddress(options.trustedProxies());
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
            case Response.Written written ->
                stream(answer, written, response, headOnly, entity, exchange);
            case Response.Stored stored ->
                sendStored(answer, stored, response, headOnly, entity, exchange);
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
    exchange.noteAnswer(answer.status());
    boolean usable = entity.leavesConnectionUsable() && !stopping.isRaised();
    answerTime()
        .send(body.length, () -> Answers.send(answer, body, length, response, headOnly, usable));
    return usable;
  }

  private StreamedAnswer.AnswerTime answerTime() {
    return new StreamedAnswer.AnswerTime(deadlines, limits.bodyTime());
  }

  /// Sends an answer while it is made. One that is small, or fails before its first piece is full,
  /// is sent as any other.
  private boolean stream(
      Response answer,
      Response.Written written,
      RoutingResponse response,
      boolean headOnly,
      Entity entity,
      Exchange exchange) {
    StreamedAnswer.Client client =
        new StreamedAnswer.Client(
            response,
            answerTime(),
            headOnly ? exchange.connection.over() : null,
            () -> entity.leavesConnectionUsable() && !stopping.isRaised(),
            Objects.requireNonNull(exchange.memory));
    LargeAnswers.Asked asked = exchange.asked(written, headOnly);
    try (StreamedAnswer stream =
        new StreamedAnswer(answer, largeAnswers, asked, client, stopping)) {
      Response made =
          guarded(
              exchange,
              () -> {
                stream.make(written.writer());
                return answer;
              });
      if (!stream.hasBegun()) {
        if (made.body() instanceof Response.Whole(var bytes)) {
          return send(made, bytes, bytes.length, response, headOnly, entity, exchange);
        }
        byte[] rest = stream.rest();
        exchange.awaitOwnSends();
        return send(made, rest, stream.length(rest), response, headOnly, entity, exchange);
      }
      if (made.body() instanceof Response.Whole) {
        throw new CloseConnectionException("the answer failed in its middle");
      }
      exchange.noteAnswer(answer.status());
      stream.finish();
      exchange.status = answer.status();
      return stream.leavesConnectionUsable();
    }
  }

  /// Sends what is stored somewhere, as it is read there. What cannot be read from the beginning is
  /// answered as any other failure.
  private boolean sendStored(
      Response answer,
      Response.Stored stored,
      RoutingResponse response,
      boolean headOnly,
      Entity entity,
      Exchange exchange) {
    try (StoredPieces pieces = new StoredPieces(stored.content(), stored.lengthBytes())) {
      if (headOnly) {
        return send(answer, NO_BODY, stored.lengthBytes(), response, true, entity, exchange);
      }
      Response begun =
          guarded(
              exchange,
              () -> {
                pieces.next();
                return answer;
              });
      if (begun.body() instanceof Response.Whole(var bytes)) {
        return send(begun, bytes, bytes.length, response, false, entity, exchange);
      }
      if (pieces.isLast()) {
        byte[] all = Arrays.copyOf(pieces.bytes(), pieces.length());
        return send(answer, all, all.length, response, false, entity, exchange);
      }
      if (exchange.connection.isClientGone()) {
        throw new CloseConnectionException("The client went away while it waited");
      }
      boolean usable = entity.leavesConnectionUsable() && !stopping.isRaised();
      exchange.noteAnswer(answer.status());
      Answers.setHead(answer, response, usable);
      response.headers().contentLength(stored.lengthBytes());
      sendPieces(pieces, response);
      exchange.status = answer.status();
      return usable;
    }
  }

  /// @throws CloseConnectionException if the client is gone or too slow, or the rest cannot be
  ///   read: then it is not told that it has all
  private void sendPieces(StoredPieces pieces, RoutingResponse response) {
    OutputStream out = response.outputStream();
    StreamedAnswer.AnswerTime time = answerTime();
    time.send(pieces.length(), () -> out.write(pieces.bytes(), 0, pieces.length()));
    while (!pieces.isLast()) {
      try {
        pieces.next();
      } catch (IOException | RuntimeException e) {
        LOG.log(Level.WARNING, "an answer ends in its middle: {0}", e.getMessage());
        throw new CloseConnectionException("the answer could not be read on", e);
      }
      time.send(
          pieces.length(),
          () -> {
            out.write(pieces.bytes(), 0, pieces.length());
            if (pieces.isLast()) {
              out.close();
              // Helidon ends the body only now.
              response.commit();
            }
          });
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
    Peers.@Nullable Claim claim =
        route.access() == Access.SERVER
            ? access.claim(request.headers().all(HeaderNames.AUTHORIZATION, List::of), head)
            : null;
    Optional<Requester> requester = access.requester(route.access(), head);
    exchange.requester = requester.orElse(null);
    String asker = exchange.user();
    if (claim == null) {
      exchange.since = answered.mark(asker, exchange.device());
      limiter.charge(route.rate(), asker);
    }
    exchange.noteSend();
    requester.ifPresent(each -> {
      exchange.connection.authenticated();
      authenticator.seen(each, head.remoteAddress(), head.headers().apply("User-Agent").orElse(""));
    });

    BodyMemory.Taken memory =
        bodies.of(asker, exchange.from(), standing(requester, claim, exchange.from()));
    exchange.memory = memory;
    @Nullable StreamedBody streamed =
        route.body() == BodyLimit.STREAMED ? entity.streamed(memory) : null;
    byte[] body =
        routed == HttpMethod.GET || streamed != null
            ? NO_BODY
            : entity.read(limits.bytes(route.body()), memory);
    memory.awaitRoomFor(body);
    JsonNode parsed = null;
    if (claim != null) {
      JsonNode whole = body.length == 0 ? null : PeerJson.parse(body);
      exchange.origin = access.origin(claim, method, head, whole);
      memory.known();
      parsed = whole == null ? null : PeerJson.readable(whole);
      awaitTurn(exchange.origin, route, exchange);
    }
    return route
        .handler()
        .handle(
            new EdgeRequest(
                limiter,
                authenticator,
                exchange.connection,
                found,
                head,
                new EdgeRequest.Caller(access.token(head), exchange.requester, exchange.origin),
                new EdgeRequest.Body(body, parsed, streamed)));
  }

  private BodyMemory.Standing standing(
      Optional<Requester> requester, Peers.@Nullable Claim claim, String address) {
    if (claim != null) {
      return peers.isLikely(claim, address)
          ? BodyMemory.Standing.LIKELY
          : BodyMemory.Standing.CLAIMED;
    }
    return requester.isPresent() ? BodyMemory.Standing.SHOWN : BodyMemory.Standing.STRANGER;
  }

  /// Of another server that has shown who it is.
  private void awaitTurn(ServerName origin, Route route, Exchange exchange)
      throws InterruptedException {
    exchange.connection.authenticated();
    limiter.charge(route.rate(), origin.value());
    limiter.charge(RateClass.FEDERATION_SITE, origin.site());
    exchange.turn =
        route.rate() == RateClass.FEDERATION_MEDIA
            ? peers.awaitMediaTurn(origin)
            : peers.awaitTurn(origin);
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
    private @Nullable ServerName origin;
    private @Nullable Turn turn;
    private InFlight.@Nullable Sending sending;
    private @Nullable InetAddress address;
    private String target = "";
    private LargeAnswers.AnswerCounts.@Nullable Mark since;
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

    /// Who asks: a user, another server, or the address of who is neither.
    private String user() {
      if (requester != null) {
        return requester.user().value();
      }
      return origin == null ? from() : origin.value();
    }

    private String device() {
      DeviceId device = requester == null ? null : requester.device();
      return device == null ? "" : device.value();
    }

    /// Of requests with a body only who wrote it has the answer.
    private LargeAnswers.Asked asked(Response.Written written, boolean headOnly) {
      return new LargeAnswers.Asked(
          new LargeAnswers.Asker(
              user(), written.ofUser() ? "" : device(), written.question().orElse(target)),
          from(),
          method.equals("GET") && !headOnly ? Optional.ofNullable(since) : Optional.empty());
    }

    /// Called before the client can have the whole answer.
    private void noteAnswer(int answeredWith) {
      if (route == null) {
        return;
      }
      if (route.rate() == RateClass.SYNC) {
        if (answeredWith == 200) {
          answered.told(user(), device());
        }
      } else if (route.method() != HttpMethod.GET) {
        answered.wrote(user());
      }
    }

    /// What a device sends is known to be its own until it is answered.
    private void noteSend() {
      if (route != null && route.rate() == RateClass.MESSAGE && !device().isEmpty()) {
        sending = inFlight.sending(user(), device());
      }
    }

    private void awaitOwnSends() {
      if (route != null && route.rate() == RateClass.SYNC && !device().isEmpty()) {
        inFlight.awaitSends(user(), device(), InFlight.LONGEST_FOR_SENDS);
      }
    }

    private String caller() {
      return requester == null && origin == null ? "-" : user();
    }

    private void end() {
      long took = System.nanoTime() - startNanos;
      if (memory != null) {
        memory.close();
      }
      if (turn != null) {
        turn.close();
      }
      if (sending != null) {
        sending.close();
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
                  + caller());
    }
  }
}
