package org.hearth.server.matrix.event;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.time.Instant;
import java.util.List;
import java.util.Optional;
import org.hearth.server.matrix.id.EventId;
import org.hearth.server.matrix.id.InvalidIdentifierException;
import org.hearth.server.matrix.id.RoomId;
import org.hearth.server.matrix.id.UserId;
import org.hearth.server.matrix.json.CanonicalJson;
import org.hearth.server.matrix.json.MatrixJson;
import org.hearth.server.matrix.version.RoomRule;
import org.hearth.server.matrix.version.RoomVersion;
import org.jspecify.annotations.Nullable;

/// An event as servers exchange it ("persistent data unit"): its JSON, of which nothing may be
/// changed since it is hashed and signed, and what is read from it, read once.
///
/// An event that this server makes is signed when its JSON is first asked for, by whoever asks:
/// neither the event id nor the authorisation rules depend on the signatures, and nobody ever sees
/// the event without them.
///
/// **thread**: any; immutable, if nobody changes the nodes.
public final class Pdu {
  /// Names and links.
  private static final int BASE_BYTES = 300;

  /// What an event is called, and whose it is.
  record Names(
      EventId eventId, RoomId roomId, UserId sender, String type, @Nullable String stateKey) {}

  /// Where an event is in the graph of its room.
  record Links(
      List<EventId> prevEvents, List<EventId> authEvents, long depth, long originServerTs) {}

  /// The event's JSON, whole or still without signatures.
  private sealed interface Form {
    ObjectNode json();
  }

  /// What is signed already.
  private sealed interface Signed extends Form {
    byte[] canonical();
  }

  private static final class Whole implements Signed {
    private final ObjectNode json;
    private final byte[] canonical;

    Whole(ObjectNode json, byte[] canonical) {
      this.json = json;
      this.canonical = canonical;
    }

    @Override
    public ObjectNode json() {
      return json;
    }

    @Override
    public byte[] canonical() {
      return canonical;
    }
  }

  /// Only the bytes, which take a small part of what the tree does.
  private static final class Packed implements Signed {
    private final byte[] canonical;

    Packed(byte[] canonical) {
      this.canonical = canonical;
    }

    @Override
    public ObjectNode json() {
      return MatrixJson.parseObject(canonical);
    }

    @Override
    public byte[] canonical() {
      return canonical;
    }
  }

  private static final class NotSigned implements Form {
    private final ObjectNode json;
    private final byte[] essential;
    private final EventSigner signer;

    NotSigned(ObjectNode json, byte[] essential, EventSigner signer) {
      this.json = json;
      this.essential = essential;
      this.signer = signer;
    }

    @Override
    public ObjectNode json() {
      return json;
    }

    Whole sign(RoomVersion version) {
      // "The signature is then copied back to the original event object."
      ObjectNode signed = JsonNodeFactory.instance.objectNode();
      signed.setAll(json);
      signed.set("signatures", signer.sign(essential));
      return new Whole(signed, CanonicalJson.encode(signed, Hashes.numbers(version)));
    }
  }

  private final RoomVersion version;
  private final Names names;
  private final Links links;

  /// Changes once at most, when the event is signed.
  private volatile Form form;

  Pdu(RoomVersion version, ObjectNode json, byte[] canonical, Names names, Links links) {
    this.version = version;
    this.names = names;
    this.links = links;
    this.form = new Whole(json, canonical);
  }

  private Pdu(RoomVersion version, Form form, Names names, Links links) {
    this.version = version;
    this.names = names;
    this.links = links;
    this.form = form;
  }

  /// An event that is not signed yet.
  ///
  /// @param json without `signatures`
  /// @param essential its [ReferenceHash#essentialBytes]
  Pdu(
      RoomVersion version,
      ObjectNode json,
      byte[] essential,
      EventSigner signer,
      Names names,
      Links links) {
    this.version = version;
    this.names = names;
    this.links = links;
    this.form = new NotSigned(json, essential, signer);
  }

  /// An event that this server makes, after all checks of its format. It is hashed now, and signed
  /// when its JSON is first asked for.
  ///
  /// @param json the event without `hashes`, `signatures` and `unsigned`; `hashes` is added to it,
  ///   and nobody else changes it from now on
  /// @throws org.hearth.server.matrix.error.MatrixException `M_BAD_JSON` or `M_TOO_LARGE`, if it is
  ///   not an event of that room version
  public static Pdu make(ObjectNode json, RoomVersion version, EventSigner signer) {
    try {
      return PduFormat.make(json, version, signer);
    } catch (PduFaultException e) {
      throw e.fault().toException();
    }
  }

