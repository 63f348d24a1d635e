package org.hearth.server.servers.notification;

import com.fasterxml.jackson.databind.JsonNode;
import java.util.BitSet;
import java.util.List;

/// One of the ways in which an event notifies, and whom.
///
/// @param actions as clients write them
/// @param members by their numbers in [RoomCounts]; changed only there, when a member leaves
record Way(List<JsonNode> actions, boolean highlight, BitSet members) {}
