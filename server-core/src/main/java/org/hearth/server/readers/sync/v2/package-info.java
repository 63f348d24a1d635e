/// `GET /sync`, and the filters that it takes.
///
/// ```text
///   GET /sync ───────► SyncRoutes ──► Sections ──► News ──► SyncJson ──► the answer
///                          │
///   …/filter ──► FilterRoutes ──► StoredFilters ──► table sync_filter (by the committer)
/// ```
///
/// - **Tables owned:** `sync_filter`, at most [StoredFilters#MOST_FILTERS] a user. A sync request
///   never writes; only `POST …/filter` does.
/// - **Threads:** each request's own, on which it also waits.
@NullMarked
package org.hearth.server.readers.sync.v2;

import org.jspecify.annotations.NullMarked;
