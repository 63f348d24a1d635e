/// FederationQuery: tells other servers what happened in rooms that they share with this one.
///
/// ```
///  server ──X-Matrix──► EventRoutes, StateRoutes ──► Door (may it ask about that room?) ──► PeerQueries
///                            │                                                              RoomQueries
///                            └──► Shown (each event as that server may see it) ──► PeerQueries, AccountQueries
/// ```
///
/// What services keep, they tell other servers themselves: aliases, public rooms, profiles, keys,
/// whose an OpenID token is.
///
/// - **Logs read and written:** none. **Queries used:** `RoomQueries`, `PeerQueries`, accounts
///   (whose content is erased). **Tables owned:** none.
/// - **Threads:** the requests' own.
@NullMarked
package org.hearth.server.readers.federationquery;

import org.jspecify.annotations.NullMarked;
