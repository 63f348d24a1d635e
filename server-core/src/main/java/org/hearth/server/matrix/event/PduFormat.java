package org.hearth.server.matrix.event;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.function.Function;
import java.util.function.Supplier;
import org.hearth.server.matrix.error.MatrixException;
import org.hearth.server.matrix.event.PduFault.Kind;
import org.hearth.server.matrix.id.EventId;
import org.hearth.server.matrix.id.InvalidIdentifierException;
import org.hearth.server.matrix.id.RoomId;
import org.hearth.server.matrix.id.UserId;
import org.hearth.server.matrix.json.CanonicalJson;
import org.hearth.server.matrix.json.CanonicalJson.Numbers;
import org.hearth.server.matrix.json.UnpaddedBase64;
import org.hearth.server.matrix.json.Utf8;
import org.hearth.server.matrix.version.EventIdFormat;
import org.hearth.server.matrix.version.RoomRule;
import org.hearth.server.matrix.version.RoomVersion;
import org.jspecify.annotations.Nullable;

/// The format of events: which members they have in each room version, of what type, and how large
/// they may be. This is the first of the checks on receipt of an event: "Is a valid event,
/// otherwise it is dropped. For an event to be valid, it must contain a `room_id`, and it must
/// comply with the event format of that room version."
///
/// Source: the "Event format" of [each room version](https://spec.matrix.org/v1.19/rooms/) and
/// [Size limits](https://spec.matrix.org/v1.19/client-server-api/#size-limits).
public final class PduFormat {
  /// "The complete event MUST NOT be larger than 65536 bytes": 65,536 are allowed, 65,537 are not.
  public static final int MAX_EVENT_BYTES = 65_536;

  /// "`state_key` MUST NOT exceed 255 bytes. `type` MUST NOT exceed 255 bytes."
  public static final int MAX_KEY_BYTES = 255;

  /// `prev_events` "must contain less than or equal to 20 events".
  public static final int MAX_PREV_EVENTS = 20;

  /// `auth_events` "must contain less than or equal to 10 events".
  public static final int MAX_AUTH_EVENTS = 10;

  /// The greatest depth of room versions 6 and later: "If the room's depth is already at the limit,
  /// the depth must be set to the limit."
  public static final long MAX_DEPTH = (1L << 53) - 1;

  /// What the content hash adds to an event, and what comes before the signatures.
  private static final int HASHES_BYTES = ",'hashes':{'sha256':''}".length() + Hashes.LENGTH;

  private static final int SIGNATURES_KEY_BYTES = ",'signatures':".length();

  private final ObjectNode event;
  private final RoomVersion version;
  private final References references;

  /// How many previous and auth events an event may cite.
  private enum References {
    LIMITED,
    UNLIMITED
  }

  /// What every event has, signed or not.
  private record Head(String type, @Nullable String stateKey, UserId sender, Pdu.Links links) {}

  private PduFormat(ObjectNode event, RoomVersion version, References references) {
    this.event = event;
    this.version = version;
    this.references = references;
  }

  /// What came of reading something that is said to be an event.
  public sealed interface Reading {}

  /// It is one.
  public record Valid(Pdu event) implements Reading {}

  /// It is none.
  public record Invalid(PduFault fault) implements Reading {}

  /// Reads an event, after all checks of its format. Neither hash nor signatures are checked.
  ///
  /// @param event which nobody changes from now on
  public static Reading read(ObjectNode event, RoomVersion version) {
    return read(event, version, References.LIMITED);
  }

  /// Reads an event of an answer to `/backfill`, where it may cite more than others: "Though the
  /// PDU definitions require that `prev_events` and `auth_events` be limited in number, the
  /// response of backfill MUST NOT be validated on these specific restrictions. Due to historical
  /// reasons, it is possible that events which were previously accepted would now be rejected by
  /// these limitations. The events should be rejected per usual by the `/send`,
  /// `/get_missing_events`, and remaining endpoints."
  ///
  /// @param event which nobody changes from now on
  public static Reading readBackfilled(ObjectNode event, RoomVersion version) {
    return read(event, version, References.UNLIMITED);
  }

  private static Reading read(ObjectNode event, RoomVersion version, References references) {
    try {
      return new Valid(new PduFormat(event, version, references).read());
    } catch (PduFaultException e) {
      return new Invalid(e.fault());
    }
  }

  /// What is wrong with the event, or nothing.
  public static Optional<PduFault> check(ObjectNode event, RoomVersion version) {
    return switch (read(event, version)) {
      case Valid(_) -> Optional.empty();
      case Invalid(PduFault fault) -> Optional.of(fault);
    };
  }

