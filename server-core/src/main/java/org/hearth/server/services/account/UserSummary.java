package org.hearth.server.services.account;

import java.time.Instant;
import java.util.Optional;

/// An account as the list of people shows it.
///
/// @param devices how many devices are logged in
/// @param lastSeen when any of them last sent a request
public record UserSummary(Account account, int devices, Optional<Instant> lastSeen) {}
