/// The box ClientSync: what a client reads of its rooms, live by `/sync` and back in history.
///
/// ```text
///   room-output ────┐   onBatch    ┌───────────────────────────────────┐
///   account-output ─┼─────────────►│ ClientSync                        │   /sync, sliding sync,
///   of a section ───┘  (one thread │   v2, sliding                     │◄─ /messages, /context,
///                       per log)   │     └──► sections ┐               │   /event, /state, …
///                                  │                   ├─────────► view│   (virtual threads)
///                                  │          history ─┘               │
///                                  └──────┬────────────────────┬───────┘
///                          RoomQueries ◄──┘                    └──► table sync_filter,
///                                                                   [device-input], [presence-input]
/// ```
///
/// - **Logs read:** room-output, account-output, and those of which single sections have their
///   news. **Logs written:** device-input (which messages a device has), presence-input (that
///   somebody syncs, for how long at most).
/// - **Queries used:** `RoomQueries` (state, history, who may see what), account data, accounts
///   (whose content is erased), the directory (which rooms are published).
/// - **Tables owned:** `sync_filter` (by `.v2`).
/// - **Packages:** `.view` is what the readers keep in memory; `.sections` finds the news, `.v2`
///   writes it as the JSON of `/sync`, `.sliding` as that of sliding sync, `.v1` as that of the
///   calls before; `.history` is the rest. Events and tokens are those of all readers:
///   `readers.events`, `readers.tokens`.
/// - **Threads:** the log readers each write the view; a request builds its answer on its own
///   virtual thread; `spaced-wakes` wakes those who are told later what others do.
///
/// **One snapshot.** A response is built at one position: all that it shows happened at or before
/// `next_batch`, and everything of that user's up to there is in it. No two streams are read at two
/// times (see `Snapshots`).
///
/// **One event, one room.** A user's feed notes in which rooms there was news, and an answer visits
/// these. All of the user's rooms are visited only for a client that has nothing or asks for all
/// state, and for one whose token is older than what is noted.
///
/// **A room that cannot be read** is left out, and the token says up to where the client has it. So
/// no token passes a room that failed, and no room keeps a user from the others.
///
/// **No lost wake-up.** A waiting sync is registered before it looks, and looks again before it
/// sleeps. A reader wakes only the users whom an entry concerns.
@NullMarked
package org.hearth.server.readers.sync;

import org.jspecify.annotations.NullMarked;
