package org.hearth.server.writers.federationsend;

import static java.nio.charset.StandardCharsets.UTF_8;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.IOException;
import java.net.URI;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.concurrent.ConcurrentHashMap;
import org.hearth.server.http.Peer;
import org.hearth.server.matrix.event.Pdu;
import org.hearth.server.matrix.id.EventId;
import org.hearth.server.matrix.id.ServerName;
import org.hearth.server.matrix.json.MatrixJson;
import org.hearth.server.outbound.SignedPeer;
import org.hearth.server.outbound.TestAuthority;
import org.jspecify.annotations.Nullable;

/// Another homeserver that has events: a [SignedPeer] that is asked, and answers, in JSON.
final class TestHomeserver implements AutoCloseable {
  /// What it was asked.
  public record Asked(String method, String path, String query, ObjectNode body) {
    private static Asked of(SignedPeer.Asked request) {
      URI target = URI.create(request.target());
      return new Asked(
          request.method(),
          target.getPath(),
          Objects.requireNonNullElse(target.getQuery(), ""),
          request.body().isEmpty()
              ? JsonNodeFactory.instance.objectNode()
              : MatrixJson.parseObject(request.body().getBytes(UTF_8)));
    }
  }

  /// Answers a request; the connection ends when it throws.
  @FunctionalInterface
  public interface Answering {
    /// What it says.
    ///
    /// @return null for 404
    @Nullable JsonNode answer(Asked asked) throws Exception;
  }

  private final SignedPeer server;

  /// Says something to a request, with a status.
  @FunctionalInterface
  public interface Saying {
    SignedPeer.Said say(Asked asked) throws Exception;
  }

  private final Map<String, Answering> answers = new ConcurrentHashMap<>();
  private final Map<String, Saying> sayings = new ConcurrentHashMap<>();

  /// @param authority whom the other server trusts
  /// @param authorityFile has its certificate
  public TestHomeserver(TestAuthority authority, Path authorityFile) throws IOException {
    server = SignedPeer.start(authority, authorityFile);
    server.on("/", this::answer);
  }

  /// Settings of a server that finds it.
  public String settings() {
    return server.settings(", presence: true");
  }

  public ServerName name() {
    return server.name();
  }

  /// A user of it.
  public String user(String localpart) {
    return server.user(localpart);
  }

  /// How it signs requests.
  public Peer peer() {
    return Peer.of(name().value());
  }

  public List<Asked> asked() {
    return server.asked("/").stream().map(Asked::of).toList();
  }

  public List<Asked> asked(String part) {
    return asked().stream().filter(each -> each.path().contains(part)).toList();
  }

  public TestHomeserver withoutKeys() {
    server.tellKeys(false);
    return this;
  }

  public void tellKeys() {
    server.tellKeys(true);
  }

  /// Answers requests whose path contains that.
  public TestHomeserver on(String part, Answering answering) {
    answers.put(part, answering);
    return this;
  }

  /// Says something to requests whose path contains that, whatever it answers otherwise.
  public TestHomeserver says(String part, Saying saying) {
    sayings.put(part, saying);
    return this;
  }

  /// Gives these events to whoever asks for one of them.
  public TestHomeserver has(List<Pdu> events) {
    return on(
        "/federation/v1/event/",
        request -> {
          String id = request.path().substring(request.path().lastIndexOf('/') + 1);
          return events.stream()
              .filter(each -> each.eventId().value().equals(id))
              .findFirst()
              .<JsonNode>map(each -> pdus("pdus", List.of(each)))
              .orElse(null);
        });
  }

  /// An object with a list of events.
  public static ObjectNode pdus(String name, List<Pdu> events) {
    ObjectNode json = JsonNodeFactory.instance.objectNode();
    var list = json.putArray(name);
    events.forEach(each -> list.add(each.json()));
    return json;
  }

  /// The answer of `/state_ids`.
  public static ObjectNode stateIds(List<EventId> state, List<EventId> chain) {
    ObjectNode json = JsonNodeFactory.instance.objectNode();
    var ids = json.putArray("pdu_ids");
    state.forEach(each -> ids.add(each.value()));
    var chainIds = json.putArray("auth_chain_ids");
    chain.forEach(each -> chainIds.add(each.value()));
    return json;
  }

  private SignedPeer.Said answer(SignedPeer.Asked request) throws Exception {
    Asked asked = Asked.of(request);
    for (Map.Entry<String, Saying> each : sayings.entrySet()) {
      if (asked.path().contains(each.getKey())) {
        return each.getValue().say(asked);
      }
    }
    for (Map.Entry<String, Answering> each : answers.entrySet()) {
      if (asked.path().contains(each.getKey())) {
        JsonNode answer = each.getValue().answer(asked);
        return answer == null
            ? SignedPeer.Said.NOTHING
            : new SignedPeer.Said(200, new String(MatrixJson.write(answer), UTF_8));
      }
    }
    return SignedPeer.Said.NOTHING;
  }

  @Override
  public void close() throws IOException {
    server.close();
  }
}
