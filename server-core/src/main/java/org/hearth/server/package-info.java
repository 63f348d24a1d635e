/// The root: configuration, composition, start, stop, status, the command line.
///
/// ```
///   hearth.yaml --ConfigurationReader--> Configuration --+
///                                                        v
///   ./hearth serve --CommandLine-----------------> Homeserver --constructs--> store, logs, servers,
///   panel ---------------------------------------> (ServerState, Admin)       writers, readers, services, http
///   ./hearth user|status --ControlPort------------------^
/// ```
///
/// **threads**: `Homeserver` starts and closes everything; start and stop run on whoever called
/// them, one at a time. This package is the one composition root: it alone sees every other
/// package, and none of them sees it.
@NullMarked
package org.hearth.server;

import org.jspecify.annotations.NullMarked;
