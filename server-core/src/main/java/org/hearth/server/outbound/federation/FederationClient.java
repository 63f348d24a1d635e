package org.hearth.server.outbound.federation;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.net.URI;
import java.time.Duration;
import java.time.InstantSource;
import java.util.Iterator;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.function.Consumer;
import java.util.function.Predicate;
import java.util.function.Supplier;
import java.util.random.RandomGenerator;
import org.hearth.ringlogs.WiringDescription.Node;
import org.hearth.server.box.Box;
import org.hearth.server.matrix.error.Errcode;
import org.hearth.server.matrix.error.MatrixException;
import org.hearth.server.matrix.id.ServerName;
import org.hearth.server.matrix.json.MatrixJson;
import org.hearth.server.matrix.json.PeerJson;
import org.hearth.server.matrix.sign.SignedRequest;
import org.hearth.server.matrix.sign.SigningKey;
import org.hearth.server.outbound.BodyReader;
import org.hearth.server.outbound.Endpoint;
import org.hearth.server.outbound.Failure;
import org.hearth.server.outbound.HeaderValues;
import org.hearth.server.outbound.Outbound;
import org.hearth.server.outbound.OutboundRequest;
import org.hearth.server.outbound.Outcome;
import org.hearth.server.outbound.Phase;
import org.hearth.server.outbound.Response;
import org.hearth.server.store.Store;
import org.hearth.server.store.Table;

/// Sends requests to other homeservers: finds the server, signs, keeps to the limits, and leaves
/// servers alone that could not be reached.
///
/// **thread**: any; meant for virtual threads, which wait.
public final class FederationClient implements Box, PeerRequests {
  /// The name in the wiring.
  public static final String BOX = "FederationClient";

  /// What an answer may take in memory as a tree: much more than its bytes.
  static final long TREE_BYTES = 64 << 20;

  /// Of several endpoints so many are tried.
  private static final int ENDPOINTS = 4;

  private static final int LONGEST_ERROR = 200;
  private static final int TOO_MANY_REQUESTS = 429;
  private static final int BAD_GATEWAY = 502;

  private final Outbound outbound;
  private final Identity identity;
  private final Predicate<ServerName> allowed;
  private final InstantSource clock;
  private final Discovery discovery;
  private final BackOff backOff;
  private final AnswerMemory memory;
  private final List<Consumer<ServerName>> onSignOfLife = new CopyOnWriteArrayList<>();

  /// Who asks.
  ///
  /// @param server this server's name
  /// @param key by which it signs now
  public record Identity(ServerName server, Supplier<SigningKey> key) {}

  /// @param allowed whom this server may talk to
  /// @param random for waits that are not all alike
  public FederationClient(
      Outbound outbound,
      Identity identity,
      Predicate<ServerName> allowed,
      Store store,
      InstantSource clock,
      RandomGenerator random) {
    this(outbound, identity, allowed, store, clock, random, new AnswerMemory());
  }

  /// @param memory of all answers while they are read
  FederationClient(
      Outbound outbound,
      Identity identity,
      Predicate<ServerName> allowed,
      Store store,
      InstantSource clock,
      RandomGenerator random,
      AnswerMemory memory) {
    this.memory = memory;
    this.outbound = outbound;
    this.identity = identity;
    this.allowed = allowed;
    this.clock = clock;
    this.discovery = new Discovery(outbound, new WellKnown(outbound, clock, random));
    this.backOff = new BackOff(store, clock, random);
  }

  @Override
  public String name() {
    return BOX;
  }

  @Override
  public String purpose() {
    return "Asks other servers";
  }

  @Override
  public Node.Kind kind() {
    return Node.Kind.SERVICE;
  }

  @Override
  public List<Table> tables() {
    return List.of(BackOff.TABLE);
  }

  /// Sends a request and waits for what becomes of it: for as long as it takes to find the server
  /// ([WellKnown#TIME], and some seconds for each question to name servers), and then within the
  /// request's limits.
  ///
  /// @throws InterruptedException if the caller was interrupted; the request is given up
  @Override
  public FederationReply send(FederationRequest request) throws InterruptedException {
    return send(request, Optional.empty());
  }

  /// The same for an answer that is too long to be in memory as a whole: its body goes to the
  /// reader, and the [FederationReply.Answer] has an empty one. The reader is called once at most.
  ///
  /// @throws InterruptedException if the caller was interrupted; the request is given up
  public FederationReply send(FederationRequest request, BodyReader reader)
      throws InterruptedException {
    return send(request, Optional.of(reader));
  }

