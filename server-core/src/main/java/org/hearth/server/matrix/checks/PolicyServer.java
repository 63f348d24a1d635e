package org.hearth.server.matrix.checks;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.util.Optional;
import org.hearth.server.matrix.error.MatrixException;
import org.hearth.server.matrix.event.EventTypes;
import org.hearth.server.matrix.event.Pdu;
import org.hearth.server.matrix.id.Identifiers;
import org.hearth.server.matrix.id.KeyId;
import org.hearth.server.matrix.id.ServerName;
import org.hearth.server.matrix.sign.EventSignatures;
import org.hearth.server.matrix.sign.VerifyKey;

/// The policy server that a room names, and the key by which it recommends events for the room:
/// check 7 on receipt.
///
/// "The Policy Server's recommendation does *not* affect the authorization rules for an event, but
/// does affect whether homeservers soft fail or refuse to actually go forward with sending an
/// event."
///
/// **thread**: any; immutable. **errors**: nothing that an event contains makes it throw.
///
/// **source**: [Policy Servers](https://spec.matrix.org/v1.19/server-server-api/#policy-servers)
///
/// @param name the server that is asked
/// @param key its public key; empty for a text that is no key, by which nothing can be signed
public record PolicyServer(ServerName name, Optional<VerifyKey> key) {
  /// "The Key ID for the `ed25519` key in `m.room.policy` is *always* `ed25519:policy_server`."
  public static final KeyId KEY_ID = KeyId.parse("ed25519:policy_server");

  /// What a state event says, if it is valid. Whether the room uses that server depends on its
  /// members, too: "The server name denoted by the `m.room.policy` state event's `via` has at least
  /// one joined user in the room in *current state*."
  ///
  /// @param event the current `m.room.policy` event with an empty state key
  public static Optional<PolicyServer> in(Pdu event) {
    // "Valid means `content` contains at least: A string value for `via`. An object value for
    // `public_keys` containing at least a string value for `ed25519`."
    ObjectNode content = event.content();
    JsonNode via = content.path("via");
    JsonNode key = content.path("public_keys").path("ed25519");
    if (!via.isTextual() || !key.isTextual()) {
      return Optional.empty();
    }
    return Identifiers.read(ServerName::parse, via.textValue())
        .map(name -> new PolicyServer(name, key(key.textValue())));
  }

  /// "The unpadded base64-encoded ed25519 public key for the Policy Server", of which the
  /// specification's example has the URL-safe alphabet.
  private static Optional<VerifyKey> key(String base64) {
    return VerifyKey.parse(base64.replace('-', '+').replace('_', '/'));
  }

  /// Whether an event needs its signature: "*all* events except for the `m.room.policy` state event
  /// itself are checked by that Policy Server. This includes membership events, power level
  /// changes, [...] and non-state or non-empty `state_key` `m.room.policy` events."
  public static boolean isAskedAbout(Pdu event) {
    return !event.isState(EventTypes.POLICY, "");
  }

  /// Whether it has recommended the event: "the Policy Server's signature appears alongside the
  /// normal event signatures, though uses a public key from the room's `m.room.policy` state
  /// event."
  public boolean hasSigned(Pdu event) {
    try {
      return EventSignatures.verify(
              event.json(), event.version(), name, id -> id.equals(KEY_ID) ? key : Optional.empty())
          .isValid();
    } catch (MatrixException _) {
      return false;
    }
  }

  /// The event with its signature, if that is valid.
  ///
  /// "Only the Policy Server's signature is returned. This signature is to be added to the event
  /// before sending or processing the event further." Of what it returns nothing else is taken, and
  /// "existing signatures might not be returned by the policy server, but should be retained to
  /// validate the event."
  ///
  /// @param answer what it has answered
  /// @throws MatrixException `M_TOO_LARGE` if the event becomes larger than events may be
  public Optional<Pdu> signed(Pdu event, ObjectNode answer) {
    JsonNode signature = answer.path(name.value()).path(KEY_ID.value());
    if (!signature.isTextual()) {
      return Optional.empty();
    }
    ObjectNode json = event.json().deepCopy();
    ObjectNode signatures =
        json.get("signatures") instanceof ObjectNode before ? before : json.putObject("signatures");
    ObjectNode own =
        signatures.get(name.value()) instanceof ObjectNode before
            ? before
            : signatures.putObject(name.value());
    own.set(KEY_ID.value(), signature);
    return Optional.of(Pdu.parse(json, event.version())).filter(this::hasSigned);
  }
}
