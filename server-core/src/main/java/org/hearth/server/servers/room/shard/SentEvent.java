package org.hearth.server.servers.room.shard;

import org.hearth.server.matrix.id.EventId;
import org.hearth.server.servers.room.state.EventRef;

/// An event that a device sent in a transaction.
public record SentEvent(EventRef ref, EventId id) {}
