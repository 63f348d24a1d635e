/// The Room Server: it owns the rooms, decides about every event, and answers what is asked about
/// them.
///
/// ```
///  [room-input] ──► shard 0 ┐                       ┌─► Reply to the writer
///  (hash of room)   shard 1 ├─ UnitOfWork ► Committer┼─► committed views ──► RoomQueries ──► writers, readers, services
///                   shard n ┘   (rows, entry, reply) └─► [room-output]
/// ```
///
/// A shard decides in memory, ahead of the disk; everybody else sees only what is committed.
///
/// Logs read: room-input. Logs written: room-output. Queries used: none. Tables owned: `room`,
/// `room_head`, `room_event`, `room_state_key`, `room_state`, `room_member`. Threads: one a shard
/// (named by the log); the callbacks of the committer; queries run on the caller's thread.
@NullMarked
package org.hearth.server.servers.room;

import org.jspecify.annotations.NullMarked;
