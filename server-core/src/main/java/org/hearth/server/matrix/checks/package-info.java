/// The checks performed on receipt of a PDU, in the specification's order and words.
///
/// ```
///   bytes or ObjectNode ──ReceiptChecks.receive──▶ Received: Intact(Pdu, signers)       1 to 3
///   + RoomVersion            │                             | Redacted(Pdu, signers)
///                            ▼                             | Dropped(DropRule, detail)
///                        ServerKeys (server, key id) ─▶ PublishedKey
///
///   Pdu, SignedBy ──ReceiptChecks.judge──▶ Outcome: Accepted                            4 to 6
///                            │                    | SoftFailed(AuthRule, detail)
///                            ▼                    | Rejected(Check, AuthRule, detail)
///                          Place: known auth events, state before, current state
/// ```
///
/// The two halves run in different places. Checks 1 to 3 need keys, which may have to be downloaded:
/// [SignatureKeys#wanted] names them, whoever may speak to the network fetches them, and
/// [ReceiptChecks#receive] asks for them. Checks 4 to 6 need the room: who keeps it implements
/// [Place], which is asked in order and only for what is needed, so that the state before an event is
/// not computed for one that its own auth events refuse. Between the two goes the event and the
/// servers that have signed it, which rule 5.2.1 of version 12 asks for ([SignedBy#servers]).
///
/// Nothing an event contains makes any of this throw. What an implementation of [ServerKeys] or
/// [Place] throws reaches the caller. For check 7 there are [PolicyServer], by which who keeps the room
/// sees whether an event has passed it, and [PolicyAnswer], of who may speak to the network.
///
/// Who may speak at all is said by two more: [FederationPolicy], the owner's, of all rooms, and
/// [ServerAcl], a room's own.
///
/// Pure: no log, table, clock or thread. Uses matrix.id, json, version, event, sign, auth and error.
///
/// Source: [Checks performed on receipt of a PDU][checks].
///
/// [SignedBy#servers]: org.hearth.server.matrix.auth.SignedBy#servers
/// [checks]: https://spec.matrix.org/v1.19/server-server-api/#checks-performed-on-receipt-of-a-pdu
@NullMarked
package org.hearth.server.matrix.checks;

import org.jspecify.annotations.NullMarked;
