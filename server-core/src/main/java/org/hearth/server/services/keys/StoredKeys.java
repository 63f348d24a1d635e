package org.hearth.server.services.keys;

import com.fasterxml.jackson.databind.node.ObjectNode;
import java.util.Optional;

/// What a device says of itself, as it is stored. Read it takes up to thirty times as much memory,
/// so of many devices one is read, used and forgotten after the other.
///
/// **thread**: any.
@FunctionalInterface
public interface StoredKeys {
  /// Reads it.
  ///
  /// @return the caller's own; empty if there are no keys, or they cannot be read
  Optional<ObjectNode> read();
}
