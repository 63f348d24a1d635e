/// Bounds the table `room_state`: once a day, and at its own pace, it drops the states that nothing
/// refers to.
///
/// ```
///  StateSweep ─ reads all references of a room ─► UnusedStates
///      │ WatchStates, DropStates (a few dozen each) by room-input
///      ▼
///  StateDropping: those that the room has not referred to meanwhile ─► UnitOfWork
/// ```
///
/// Threads: `room-states`; StateDropping runs on the shard's.
@NullMarked
package org.hearth.server.servers.room.sweep;

import org.jspecify.annotations.NullMarked;
