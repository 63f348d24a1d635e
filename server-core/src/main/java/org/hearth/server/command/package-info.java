/// The command line: what a person types, done by the server that holds the data folder, or here if
/// none does.
///
/// ```
///   hearth serve, panel ──► StartCommand ──► Headless ──► Homeserver
///   hearth user, parked ──► Commands ──┬──► ControlPort of the server that runs
///                                      └──► Homeserver, opened here without listeners
///   hearth check ─────────► CheckCommand ──► DatabaseCheck
/// ```
///
/// **threads**: the one that runs the command. Only this package writes to the standard streams.
@NullMarked
package org.hearth.server.command;

import org.jspecify.annotations.NullMarked;
