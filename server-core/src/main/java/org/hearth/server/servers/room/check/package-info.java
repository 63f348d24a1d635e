/// Checks in the database everything that the Room Server takes for granted.
///
/// ```
///  RoomDatabaseCheck ─► RoomCheck (each room) ─► RelationCheck
/// ```
///
/// It writes nothing, and nobody may write meanwhile.
@NullMarked
package org.hearth.server.servers.room.check;

import org.jspecify.annotations.NullMarked;
