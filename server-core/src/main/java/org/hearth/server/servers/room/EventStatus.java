package org.hearth.server.servers.room;

import java.util.Optional;

/// What an event counts for.
///
/// @param placed whether the state before it is known
/// @param rejected whether its auth events or the state before it did not allow it
/// @param softFailed whether the current state did not allow it when it came
/// @param rule that refused it
public record EventStatus(
    boolean placed, boolean rejected, boolean softFailed, Optional<String> rule) {}
