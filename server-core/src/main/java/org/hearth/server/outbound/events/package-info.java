/// Events of rooms, asked of the servers that are in them, and what comes checked.
///
/// ```
///  writers ──(server, room, version, what)──► PeerEvents ──(FederationRequest)──► outbound.federation
///                                                │   ◄── FederationReply
///                       EventChecks ◄── JSON ────┘
///                          │  checks 1 to 3 on receipt, on all processors
///                          └──(all WantedKeys at once)──► PeerEvents.Keys ◄── composition: ServerKeys
///                          ▼
///                       CheckedEvents: good ones and who signed them, and what was dropped and why
/// ```
///
/// [PolicyRequests] asks policy servers to sign events, for who sends these.
///
/// No event of another server comes into this one but through here: whoever gets events by another
/// way, such as a transaction or the answer to a join, gives them to [PeerEvents#check].
///
/// - **logs read**, **logs written**, **tables owned**: none
/// - **threads**: callers wait; `event-checks` (virtual, one less than there are processors for each
///   call that checks more than a few events)
/// - **bounds**: bytes of each answer and events in it ([PeerEvents]); servers and keys that are
///   asked for one lot of events (`EventChecks`)
///
/// **source**: [Checks performed on receipt of a PDU][checks], [Retrieving events][events],
/// [Backfilling and retrieving missing events][backfill].
///
/// [checks]: https://spec.matrix.org/v1.19/server-server-api/#checks-performed-on-receipt-of-a-pdu
/// [events]: https://spec.matrix.org/v1.19/server-server-api/#retrieving-events
/// [backfill]: https://spec.matrix.org/v1.19/server-server-api/#backfilling-and-retrieving-missing-events
@NullMarked
package org.hearth.server.outbound.events;

import org.jspecify.annotations.NullMarked;