  private FederationReply send(FederationRequest request, Optional<BodyReader> reader)
      throws InterruptedException {
    ServerName name = request.destination();
    if (name.equals(identity.server()) || !allowed.test(name)) {
      return new FederationReply.NotAllowed(name);
    }
    BackOff.Turn turn = request.urgent() ? backOff.beginAnyway(name) : backOff.begin(name);
    return switch (turn) {
      case BackOff.Later later -> new FederationReply.LeftAlone(later.until(), later.because());
      case BackOff.Attempt attempt -> send(request, attempt, reader);
    };
  }

  /// A valid request came from that server: it is not left alone any more. Quick.
  public void signOfLife(ServerName name) {
    backOff.signOfLife(name);
    onSignOfLife.forEach(each -> each.accept(name));
  }

  /// Has somebody told of each sign of life, when the server is not left alone any more: of valid
  /// requests of servers, and of answers of those that could not be reached before.
  ///
  /// @param told in the thread that learns of it; quick
  public void onSignOfLife(Consumer<ServerName> told) {
    onSignOfLife.add(told);
  }

  /// How it is with a server that could not be reached; empty for all others. Quick.
  public Optional<FailingServer> failing(ServerName name) {
    return backOff.failing(name);
  }

  /// The servers that could not be reached, the one that failed longest ago first; bounded.
  public List<FailingServer> failing() {
    return backOff.failing();
  }

  /// Follows the steps to a server and says what each found; asks it for its keys and its version.
  /// It is asked even if it is left alone, or this server may not talk to it otherwise.
  ///
  /// @throws InterruptedException if the caller was interrupted
  public NameTrace trace(ServerName name) throws InterruptedException {
    return new NameTracing(outbound, discovery, backOff, clock, name)
        .run(name.equals(identity.server()), allowed.test(name));
  }

  private FederationReply send(
      FederationRequest request, BackOff.Attempt attempt, Optional<BodyReader> reader)
      throws InterruptedException {
    boolean said = false;
    try (AnswerMemory.Share share = memory.share()) {
      Outcome outcome = reach(request, reader.orElse(share));
      said = true;
      return switch (outcome) {
        case Failure failure -> {
          note(attempt, failure);
          yield new FederationReply.NotReached(failure);
        }
        case Response response -> {
          if (response.status() >= BAD_GATEWAY && !isOfServer(response)) {
            // What stands before the server says that the server is not there.
            attempt.failed("it answered with status " + response.status());
          } else {
            boolean failed = backOff.failing(request.destination()).isPresent();
            attempt.answered();
            if (failed) {
              onSignOfLife.forEach(each -> each.accept(request.destination()));
            }
          }
          if (!isGood(response)) {
            yield refused(response);
          }
          yield reader.isPresent()
              ? new FederationReply.Answer(response.status(), JsonNodeFactory.instance.objectNode())
              : read(response.status(), share);
        }
      };
    } finally {
      if (!said) {
        attempt.undecided();
      }
    }
  }

  private static void note(BackOff.Attempt attempt, Failure failure) {
    switch (failure) {
      // It says nothing about the server, or costs nothing to find out again.
      case Failure.Busy _, Failure.Stopping _, Failure.InvalidHost _, Failure.PlainTextRefused _ ->
          attempt.undecided();
      case Failure.TimedOut(Phase phase, _) when phase == Phase.QUEUE -> attempt.undecided();
      case Failure.TooLarge _ -> attempt.answered();
      case Failure.AddressBlocked _,
          Failure.NameNotFound _,
          Failure.ConnectFailed _,
          Failure.TlsFailed _,
          Failure.TimedOut _,
          Failure.ConnectionLost _,
          Failure.InvalidResponse _ ->
          attempt.failed(failure.words());
    }
  }

  private Outcome reach(FederationRequest request, BodyReader reader) throws InterruptedException {
    return switch (discovery.find(request.destination())) {
      case Discovered.Nowhere(Failure why) -> why;
      case Whereabouts found -> send(signed(request, found), found.endpoints(), reader);
    };
  }

  /// Sends it to the first endpoint that takes it; they share the time.
  private Outcome send(OutboundRequest request, List<Endpoint> endpoints, BodyReader reader)
      throws InterruptedException {
    long end = System.nanoTime() + request.limits().whole().toNanos();
    Iterator<Endpoint> next = endpoints.stream().limit(ENDPOINTS).iterator();
    Outcome outcome = outbound.send(request.at(next.next()), reader);
    while (next.hasNext() && isNextTried(outcome) && System.nanoTime() < end) {
      Duration left = Duration.ofNanos(Math.max(1, end - System.nanoTime()));
      outcome =
          outbound.send(
              request.withLimits(request.limits().withWhole(left)).at(next.next()), reader);
    }
    return outcome;
  }

