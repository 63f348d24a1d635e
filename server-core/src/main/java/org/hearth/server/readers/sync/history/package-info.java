/// What clients read of rooms without syncing: messages, events and their context, state, members.
///
/// ```text
///   GET /messages ──────────► MessagesRoute ─┐
///   GET /event, /context ───► EventRoutes ───┼─► History ──► Timelines, ClientEvents, Snapshots,
///                                            │               OlderHistory (of other servers)
///   GET /relations, /threads ► RelationsRoute, ThreadsRoute ─┤
///   GET /state ─────────────► StateRoutes    │
///   GET /members ───────────► MemberRoutes   └─► RoomAccess: how far the user may look
///   GET /notifications ─────► NotificationsRoute ──► NotificationQueries, ClientEvents
/// ```
///
/// - **Queries used:** `RoomQueries`, account data (whom a user ignores). **Tables owned:** none.
/// - **Threads:** any; nothing is kept between requests.
@NullMarked
package org.hearth.server.readers.sync.history;

import org.jspecify.annotations.NullMarked;
