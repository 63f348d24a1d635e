/// The kinds of news that an answer to a client is made of, one class a kind.
///
/// ```text
///   SyncRequest ──► Sections ──► RoomsSection ────► JoinedRooms, LeftRooms ──► RoomNews ─┐
///                      │                               StateChanges, RoomSummaries       ├─► News
///                      └───────► AccountDataSection ─────────────────────────────────────┘
///                                (each a Section)          HeldBackNews: what could not be read
/// ```
///
/// A new kind of news is a class that implements [Section] and a line in the list that `ClientSync`
/// gives to [Sections].
///
/// - **Queries used:** `RoomQueries`, account data. **Tables owned:** none.
/// - **Threads:** any. Only [SentMembers] is kept between requests, within a budget of bytes.
@NullMarked
package org.hearth.server.readers.sync.sections;

import org.jspecify.annotations.NullMarked;
