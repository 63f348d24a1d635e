/// The door through which commands reach the running server.
///
/// ```
///   command line, second start ──ControlRequest──► ControlPort ──► Control ──► Admin
///                             ◄──────── JSON ────────┘
/// ```
///
/// **threads**: one virtual thread a connection. **bound**: a request of 64 Ki characters, answered
/// within a minute.
@NullMarked
package org.hearth.server.control;

import org.jspecify.annotations.NullMarked;
