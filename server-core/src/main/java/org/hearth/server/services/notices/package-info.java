/// Notices: what the owner of the server has to say to its users.
///
/// ```
///  admin ──► NoticeService ──► [room-input]
///                 │  └──► AccountData (the tag of the room)
///                 └─── asks ──► RoomQueries, AccountQueries, ProfileQueries
/// ```
///
/// Logs read: none. Logs written: room-input. Queries used: RoomQueries, AccountQueries,
/// ProfileQueries. Tables owned: `server_notice_room`; a row goes with its account. Threads: those
/// of who calls.
///
/// The server speaks as a user without an account, [NoticesUser], whom nobody else can be. An
/// invitation of that user's cannot be rejected; ClientRoomSend sees to that.
///
/// [NoticesUser]: org.hearth.server.services.account.NoticesUser
@NullMarked
package org.hearth.server.services.notices;

import org.jspecify.annotations.NullMarked;
