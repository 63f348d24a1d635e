/// What is stored of rooms: the rows, how they are packed, and the caches of what is committed.
///
/// ```
///  RoomView: a room at one moment ── StateSnapshot (StateLayer, StateHash), StateKeys, Members, EventRef
///  RoomRows, GraphRows, Relation: row changes ─► the committer
///  CommittedRooms, StoredEvents, StoredStates, UserRooms ─► RoomMemory: caches within byte budgets
///  StatePacking, EdgePacking, ExtremityPacking: rows as bytes
/// ```
///
/// What an event counts for is its Standing; where it is shown is its place (Places): live events
/// by position, history before them by depth, all else nowhere.
@NullMarked
package org.hearth.server.servers.room.state;

import org.jspecify.annotations.NullMarked;
