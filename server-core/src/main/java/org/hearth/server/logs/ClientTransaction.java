package org.hearth.server.logs;

import com.fasterxml.jackson.annotation.JsonProperty;
import java.util.Objects;
import org.hearth.server.matrix.id.DeviceId;

/// The transaction id under which a device sent an event; kept with the event, so that the same
/// request again gives the same answer, also after a restart.
///
/// **source**: [transaction
/// identifiers](https://spec.matrix.org/v1.19/client-server-api/#transaction-identifiers). Its
/// scope is the device and the path of the request, which is the room, the type and, of a
/// redaction, the event redacted.
///
/// @param device the device that sent it
/// @param transactionId as the client chose it
public record ClientTransaction(DeviceId device, @JsonProperty("id") String transactionId) {
  /// Refuses absent parts.
  public ClientTransaction {
    Objects.requireNonNull(device, "device");
    Objects.requireNonNull(transactionId, "transactionId");
  }
}
