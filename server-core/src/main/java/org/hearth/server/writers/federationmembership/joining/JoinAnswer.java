package org.hearth.server.writers.federationmembership.joining;

import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.IOException;
import java.io.InputStream;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.Map;
import java.util.Optional;
import java.util.SequencedSet;
import java.util.Set;
import java.util.stream.Collectors;
import org.hearth.server.matrix.checks.SignatureKeys;
import org.hearth.server.matrix.checks.WantedKey;
import org.hearth.server.matrix.error.MatrixException;
import org.hearth.server.matrix.event.Pdu;
import org.hearth.server.matrix.event.PduFormat;
import org.hearth.server.matrix.id.EventId;
import org.hearth.server.matrix.id.KeyId;
import org.hearth.server.matrix.id.RoomId;
import org.hearth.server.matrix.id.ServerName;
import org.hearth.server.matrix.json.JsonStream;
import org.hearth.server.matrix.version.RoomRule;
import org.hearth.server.matrix.version.RoomVersion;
import org.hearth.server.outbound.BodyReader;
import org.jspecify.annotations.Nullable;

/// The answer to `send_join`, read while it comes: of each event only its bytes are kept, so that
/// the answer of a room of fifty thousand members takes about a hundred megabytes.
///
/// Of events the format is checked here (check 1 on receipt), so that nothing else is kept; all
/// other checks are for later.
///
/// **thread**: [#read] that of the request; the rest whoever sent it, when it has an answer.
///
/// **source**: [PUT
/// send_join](https://spec.matrix.org/v1.19/server-server-api/#put_matrixfederationv2send_joinroomideventid)
final class JoinAnswer implements BodyReader {
  /// The bytes of an answer as it is sent.
  static final int MOST_BYTES = 256 << 20;

  /// What is kept of one in memory.
  static final long MOST_KEPT_BYTES = 192L << 20;

  /// An event as a tree, which may have thirty thousand parts; there is one at a time.
  private static final long EVENT_TREE_BYTES = 3 << 20;

  /// What an event takes beside its bytes.
  private static final int BASE_BYTES = 1_200;

  /// Servers whose keys are asked for. Of more, the events of those beyond have no keys.
  private static final int MOST_SERVERS = 10_000;

  /// Keys by which one server has signed; of more, the others are not looked for.
  private static final int MOST_KEYS = 8;

  private final RoomId room;
  private final RoomVersion version;
  private final LargeAnswers.Place place;
  private final Map<EventId, Pdu> events = new LinkedHashMap<>();
  private final SequencedSet<EventId> state = new LinkedHashSet<>();
  private final Map<ServerName, Map<KeyId, Long>> wanted = new HashMap<>();
  private @Nullable ObjectNode event;
  private @Nullable String fault;
  private boolean stateSeen;
  private boolean chainSeen;
  private boolean membersOmitted;
  private long keptBytes;

  /// @param place what it may keep; closed by whoever made it, when the answer is not used any more
  JoinAnswer(RoomId room, RoomVersion version, LargeAnswers.Place place) {
    this.room = room;
    this.version = version;
    this.place = place;
  }

  @Override
  public void read(InputStream body) throws IOException {
    try (JsonStream json = new JsonStream(body)) {
      if (json.isArray()) {
        // Version 1 of the endpoint: "an array of two items", a status and what version 2 answers.
        enter(json.nextElement());
        json.skip();
        enter(json.nextElement());
      }
      enter(json.isObject());
      for (Optional<String> name = json.nextMember();
          name.isPresent() && fault == null;
          name = json.nextMember()) {
        switch (name.get()) {
          case "state" -> {
            stateSeen = true;
            readEvents(json, true);
          }
          case "auth_chain" -> {
            chainSeen = true;
            readEvents(json, false);
          }
          case "event" -> event = object(json).orElse(null);
          case "members_omitted" ->
              membersOmitted =
                  json.value(MOST_KEYS << 10) instanceof JsonStream.Value.Read(var flag)
                      && flag.asBoolean();
          default -> json.skip();
        }
      }
      if (fault == null && !(stateSeen && chainSeen)) {
        fault = "it has no lists state and auth_chain";
      }
    } catch (MatrixException e) {
      fault = e.safeMessage();
    }
  }

