/// Bodies that are never whole in memory: of requests, while they come, and of answers, as they are
/// read somewhere.
///
/// ```
///  Dispatcher ──► StreamedBody ──► the handler that reads it
///  a handler ──► StoredContent ──► Dispatcher: StoredPieces, of a ByteRange
/// ```
///
/// Logs read: none. Logs written: none. Queries used: none. Tables owned: none. Threads: the
/// requests' own.
@NullMarked
package org.hearth.server.http.content;

import org.jspecify.annotations.NullMarked;
