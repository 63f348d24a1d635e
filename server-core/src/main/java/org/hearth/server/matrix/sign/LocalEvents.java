package org.hearth.server.matrix.sign;

import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.util.List;
import java.util.Map;
import java.util.function.Supplier;
import java.util.random.RandomGenerator;
import org.hearth.server.matrix.event.EventDraft;
import org.hearth.server.matrix.event.EventLinks;
import org.hearth.server.matrix.event.EventSigner;
import org.hearth.server.matrix.event.Pdu;
import org.hearth.server.matrix.event.PduFormat;
import org.hearth.server.matrix.id.EventId;
import org.hearth.server.matrix.id.ServerName;
import org.hearth.server.matrix.json.CanonicalJson;
import org.hearth.server.matrix.json.UnpaddedBase64;
import org.hearth.server.matrix.version.RoomRule;
import org.hearth.server.matrix.version.RoomVersion;
import org.jspecify.annotations.Nullable;

/// Makes the events that this server sends: drafts become hashed events in the format of their room
/// version, which sign themselves when their JSON is first asked for: see [Pdu].
///
/// What a user of another server would send is made too, for that server to complete. It is never
/// signed: a signature of ours would say that the event is this server's.
///
/// **thread**: any, if the random generator is.
public final class LocalEvents {
  private static final int RANDOM_ID_BYTES = 15;

  /// Leaves events without signatures.
  private static final EventSigner NOBODY =
      new EventSigner() {
        @Override
        public ObjectNode sign(byte[] essentialBytes) {
          return JsonNodeFactory.instance.objectNode();
        }

        @Override
        public int signaturesBytes() {
          return "{}".length();
        }
      };

  private final ServerName server;
  private final Supplier<EventSigner> signer;
  private final RandomGenerator random;

  /// Makes events for that server.
  ///
  /// @param random for event ids of room versions 1 and 2
  public LocalEvents(ServerName server, SigningKey key, RandomGenerator random) {
    this(server, signer(server, key), random);
  }

  /// Makes events for that server, each signed by the key that is its key when the event is made.
  ///
  /// @param key quick; asked for each event
  /// @param random for event ids of room versions 1 and 2
  public LocalEvents(ServerName server, Supplier<SigningKey> key, RandomGenerator random) {
    this.server = server;
    this.signer = new LatestSigner(server, key);
    this.random = random;
  }

  /// Makes events for that server, which somebody else signs.
  ///
  /// @param random for event ids of room versions 1 and 2
  public LocalEvents(ServerName server, EventSigner signer, RandomGenerator random) {
    this.server = server;
    this.signer = () -> signer;
    this.random = random;
  }

  /// Signs events for that server by that key.
  public static EventSigner signer(ServerName server, SigningKey key) {
    return new KeySigner(server, key);
  }

  /// The event.
  ///
  /// @throws org.hearth.server.matrix.error.MatrixException `M_BAD_JSON` or `M_TOO_LARGE` if it
  ///   would not be an event of that room version
  /// @throws IllegalArgumentException if a reference hash is missing in room versions 1 and 2
  public Pdu make(EventDraft draft, EventLinks links, RoomVersion version) {
    ObjectNode event = JsonNodeFactory.instance.objectNode();
    event.set("auth_events", references(links.authEvents(), links, version));
    event.set("content", content(draft, version));
    event.put("depth", Math.min(links.depth(), PduFormat.maxDepth(version)));
    if (!version.eventIds().isHash()) {
      event.put("event_id", newEventId());
    }
    event.put("origin_server_ts", links.originServerTs());
    event.set("prev_events", references(links.prevEvents(), links, version));
    if (draft.redacted() != null && !version.has(RoomRule.REDACTS_IN_CONTENT)) {
      event.put("redacts", draft.redacted().value());
    }
    if (draft.roomId() != null) {
      event.put("room_id", draft.roomId().value());
    }
    event.put("sender", draft.sender().value());
    draft.stateKey().ifPresent(stateKey -> event.put("state_key", stateKey));
    event.put("type", draft.type());
    // The event keeps its signer: its size is known before it is signed, and its time is chosen.
    return Pdu.make(event, version, draft.sender().isOn(server) ? signer.get() : NOBODY);
  }

  /// The signer of the latest key, made once a key.
  private static final class LatestSigner implements Supplier<EventSigner> {
    private final ServerName server;
    private final Supplier<SigningKey> key;
    private volatile KeySigner latest;

    LatestSigner(ServerName server, Supplier<SigningKey> key) {
      this.server = server;
      this.key = key;
      this.latest = new KeySigner(server, key.get());
    }

    @Override
    public EventSigner get() {
      SigningKey now = key.get();
      KeySigner signer = latest;
      if (!signer.key.id().equals(now.id())) {
        signer = new KeySigner(server, now);
        latest = signer;
      }
      return signer;
    }
  }

  /// "Finally it is signed as described in Signing JSON, using the server's signing key."
  private static final class KeySigner implements EventSigner {
    private final ServerName server;
    private final SigningKey key;
    private final int bytes;

    KeySigner(ServerName server, SigningKey key) {
      this.server = server;
      this.key = key;
      this.bytes = CanonicalJson.encode(signatures(new byte[SigningKey.SIGNATURE_BYTES])).length;
    }

    @Override
    public ObjectNode sign(byte[] essentialBytes) {
      return signatures(key.sign(essentialBytes));
    }

    @Override
    public int signaturesBytes() {
      return bytes;
    }

    private ObjectNode signatures(byte[] signature) {
      ObjectNode signatures = JsonNodeFactory.instance.objectNode();
      signatures.putObject(server.value()).put(key.id().value(), UnpaddedBase64.encode(signature));
      return signatures;
    }
  }

  private static ObjectNode content(EventDraft draft, RoomVersion version) {
    EventId redacted = draft.redacted();
    if (redacted == null || !version.has(RoomRule.REDACTS_IN_CONTENT)) {
      return draft.content();
    }
    ObjectNode content = JsonNodeFactory.instance.objectNode();
    content.setAll(draft.content());
    return content.put("redacts", redacted.value());
  }

  private static ArrayNode references(List<EventId> ids, EventLinks links, RoomVersion version) {
    ArrayNode references = JsonNodeFactory.instance.arrayNode(ids.size());
    for (EventId id : ids) {
      if (version.eventIds().isHash()) {
        references.add(id.value());
      } else {
        ArrayNode pair = references.addArray().add(id.value());
        pair.addObject().put("sha256", referenceHash(id, links.referenceHashes()));
      }
    }
    return references;
  }

  private static String referenceHash(EventId id, Map<EventId, String> hashes) {
    @Nullable String hash = hashes.get(id);
    if (hash == null) {
      throw new IllegalArgumentException("no reference hash of " + id);
    }
    return hash;
  }

  private String newEventId() {
    byte[] bytes = new byte[RANDOM_ID_BYTES];
    random.nextBytes(bytes);
    return "$" + UnpaddedBase64.encodeUrlSafe(bytes) + ":" + server;
  }
}
