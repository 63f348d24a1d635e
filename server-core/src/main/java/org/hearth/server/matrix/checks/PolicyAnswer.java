package org.hearth.server.matrix.checks;

import org.hearth.server.matrix.event.Pdu;

/// What came of asking a policy server to sign an event.
///
/// **source**: [Asking for a Policy Server signature on an event][asking].
///
/// [asking]:
///   https://spec.matrix.org/v1.19/server-server-api/#asking-for-a-policy-server-signature-on-an-event
public sealed interface PolicyAnswer {
  /// It has.
  ///
  /// @param event with its signature, which is valid
  record Signed(Pdu event) implements PolicyAnswer {}

  /// It does not want the event in the room.
  ///
  /// @param status that it answered with
  /// @param errcode in its words; empty if it gave none
  /// @param error in its words; empty if it gave none
  record Refused(int status, String errcode, String error) implements PolicyAnswer {}

  /// It gave no answer, or none that is valid.
  ///
  /// @param why in words that go on after "because"
  record None(String why) implements PolicyAnswer {}
}
