package org.hearth.server.readers.federationdelivery;

import org.hearth.server.matrix.id.EventId;

/// An event that is to be sent. The same object is in the queues of all who are to have it.
///
/// @param position of its entry in room-output
record Item(long position, EventId event) {}
