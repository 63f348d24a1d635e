/// The Room Server as others see it: what they may ask, and the records that answer.
///
/// It owns the rooms, decides about every event, and announces what is committed. Outside of this
/// box nobody knows its sub-packages; only the composition root starts `server.RoomServer`, and the
/// command line runs `check.RoomDatabaseCheck`.
///
/// ```
///  .server     RoomServer: shards, logs, start and close
///    │
///    ├─► .decide    commands of this server's users ─────┐
///    ├─► .receive   events of other servers ─────────────┼─► .shard   a shard's memory; one Decision
///    ├─► .sweep     drops states nobody refers to ───────┘      │
///    ├─► .read      answers from what is committed ─────────────┤
///    └─► .check     checks the database ────────────────────────┼─► .state   rows and caches of
///                                                               │            what is committed
///                                                               ▼
///                                             servers.room   RoomQueries and its records
/// ```
///
/// No shard waits for another server. Where a room's policy server has to sign an event first, the
/// caller's [RoomClient] asks it by [PolicySigning], to which the composition gives a way to ask.
///
/// All arrows lead downwards, and `.decide`, `.receive`, `.sweep`, `.read` and `.check` do not know
/// each other.
///
/// Logs read: room-input. Logs written: room-output. Queries used: none. Tables owned: `room`,
/// `room_event`, `room_state_key`, `room_state`, `room_member`, `room_auth`, `room_current`,
/// `room_placed`, `room_want`, `room_relation`, `room_thread`, `room_gap`, `room_alert`,
/// `room_outside` (see `state.RoomTables`). Threads: one a shard (named by the log);
/// `room-signer-n` for signatures; `room-states` for the sweep; `room-transactions`, once, for the
/// ids of old transactions; `policy-server NAME` and `policy-servers` (virtual) for several events
/// that are to be signed beside each other; the callbacks of the committer; queries run on the
/// caller's thread.
@NullMarked
package org.hearth.server.servers.room;

import org.jspecify.annotations.NullMarked;
