/// The root: composition, start, stop and state of one server, and where its log goes.
///
/// ```
///   command, panel ──► Homeserver ──► Composition ──constructs──► store, http
///                        │    │                  └──► AllBoxes ───► servers, writers, readers, services
///                        │    └──opens──► ControlPort
///                        └──tells──► ServerState, Admin, LogTail
/// ```
///
/// **threads**: `Homeserver` starts and closes everything; start and stop run on whoever called
/// them, one at a time. This package is the one composition root: it sees every other package but
/// `command`, and only `command` and the panel see it.
@NullMarked
package org.hearth.server;

import org.jspecify.annotations.NullMarked;
