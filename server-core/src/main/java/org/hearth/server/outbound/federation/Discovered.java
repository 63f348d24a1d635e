package org.hearth.server.outbound.federation;

import org.hearth.server.outbound.Failure;

/// What a discovery came to.
public sealed interface Discovered permits Whereabouts, Discovered.Nowhere {
  /// There is nobody to connect to.
  record Nowhere(Failure why) implements Discovered {}
}
