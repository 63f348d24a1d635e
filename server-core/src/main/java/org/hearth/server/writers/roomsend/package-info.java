/// ClientRoomSend: every client call that creates a room event.
///
/// ```
///  client ──► routes ──► RoomClient ──► [room-input] ──► RoomServer
///                │            ▲                 reply after the commit │
///                │            └────────────────────────────────────────┘
///                ├──► [presence-input]: the user is active
///                ├── asks ──► RoomQueries, ProfileQueries, DirectoryQueries, AccountQueries,
///                │            AccountDataQueries
///                ├── commands ──► DirectoryService, AccountDataService, PushRulesService
///                └──► RoomsElsewhere: what other servers are asked for (by the composition:
///                     FederationMembership)
/// ```
///
/// Logs read: none. Logs written: room-input, presence-input. Queries used: RoomQueries,
/// ProfileQueries, DirectoryQueries, AccountQueries, AccountDataQueries. Tables owned: none.
/// Threads: the requests' own; annotations that are alike take turns.
@NullMarked
package org.hearth.server.writers.roomsend;

import org.jspecify.annotations.NullMarked;
