/// The store: the one place where things become durable, and the only package that knows Derby.
///
///     shards of servers, services ──(UnitOfWork)──► Committer ──► Derby ──► output logs, outcomes
///                                   ring            one thread      ▲
///     boxes ──(JournalWriter)──► Journal ──(UnitOfWork)──► Committer  │
///     request threads, readers ─────(Query)───────► ReadPool ───────┘
///     Keeper: forces the mark, watches the disk, reopens after it was full
///
/// - **logs read**: none; **logs written**: those that units announce on, by the committer's thread
/// - **tables owned**: `store_identity`, `commit_head`, `dead_letter`, `journal`, `journal_floor`, `signing_key` (and `flyway_schema_history`, Flyway's)
/// - **threads**: `committer` (the only writer of the database and of the high-water mark), `store-keeper`; the death of
///   either is a failed state; `journal` (removes old entries)
/// - **waits**: for a place in the committer's ring of 1,024 units and for a commit 60 s each (Committer), for a
///   connection that reads as the options say (StoreOptions, 10 s); for a stop as long as the disk takes
/// - **uses**: `store.derby`, the database itself and its mark
///
/// On disk, below the data folder:
///
///     hearth.lock            held by the one process that uses the folder; holds its process id
///     restoring              names the backup while it is restored; nothing opens until that is over
///     database/derby/        Derby's own
///     database/high-water    positions that were acknowledged, see derby.HighWaterMark
///     backups/               copies: each day's, those that were asked for, those before migrations
@NullMarked
package org.hearth.server.store;

import org.jspecify.annotations.NullMarked;
