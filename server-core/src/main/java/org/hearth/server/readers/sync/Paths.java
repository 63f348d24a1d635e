package org.hearth.server.readers.sync;

import java.util.List;

/// The paths under which the client API is served: the present one, and the one that older clients
/// know.
final class Paths {
  private Paths() {}

  static List<String> client(String rest) {
    return List.of("/_matrix/client/v3" + rest, "/_matrix/client/r0" + rest);
  }
}
