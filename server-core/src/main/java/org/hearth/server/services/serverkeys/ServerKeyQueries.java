package org.hearth.server.services.serverkeys;

import java.util.Set;
import java.util.concurrent.CompletableFuture;
import org.hearth.server.matrix.checks.ServerKeys;
import org.hearth.server.matrix.checks.WantedKey;
import org.hearth.server.matrix.sign.PublishedKey;

/// The keys of servers, for whoever has to check a signature.
///
/// What is found are [PublishedKey]s, which say themselves for what they count: for an event of a
/// time in a room of a version, or for a request that comes now.
///
/// **thread**: any.
public interface ServerKeyQueries {
  /// The name in the wiring.
  String BOX = "ServerKeys";

  /// Finds keys, in memory, in the database, and by asking: the servers themselves, then the
  /// notaries. A server is asked once for many who wait, and not again within a while.
  ///
  /// @return keys by server and name, perhaps others than those wanted; what is wanted and was not
  ///   found within [RemoteKeys#PATIENCE] is missing. It never completes exceptionally but by a
  ///   defect or a database that cannot be read
  CompletableFuture<ServerKeys> keys(Set<WantedKey> wanted);
}
