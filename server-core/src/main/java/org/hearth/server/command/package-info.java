/// The command line: what a person types, done by the server that holds the data folder, or here if
/// none does.
///
/// ```
///   hearth serve, panel ──► StartCommand ──► Headless ──► Homeserver
///   hearth user, token, report, notice,
///     parked, backup, search ──► Commands.perform ─┬─► ControlPort of the server that runs
///                                                  └─► Homeserver, opened here without listeners
///   hearth status, stop ─────► ControlPort of the server that runs, and only there
///   hearth check ────────────► CheckCommand ──► DatabaseCheck, SavedData    ┐ of a server that
///   hearth restore, accept-loss ──────────────► SavedData                   ┘ does not run
/// ```
///
/// **threads**: the one that runs the command. Only this package writes to the standard streams.
@NullMarked
package org.hearth.server.command;

import org.jspecify.annotations.NullMarked;
