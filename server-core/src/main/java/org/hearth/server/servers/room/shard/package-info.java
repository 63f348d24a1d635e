/// What one shard works with: the rooms and states that it has in memory, ahead of the disk, and
/// the decision that it makes of one command.
///
/// ```
///  ShardContext (what all shards share)
///  ShardRooms: head of each room, decisions under way, transactions      ┐
///  ShardMemory: states, resolutions and auth graphs within byte budgets  ├─► Decision ─► UnitOfWork
///  EventMaker: an event of ours, made and judged                         ┘
/// ```
///
/// What leads to a decision (PendingDecision) lets go of it when it is committed, and a shard waits
/// when those under way take too much memory.
///
/// Signers sign the events of this server before the committer comes to them.
@NullMarked
package org.hearth.server.servers.room.shard;

import org.jspecify.annotations.NullMarked;
