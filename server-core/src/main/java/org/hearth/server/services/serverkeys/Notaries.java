package org.hearth.server.services.serverkeys;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.lang.System.Logger.Level;
import java.time.Duration;
import java.time.InstantSource;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Queue;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.Function;
import org.hearth.server.matrix.error.MatrixException;
import org.hearth.server.matrix.id.Identifiers;
import org.hearth.server.matrix.id.KeyId;
import org.hearth.server.matrix.id.ServerName;
import org.hearth.server.matrix.json.MatrixJson;
import org.hearth.server.matrix.sign.Signatures;
import org.hearth.server.matrix.sign.VerifyKey;

/// Asks notaries for the keys of servers that do not tell theirs: one request for all that wait
/// when one has ended.
///
/// An answer counts if the server has signed it with a key in it, and the notary with one of its
/// own. That is no proof: a notary can make a key up for a server. Who names a notary trusts it.
///
/// **thread**: any; the requests are made on one thread, `server-keys-notaries`, that exists while
/// somebody waits.
final class Notaries {
  private static final System.Logger LOG = System.getLogger(Notaries.class.getName());
  private static final int MOST_WAITING = 1_000;
  private static final int MOST_IN_A_REQUEST = 50;

  /// Answers that are looked at in one of a notary: each costs two signatures.
  private static final int MOST_ANSWERS = 4 * MOST_IN_A_REQUEST;

  /// One request is under way when somebody comes, and then there is that with its own question.
  private static final int REQUESTS_WAITED_FOR = 2;

  private final List<ServerName> notaries;
  private final Function<ServerName, CompletableFuture<Map<KeyId, VerifyKey>>> keysOf;
  private final Sending sending;
  private final InstantSource clock;
  private final ReentrantLock lock = new ReentrantLock();

  /// Only with the lock.
  private final Queue<Question> waiting = new ArrayDeque<>();

  private boolean running;

  /// Sends a question to a notary.
  @FunctionalInterface
  interface Sending {
    /// Sends it.
    ///
    /// @return the body of the answer; empty if there is none
    Optional<byte[]> send(ServerName notary, byte[] body) throws InterruptedException;
  }

  private record Question(
      ServerName server, Asking.Wish wish, CompletableFuture<List<KeyAnswer>> reply) {}

  /// @param notaries who is asked, the first one first
  /// @param keysOf the keys that a notary signs with now
  Notaries(
      List<ServerName> notaries,
      Function<ServerName, CompletableFuture<Map<KeyId, VerifyKey>>> keysOf,
      Sending sending,
      InstantSource clock) {
    this.notaries = List.copyOf(notaries);
    this.keysOf = keysOf;
    this.sending = sending;
    this.clock = clock;
  }

  /// What notaries say of a server.
  ///
  /// @return empty if none says anything, or not in time
  List<KeyAnswer> ask(ServerName server, Asking.Wish wish) throws InterruptedException {
    Question question = new Question(server, wish, new CompletableFuture<>());
    if (notaries.isEmpty() || !enqueue(question)) {
      return List.of();
    }
    Duration patience =
        Asking.REQUEST_TIME.multipliedBy(2L * REQUESTS_WAITED_FOR * notaries.size());
    try {
      return question.reply.get(patience.toMillis(), TimeUnit.MILLISECONDS);
    } catch (TimeoutException _) {
      return List.of();
    } catch (ExecutionException e) {
      throw new IllegalStateException("asking notaries failed", e);
    }
  }

  private boolean enqueue(Question question) {
    lock.lock();
    try {
      if (waiting.size() >= MOST_WAITING) {
        return false;
      }
      waiting.add(question);
      if (!running) {
        running = true;
        Thread.ofVirtual().name("server-keys-notaries").start(this::run);
      }
      return true;
    } finally {
      lock.unlock();
    }
  }

  private void run() {
    for (List<Question> batch = next(); !batch.isEmpty(); batch = next()) {
      Map<ServerName, Question> open = new HashMap<>();
      batch.forEach(each -> open.put(each.server, each));
      try {
        for (ServerName notary : notaries) {
          if (!open.isEmpty()) {
            ask(notary, open);
          }
        }
      } catch (Throwable e) {
        LOG.log(Level.WARNING, "Asking notaries failed", e);
      } finally {
        batch.forEach(each -> each.reply.complete(List.of()));
      }
    }
  }

  private List<Question> next() {
    lock.lock();
    try {
      List<Question> batch = new ArrayList<>();
      while (batch.size() < MOST_IN_A_REQUEST && !waiting.isEmpty()) {
        batch.add(waiting.remove());
      }
      running = !batch.isEmpty();
      return batch;
    } finally {
      lock.unlock();
    }
  }

  /// @param open what is not answered yet; what the notary answers goes from it
  private void ask(ServerName notary, Map<ServerName, Question> open)
      throws InterruptedException, ExecutionException {
    Map<KeyId, VerifyKey> keys = keysOf.apply(notary).get();
    if (keys.isEmpty()) {
      LOG.log(Level.DEBUG, "the notary {0} does not tell its own keys", notary);
      return;
    }
    ObjectNode servers = servers(notary, open);
    if (servers.isEmpty()) {
      return;
    }
    Optional<byte[]> body =
        sending.send(
            notary,
            MatrixJson.write(JsonNodeFactory.instance.objectNode().set("server_keys", servers)));
    if (body.isEmpty() || body.get().length > KeySource.MOST_NOTARY_BYTES) {
      return;
    }
    Map<ServerName, List<KeyAnswer>> found = new HashMap<>();
    int looked = 0;
    for (JsonNode each : answers(body.get())) {
      Optional<ServerName> server =
          Identifiers.read(ServerName::parse, each.path("server_name").asText());
      if (looked++ < MOST_ANSWERS
          && each instanceof ObjectNode json
          && server.filter(open::containsKey).isPresent()
          && isSigned(json, notary, keys)
          && KeyAnswer.read(server.get(), json, clock.millis()) instanceof KeyAnswer answer) {
        found.computeIfAbsent(server.get(), _ -> new ArrayList<>()).add(answer);
      }
    }
    found.forEach((server, answers) -> {
      Question question = open.remove(server);
      if (question != null) {
        question.reply.complete(answers);
      }
    });
  }

  private static ObjectNode servers(ServerName notary, Map<ServerName, Question> open) {
    ObjectNode servers = JsonNodeFactory.instance.objectNode();
    open.forEach((server, question) -> {
      if (!server.equals(notary)) {
        ObjectNode keys = servers.putObject(server.value());
        // v5-v12: "When using the /query endpoint, servers MUST set the minimum_valid_until_ts
        // property to prompt the notary server to attempt to refresh the key if appropriate."
        question
            .wish
            .keys()
            .forEach(key ->
                keys.putObject(key.value())
                    .put("minimum_valid_until_ts", question.wish.validUntilTs()));
      }
    });
    return servers;
  }

  private static JsonNode answers(byte[] body) {
    try {
      return MatrixJson.parseObject(body).path("server_keys");
    } catch (MatrixException e) {
      LOG.log(Level.DEBUG, "a notary's answer is refused: {0}", e.safeMessage());
      return JsonNodeFactory.instance.arrayNode();
    }
  }

  private static boolean isSigned(ObjectNode json, ServerName notary, Map<KeyId, VerifyKey> keys) {
    try {
      return Signatures.verify(json, notary.value(), id -> Optional.ofNullable(keys.get(id)))
          .isValid();
    } catch (MatrixException _) {
      return false;
    }
  }
}