  /// The greatest depth that events of that version may have.
  public static long maxDepth(RoomVersion version) {
    return version.has(RoomRule.STRICT_CANONICAL_JSON) ? MAX_DEPTH : Long.MAX_VALUE;
  }

  private Pdu read() {
    Head head = head();
    if (!object("hashes").path("sha256").isTextual()) {
      throw new PduFaultException(Kind.MISSING, "hashes must have a string sha256");
    }
    checkSignatures();
    if (event.has("unsigned")) {
      object("unsigned");
    }
    byte[] canonical = canonical(() -> CanonicalJson.encode(event, Hashes.numbers(version)));
    checkSize(canonical.length);
    return new Pdu(version, event, canonical, names(head, eventId()), head.links());
  }

  /// What [#read] makes of an event of ours when it is signed.
  ///
  /// @param event without `hashes`, `signatures` and `unsigned`; `hashes` is added to it
  /// @throws PduFaultException if it would not be an event of that room version
  static Pdu make(ObjectNode event, RoomVersion version, EventSigner signer) {
    PduFormat format = new PduFormat(event, version, References.LIMITED);
    Head head = format.head();
    // "Before signing the event, the *content hash* of the event is calculated as described below.
    // The hash is encoded using Unpadded Base64 and stored in the event object, in a `hashes`
    // object, under a `sha256` key."
    byte[] hashed = canonical(() -> ContentHash.hashedBytes(event, version));
    event.putObject("hashes").put("sha256", UnpaddedBase64.encode(Hashes.sha256(hashed)));
    checkSize(hashed.length + HASHES_BYTES + SIGNATURES_KEY_BYTES + signer.signaturesBytes());
    byte[] essential = ReferenceHash.essentialBytes(event, version);
    EventId eventId =
        version.eventIds().isHash()
            ? ReferenceHash.eventId(Hashes.sha256(essential), version)
            : format.eventId();
    return new Pdu(version, event, essential, signer, format.names(head, eventId), head.links());
  }

  private Head head() {
    String type = limited("type");
    String stateKey = event.has("state_key") ? limited("state_key") : null;
    UserId sender = identifier("sender", UserId::parse);
    object("content");
    return new Head(type, stateKey, sender, links());
  }

  private Pdu.Names names(Head head, EventId eventId) {
    RoomId roomId = roomId(eventId, head.type(), head.stateKey());
    return new Pdu.Names(eventId, roomId, head.sender(), head.type(), head.stateKey());
  }

  /// What [#read] makes of an event that has been read before and stored, without making its hash
  /// and canonical form again.
  ///
  /// @throws PduFaultException if it cannot have been read before
  static Pdu restore(EventId eventId, ObjectNode event, byte[] canonical, RoomVersion version) {
    PduFormat format = new PduFormat(event, version, References.UNLIMITED);
    String type = format.string("type");
    String stateKey = event.has("state_key") ? format.string("state_key") : null;
    UserId sender = format.identifier("sender", UserId::parse);
    RoomId roomId = format.roomId(eventId, type, stateKey);
    return new Pdu(
        version,
        event,
        canonical,
        new Pdu.Names(eventId, roomId, sender, type, stateKey),
        format.links());
  }

  private Pdu.Links links() {
    List<EventId> prevEvents = references("prev_events", MAX_PREV_EVENTS);
    List<EventId> authEvents = references("auth_events", MAX_AUTH_EVENTS);
    long depth = integer("depth");
    if (depth < 0 || depth > maxDepth(version)) {
      throw new PduFaultException(
          Kind.OUT_OF_RANGE, "depth must be from 0 to %d".formatted(maxDepth(version)));
    }
    return new Pdu.Links(prevEvents, authEvents, depth, integer("origin_server_ts"));
  }

  private static byte[] canonical(Supplier<byte[]> encoding) {
    try {
      return encoding.get();
    } catch (MatrixException e) {
      throw new PduFaultException(Kind.NOT_CANONICAL, e.safeMessage());
    }
  }

  private static void checkSize(int bytes) {
    if (bytes > MAX_EVENT_BYTES) {
      throw new PduFaultException(
          Kind.TOO_LARGE,
          "The event has %d bytes; at most %d are allowed".formatted(bytes, MAX_EVENT_BYTES));
    }
  }

  private EventId eventId() {
    if (version.eventIds() == EventIdFormat.SERVER_ASSIGNED) {
      return checkShape("event_id", identifier("event_id", EventId::parse));
    }
    return ReferenceHash.eventId(event, version);
  }

