package org.hearth.server.matrix.version;

/// The algorithm by which diverging states of a room become one again.
public enum StateResolutionAlgorithm {
  /// By depth and hash; "known to have bugs that can cause the state of rooms to reset". Version 1.
  V1,

  /// Reverse topological power ordering and mainline ordering. Versions 2 to 11.
  V2,

  /// V2 with the conflicted state subgraph, starting from an empty state. Versions 12 and later.
  V2_1
}
