/// The Room Server put together and running: its logs, its shards, and what each shard does with a
/// command.
///
/// ```
///  [room-input] ──► shard 0 ┐                       ┌─► Reply to the writer
///  (hash of room)   shard 1 ├─ UnitOfWork ► Committer┼─► committed views ──► RoomQueries ──► writers, readers, services
///                   shard n ┘   (rows, entry, reply) └─► [room-output]
///
///  RoomShard ─► CommandDispatch ─► decide, receive, sweep ─► CommandOutcome
/// ```
///
/// A shard decides in memory, ahead of the disk; everybody else sees only what is committed.
@NullMarked
package org.hearth.server.servers.room.server;

import org.jspecify.annotations.NullMarked;
