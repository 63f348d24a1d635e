/// What a box of the wiring says of itself, and the set of boxes that a server is.
///
/// ```
///  AllBoxes ──── new ───► boxes ──► Boxes ── start ──► logs (readers, then commands), then the boxes
///                                     │
///                                     ├── routes ──────► http
///                                     ├── description ─► the picture on Wiring, /metrics
///                                     ├── tables ──────► docs/tables.md
///                                     ├── companions ──► what goes with accounts and devices
///                                     └── close ───────► boxes stop, logs drain, boxes close
/// ```
///
/// A box says what it is (name, kind), what it answers (routes), which logs it owns, which logs it
/// follows and after whom ([Reading]), whom it asks, and which tables it owns with the bound of
/// each ([org.hearth.server.store.Table]). Nothing of that is said again elsewhere: the order of
/// the start, the picture and the pages of the documentation come from these declarations.
///
/// Logs read and written: none of its own. Tables: none. Threads: the composition's starts and
/// closes; those of [Alarms].
@NullMarked
package org.hearth.server.box;

import org.jspecify.annotations.NullMarked;