  /// Another endpoint is tried while nothing has been sent; not after a blocked address: whoever
  /// leads there is not to choose the next one.
  static boolean isNextTried(Outcome outcome) {
    return switch (outcome) {
      case Failure.ConnectFailed _, Failure.NameNotFound _, Failure.TlsFailed _ -> true;
      case Failure.TimedOut(Phase phase, _) ->
          phase == Phase.RESOLVE || phase == Phase.CONNECT || phase == Phase.HANDSHAKE;
      case Failure _, Response _ -> false;
    };
  }

  private OutboundRequest signed(FederationRequest request, Whereabouts found) {
    Optional<byte[]> body = request.content().map(MatrixJson::write);
    String authorization =
        RequestSignature.header(
            new SignedRequest(
                identity.server(),
                request.destination(),
                request.method(),
                request.target(),
                request.content().map(JsonNode.class::cast)),
            identity.key().get());
    return new OutboundRequest(
        request.method(),
        URI.create("https://" + found.authority() + request.target()),
        body.isPresent()
            ? Map.of("Authorization", authorization, "Content-Type", "application/json")
            : Map.of("Authorization", authorization),
        body,
        false,
        request.limits());
  }

  /// "The content is not yet available", 504, and "too large", 502, are answers of the server's
  /// own.
  private boolean isOfServer(Response response) {
    return refused(response) instanceof FederationReply.Refused(_, String errcode, _, _, _)
        && (errcode.equals(Errcode.NOT_YET_UPLOADED.code())
            || errcode.equals(Errcode.TOO_LARGE.code()));
  }

  private static boolean isGood(Response response) {
    return response.status() >= 200 && response.status() < 300;
  }

  private FederationReply refused(Response response) {
    Duration retryAfter =
        response.status() == TOO_MANY_REQUESTS
            ? HeaderValues.retryAfter(response, clock.instant()).orElse(Duration.ZERO)
            : Duration.ZERO;
    if (MatrixJson.treeBytes(response.body()) <= AnswerMemory.FREE_TREE_BYTES) {
      try {
        JsonNode json = PeerJson.readable(PeerJson.parse(response.body()));
        return new FederationReply.Refused(
            response.status(),
            text(json, "errcode"),
            text(json, "error"),
            text(json, "room_version"),
            retryAfter.isZero() ? retryAfterMillis(response, json) : retryAfter);
      } catch (MatrixException _) {
        // What stands before servers refuses in words of its own.
      }
    }
    return new FederationReply.Refused(response.status(), "", "", "", retryAfter);
  }

  /// What servers say that do not have the header: "This property is deprecated, in favour of the
  /// `Retry-After` header".
  private static Duration retryAfterMillis(Response response, JsonNode json) {
    return response.status() == TOO_MANY_REQUESTS
        ? Duration.ofMillis(Math.max(0, json.path("retry_after_ms").asLong()))
        : Duration.ZERO;
  }

  private static FederationReply read(int status, AnswerMemory.Share share) {
    long tree = MatrixJson.treeBytes(share.body());
    if (tree > TREE_BYTES) {
      return new FederationReply.Unintelligible("it takes too much memory");
    }
    if (share.isFull() || !share.mayGrow(tree)) {
      return new FederationReply.NotReached(new Failure.Busy());
    }
    JsonNode json;
    try {
      json = PeerJson.readableAnswer(PeerJson.parse(share.body()));
    } catch (MatrixException e) {
      return new FederationReply.Unintelligible(e.safeMessage());
    }
    return unwrapped(json) instanceof ObjectNode object
        ? new FederationReply.Answer(status, object)
        : new FederationReply.Unintelligible("the JSON is no object");
  }

  /// Some endpoints of version 1 answer with "an array of two elements: the value `200` and the
  /// object".
  private static JsonNode unwrapped(JsonNode json) {
    return json.isArray() && json.size() == 2 && json.get(0).isInt() ? json.get(1) : json;
  }

  private static String text(JsonNode json, String name) {
    String text = json.path(name).asText("");
    return text.length() > LONGEST_ERROR ? text.substring(0, LONGEST_ERROR) + "…" : text;
  }
}
