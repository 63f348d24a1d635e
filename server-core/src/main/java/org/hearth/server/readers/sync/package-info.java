/// The box ClientSync: what a client reads of its rooms, live by `/sync` and back in history.
///
/// ```text
///   room-output ────┐   onBatch    ┌──────────────────────────────┐
///                   ├─────────────►│ ClientSync                   │   GET /sync, /messages, /context,
///   account-output ─┘  (one thread │  RecentEvents   SyncUsers    │◄─ /event, /state, /members, …
///                       per log)   │  (tails)        (wake-ups)   │   (virtual threads)
///                                  └──────┬───────────────┬───────┘
///                          RoomQueries ◄──┘               └──► table sync_filters (by the committer)
/// ```
///
/// - **Logs read:** room-output, account-output. **Logs written:** none.
/// - **Queries used:** `RoomQueries` (state, history, who may see what), account data, accounts
///   (whose content is erased).
/// - **Tables owned:** `sync_filters`. A sync request never writes; only `POST …/filter` does.
/// - **Threads:** the two log readers each write their own view (see [RecentEvents] and
///   [SyncUsers]); a request builds its answer on its own virtual thread.
///
/// **One snapshot.** A response is built at one position: all that it shows happened at or before
/// `next_batch`, and everything of that user's up to there is in it. No two streams are read at two
/// times (see [Snapshots]).
///
/// **No lost wake-up.** A waiting sync is registered before it looks, and looks again before it
/// sleeps. A reader wakes only the users whom an entry concerns.
@NullMarked
package org.hearth.server.readers.sync;

import org.jspecify.annotations.NullMarked;
