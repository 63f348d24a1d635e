package org.hearth.server.matrix.sign;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.util.LinkedHashSet;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.function.Function;
import org.hearth.server.matrix.id.Identifiers;
import org.hearth.server.matrix.id.KeyId;
import org.hearth.server.matrix.json.CanonicalJson;
import org.hearth.server.matrix.json.CanonicalJson.Numbers;
import org.hearth.server.matrix.json.UnpaddedBase64;

/// Signing of JSON objects, and checking of such signatures. For events see [EventSignatures].
///
/// Source: [Signing JSON](https://spec.matrix.org/v1.19/appendices/#signing-json).
public final class Signatures {
  /// "The currently supported value for *signing algorithm* is `ed25519`".
  public static final String ED25519 = "ed25519";

  private static final Set<String> NOT_SIGNED = Set.of("signatures", "unsigned");

  private Signatures() {}

  /// The object with one more signature. The given object stays as it is.
  ///
  /// @param entity who signs: a server name or a user id
  /// @throws org.hearth.server.matrix.error.MatrixException `M_BAD_JSON` if the object has no
  ///   canonical form
  public static ObjectNode sign(ObjectNode object, String entity, SigningKey key) {
    // "JSON is signed by encoding the JSON object without `signatures` or keys grouped as
    // `unsigned`, using the canonical encoding described above."
    byte[] signed = CanonicalJson.encodeWithout(NOT_SIGNED, object, Numbers.CONVERTED);
    return withSignature(object, entity, key.id(), key.sign(signed));
  }

  /// Whether that entity has signed the object.
  ///
  /// @param entity who should have signed: a server name or a user id
  /// @param keys the entity's keys that may count, by name
  /// @throws org.hearth.server.matrix.error.MatrixException `M_BAD_JSON` if the object has no
  ///   canonical form
  public static SignatureVerdict verify(
      ObjectNode object, String entity, Function<KeyId, Optional<VerifyKey>> keys) {
    // 5.  Removes the `signatures` and `unsigned` members of the object.
    // 6.  Encodes the remainder of the JSON object using the Canonical JSON encoding.
    return verify(
        object.path("signatures").path(entity),
        () -> CanonicalJson.encodeWithout(NOT_SIGNED, object, Numbers.CONVERTED),
        keys);
  }

  /// The names of the keys of algorithms we understand by which that entity has signed the object.
  public static Set<KeyId> keysOf(ObjectNode object, String entity) {
    return supported(object.path("signatures").path(entity));
  }

  /// A copy of what is signed of the object: all but its signatures and what is grouped as
  /// `unsigned`.
  public static ObjectNode signedPart(ObjectNode object) {
    ObjectNode copy = shallowCopy(object);
    copy.remove(NOT_SIGNED);
    return copy;
  }

  /// A copy with that signature added to those it has.
  static ObjectNode withSignature(ObjectNode object, String entity, KeyId key, byte[] signature) {
    ObjectNode copy = shallowCopy(object);
    ObjectNode entities =
        object.get("signatures") instanceof ObjectNode before
            ? shallowCopy(before)
            : JsonNodeFactory.instance.objectNode();
    ObjectNode ofEntity =
        entities.get(entity) instanceof ObjectNode before
            ? shallowCopy(before)
            : JsonNodeFactory.instance.objectNode();
    ofEntity.put(key.value(), UnpaddedBase64.encode(signature));
    entities.set(entity, ofEntity);
    copy.set("signatures", entities);
    return copy;
  }

  /// Something made only when it is needed.
  interface Signed {
    byte[] bytes();
  }

  static SignatureVerdict verify(
      JsonNode ofEntity, Signed signed, Function<KeyId, Optional<VerifyKey>> keys) {
    // 1.  Checks if the `signatures` member of the object contains an entry with the name of the
    //     entity. If the entry is missing then the check fails.
    // 2.  Removes any *signing key identifiers* from the entry with algorithms it doesn't
    //     understand. If there are no *signing key identifiers* left then the check fails.
    Set<KeyId> candidates = supported(ofEntity);
    if (candidates.isEmpty()) {
      return new SignatureVerdict.Unsigned();
    }
    byte[] message = null;
    Set<KeyId> valid = new LinkedHashSet<>();
    for (KeyId id : candidates) {
      // 3.  Looks up *verification keys* for the remaining *signing key identifiers*. (Of events:
      //     "Any unknown keys are ignored.")
      Optional<VerifyKey> key = keys.apply(id);
      if (key.isPresent()) {
        // 4.  Decodes the base64 encoded signature bytes. If base64 decoding fails then the check
        // fails.
        Optional<byte[]> signature = UnpaddedBase64.decode(ofEntity.path(id.value()).asText());
        message = message == null ? signed.bytes() : message;
        // 7.  Checks the signature bytes against the encoded object using the *verification key*.
        //     If this fails then the check fails.
        if (signature.isEmpty() || !key.get().verify(message, signature.get())) {
          return new SignatureVerdict.Invalid(id);
        }
        valid.add(id);
      }
    }
    //     "If it cannot find a *verification key* then the check fails." Otherwise the check
    // succeeds.
    return valid.isEmpty()
        ? new SignatureVerdict.KeysUnknown(candidates)
        : new SignatureVerdict.Valid(valid);
  }

  private static Set<KeyId> supported(JsonNode ofEntity) {
    Set<KeyId> ids = new LinkedHashSet<>();
    for (Map.Entry<String, JsonNode> entry : ofEntity.properties()) {
      if (entry.getKey().startsWith(ED25519 + ":") && entry.getValue().isTextual()) {
        keyId(entry.getKey()).ifPresent(ids::add);
      }
    }
    return ids;
  }

  /// What is not the name of a key is as good as of an algorithm that we do not understand.
  private static Optional<KeyId> keyId(String text) {
    return Identifiers.read(KeyId::parse, text);
  }

  private static ObjectNode shallowCopy(ObjectNode object) {
    return JsonNodeFactory.instance.objectNode().setAll(object);
  }
}
