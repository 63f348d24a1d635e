/// The door through which commands reach the running server.
///
/// ```
///   command line, second start ──ControlRequest──► ControlPort ──► Control ──► Admin
///                             ◄──────── JSON ────────┘
/// ```
///
/// [Launcher] is the process that starts the server again after a fault, for who would stop that.
///
/// **threads**: one virtual thread a connection. **bound**: 32 requests with the secret at a time,
/// and 64 connections that have not shown it, of which the oldest gives way; a request of 4 KiB in
/// five seconds, an answer of 64 MiB.
@NullMarked
package org.hearth.server.control;

import org.jspecify.annotations.NullMarked;
