package org.hearth.server.services.serverkeys;

import java.time.InstantSource;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import org.hearth.server.http.peers.PeerKeys;
import org.hearth.server.matrix.checks.ServerKeys;
import org.hearth.server.matrix.checks.WantedKey;
import org.hearth.server.matrix.id.KeyId;
import org.hearth.server.matrix.id.ServerName;
import org.hearth.server.matrix.sign.PublishedKey;
import org.hearth.server.matrix.sign.VerifyKey;

/// The keys by which requests are checked: those of [RemoteKeys] that are valid now.
///
/// **thread**: any; the request's, which waits for as long as [RemoteKeys#PATIENCE].
final class RequestKeys implements PeerKeys {
  private final RemoteKeys keys;
  private final InstantSource clock;

  RequestKeys(RemoteKeys keys, InstantSource clock) {
    this.keys = keys;
    this.clock = clock;
  }

  @Override
  public Optional<VerifyKey> remembered(ServerName server, KeyId key) {
    return valid(keys.kept(server), server, key);
  }

  @Override
  public Optional<VerifyKey> verifyKey(ServerName server, KeyId key) {
    CompletableFuture<ServerKeys> found =
        keys.keys(Set.of(new WantedKey(server, key, clock.millis())));
    try {
      return valid(found.join(), server, key);
    } catch (CompletionException e) {
      throw e.getCause() instanceof RuntimeException cause ? cause : e;
    }
  }

  private Optional<VerifyKey> valid(ServerKeys found, ServerName server, KeyId key) {
    return found
        .find(server, key)
        .filter(each -> each.countsForRequest(clock.millis()))
        .map(PublishedKey::key);
  }
}
