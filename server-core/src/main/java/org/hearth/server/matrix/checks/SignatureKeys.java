package org.hearth.server.matrix.checks;

import com.fasterxml.jackson.databind.JsonNode;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import org.hearth.server.matrix.auth.Membership;
import org.hearth.server.matrix.event.Pdu;
import org.hearth.server.matrix.id.InvalidIdentifierException;
import org.hearth.server.matrix.id.KeyId;
import org.hearth.server.matrix.id.ServerName;
import org.hearth.server.matrix.id.UserId;
import org.hearth.server.matrix.sign.Signatures;
import org.hearth.server.matrix.version.RoomRule;

/// Whose signatures an event needs.
///
/// **source**: [Validating hashes and signatures on received events][validating].
///
/// [validating]:
///   https://spec.matrix.org/v1.19/server-server-api/#validating-hashes-and-signatures-on-received-events
public final class SignatureKeys {
  private SignatureKeys() {}

  /// The keys by which an event is signed, of the servers whose signatures any check asks for: to
  /// be at hand before it is checked.
  ///
  /// @return server → names of its keys; a server that has not signed is not in it
  public static Map<ServerName, Set<KeyId>> wanted(Pdu event) {
    Map<ServerName, Set<KeyId>> wanted = new LinkedHashMap<>();
    for (ServerName server : asked(event)) {
      Set<KeyId> keys = Signatures.keysOf(event.json(), server.value());
      // "the policy server key is not expected to be published and therefore should be skipped at
      // this stage."
      keys.remove(PolicyServer.KEY_ID);
      if (!keys.isEmpty()) {
        wanted.put(server, keys);
      }
    }
    return wanted;
  }

  /// The servers that must have signed an event.
  static Set<ServerName> required(Pdu event) {
    Set<ServerName> required = new LinkedHashSet<>();
    // "For room versions 3 and later, unless the event is a 3rd party invite, only the signature(s)
    // from the originating server (the server the `sender` belongs to) are required for
    // verification."
    if (!isThirdPartyInvite(event)) {
      required.add(event.sender().server());
    }
    // "Room versions 1 and 2 also require that a signature is present from the domain in the
    // `event_id`, if it differs from the originating server."
    event.eventId().server().ifPresent(required::add);
    return required;
  }

  /// The servers whose signatures any check asks for: those that must have signed, and that which
  /// has authorised a restricted join, for rule 5.2.1.
  static Set<ServerName> asked(Pdu event) {
    Set<ServerName> asked = new LinkedHashSet<>(required(event));
    if (event.isMember() && event.version().has(RoomRule.RESTRICTED_JOINS)) {
      authorising(event).ifPresent(asked::add);
    }
    return asked;
  }

  /// "If the event is a 3rd party invite, the sender must already match the 3rd party invite, and
  /// the server which actually sends the event may be a different server."
  private static boolean isThirdPartyInvite(Pdu event) {
    return event.isMember()
        && Membership.of(event).filter(each -> each == Membership.INVITE).isPresent()
        && event.content().has("third_party_invite");
  }

  private static Optional<ServerName> authorising(Pdu event) {
    JsonNode user = event.content().path("join_authorised_via_users_server");
    try {
      return user.isTextual()
          ? Optional.of(UserId.parse(user.textValue()).server())
          : Optional.empty();
    } catch (InvalidIdentifierException _) {
      return Optional.empty();
    }
  }
}
