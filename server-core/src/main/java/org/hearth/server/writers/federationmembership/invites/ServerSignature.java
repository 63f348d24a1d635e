package org.hearth.server.writers.federationmembership.invites;

import java.util.Optional;
import java.util.Set;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.stream.Collectors;
import org.hearth.server.matrix.checks.ServerKeys;
import org.hearth.server.matrix.checks.WantedKey;
import org.hearth.server.matrix.event.Pdu;
import org.hearth.server.matrix.id.ServerName;
import org.hearth.server.matrix.sign.EventSignatures;
import org.hearth.server.matrix.sign.PublishedKey;
import org.hearth.server.matrix.sign.Signatures;
import org.hearth.server.matrix.version.RoomRule;
import org.hearth.server.outbound.events.PeerEvents;

/// Whether a server has signed an event, also one whose signature no rule asks for.
///
/// **thread**: any that may wait.
final class ServerSignature {
  /// Keys of the server by which the event may be signed; of more, the others are not looked for.
  private static final int MOST_KEYS = 8;

  private static final int PATIENCE_SECONDS = 30;

  private final PeerEvents.Keys keys;

  ServerSignature(PeerEvents.Keys keys) {
    this.keys = keys;
  }

  /// @throws InterruptedException if the caller was interrupted
  boolean isOn(Pdu event, ServerName server) throws InterruptedException {
    long validUntil =
        event.version().has(RoomRule.KEY_VALIDITY_ENFORCED) ? event.originServerTs() : 0;
    Set<WantedKey> wanted =
        Signatures.keysOf(event.json(), server.value()).stream()
            .limit(MOST_KEYS)
            .map(key -> new WantedKey(server, key, validUntil))
            .collect(Collectors.toUnmodifiableSet());
    if (wanted.isEmpty()) {
      return false;
    }
    Optional<ServerKeys> found = find(wanted);
    return found.isPresent()
        && EventSignatures.verify(
                event.json(),
                event.version(),
                server,
                id ->
                    found
                        .get()
                        .find(server, id)
                        .filter(key -> key.counts(event.originServerTs(), event.version()))
                        .map(PublishedKey::key))
            .isValid();
  }

  private Optional<ServerKeys> find(Set<WantedKey> wanted) throws InterruptedException {
    try {
      return Optional.of(keys.keys(wanted).get(PATIENCE_SECONDS, TimeUnit.SECONDS));
    } catch (TimeoutException _) {
      return Optional.empty();
    } catch (ExecutionException e) {
      throw e.getCause() instanceof RuntimeException cause
          ? cause
          : new IllegalStateException("keys cannot be looked for", e.getCause());
    }
  }
}
