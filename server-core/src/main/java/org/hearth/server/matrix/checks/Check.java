package org.hearth.server.matrix.checks;

/// The checks performed on receipt of a PDU, in their order.
///
/// **source**: [checks performed on receipt of a PDU][checks].
///
/// [checks]: https://spec.matrix.org/v1.19/server-server-api/#checks-performed-on-receipt-of-a-pdu
public enum Check {
  /// 1: "Is a valid event, otherwise it is dropped."
  FORMAT,
  /// 2: "Passes signature checks, otherwise it is dropped."
  SIGNATURES,
  /// 3: "Passes hash checks, otherwise it is redacted before being processed further."
  HASH,
  /// 4: "Passes authorisation rules based on the event's auth events, otherwise it is rejected."
  AUTH_EVENTS,
  /// 5: "Passes authorisation rules based on the state before the event, otherwise it is rejected."
  STATE_BEFORE,
  /// 6: "Passes authorisation rules based on the current state of the room, otherwise it is "soft
  /// failed"."
  CURRENT_STATE,
  /// 7: "Is validated by the Policy Server, if the room is using a Policy Server, otherwise it is
  /// "soft failed"."
  POLICY_SERVER
}
