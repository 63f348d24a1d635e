/// Who is to be woken for what: what the readers of the logs keep in memory for those who sync.
///
/// ```text
///   room-output ────► RoomOutputNotes ───► readers.events.RecentEvents
///                            │
///                            ▼
///          SpacedWakes, SyncUsers ──► UserFeed (a user) ──► WaitingSync (a request)
///                            ▲            │ memberships
///   account-output ─► AccountOutputNotes  └ Changed (rooms, users)
/// ```
///
/// Each log, also those of which the sections take notes, is followed by a [NewsReader], which
/// wakes whom a batch concerns ([Concerned]): at once whoever is sent something, and for what
/// others do no more than once in a while.
///
/// - **Logs read:** room-output, account-output. **Queries used:** `RoomQueries`. **Tables owned:**
///   none.
/// - **Threads:** each log's reader; requests load users and wait.
/// - **Bounds:** the feeds of [SyncUsers] have a budget in bytes, [Changed] has its own of one user
///   and kind, and a user who is not seen for an hour is let go.
///
/// All of it is in memory only. When entries of a log are lost, it is forgotten and read from the
/// database: see [SyncUsers#onLost].
@NullMarked
package org.hearth.server.readers.sync.view;

import org.jspecify.annotations.NullMarked;
