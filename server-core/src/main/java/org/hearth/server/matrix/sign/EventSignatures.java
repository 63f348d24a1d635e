package org.hearth.server.matrix.sign;

import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.util.Optional;
import java.util.function.Function;
import org.hearth.server.matrix.event.ContentHash;
import org.hearth.server.matrix.event.ReferenceHash;
import org.hearth.server.matrix.id.KeyId;
import org.hearth.server.matrix.id.ServerName;
import org.hearth.server.matrix.json.UnpaddedBase64;
import org.hearth.server.matrix.version.RoomVersion;

/// Hashes and signatures of events: "complicated by the fact that servers can choose to redact
/// non-essential parts of an event".
///
/// Source: [Signing Events](https://spec.matrix.org/v1.19/server-server-api/#signing-events).
public final class EventSignatures {
  private EventSignatures() {}

  /// The event with its content hash and with one more signature. The given object stays as it is.
  ///
  /// @throws org.hearth.server.matrix.error.MatrixException `M_BAD_JSON` if the event has no
  ///   canonical form in its room version
  public static ObjectNode hashAndSign(
      ObjectNode event, RoomVersion version, ServerName server, SigningKey key) {
    // "Before signing the event, the *content hash* of the event is calculated as described below.
    // The hash is encoded using Unpadded Base64 and stored in the event object, in a `hashes`
    // object, under a `sha256` key."
    ObjectNode hashed = JsonNodeFactory.instance.objectNode();
    hashed.setAll(event);
    hashed.putObject("hashes").put("sha256", UnpaddedBase64.encode(ContentHash.of(event, version)));
    return sign(hashed, version, server, key);
  }

  /// The event with one more signature, its hash as it is: to agree to what another server has
  /// made.
  ///
  /// @throws org.hearth.server.matrix.error.MatrixException `M_BAD_JSON` if the event has no
  ///   canonical form in its room version
  public static ObjectNode sign(
      ObjectNode event, RoomVersion version, ServerName server, SigningKey key) {
    // "The event object is then *redacted*, following the redaction algorithm. Finally it is signed
    // as described in Signing JSON, using the server's signing key. The signature is then copied
    // back to the original event object."
    byte[] signature = key.sign(ReferenceHash.essentialBytes(event, version));
    return Signatures.withSignature(event, server.value(), key.id(), signature);
  }

  /// Whether that server has signed the event. "Note that this step should succeed whether we have
  /// been sent the full event or a redacted copy."
  ///
  /// @param keys the server's keys that may count for an event of that time, by name
  /// @throws org.hearth.server.matrix.error.MatrixException `M_BAD_JSON` if the event has no
  ///   canonical form in its room version
  public static SignatureVerdict verify(
      ObjectNode event,
      RoomVersion version,
      ServerName server,
      Function<KeyId, Optional<VerifyKey>> keys) {
    return Signatures.verify(
        event.path("signatures").path(server.value()),
        () -> ReferenceHash.essentialBytes(event, version),
        keys);
  }
}