  /// An event that somebody gives us, after all checks of its format. Neither hash nor signatures
  /// are checked.
  ///
  /// @param json which nobody changes from now on
  /// @throws org.hearth.server.matrix.error.MatrixException `M_BAD_JSON` or `M_TOO_LARGE`, if it is
  ///   not an event of that room version
  public static Pdu parse(ObjectNode json, RoomVersion version) {
    return switch (PduFormat.read(json, version)) {
      case PduFormat.Valid(Pdu event) -> event;
      case PduFormat.Invalid(PduFault fault) -> throw fault.toException();
    };
  }

  /// An event that somebody gives us as bytes, after all checks of its format.
  ///
  /// @throws org.hearth.server.matrix.error.MatrixException `M_NOT_JSON`, `M_BAD_JSON` or
  ///   `M_TOO_LARGE`, if it is not an event of that room version
  public static Pdu parse(byte[] bytes, RoomVersion version) {
    return parse(MatrixJson.parseObject(bytes), version);
  }

  /// An event that we have stored: much cheaper than [#parse(byte[], RoomVersion)], since nothing
  /// is hashed or written again.
  ///
  /// @param eventId of the event
  /// @param canonical its [#canonicalBytes], which nobody changes from now on
  /// @throws org.hearth.server.matrix.error.MatrixException `M_NOT_JSON` or `M_BAD_JSON`, if the
  ///   bytes cannot have been stored so
  public static Pdu restore(EventId eventId, byte[] canonical, RoomVersion version) {
    try {
      return PduFormat.restore(eventId, MatrixJson.parseObject(canonical), canonical, version);
    } catch (PduFaultException e) {
      throw e.fault().toException();
    }
  }

  /// The event id; in room versions 3 and later computed from the event.
  public EventId eventId() {
    return names.eventId();
  }

  /// The room; in room versions 12 and later the create event's is computed from its event id.
  public RoomId roomId() {
    return names.roomId();
  }

  /// Whether it says itself in which room it is; in room versions 12 and later the create event
  /// must not.
  public boolean hasRoomId() {
    return form.json().has("room_id");
  }

  /// The user who sent it.
  public UserId sender() {
    return names.sender();
  }

  /// The event type.
  public String type() {
    return names.type();
  }

  /// The state key, if it is a state event; often empty.
  public Optional<String> stateKey() {
    return Optional.ofNullable(names.stateKey());
  }

  /// Which piece of state it sets, if it is a state event.
  public Optional<StateKey> stateKeyPair() {
    return stateKey().map(key -> new StateKey(names.type(), key));
  }

  /// True if it has a state key: "If this key is present, the event is a state event".
  public boolean isState() {
    return names.stateKey() != null;
  }

  /// True if it is a state event of that type with that state key.
  public boolean isState(String type, String stateKey) {
    return names.type().equals(type) && stateKey.equals(names.stateKey());
  }

  /// True if it is the event that creates a room.
  public boolean isCreate() {
    return isState(EventTypes.CREATE, "");
  }

  /// True if it sets somebody's membership.
  public boolean isMember() {
    return isState() && names.type().equals(EventTypes.MEMBER);
  }

  /// True if it is a request to redact another event.
  public boolean isRedaction() {
    return names.type().equals(EventTypes.REDACTION);
  }

  /// The content.
  public ObjectNode content() {
    return form.json().get("content") instanceof ObjectNode content
        ? content
        : JsonNodeFactory.instance.objectNode();
  }

  /// The events before it, at most 20.
  public List<EventId> prevEvents() {
    return links.prevEvents();
  }

  /// The events that allow it, at most 10.
  public List<EventId> authEvents() {
    return links.authEvents();
  }

  /// One more than the greatest depth of its `prev_events`, as its sender says.
  public long depth() {
    return links.depth();
  }

  /// When it was made, as its sender says; milliseconds since 1970.
  public long originServerTs() {
    return links.originServerTs();
  }

  /// When it was made, as its sender says.
  public Instant originServerTime() {
    return Instant.ofEpochMilli(links.originServerTs());
  }

