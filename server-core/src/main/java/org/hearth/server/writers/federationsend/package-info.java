/// FederationSend: what other servers send to this one.
///
/// ```
///  server ──PUT /send/{txnId}──► Transactions ──► Edus ──► [typing-input], [receipt-input],
///                                    │                             [presence-input], [device-input]
///                                    ▼
///                                PduIntake (format, room, ACL) ──► Staging: durable, answered 200
///                                                                     │
///              ┌──────────────────────── RoomWork ◄───────────────────┘
///              │ a turn of a room: Judging ──► PeerEvents (signatures, hashes; keys at hand)
///              │                        └────► [room-input] ──► verdicts
///              │ a job of a room and a server, for what is open after that:
///              │    Completion ──► Sources ──► PeerEvents ──► other servers
///              │              ├──► PolicySignatures ──► the room's policy server
///              │              └──► [room-input] ──► verdicts
///              └──► done: not staged any more; in Staging, what did not count, and why
/// ```
///
/// An event is *staged* (durable), *verified* (checks 1 to 3), *complete* (what it refers to is
/// here), and then in the room, or refused for good. After a restart what is staged goes through
/// all of it again; what the Room Server knows already it says so of.
///
/// - **logs read**: none. **logs written**: room-input, typing-input, receipt-input,
///   presence-input, device-input
/// - **queries used**: `RoomQueries`, `PeerQueries`. **tables owned**: none; `Staging` keeps what
///   is staged
/// - **threads**: the requests' own; `federation-send ROOM` (virtual, one a turn), `federation-send
///   SERVER` (virtual, one a job), `federation-send-alarms`
/// - **bounds**: what is staged ([org.hearth.server.services.staging.StagingBounds]); turns and
///   bytes in memory (`RoomWork`); jobs of a server and in all (`OriginLanes`); requests, events
///   and time of a job (`Completion`); EDUs (`Edus`)
///
/// No peer is waited for on behalf of another: turns ask nobody, and a server whose events need
/// much has a few jobs at a time.
@NullMarked
package org.hearth.server.writers.federationsend;

import org.jspecify.annotations.NullMarked;
