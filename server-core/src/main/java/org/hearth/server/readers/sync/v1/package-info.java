/// What clients read of their rooms by the calls from before `/sync`, and of rooms that they look
/// into without being in them.
///
/// ```text
///   GET /events ──────────────────► EventsRoute ──► EventStream ──► Sections, Timelines
///   GET /initialSync ─────────────► InitialSyncRoutes ─┬─► Sections ──► News ──► RoomInfoJson
///   GET /rooms/{id}/initialSync ──►                    └─► Timelines (who only looks in)
/// ```
///
/// The news, the tokens and the history are those of `/sync`: a token of one may be used for the
/// other. Messages to devices are not told here, since a token would say that they have arrived.
///
/// - **Tables owned:** none. **Threads:** each request's own, on which it also waits.
@NullMarked
package org.hearth.server.readers.sync.v1;

import org.jspecify.annotations.NullMarked;
