/// FederationMembership: how users come into rooms of other servers, and theirs into ours.
///
/// ```
///  ClientRoomSend ──(composition)──► .joining.RemoteRooms ──► other servers: make_…, send_…
///                                             │
///                                             ▼
///  other servers ──► .resident, .invites ──► RoomClient ──► [room-input] ──► RoomServer
///                             │
///                             └── asks ──► RoomQueries, PeerQueries; keys by the composition
/// ```
///
/// The three parts do not know each other.
///
/// Logs read: none. Logs written: room-input. Queries used: RoomQueries, PeerQueries. Tables owned:
/// none. Threads: the requests' own; those of `.joining`.
@NullMarked
package org.hearth.server.writers.federationmembership;

import org.jspecify.annotations.NullMarked;
