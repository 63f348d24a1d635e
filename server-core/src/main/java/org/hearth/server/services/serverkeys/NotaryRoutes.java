package org.hearth.server.services.serverkeys;

import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.ByteArrayOutputStream;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.function.Supplier;
import org.hearth.server.http.Access;
import org.hearth.server.http.Fields;
import org.hearth.server.http.HttpMethod;
import org.hearth.server.http.RateClass;
import org.hearth.server.http.Request;
import org.hearth.server.http.Response;
import org.hearth.server.http.Routes;
import org.hearth.server.matrix.error.MatrixException;
import org.hearth.server.matrix.id.KeyId;
import org.hearth.server.matrix.id.ServerName;
import org.hearth.server.matrix.json.MatrixJson;
import org.hearth.server.matrix.sign.OwnKeys;
import org.hearth.server.matrix.sign.Signatures;

/// The endpoints by which others use this server as a notary: what it knows of a server's keys, with
/// its own signature beside the server's.
///
/// Anybody may ask, so what a request costs is bounded: how many servers it names, how many of those
/// are asked for it, how long that may take, and how much is answered. Beyond that, what is known
/// already is told, or nothing.
///
/// **thread**: any.
///
/// **source**: [Querying Keys Through Another Server][query]
///
/// [query]: https://spec.matrix.org/v1.19/server-server-api/#querying-keys-through-another-server
final class NotaryRoutes {
  /// Servers that one request may name.
  static final int MOST_SERVERS = 50;

  /// Names of keys in one request.
  static final int MOST_KEYS = 200;

  /// Servers that are asked for one request.
  static final int MOST_ASKED = 10;

  /// Bytes of an answer.
  static final int MOST_ANSWER_BYTES = 1 << 20;

  private static final Duration PATIENCE = Duration.ofSeconds(12);
  private static final long LARGEST_INTEGER = (1L << 53) - 1;
  private static final String QUERY = "/_matrix/key/v2/query";
  private static final String MINIMUM = "minimum_valid_until_ts";
  private static final byte[] BEGIN = "{\"server_keys\":[".getBytes(StandardCharsets.US_ASCII);
  private static final byte[] END = "]}".getBytes(StandardCharsets.US_ASCII);

  private final ServerName server;
  private final Supplier<OwnKeys> own;
  private final OwnAnswer ownAnswer;
  private final RemoteKeys remote;
  private final InstantSource clock;

  NotaryRoutes(
      ServerName server,
      Supplier<OwnKeys> own,
      OwnAnswer ownAnswer,
      RemoteKeys remote,
      InstantSource clock) {
    this.server = server;
    this.own = own;
    this.ownAnswer = ownAnswer;
    this.remote = remote;
    this.clock = clock;
  }

  void register(Routes routes) {
    routes.add(HttpMethod.GET, QUERY + "/{serverName}", Access.NONE, RateClass.SEARCH, this::one);
    routes.add(HttpMethod.POST, QUERY, Access.NONE, RateClass.SEARCH, this::several);
  }

  /// What is asked of a server.
  ///
  /// @param keys names; empty for all
  /// @param validUntilTs until when they should be valid at least
  private record Asked(Set<KeyId> keys, long validUntilTs) {}

  private Response one(Request request) {
    ServerName name = ServerName.parse(request.path("serverName"));
    // "If not supplied, the notary server MUST use the current time."
    long validUntil = request.queryLong(MINIMUM, 0, LARGEST_INTEGER).orElse(clock.millis());
    return answer(Map.of(name, new Asked(Set.of(), validUntil)));
  }

  private Response several(Request request) {
    Fields servers = Fields.of(request.json()).object("server_keys");
    if (servers.json().size() > MOST_SERVERS) {
      throw MatrixException.tooLarge("More than %d servers".formatted(MOST_SERVERS));
    }
    Map<ServerName, Asked> asked = new LinkedHashMap<>();
    int keys = 0;
    for (String name : names(servers)) {
      Fields criteria = servers.object(name);
      keys += criteria.json().size();
      if (keys > MOST_KEYS) {
        throw MatrixException.tooLarge("More than %d keys".formatted(MOST_KEYS));
      }
      Set<KeyId> wanted = new HashSet<>();
      long validUntil = criteria.json().isEmpty() ? clock.millis() : 0;
      for (String key : names(criteria)) {
        wanted.add(KeyId.parse(key));
        validUntil =
            Math.max(
                validUntil,
                criteria
                    .object(key)
                    .optionalInteger(MINIMUM, 0, LARGEST_INTEGER)
                    .orElse(clock.millis()));
      }
      asked.put(ServerName.parse(name), new Asked(wanted, validUntil));
    }
    return answer(asked);
  }

  private static List<String> names(Fields fields) {
    List<String> names = new ArrayList<>();
    fields.json().fieldNames().forEachRemaining(names::add);
    return names;
  }

  private Response answer(Map<ServerName, Asked> asked) {
    Map<ServerName, KnownKeys> known = new LinkedHashMap<>();
    Map<ServerName, CompletableFuture<Boolean>> begun = new LinkedHashMap<>();
    asked.forEach((name, each) -> {
      if (!name.equals(server)) {
        KnownKeys stored = remote.answersOf(name);
        known.put(name, stored);
        if (begun.size() < MOST_ASKED && !isEnough(stored, each)) {
          remote.askForOthers(name).ifPresent(future -> begun.put(name, future));
        }
      }
    });
    try {
      Asking.await(begun.values(), PATIENCE);
    } catch (InterruptedException _) {
      Thread.currentThread().interrupt();
    }
    begun.keySet().forEach(name -> known.put(name, remote.answersOf(name)));
    Answers answers = new Answers();
    asked.forEach((name, each) -> {
      if (name.equals(server)) {
        answers.add(ownAnswer.json());
      } else {
        KnownKeys of = known.getOrDefault(name, KnownKeys.NONE);
        for (ObjectNode json : of.answersWith(each.keys)) {
          if (answers.hasRoom()) {
            answers.add(signed(json));
          }
        }
      }
    });
    return Response.json(200, answers.bytes());
  }

  private boolean isEnough(KnownKeys known, Asked asked) {
    return known.isFresh(clock.millis(), asked.validUntilTs)
        && asked.keys.stream().allMatch(key -> known.keys().containsKey(key));
  }

  /// "The receiving (notary) server must sign the keys returned by the queried server."
  private ObjectNode signed(ObjectNode answer) {
    return Signatures.sign(answer, server.value(), own.get().current());
  }

  /// Answers, as many as fit.
  private static final class Answers {
    private final ByteArrayOutputStream out = new ByteArrayOutputStream();
    private boolean full;

    /// Whether all has fitted so far: nothing more is signed in vain.
    boolean hasRoom() {
      return !full;
    }

    void add(ObjectNode answer) {
      byte[] json = MatrixJson.write(answer);
      full |= out.size() + json.length + BEGIN.length + END.length >= MOST_ANSWER_BYTES;
      if (full) {
        return;
      }
      if (out.size() > 0) {
        out.write(',');
      }
      out.writeBytes(json);
    }

    byte[] bytes() {
      ByteArrayOutputStream whole = new ByteArrayOutputStream(out.size() + 32);
      whole.writeBytes(BEGIN);
      whole.writeBytes(out.toByteArray());
      whole.writeBytes(END);
      return whole.toByteArray();
    }
  }
}
