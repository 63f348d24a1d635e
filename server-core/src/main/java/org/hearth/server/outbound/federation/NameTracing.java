package org.hearth.server.outbound.federation;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.MissingNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.net.URI;
import java.security.cert.CertificateParsingException;
import java.security.cert.X509Certificate;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import org.hearth.server.matrix.error.MatrixException;
import org.hearth.server.matrix.id.Identifiers;
import org.hearth.server.matrix.id.KeyId;
import org.hearth.server.matrix.id.ServerName;
import org.hearth.server.matrix.json.MatrixJson;
import org.hearth.server.matrix.sign.PublishedKey;
import org.hearth.server.matrix.sign.Signatures;
import org.hearth.server.matrix.sign.VerifyKey;
import org.hearth.server.outbound.Endpoint;
import org.hearth.server.outbound.Failure;
import org.hearth.server.outbound.HeaderValues;
import org.hearth.server.outbound.Limits;
import org.hearth.server.outbound.Outbound;
import org.hearth.server.outbound.OutboundRequest;
import org.hearth.server.outbound.Response;

/// Goes the way to one server and notes each step.
///
/// **thread**: one, that of whoever asks; used once.
final class NameTracing {
  /// With the file, the records and two endpoints it stays below the minute that the command line
  /// waits.
  private static final Limits LIMITS = Limits.defaults().withWhole(Duration.ofSeconds(10));

  private static final int ENDPOINTS = 2;
  private static final int MOST_KEYS = 20;
  private static final int MOST_NAMES = 20;
  private static final int LONGEST_TEXT = 100;
  private static final int DNS_NAME = 2;
  private static final int IP_ADDRESS = 7;

  /// Events of a server whose clock is off by more stand out.
  private static final Duration CLOCKS = Duration.ofMinutes(1);

  private final Outbound outbound;
  private final Discovery discovery;
  private final BackOff backOff;
  private final InstantSource clock;
  private final ServerName name;
  private final List<NameTrace.Step> steps = new ArrayList<>();
  private long stepBegan = System.nanoTime();

  NameTracing(
      Outbound outbound,
      Discovery discovery,
      BackOff backOff,
      InstantSource clock,
      ServerName name) {
    this.outbound = outbound;
    this.discovery = discovery;
    this.backOff = backOff;
    this.clock = clock;
    this.name = name;
  }

  /// @param own whether it is this server's own name
  /// @param allowed whether this server may talk to that one
  NameTrace run(boolean own, boolean allowed) throws InterruptedException {
    Instant began = clock.instant();
    tell(
        "what the configuration says",
        own || allowed,
        own
            ? "it is this server's own name"
            : allowed ? "this server may talk to it" : "this server does not talk to it");
    backOff
        .failing(name)
        .ifPresent(each ->
            tell(
                "earlier attempts",
                true,
                "they have failed since %s, because %s; the next would be at %s"
                    .formatted(each.failingSince(), each.lastError(), each.nextTry())));
    Optional<NameTrace.Reached> reached =
        switch (discovery.find(name, this::tell, true)) {
          case Discovered.Nowhere(Failure why) -> {
            tell("where the server is", false, words(why));
            yield Optional.empty();
          }
          case Whereabouts found -> ask(found);
        };
    return new NameTrace(name, began, steps, reached);
  }

  private static String words(Failure failure) {
    return failure instanceof Failure.AddressBlocked
        ? failure.words() + "; \"outbound: allowed-hosts\" in hearth.yaml makes exceptions"
        : failure.words();
  }

  private Optional<NameTrace.Reached> ask(Whereabouts found) throws InterruptedException {
    for (Endpoint each : found.endpoints().stream().limit(ENDPOINTS).toList()) {
      Instant sent = clock.instant();
      switch (outbound.send(get(found, "/_matrix/key/v2/server").at(each))) {
        case Response response -> {
          backOff.signOfLife(name);
          return Optional.of(reached(found, each, response, sent));
        }
        case Failure failure -> {
          tell("GET /_matrix/key/v2/server at " + each, false, words(failure));
          if (!FederationClient.isNextTried(failure)) {
            return Optional.empty();
          }
        }
      }
    }
    return Optional.empty();
  }

