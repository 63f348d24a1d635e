/// Simplified sliding sync: `POST …/org.matrix.simplified_msc3575/sync`, as [MSC4186][sliding] has
/// it and clients use it.
///
/// ```text
///   SlidingSyncRoute ──► SlidingRequest (lists, subscriptions, extensions)
///        │
///        ├──► Connections ──► Connection (what the client has: Sent) ──► Step (one answer more)
///        ├──► RoomOrders, Filtering ──► Windows (the rooms that are named)
///        │                                 │
///        └──► Answer ──► Plan (from where each is told) ──► WindowSection, the other sections
///                  └───► RoomsJson, ExtensionsJson ──► the answer
/// ```
///
/// The news are those of `.sections`, of which `/sync` tells too; here it is chosen of which rooms,
/// and from where on, and written.
///
/// - **Tables owned:** none. **Threads:** each request's own, on which it also waits.
/// - **Bounds:** the body, lists, subscriptions and what they name ([SlidingRequest]); connections
///   of a device, of a user and of all, with the requests that wait on them ([Connections]); orders
///   ([RoomOrders]); stamps ([Bumps]).
///
/// [sliding]: https://github.com/matrix-org/matrix-spec-proposals/pull/4186
@NullMarked
package org.hearth.server.readers.sync.sliding;

import org.jspecify.annotations.NullMarked;
