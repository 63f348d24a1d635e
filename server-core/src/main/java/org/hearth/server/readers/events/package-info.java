/// Stretches of a room's history as one user may see and wants them, and events as a client's JSON:
/// what all calls have in common that show a client what is in its rooms.
///
/// ```text
///   EventFilter ─► Timelines ──► Timeline ──► ClientEvents ──► JSON
///   Viewer ─────────┘    │     │                │      ▲
///        RecentEvents ◄──┘  RoomQueries    Erasure   EventStyle, EventFields
///   RelatedEvents ◄── Bundles ──► Bundle ──► BundledEvents: ClientEvents with what relates to each
/// ```
///
/// - **Queries used:** `RoomQueries`, accounts (whose content is erased), account data (whom a user
///   ignores). **Tables owned:** none.
/// - **Threads:** any; nothing is kept between requests, but for [RecentEvents], which is one
///   reader's.
@NullMarked
package org.hearth.server.readers.events;

import org.jspecify.annotations.NullMarked;
