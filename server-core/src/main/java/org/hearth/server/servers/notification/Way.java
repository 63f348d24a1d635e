package org.hearth.server.servers.notification;

import com.fasterxml.jackson.databind.JsonNode;
import java.util.BitSet;
import java.util.List;
import org.hearth.server.matrix.json.MatrixJson;

/// One of the ways in which an event notifies, and whom.
///
/// @param actions as clients write them
/// @param members by their numbers in [RoomCounts]; changed only there, when a member leaves or no
///   marker says any more what was read
record Way(List<JsonNode> actions, boolean highlight, BitSet members) {
  /// About what its actions take in memory.
  long actionBytes() {
    return actionBytes(actions);
  }

  /// About what actions take in memory: a short text may be a thousand lists in each other.
  static long actionBytes(List<JsonNode> actions) {
    return actions.stream().mapToLong(MatrixJson::treeBytes).sum();
  }
}
