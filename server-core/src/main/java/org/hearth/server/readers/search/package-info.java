/// ClientSearch, a reader: the full-text index, and the search in it.
///
/// ```text
///   room-output ──► RoomOutputIndexing ──► SearchIndex (Lucene, in search/)
///                     │ RoomFacts, Edits        ▲
///   POST /search ──► SearchRoute ──► SearchHits ┘──► RoomQueries: each hit, as far as it is visible
///                     SearchRequest, SearchScope
/// ```
///
/// Found are the messages, names and topics of rooms that are not encrypted, by all of the words
/// that are looked for, without case and accents. A message that was edited is found by the words
/// of its newest edit, by those who may see both; it is told with the edit. What was redacted is
/// removed at once, and is not told in any case, since every hit is read from the database.
///
/// The index is one view of the log: it keeps the position that it is of in Lucene's commit data,
/// and goes on from there. A lost wake-up, an overrun ring, an index that was damaged, deleted, or
/// belongs to a database that has gone back in time since are all the same: entries after a
/// position are read from the store. The folder is in no backup.
///
/// - **Logs read:** room-output. **Queries used:** `RoomQueries`, accounts (whose content is
///   erased), account data (whom a user ignores). **Tables owned:** none; the folder `search/`.
/// - **Threads:** the reader's writes the index; requests read it. Lucene merges in threads of its
///   own, one at a time.
@NullMarked
package org.hearth.server.readers.search;

import org.jspecify.annotations.NullMarked;