  /// For a redaction the event to be redacted, if it names one: in `content` since room version 11,
  /// before that in the event itself.
  public Optional<EventId> redacts() {
    if (!isRedaction()) {
      return Optional.empty();
    }
    JsonNode from = version.has(RoomRule.REDACTS_IN_CONTENT) ? content() : form.json();
    try {
      return Optional.ofNullable(from.get("redacts"))
          .filter(JsonNode::isTextual)
          .map(id -> EventId.parse(id.textValue()));
    } catch (InvalidIdentifierException _) {
      return Optional.empty();
    }
  }

  /// What is added to it but not signed; empty if there is nothing. Do not believe a peer's.
  public ObjectNode unsigned() {
    return form.json().get("unsigned") instanceof ObjectNode unsigned
        ? unsigned
        : JsonNodeFactory.instance.objectNode();
  }

  /// The event as servers give it to each other: without what is [#unsigned()], which is this
  /// server's own affair, or what another has made up. Nobody changes it.
  public ObjectNode exchanged() {
    ObjectNode json = json();
    if (!json.has("unsigned")) {
      return json;
    }
    ObjectNode copy = JsonNodeFactory.instance.objectNode();
    copy.setAll(json);
    copy.remove("unsigned");
    return copy;
  }

  /// The whole event in the federation format. Nobody changes it.
  public ObjectNode json() {
    return signed().json();
  }

  /// The whole event in canonical JSON; the array is shared, nobody changes it.
  public byte[] canonicalBytes() {
    return signed().canonical();
  }

  /// About what it takes in memory: its bytes, and the tree that was read from them. Of an event
  /// that is not signed yet, and need not be for this, the bytes are no more than the tree.
  public long memoryBytes() {
    return switch (form) {
      case Signed signed ->
          BASE_BYTES + signed.canonical().length + MatrixJson.treeBytes(signed.canonical());
      case NotSigned unsigned -> BASE_BYTES + 2 * MatrixJson.treeBytes(unsigned.json());
    };
  }

  /// Its reference hash, which is the event id only since room version 3.
  ///
  /// @throws org.hearth.server.matrix.error.MatrixException `M_BAD_JSON` if the event has no
  ///   canonical form in its room version
  public byte[] referenceHash() {
    return ReferenceHash.of(form.json(), version);
  }

  /// Whether nothing remains to be done before its JSON can be given.
  public boolean isSigned() {
    return form instanceof Signed;
  }

  private Signed signed() {
    return form instanceof Signed already ? already : sign();
  }

  /// One signs, and others who ask meanwhile wait for that. A failure is that of whoever asks; the
  /// next one tries again.
  private synchronized Signed sign() {
    Signed signed =
        switch (form) {
          case Signed already -> already;
          case NotSigned unsigned -> unsigned.sign(version);
        };
    form = signed;
    return signed;
  }

  /// The same event, of which only the bytes are kept in memory: for where there are tens of
  /// thousands. Its JSON is read anew each time that it is asked for.
  public Pdu packed() {
    return new Pdu(version, new Packed(canonicalBytes()), names, links);
  }

  /// The same event with its JSON at hand: for who is about to ask for it many times.
  public Pdu unpacked() {
    return form instanceof Packed packed
        ? new Pdu(version, packed.json(), packed.canonical(), names, links)
        : this;
  }

  /// The version of its room.
  public RoomVersion version() {
    return version;
  }

  /// The same event, with the same id, after a redaction. Redacting once more changes nothing.
  public Pdu redacted() {
    ObjectNode left = Redaction.redact(json(), version);
    byte[] leftCanonical = CanonicalJson.encode(left, Hashes.numbers(version));
    return new Pdu(version, left, leftCanonical, names, links);
  }

  /// Two are equal if they are the same event, one perhaps redacted.
  @Override
  public boolean equals(@Nullable Object other) {
    return other instanceof Pdu pdu && pdu.eventId().equals(eventId());
  }

  @Override
  public int hashCode() {
    return eventId().hashCode();
  }

  /// The event's id, type and state key, for messages.
  @Override
  public String toString() {
    return isState()
        ? "%s (%s \"%s\")".formatted(eventId(), type(), names.stateKey())
        : "%s (%s)".formatted(eventId(), type());
  }
}
