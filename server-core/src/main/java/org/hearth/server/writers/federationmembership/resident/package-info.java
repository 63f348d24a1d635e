/// This server as the resident server: users of servers that are not in a room join it, knock on it
/// and leave it by asking this one, which is in it.
///
/// ```
///  server ──make_…──► Templates ──PrepareEvent──► [room-input] ──► RoomServer: an event as it would be now, unsigned
///         ──send_…──► HandIn ──ReceiveEvents, HANDED_IN──► [room-input] ──► [room-output]: this server sends it on
///                      │  └─► PeerEvents: format, signatures, hash
///                      └─► JoinAnswer (the state before a join, written while it is read), what a knock is shown
///         ──exchange_third_party_invite──► ThirdPartyExchange ──► ExchangedInvites ──(composition)──► .invites
///
///  all ──► Door: is the room here, does its ACL let the server take part?
///  joins ──► JoinConditions: may this server say that a restricted room lets the user in?
/// ```
///
/// What a server hands in is its user's own membership of the kind that the path names, or it is
/// refused before anybody else hears of it. What the room does not allow now leaves nothing behind.
///
/// - **Logs written:** room-input. **Queries used:** `RoomQueries`, `PeerQueries`. **Tables
///   owned:** none.
/// - **Threads:** the requests' own.
@NullMarked
package org.hearth.server.writers.federationmembership.resident;

import org.jspecify.annotations.NullMarked;