  private static void enter(boolean there) {
    if (!there) {
      throw MatrixException.badJson("it is no object");
    }
  }

  private static Optional<ObjectNode> object(JsonStream json) throws IOException {
    return json.value(EVENT_TREE_BYTES) instanceof JsonStream.Value.Read(ObjectNode object)
        ? Optional.of(object)
        : Optional.empty();
  }

  private void readEvents(JsonStream json, boolean inState) throws IOException {
    enter(json.isArray());
    while (json.nextElement() && fault == null) {
      // 1. "Is a valid event, otherwise it is dropped."
      if (object(json).map(each -> PduFormat.read(each, version)).orElse(null)
          instanceof PduFormat.Valid(Pdu read)) {
        take(read, inState);
      }
    }
  }

  private void take(Pdu read, boolean inState) {
    if (!read.roomId().equals(room)) {
      fault = "it has an event of another room";
      return;
    }
    EventId id = read.eventId();
    if (inState && !state.add(id)) {
      // What repeats itself costs nothing to send, and is not kept in vain until it ends.
      fault = "its state has an event twice";
      return;
    }
    if (events.containsKey(id)) {
      return;
    }
    keptBytes += BASE_BYTES + read.canonicalBytes().length;
    if (keptBytes > MOST_KEPT_BYTES) {
      fault = "it takes too much memory";
      return;
    }
    if (!place.mayKeep(keptBytes)) {
      fault = "other joins of large rooms are under way";
      return;
    }
    want(read);
    events.put(id, read.packed());
  }

  /// Notes by which keys it is signed, and until when each has to be valid.
  private void want(Pdu read) {
    long until = version.has(RoomRule.KEY_VALIDITY_ENFORCED) ? read.originServerTs() : 0;
    SignatureKeys.wanted(read)
        .forEach((server, keys) -> {
          if (!wanted.containsKey(server) && wanted.size() >= MOST_SERVERS) {
            return;
          }
          Map<KeyId, Long> known = wanted.computeIfAbsent(server, _ -> new HashMap<>());
          for (KeyId key : keys) {
            if (known.containsKey(key) || known.size() < MOST_KEYS) {
              known.merge(key, until, Math::max);
            }
          }
        });
  }

  /// What is wrong with the answer as a whole.
  Optional<String> fault() {
    return membersOmitted && fault == null
        ? Optional.of("it leaves members out, which nobody asked for")
        : Optional.ofNullable(fault);
  }

  /// The events of both lists, each once. The check replaces and removes elements.
  Map<EventId, Pdu> events() {
    return events;
  }

  /// Which of them are the state, in the order in which they came.
  SequencedSet<EventId> state() {
    return state;
  }

  /// "The membership event sent to other servers by the resident server including a signature from
  /// the resident server."
  Optional<ObjectNode> event() {
    return Optional.ofNullable(event);
  }

  /// The keys by which the events are signed.
  Set<WantedKey> wantedKeys() {
    Set<WantedKey> all = new HashSet<>();
    wanted.forEach(
        (server, keys) -> keys.forEach((key, until) -> all.add(new WantedKey(server, key, until))));
    return all;
  }

  /// The keys by which the servers that have signed these events have signed any.
  Set<WantedKey> wantedKeys(Set<EventId> of) {
    Set<ServerName> servers = new HashSet<>();
    for (EventId id : of) {
      Pdu event = events.get(id);
      if (event != null) {
        servers.addAll(SignatureKeys.wanted(event.unpacked()).keySet());
      }
    }
    return wantedKeys().stream()
        .filter(each -> servers.contains(each.server()))
        .collect(Collectors.toSet());
  }
}
