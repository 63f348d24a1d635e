package org.hearth.server.store;

import java.time.Instant;
import java.util.UUID;

/// Which database this is.
///
/// @param id made when the database was made
/// @param epoch raised to the time in milliseconds whenever the database has gone back in time (a
///   restored backup, an accepted loss): positions after those of the database may have been seen
///   by clients of an earlier epoch
/// @param schemaVersion the newest migration that was applied
/// @param createdAt when the database was made
public record StoreIdentity(UUID id, long epoch, int schemaVersion, Instant createdAt) {}
