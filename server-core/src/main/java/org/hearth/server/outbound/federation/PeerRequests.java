package org.hearth.server.outbound.federation;

import java.net.URLEncoder;
import java.nio.charset.StandardCharsets;

/// A way to ask other homeservers.
///
/// **thread**: any; meant for virtual threads, which wait.
@FunctionalInterface
public interface PeerRequests {
  /// Sends a request and waits for what becomes of it.
  ///
  /// @throws InterruptedException if the caller was interrupted; the request is given up
  FederationReply send(FederationRequest request) throws InterruptedException;

  /// A text as it stands in a segment of a path, or as a value of a query.
  static String encoded(String text) {
    return URLEncoder.encode(text, StandardCharsets.UTF_8).replace("+", "%20");
  }
}
