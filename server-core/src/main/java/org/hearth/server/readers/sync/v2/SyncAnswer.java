package org.hearth.server.readers.sync.v2;

import com.fasterxml.jackson.databind.node.ObjectNode;

/// The body of a `/sync` response.
///
/// @param isEmpty whether there is nothing in it for which a client that waits would be woken
record SyncAnswer(ObjectNode json, boolean isEmpty) {}
