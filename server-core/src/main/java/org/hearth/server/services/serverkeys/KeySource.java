package org.hearth.server.services.serverkeys;

import java.util.concurrent.CompletableFuture;
import org.hearth.server.matrix.id.ServerName;

/// The way to other servers, as far as keys need it. Whoever implements it finds the server, checks
/// its certificate, and bounds time and bytes; what comes is checked here.
///
/// **thread**: any. **errors**: a server that cannot be reached, or answers with another status
/// than 200, completes the future exceptionally. A future that is cancelled ends its request.
public interface KeySource {
  /// The most bytes of an answer of one server that are looked at.
  int MOST_BYTES = 64 << 10;

  /// The most bytes of an answer of a notary that are looked at.
  int MOST_NOTARY_BYTES = 4 << 20;

  /// `GET /_matrix/key/v2/server` of that server.
  ///
  /// @return the body, at most [#MOST_BYTES]
  CompletableFuture<byte[]> fetch(ServerName server);

  /// `POST /_matrix/key/v2/query` of that server.
  ///
  /// @param body JSON
  /// @return the body, at most [#MOST_NOTARY_BYTES]
  CompletableFuture<byte[]> query(ServerName notary, byte[] body);
}
