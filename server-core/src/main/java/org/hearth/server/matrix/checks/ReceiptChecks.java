package org.hearth.server.matrix.checks;

import com.fasterxml.jackson.databind.node.ObjectNode;
import java.util.LinkedHashSet;
import java.util.Optional;
import java.util.Set;
import org.hearth.server.matrix.auth.AuthRules;
import org.hearth.server.matrix.auth.AuthState;
import org.hearth.server.matrix.auth.AuthVerdict;
import org.hearth.server.matrix.auth.KnownEvents;
import org.hearth.server.matrix.auth.SignedBy;
import org.hearth.server.matrix.error.MatrixException;
import org.hearth.server.matrix.event.ContentHash;
import org.hearth.server.matrix.event.Pdu;
import org.hearth.server.matrix.event.PduFormat;
import org.hearth.server.matrix.id.ServerName;
import org.hearth.server.matrix.json.MatrixJson;
import org.hearth.server.matrix.sign.EventSignatures;
import org.hearth.server.matrix.sign.PublishedKey;
import org.hearth.server.matrix.sign.SignatureVerdict;
import org.hearth.server.matrix.version.RoomVersion;

/// The checks performed on receipt of a PDU: "Whenever a server receives an event from a remote
/// server, the receiving server must ensure that the event" passes them.
///
/// **thread**: any; no state of its own. **errors**: nothing that an event contains makes it throw.
///
/// **source**: [checks performed on receipt of a PDU][checks].
///
/// [checks]: https://spec.matrix.org/v1.19/server-server-api/#checks-performed-on-receipt-of-a-pdu
public final class ReceiptChecks {
  private ReceiptChecks() {}

  /// Checks 1 to 3 of an event as bytes.
  ///
  /// @param version of the room it is said to be of
  public static Received receive(byte[] bytes, RoomVersion version, ServerKeys keys) {
    ObjectNode json;
    try {
      json = MatrixJson.parseObject(bytes);
    } catch (MatrixException e) {
      return new Received.Dropped(DropRule.NOT_JSON, e.safeMessage());
    }
    return receive(json, version, keys);
  }

  /// Checks 1 to 3 of an event as JSON.
  ///
  /// @param json which nobody changes from now on
  /// @param version of the room it is said to be of
  public static Received receive(ObjectNode json, RoomVersion version, ServerKeys keys) {
    // 1. "Is a valid event, otherwise it is dropped. For an event to be valid, it must comply with
    // the event format of that room version."
    return switch (PduFormat.read(json, version)) {
      case PduFormat.Valid(Pdu event) -> verify(event, keys);
      case PduFormat.Invalid(var fault) ->
          new Received.Dropped(DropRule.of(fault.kind()), fault.detail());
    };
  }

  /// Checks 2 and 3 of an event whose format was checked.
  public static Received verify(Pdu event, ServerKeys keys) {
    // 2. "Passes signature checks, otherwise it is dropped."
    // "First the signatures are checked. The event is redacted following the redaction algorithm,
    // and the resultant object is checked for signatures from the originating server".
    Set<ServerName> signers = new LinkedHashSet<>();
    Set<ServerName> required = SignatureKeys.required(event);
    for (ServerName server : SignatureKeys.asked(event)) {
      SignatureVerdict verdict = verdict(event, server, keys);
      if (verdict.isValid()) {
        signers.add(server);
      } else if (required.contains(server)) {
        return dropped(server, verdict);
      }
    }

    // 3. "Passes hash checks, otherwise it is redacted before being processed further."
    // "If all signatures from known unexpired keys from the originating server(s) are found to be
    // valid, the expected content hash is calculated".
    if (ContentHash.matches(event.json(), event.version())) {
      return new Received.Intact(event, signers);
    }
    // "If the hash check fails, then it is assumed that this is because we have only been given a
    // redacted version of the event. To enforce this, the receiving server should use the redacted
    // copy it calculated rather than the full copy it received."
    Pdu redacted = event.redacted();
    // A redacted invite may be none of a third party any more. It then needs the signature that the
    // full copy did not: else anybody could invite in the name of anybody.
    for (ServerName server : SignatureKeys.required(redacted)) {
      if (!signers.contains(server)) {
        SignatureVerdict verdict = verdict(event, server, keys);
        if (!verdict.isValid()) {
          return dropped(server, verdict);
        }
        signers.add(server);
      }
    }
    return new Received.Redacted(redacted, signers);
  }

  private static SignatureVerdict verdict(Pdu event, ServerName server, ServerKeys keys) {
    // "If a signature is from an unknown or expired key, it is skipped."
    return EventSignatures.verify(
        event.json(),
        event.version(),
        server,
        id ->
            // "In particular, the policy server key is not expected to be published and therefore
            // should be skipped at this stage."
            id.equals(PolicyServer.KEY_ID)
                ? Optional.empty()
                : keys.find(server, id)
                    .filter(key -> key.counts(event.originServerTs(), event.version()))
                    .map(PublishedKey::key));
  }

  private static Received dropped(ServerName server, SignatureVerdict verdict) {
    return switch (verdict) {
      case SignatureVerdict.Unsigned() ->
          new Received.Dropped(DropRule.NOT_SIGNED, "no signature of " + server);
      case SignatureVerdict.KeysUnknown(var ids) ->
          new Received.Dropped(
              DropRule.KEYS_UNKNOWN, "none of the keys %s of %s counts".formatted(ids, server));
      case SignatureVerdict.Invalid(var id) ->
          new Received.Dropped(
              DropRule.SIGNATURE_WRONG, "wrong signature of %s by %s".formatted(server, id));
      case SignatureVerdict.Valid(_) ->
          throw new IllegalArgumentException("nothing is wrong with the signature of " + server);
    };
  }

  /// Check 4 of an event that has passed those before: all that can be asked of one without a place
  /// in the room, which has no state before it.
  ///
  /// @param signatures who has signed it; see [SignedBy#servers]
  /// @param known finds the auth events
  public static Outcome judgeByAuthEvents(Pdu event, SignedBy signatures, KnownEvents known) {
    // 4. "Passes authorisation rules based on the event's auth events, otherwise it is rejected."
    return switch (AuthRules.checkAuthEvents(event, known, signatures)) {
      case AuthVerdict.Allowed() -> new Outcome.Accepted();
      case AuthVerdict.Rejected(var rule, var detail) ->
          new Outcome.Rejected(Check.AUTH_EVENTS, rule, detail);
    };
  }

  /// Checks 4 to 6 of an event that has passed those before, or is their redacted copy.
  ///
  /// @param signatures who has signed it; see [SignedBy#servers]
  public static Outcome judge(Pdu event, SignedBy signatures, Place place) {
    if (judgeByAuthEvents(event, signatures, place) instanceof Outcome.Rejected rejected) {
      return rejected;
    }

    // 5. "Passes authorisation rules based on the state before the event, otherwise it is
    // rejected."
    if (AuthRules.check(event, place.stateBefore(), signatures)
        instanceof AuthVerdict.Rejected(var rule, var detail)) {
      return new Outcome.Rejected(Check.STATE_BEFORE, rule, detail);
    }

    // 6. "Passes authorisation rules based on the current state of the room, otherwise it is "soft
    // failed"."
    Optional<AuthState> current = place.currentState();
    if (current.isPresent()
        && AuthRules.check(event, current.get(), signatures)
            instanceof AuthVerdict.Rejected(var rule, var detail)) {
      return new Outcome.SoftFailed(rule, detail);
    }
    return new Outcome.Accepted();
  }
}
