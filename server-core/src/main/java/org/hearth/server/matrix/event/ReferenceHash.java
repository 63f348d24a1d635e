package org.hearth.server.matrix.event;

import com.fasterxml.jackson.databind.node.ObjectNode;
import java.util.Set;
import org.hearth.server.matrix.id.EventId;
import org.hearth.server.matrix.json.CanonicalJson;
import org.hearth.server.matrix.json.UnpaddedBase64;
import org.hearth.server.matrix.version.RoomVersion;

/// "The *reference hash* of an event covers the essential fields of an event, including content
/// hashes." Since room version 3 it is the event id.
///
/// Source: [Calculating the reference hash for an event][hash].
///
/// [hash]: https://spec.matrix.org/v1.19/server-server-api/#calculating-the-reference-hash-for-an-event
public final class ReferenceHash {
  private static final Set<String> NOT_COVERED = Set.of("signatures", "unsigned");

  private ReferenceHash() {}

  /// The reference hash.
  ///
  /// @throws org.hearth.server.matrix.error.MatrixException `M_BAD_JSON` if the event has no
  ///   canonical form in its room version
  public static byte[] of(ObjectNode event, RoomVersion version) {
    return Hashes.sha256(essentialBytes(event, version));
  }

  /// The event id: that in the event, or the one that is its reference hash, as the version says.
  ///
  /// @throws org.hearth.server.matrix.id.InvalidIdentifierException if the version writes the id in
  ///   the event, and there it is none
  /// @throws org.hearth.server.matrix.error.MatrixException `M_BAD_JSON` if the event has no
  ///   canonical form in its room version
  public static EventId eventId(ObjectNode event, RoomVersion version) {
    return switch (version.eventIds()) {
      case SERVER_ASSIGNED -> EventId.parse(event.path("event_id").asText());
      case HASH_BASE64, HASH_URL_SAFE -> eventId(of(event, version), version);
    };
  }

  /// What an event's signatures are made over, and its reference hash too: both are of the redacted
  /// event without `signatures` and `unsigned`.
  ///
  /// @throws org.hearth.server.matrix.error.MatrixException `M_BAD_JSON` if the event has no
  ///   canonical form in its room version
  public static byte[] essentialBytes(ObjectNode event, RoomVersion version) {
    // 1.  The event is put through the redaction algorithm.
    // 2.  The `signatures` and `unsigned` properties are removed from the event, if present.
    // 3.  The event is converted into Canonical JSON.
    return CanonicalJson.encodeWithout(
        NOT_COVERED, Redaction.redact(event, version), Hashes.numbers(version));
  }

  /// The event id that is a reference hash.
  static EventId eventId(byte[] hash, RoomVersion version) {
    return switch (version.eventIds()) {
      case HASH_BASE64 -> EventId.parse("$" + UnpaddedBase64.encode(hash));
      case HASH_URL_SAFE -> EventId.parse("$" + UnpaddedBase64.encodeUrlSafe(hash));
      case SERVER_ASSIGNED ->
          throw new IllegalArgumentException("ids of this version are no hashes");
    };
  }
}
