package org.hearth.server.matrix.auth;

import static org.hearth.server.matrix.auth.AuthVerdict.rejected;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.util.LinkedHashSet;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import org.hearth.server.matrix.error.MatrixException;
import org.hearth.server.matrix.event.EventTypes;
import org.hearth.server.matrix.event.Pdu;
import org.hearth.server.matrix.event.StateKey;
import org.hearth.server.matrix.id.UserId;
import org.hearth.server.matrix.json.CanonicalJson;
import org.hearth.server.matrix.json.CanonicalJson.Numbers;
import org.hearth.server.matrix.json.UnpaddedBase64;
import org.hearth.server.matrix.sign.Signatures;
import org.hearth.server.matrix.sign.VerifyKey;

/// Rule 5.4.1, of an invite that answers an invite of a third-party identifier, numbered as in
/// version 12.
final class ThirdPartyInviteRules {
  private static final Set<String> NOT_SIGNED = Set.of("signatures", "unsigned");

  /// An event has room for hundreds of signatures and of keys, and each would be tried with each;
  /// an honest one has a handful.
  private static final int MOST_VERIFICATIONS = 64;

  private ThirdPartyInviteRules() {}

  static AuthVerdict check(Judgement judgement, UserId target, JsonNode thirdPartyInvite) {
    // v1-v12, 5.4.1.1: "If target user is banned, reject."
    if (judgement.membership(target) == Membership.BAN) {
      return rejected(AuthRule.THIRD_PARTY_INVITE_TARGET_BANNED, target + " is banned");
    }

    // v1-v12, 5.4.1.2: "If content.third_party_invite does not have a signed property, reject."
    if (!(thirdPartyInvite.path("signed") instanceof ObjectNode signed)) {
      return rejected(AuthRule.THIRD_PARTY_INVITE_NOT_SIGNED, "no object signed");
    }

    // v1-v12, 5.4.1.3: "If signed does not have mxid and token properties, reject."
    Optional<String> mxid = Json.string(signed, "mxid");
    Optional<String> token = Json.string(signed, "token");
    if (mxid.isEmpty() || token.isEmpty()) {
      return rejected(
          AuthRule.THIRD_PARTY_INVITE_WITHOUT_MXID_OR_TOKEN, "no strings mxid and token");
    }

    // v1-v12, 5.4.1.4: "If mxid does not match state_key, reject."
    if (!mxid.get().equals(target.value())) {
      return rejected(
          AuthRule.THIRD_PARTY_INVITE_OTHER_MXID, "signed for %s".formatted(mxid.get()));
    }

    // v1-v12, 5.4.1.5: "If there is no m.room.third_party_invite event in the current room state
    // with state_key matching token, reject."
    Optional<Pdu> invited =
        judgement.state().get(new StateKey(EventTypes.THIRD_PARTY_INVITE, token.get()));
    if (invited.isEmpty()) {
      return rejected(
          AuthRule.THIRD_PARTY_INVITE_UNKNOWN_TOKEN, "no third-party invite " + token.get());
    }

    // v1-v12, 5.4.1.6: "If sender does not match sender of the m.room.third_party_invite, reject."
    if (!judgement.sender().equals(invited.get().sender())) {
      return rejected(
          AuthRule.THIRD_PARTY_INVITE_OTHER_SENDER,
          "%s sent it, not %s".formatted(invited.get().sender(), judgement.sender()));
    }

    // v1-v12, 5.4.1.7: "If any signature in signed matches any public key in the
    // m.room.third_party_invite event, allow."
    if (isSigned(signed, publicKeys(invited.get().content()))) {
      return AuthVerdict.allowed();
    }

    // v1-v12, 5.4.1.8: "Otherwise, reject."
    return rejected(
        AuthRule.THIRD_PARTY_INVITE_SIGNATURE, "no signature by a key of " + token.get());
  }

  /// "The public keys are in content of m.room.third_party_invite as: A single public key in the
  /// public_key property. A list of public keys in the public_keys property."
  private static Set<VerifyKey> publicKeys(JsonNode content) {
    Set<VerifyKey> keys = new LinkedHashSet<>();
    Json.string(content, "public_key").flatMap(VerifyKey::parse).ifPresent(keys::add);
    for (JsonNode each : content.path("public_keys")) {
      Json.string(each, "public_key").flatMap(VerifyKey::parse).ifPresent(keys::add);
    }
    return keys;
  }

  /// Whether any signature in `signed`, whoever it is said to be of, is by any of the keys.
  private static boolean isSigned(ObjectNode signed, Set<VerifyKey> keys) {
    byte[] message;
    try {
      message = CanonicalJson.encodeWithout(NOT_SIGNED, signed, Numbers.CONVERTED);
    } catch (MatrixException _) {
      // What has no canonical form cannot have been signed.
      return false;
    }
    int verifications = 0;
    for (JsonNode entity : signed.path("signatures")) {
      for (Map.Entry<String, JsonNode> entry : entity.properties()) {
        Optional<byte[]> signature =
            entry.getKey().startsWith(Signatures.ED25519 + ":")
                ? UnpaddedBase64.decode(entry.getValue().asText())
                : Optional.empty();
        for (VerifyKey key : signature.isPresent() ? keys : Set.<VerifyKey>of()) {
          if (verifications++ == MOST_VERIFICATIONS) {
            return false;
          }
          if (key.verify(message, signature.get())) {
            return true;
          }
        }
      }
    }
    return false;
  }
}
