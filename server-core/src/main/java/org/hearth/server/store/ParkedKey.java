package org.hearth.server.store;

import java.time.Instant;

/// What of one consumer is parked under one partition key, without the entries' bytes.
///
/// @param letters how many entries
/// @param failure of the first of them: what was thrown
/// @param parkedAt when the first was
public record ParkedKey(
    String log,
    String consumer,
    String partitionKey,
    int letters,
    String failure,
    Instant parkedAt) {}
