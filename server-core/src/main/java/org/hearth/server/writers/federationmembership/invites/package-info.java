/// Invitations that cross servers: those of users of this server by users elsewhere, and the other
/// way round. A part of the box FederationMembership.
///
/// ```text
///  another server ── PUT invite ──► InviteRoutes ── checks, signature ──► room-input
///                                        (ReceiveEvents where the room is here, else
///                                         OutsideMembership)
///  ClientRoomSend ──(RemoteInvites)──► OutwardInvites ── PrepareEvent ──► room-input
///                                        │  PUT invite ──► the user's server, which signs too
///                                        └─ ReceiveEvents ──► room-input
/// ```
///
/// - **Logs read:** none. **Logs written:** room-input, by `RoomClient`. **Queries used:**
///   `RoomQueries`, `PeerQueries`, those of accounts and account data, and keys of servers.
/// - **Tables owned:** none. **Threads:** those of requests.
@NullMarked
package org.hearth.server.writers.federationmembership.invites;

import org.jspecify.annotations.NullMarked;
