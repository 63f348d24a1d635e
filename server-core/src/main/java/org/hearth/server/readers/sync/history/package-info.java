/// What clients read of rooms without syncing: messages, events and their context, state, members.
///
/// ```text
///   GET /messages ──────────► MessagesRoute ─┐
///   GET /event, /context ───► EventRoutes ───┼─► History ──► Timelines, ClientEvents, Snapshots
///   GET /state ─────────────► StateRoutes    │
///   GET /members ───────────► MemberRoutes   └─► RoomAccess: how far the user may look
/// ```
///
/// - **Queries used:** `RoomQueries`, account data (whom a user ignores). **Tables owned:** none.
/// - **Threads:** any; nothing is kept between requests.
@NullMarked
package org.hearth.server.readers.sync.history;

import org.jspecify.annotations.NullMarked;