  private RoomId roomId(EventId eventId, String type, @Nullable String stateKey) {
    boolean hash = version.has(RoomRule.ROOM_ID_IS_CREATE_HASH);
    if (hash && type.equals(EventTypes.CREATE) && "".equals(stateKey)) {
      // "Omitted from `m.room.create` events." If it is there nevertheless, the authorisation rules
      // reject the event.
      return RoomId.ofCreateEvent(eventId);
    }
    RoomId roomId = identifier("room_id", RoomId::parse);
    if (roomId.isHash() != hash || (hash && roomId.value().length() != Hashes.ID_LENGTH)) {
      throw new PduFaultException(
          Kind.BAD_IDENTIFIER,
          hash
              ? "room_id must be the hash of the create event in room version " + version
              : "room_id must have a server name in room version " + version);
    }
    return roomId;
  }

  private List<EventId> references(String member, int limit) {
    JsonNode array = required(member);
    if (!array.isArray()) {
      throw wrongType(member, "an array");
    }
    if (references == References.LIMITED && array.size() > limit) {
      throw new PduFaultException(
          Kind.TOO_MANY_REFERENCES,
          "%s has %d entries; at most %d are allowed".formatted(member, array.size(), limit));
    }
    List<EventId> ids = new ArrayList<>(array.size());
    for (JsonNode entry : array) {
      JsonNode id = entry;
      if (!version.eventIds().isHash()) {
        // "lists of `(event_id, hash)` pairs"
        if (!entry.isArray() || entry.size() != 2 || !entry.get(1).isObject()) {
          throw wrongType(member, "an array of pairs of an event id and its hashes");
        }
        id = entry.get(0);
      }
      if (!id.isTextual()) {
        throw wrongType(member, "an array of event ids");
      }
      ids.add(checkShape(member, parsed(member, id.textValue(), EventId::parse)));
    }
    return List.copyOf(ids);
  }

  private EventId checkShape(String member, EventId id) {
    boolean right =
        switch (version.eventIds()) {
          case SERVER_ASSIGNED -> id.hasServer();
          case HASH_BASE64 -> id.isBase64Hash();
          case HASH_URL_SAFE -> id.isUrlSafeHash();
        };
    if (!right) {
      throw new PduFaultException(
          Kind.BAD_IDENTIFIER,
          "%s has an id that events of room version %s cannot have".formatted(member, version));
    }
    return id;
  }

  private void checkSignatures() {
    for (JsonNode entity : object("signatures")) {
      if (!entity.isObject()) {
        throw wrongType("signatures", "an object of objects");
      }
      for (JsonNode signature : entity) {
        if (!signature.isTextual()) {
          throw wrongType("signatures", "an object of objects of strings");
        }
      }
    }
  }

  private <T> T identifier(String member, Function<String, T> parse) {
    return parsed(member, string(member), parse);
  }

  private static <T> T parsed(String member, String text, Function<String, T> parse) {
    try {
      return parse.apply(text);
    } catch (InvalidIdentifierException e) {
      throw new PduFaultException(Kind.BAD_IDENTIFIER, member + " is " + e.getMessage());
    }
  }

  private String limited(String member) {
    String text = string(member);
    if (text.length() > MAX_KEY_BYTES || Utf8.length(text) > MAX_KEY_BYTES) {
      throw new PduFaultException(
          Kind.TOO_LARGE, "%s must not exceed %d bytes".formatted(member, MAX_KEY_BYTES));
    }
    return text;
  }

  private String string(String member) {
    JsonNode value = required(member);
    if (!value.isTextual()) {
      throw wrongType(member, "a string");
    }
    return value.textValue();
  }

  private ObjectNode object(String member) {
    if (required(member) instanceof ObjectNode object) {
      return object;
    }
    throw wrongType(member, "an object");
  }

  private long integer(String member) {
    JsonNode value = required(member);
    if (!value.isIntegralNumber()) {
      throw wrongType(member, "an integer");
    }
    boolean fits =
        Hashes.numbers(version) == Numbers.LENIENT
            ? value.canConvertToLong()
            : value.canConvertToLong() && Math.abs(value.longValue()) <= MAX_DEPTH;
    if (!fits) {
      throw new PduFaultException(Kind.OUT_OF_RANGE, member + " is too large");
    }
    return value.longValue();
  }

  private JsonNode required(String member) {
    JsonNode value = event.get(member);
    if (value == null) {
      throw new PduFaultException(Kind.MISSING, member + " is missing");
    }
    return value;
  }

  private static PduFaultException wrongType(String member, String expected) {
    return new PduFaultException(Kind.WRONG_TYPE, "%s must be %s".formatted(member, expected));
  }
}
