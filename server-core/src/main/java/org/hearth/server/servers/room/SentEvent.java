package org.hearth.server.servers.room;

import org.hearth.server.matrix.id.EventId;

/// An event that a device sent in a transaction.
record SentEvent(EventRef ref, EventId id) {}
