package org.hearth.server.admin;

import java.time.Instant;
import java.util.Optional;
import java.util.OptionalInt;

/// A registration token: who has it may make an account where registration asks for one.
///
/// @param token the text to hand on
/// @param usesAllowed how many accounts may be made with it; empty for any number
/// @param used how many were made
/// @param expires when it stops to be valid; empty for never
public record TokenSummary(
    String token, OptionalInt usesAllowed, int used, Optional<Instant> expires) {}
