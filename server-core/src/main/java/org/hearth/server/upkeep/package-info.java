/// What parts of the server do of themselves, beside requests and logs: again and again, or once,
/// each part on one thread of its own.
///
/// ```
///  a part of the server ── every, once, ask ──► Upkeep ──► its thread ──► the part's own work
///                       ── attempt ───────────► (the thread that calls)
/// ```
///
/// Logs read and written: none. Tables: none. Threads: those that parts give a name; whoever made
/// one ends it.
@NullMarked
package org.hearth.server.upkeep;

import org.jspecify.annotations.NullMarked;
