/// Up to where a client has been told: the points between the entries of the server's one order,
/// the tokens in which clients carry them, and the newest point at which an answer can be built.
///
/// ```text
///   Followed (logs) ─► Snapshots ──► SyncPoint ◄──► SyncToken (as clients carry it) ◄── Tokens
/// ```
///
/// - **Logs read:** none; it waits for the readers of others. **Tables owned:** none.
/// - **Threads:** any; nothing is kept between requests.
@NullMarked
package org.hearth.server.readers.tokens;

import org.jspecify.annotations.NullMarked;
