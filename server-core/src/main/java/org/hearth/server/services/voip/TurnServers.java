package org.hearth.server.services.voip;

import java.time.Duration;
import java.util.List;
import java.util.Optional;

/// The TURN servers that relay calls for users of this server.
///
/// @param uris where they are; not empty
/// @param credentials how users get in
/// @param lifetime after which clients ask anew, and made credentials are void
public record TurnServers(List<String> uris, Credentials credentials, Duration lifetime) {
  public TurnServers {
    uris = List.copyOf(uris);
    if (uris.isEmpty() || lifetime.compareTo(Duration.ofSeconds(1)) < 0) {
      throw new IllegalArgumentException("TURN servers have an address and a lifetime");
    }
  }

  /// How users get in.
  public sealed interface Credentials {
    /// By credentials of their own for some time, made of a secret that the TURN servers know.
    record Shared(String secret) implements Credentials {}

    /// All by the same ones, if the TURN servers ask for any.
    record Fixed(Optional<String> username, Optional<String> password) implements Credentials {}
  }
}
