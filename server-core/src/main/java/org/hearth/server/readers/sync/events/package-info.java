/// Stretches of a room's history as one user may see and wants them, and events as a client's JSON:
/// what `/sync` and the calls that read history have in common.
///
/// ```text
///   EventFilter ─► Timelines ──► Timeline ──► ClientEvents ──► JSON
///                   │    │                      │      ▲
///        RecentEvents    RoomQueries       Erasure   EventStyle, EventFields
/// ```
///
/// - **Queries used:** `RoomQueries`, accounts (whose content is erased). **Tables owned:** none.
/// - **Threads:** any; nothing is kept between requests.
@NullMarked
package org.hearth.server.readers.sync.events;

import org.jspecify.annotations.NullMarked;
