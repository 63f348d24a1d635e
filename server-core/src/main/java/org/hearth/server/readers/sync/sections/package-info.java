/// The kinds of news that an answer to a client is made of, one class a kind.
///
/// ```text
///   SyncRequest ──► Sections ──► RoomsSection,     NewsOfRoom:
///                      │         WindowSection ───► JoinedRooms, LeftRooms ──► RoomNews ─┐
///                      │                               StateChanges, RoomSummaries       ├─► News
///                      ├───────► AccountDataSection ─────────────────────────────────────┤
///                      └───────► and so on: each a Section ──────────────────────────────┘
///                                                           HeldBackNews: what could not be read
/// ```
///
/// A new kind of news is a class that implements [Section] and a line in the list that `ClientSync`
/// gives to [Sections].
///
/// - **Queries used:** `RoomQueries`, account data, and those of the boxes whose news a section
///   tells. **Tables owned:** none.
/// - **Threads:** any; the reader of a section's log has the log's. Between requests only
///   [SentMembers] is kept, within a budget of bytes, and in which rooms there was volatile news.
@NullMarked
package org.hearth.server.readers.sync.sections;

import org.jspecify.annotations.NullMarked;
