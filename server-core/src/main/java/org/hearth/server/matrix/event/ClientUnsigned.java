package org.hearth.server.matrix.event;

import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import org.hearth.server.matrix.id.EventId;
import org.jspecify.annotations.Nullable;

/// What this server tells a client about an event besides the event: its `unsigned`. Begin with
/// [#NONE] and add.
///
/// @param ageMillis how long ago the event was sent
/// @param prevContent the content of the state event that this one replaced
/// @param replacesState the state event that this one replaced
/// @param redactedBecause the redaction that redacted this event, in the client's format
/// @param transactionId the client's own, shown only to the device that sent the event
/// @param membership of the user who is shown the event, at the time of the event
/// @param relations bundled aggregations, `m.relations`
public record ClientUnsigned(
    @Nullable Long ageMillis,
    @Nullable ObjectNode prevContent,
    @Nullable EventId replacesState,
    @Nullable ObjectNode redactedBecause,
    @Nullable String transactionId,
    @Nullable String membership,
    @Nullable ObjectNode relations) {

  /// Nothing.
  public static final ClientUnsigned NONE =
      new ClientUnsigned(null, null, null, null, null, null, null);

  /// Only the age, in milliseconds.
  public static ClientUnsigned age(long ageMillis) {
    return NONE.withAge(ageMillis);
  }

  /// With the age in milliseconds; one below 0, by another server's clock, is told as 0.
  public ClientUnsigned withAge(long ageMillis) {
    return new ClientUnsigned(
        Math.max(0, ageMillis),
        prevContent,
        replacesState,
        redactedBecause,
        transactionId,
        membership,
        relations);
  }

  /// With the state event that this one replaced.
  public ClientUnsigned withReplaced(Pdu replaced) {
    return new ClientUnsigned(
        ageMillis,
        replaced.content(),
        replaced.eventId(),
        redactedBecause,
        transactionId,
        membership,
        relations);
  }

  /// With the redaction that redacted the event, in the client's format.
  public ClientUnsigned withRedactedBecause(ObjectNode redaction) {
    return new ClientUnsigned(
        ageMillis, prevContent, replacesState, redaction, transactionId, membership, relations);
  }

  /// With the transaction id of the device that sent the event.
  public ClientUnsigned withTransactionId(String id) {
    return new ClientUnsigned(
        ageMillis, prevContent, replacesState, redactedBecause, id, membership, relations);
  }

  /// With the membership of the user who is shown the event, at the time of the event.
  public ClientUnsigned withMembership(String membershipThen) {
    return new ClientUnsigned(
        ageMillis,
        prevContent,
        replacesState,
        redactedBecause,
        transactionId,
        membershipThen,
        relations);
  }

  /// With bundled aggregations.
  public ClientUnsigned withRelations(ObjectNode bundled) {
    return new ClientUnsigned(
        ageMillis, prevContent, replacesState, redactedBecause, transactionId, membership, bundled);
  }

  /// As JSON.
  public ObjectNode toJson() {
    ObjectNode json = JsonNodeFactory.instance.objectNode();
    if (ageMillis != null) {
      json.put("age", ageMillis);
    }
    if (membership != null) {
      json.put("membership", membership);
    }
    if (prevContent != null) {
      json.set("prev_content", prevContent);
    }
    if (replacesState != null) {
      json.put("replaces_state", replacesState.value());
    }
    if (redactedBecause != null) {
      json.set("redacted_because", redactedBecause);
    }
    if (transactionId != null) {
      json.put("transaction_id", transactionId);
    }
    if (relations != null) {
      json.set("m.relations", relations);
    }
    return json;
  }
}