  private NameTrace.Reached reached(
      Whereabouts found, Endpoint endpoint, Response response, Instant sent)
      throws InterruptedException {
    Instant received = clock.instant();
    List<NameTrace.Key> keys = keys(response);
    String at = "%s port %d".formatted(response.address().getHostAddress(), endpoint.port());
    if (keys.isEmpty()) {
      tell(
          "GET /_matrix/key/v2/server at " + at,
          false,
          "status %d, and no key that it proves to have and that is valid now"
              .formatted(response.status()));
    } else {
      tell("GET /_matrix/key/v2/server at " + at, true, "it proves to have its keys");
    }
    Optional<NameTrace.Certificate> certificate =
        response.certificate().map(NameTracing::certificate);
    Optional<Duration> ahead =
        response
            .header("date")
            .flatMap(HeaderValues::date)
            .map(theirs ->
                Duration.between(sent.plus(Duration.between(sent, received).dividedBy(2)), theirs));
    ahead
        .filter(each -> each.abs().compareTo(CLOCKS) > 0)
        .ifPresent(each ->
            tell(
                "its clock",
                false,
                "it is %d s %s"
                    .formatted(each.abs().toSeconds(), each.isNegative() ? "behind" : "ahead")));
    return new NameTrace.Reached(
        response.address(),
        endpoint.port(),
        found.authority(),
        certificate,
        keys,
        software(found, endpoint),
        ahead);
  }

  private Optional<String> software(Whereabouts found, Endpoint endpoint)
      throws InterruptedException {
    String target = "/_matrix/federation/v1/version";
    return switch (outbound.send(get(found, target).at(endpoint))) {
      case Failure failure -> {
        tell("GET " + target, false, failure.words());
        yield Optional.empty();
      }
      case Response response -> {
        JsonNode server = json(response).path("server");
        String text =
            (server.path("name").asText("") + " " + server.path("version").asText("")).strip();
        boolean good = response.status() == 200 && !text.isEmpty();
        tell(
            "GET " + target,
            good,
            good ? "it is " + cut(text) : "status %d, and no version".formatted(response.status()));
        yield good ? Optional.of(cut(text)) : Optional.empty();
      }
    };
  }

  private static OutboundRequest get(Whereabouts found, String target) {
    return OutboundRequest.get(URI.create("https://" + found.authority() + target))
        .withLimits(LIMITS);
  }

  /// The keys of the answer that are valid now, if it is the server's own and signed by each of
  /// them.
  private List<NameTrace.Key> keys(Response response) {
    if (response.status() != 200
        || !(json(response) instanceof ObjectNode object)
        || !object.path("server_name").asText().equals(name.value())) {
      return List.of();
    }
    Instant now = clock.instant();
    Instant until =
        Instant.ofEpochMilli(
            Math.min(
                object.path("valid_until_ts").asLong(0),
                now.toEpochMilli() + PublishedKey.MOST_VALIDITY_MILLIS));
    if (!until.isAfter(now)) {
      return List.of();
    }
    List<NameTrace.Key> keys = new ArrayList<>();
    // Each costs a look at the whole answer, also one that has not signed it.
    for (Map.Entry<String, JsonNode> each :
        object.path("verify_keys").properties().stream().limit(MOST_KEYS).toList()) {
      Optional<KeyId> id = Identifiers.read(KeyId::parse, each.getKey());
      Optional<VerifyKey> key = VerifyKey.parse(each.getValue().path("key").asText());
      if (id.isPresent() && key.isPresent() && isSigned(object, id.get(), key.get())) {
        keys.add(new NameTrace.Key(cut(id.get().value()), key.get().base64(), until));
      }
    }
    return keys;
  }

  private boolean isSigned(ObjectNode object, KeyId id, VerifyKey key) {
    try {
      return Signatures.verify(
              object, name.value(), other -> Optional.of(key).filter(_ -> other.equals(id)))
          .isValid();
    } catch (MatrixException _) {
      return false;
    }
  }

  private static JsonNode json(Response response) {
    try {
      return MatrixJson.parse(response.body());
    } catch (MatrixException _) {
      return MissingNode.getInstance();
    }
  }

  private static NameTrace.Certificate certificate(X509Certificate certificate) {
    return new NameTrace.Certificate(
        names(certificate),
        cut(certificate.getIssuerX500Principal().getName()),
        certificate.getNotAfter().toInstant());
  }

  private static List<String> names(X509Certificate certificate) {
    try {
      Collection<List<?>> all =
          Objects.requireNonNullElse(certificate.getSubjectAlternativeNames(), List.of());
      return all.stream()
          .filter(each -> each.getFirst().equals(DNS_NAME) || each.getFirst().equals(IP_ADDRESS))
          .limit(MOST_NAMES)
          .map(each -> cut(String.valueOf(each.get(1))))
          .toList();
    } catch (CertificateParsingException _) {
      return List.of();
    }
  }

  private static String cut(String text) {
    return text.length() > LONGEST_TEXT ? text.substring(0, LONGEST_TEXT) + "…" : text;
  }

  private void tell(String what, boolean good, String found) {
    long now = System.nanoTime();
    steps.add(new NameTrace.Step(what, good, found, Duration.ofNanos(now - stepBegan)));
    stepBegan = now;
  }
}
