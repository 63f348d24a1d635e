/// `GET /sync`, the filters that it takes, and what goes by its tokens: `GET /keys/changes`, the
/// messages of a dehydrated device.
///
/// ```text
///   GET /sync ───────► SyncRoutes ──► Sections ──► News ──► SyncJson ──► the answer
///                          │
///   …/filter ──► FilterRoutes ──► StoredFilters ──► table sync_filter (by the committer)
///   GET /keys/changes ──► KeyChangesRoute ──► DeviceListChanges (of the sections)
///   POST /dehydrated_device/…/events ──► DehydratedMessagesRoute ──► DeviceQueries
///   a start ──► WarmUp ──► SyncRoutes: first answers that nobody gets
/// ```
///
/// - **Tables owned:** `sync_filter`, at most [StoredFilters#MOST_FILTERS] a user. A sync request
///   never writes; only `POST …/filter` does.
/// - **Threads:** each request's own, on which it also waits; `sync-warm-up`, once after a start.
@NullMarked
package org.hearth.server.readers.sync.v2;

import org.jspecify.annotations.NullMarked;
