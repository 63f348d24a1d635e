/// Spaces: what is in a space, and what a room is, before one is in it.
///
/// ```
///  client ──► HierarchyRoute ──► Walk ──► RoomsHere ───────► RoomQueries, PeerQueries
///                  │              │         ▲                 (what is in a room, who may see it)
///                WalkTokens       └──► RoomsElsewhere ────► FederationClient (`/hierarchy`)
///  client ──► SummaryRoute ──► both, DirectoryQueries (aliases)
///  server ──► ServerHierarchyRoute ──► RoomsHere
/// ```
///
/// - **Logs read and written:** none. **Queries used:** `RoomQueries`, `PeerQueries`,
///   `DirectoryQueries`. **Tables owned:** none.
/// - **Threads:** the requests' own; `hierarchy` (virtual), one a question to another server.
/// - **Bounds:** children of a space (`SpaceRoom`), rooms, bytes, time and questions of a page, and
///   rooms of a walk (`Walk`), what is kept of walks (`WalkTokens`) and of answers
///   (`RoomsElsewhere`).
///
/// What another server says of a room is used for walks that come by that server only: who is named
/// in one space cannot say what a room of another is.
///
/// **source**: [Spaces](https://spec.matrix.org/v1.19/client-server-api/#spaces), [of
/// servers](https://spec.matrix.org/v1.19/server-server-api/#spaces)
@NullMarked
package org.hearth.server.readers.spaces;

import org.jspecify.annotations.NullMarked;
