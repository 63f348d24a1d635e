/// The door through which commands reach the running server.
///
/// ```
///   command line, second start ──ControlRequest──► ControlPort ──► Control ──► Admin
///                             ◄──────── JSON ────────┘
/// ```
///
/// **threads**: one virtual thread a connection. **bound**: 32 connections at a time, a request of
/// 4 KiB, an answer of 64 MiB; five seconds for each read of the one, a minute of the other.
@NullMarked
package org.hearth.server.control;

import org.jspecify.annotations.NullMarked;
