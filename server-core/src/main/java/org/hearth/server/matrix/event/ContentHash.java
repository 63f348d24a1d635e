package org.hearth.server.matrix.event;

import com.fasterxml.jackson.databind.node.ObjectNode;
import java.security.MessageDigest;
import java.util.Set;
import org.hearth.server.matrix.json.CanonicalJson;
import org.hearth.server.matrix.json.UnpaddedBase64;
import org.hearth.server.matrix.version.RoomVersion;

/// "The *content hash* of an event covers the complete event including the *unredacted* contents."
///
/// Source: [Calculating the content hash for an event][hash].
///
/// [hash]: https://spec.matrix.org/v1.19/server-server-api/#calculating-the-content-hash-for-an-event
public final class ContentHash {
  private static final Set<String> NOT_HASHED = Set.of("unsigned", "signatures", "hashes");

  private ContentHash() {}

  /// The content hash.
  ///
  /// @throws org.hearth.server.matrix.error.MatrixException `M_BAD_JSON` if the event has no
  ///   canonical form in its room version
  public static byte[] of(ObjectNode event, RoomVersion version) {
    return Hashes.sha256(hashedBytes(event, version));
  }

  /// What is hashed.
  ///
  /// @throws org.hearth.server.matrix.error.MatrixException `M_BAD_JSON` if the event has no
  ///   canonical form in its room version
  static byte[] hashedBytes(ObjectNode event, RoomVersion version) {
    // "First, any existing `unsigned`, `signatures`, and `hashes` properties are removed. The
    // resulting object is then encoded as Canonical JSON, and the JSON is hashed using SHA-256."
    return CanonicalJson.encodeWithout(NOT_HASHED, event, Hashes.numbers(version));
  }

  /// True if the event's `hashes` has its content hash. If not, "it is assumed that this is because
  /// we have only been given a redacted version of the event".
  ///
  /// @throws org.hearth.server.matrix.error.MatrixException `M_BAD_JSON` if the event has no
  ///   canonical form in its room version
  public static boolean matches(ObjectNode event, RoomVersion version) {
    // "The content hash in the `hashes` property of the received event is base64-decoded, and the
    // two are compared for equality."
    String claimed = event.path("hashes").path("sha256").asText("");
    return UnpaddedBase64.decode(claimed)
        .map(hash -> MessageDigest.isEqual(hash, of(event, version)))
        .orElse(false);
  }
}
