/// UserDirectory: finds people by name, among those whom the one who asks may know of.
///
/// ```
///   [room-output] ──► NameReader ──► Derby (user_directory)
///                       │                  ▲
///    ProfileQueries ◄───┤                  │ who has such a name
///    RoomQueries ◄──────┘ who was in a room before this server was
///   client ──► SearchRoute ────────────────┤
///                  └──► RoomQueries: whom of these may this user find?
///   client ──► MutualRoomsRoute ──► RoomQueries
/// ```
///
/// Logs read: room-output, with a position of its own. Logs written: none. Queries used:
/// RoomQueries, ProfileQueries. Tables owned: `user_directory`, `user_directory_position`; a closed
/// account's row goes with the account. Threads: the log's for its reader; the requests' own.
///
/// Only names are kept. Who may find whom is asked anew each time: so nobody is found a moment
/// longer than the rooms allow.
@NullMarked
package org.hearth.server.readers.userdirectory;

import org.jspecify.annotations.NullMarked;
