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
/// Events of this server take the short way: they follow the forward extremities, and the state
/// before them is the current one (Deciding, EventMaker, Decision); Signers sign them before the
/// committer comes to them. Events of others may be anywhere in the room's graph:
///
/// ```
///  ReceiveEvents ─► Receiving ─► Incoming, sorted: after what they refer to
///                      │
///                      ▼ each
///                  Reception ──► missing something? say what ──► EventVerdict.Incomplete
///                      │ judge: auth events, state before, current state
///                      │     Resolving: states → state, over AuthEdges (positions only)
///                      ▼
///                  Decision: rows and entries; Tips: forward extremities; Wants: what is missing
///                      ▼ at the end
///                  heal (dummy events), move: current state, memberships, StateChanged
/// ```
///
/// What an event counts for is its Standing; where it is shown is its place (Places): live events
/// by position, history before them by depth, all else nowhere. RoomHistory finds what one decision
/// needs, whether it is being decided, under way, or committed. RoomDatabaseCheck checks all that
/// is taken for granted here.
///
/// StateSweep, once a day and at its own pace, drops the states that nothing refers to:
///
/// ```
///  StateSweep ─ reads all references of a room ─► UnusedStates
///      │ WatchStates, DropStates (a few dozen each) by room-input
///      ▼
///  StateDropping: those that the room has not referred to meanwhile ─► UnitOfWork
/// ```
///
/// Logs read: room-input. Logs written: room-output. Queries used: none. Tables owned: `room`,
/// `room_event`, `room_state_key`, `room_state`, `room_member`, `room_auth`, `room_current`,
/// `room_placed`, `room_want`, `room_relation`, `room_gap`, `room_alert`. Threads: one a shard
/// (named by the log); `room-signer-n` for signatures; `room-states` for the sweep;
/// `room-transactions`, once, for the ids of old transactions; the callbacks of the committer;
/// queries run on the caller's thread.
@NullMarked
package org.hearth.server.servers.room;

import org.jspecify.annotations.NullMarked;
