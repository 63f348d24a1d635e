/// Staging: what other servers have handed over by transactions and was answered, but has not been
/// judged yet.
///
/// ```
///  FederationSend ──(a transaction, its events)──► Staging ──► Derby (staged_event, inbound_transaction)
///         │                                          │
///         │◄── numbers of events, each until ────────┘
///         ├─── it says that it is done with them
///         ├─── what did not count, and why ──► PeerRejections ◄── Admin
///         └─── is the room on its way? ──────► ArrivingRooms ◄── FederationMembership
/// ```
///
/// Logs read: none. Logs written: none. Queries used: none. Tables owned: `staged_event`,
/// `inbound_transaction`. Threads: the callers' own.
///
/// A service, since FederationSend is a writer and writers own no tables
/// (`docs/adr/0021-staging.md`).
///
/// **bounds**: events of a room, of a server, in all, and their bytes ([StagingBounds]);
/// transactions remembered of a server, and servers; refusals that are remembered
/// (`PeerRejections`).
@NullMarked
package org.hearth.server.services.staging;

import org.jspecify.annotations.NullMarked;
