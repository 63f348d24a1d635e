/// The directory: names for rooms, and the list of rooms that are published.
///
/// ```
///  client, server ──► DirectoryService ──► Journal ────► Derby, [account-output]
///                  └── asks ──► RoomQueries, PeerQueries (members, power levels, what a room says about itself)
///                  └── asks ──► FederationClient (aliases and lists of other servers)
///  ClientRoomSend ──► DirectoryQueries, claim, release, publish
/// ```
///
/// Logs read: none. Logs written: account-output. Queries used: RoomQueries, PeerQueries. Tables
/// owned: `room_alias`, `published_room`. Threads: the requests' own.
@NullMarked
package org.hearth.server.services.directory;

import org.jspecify.annotations.NullMarked;
