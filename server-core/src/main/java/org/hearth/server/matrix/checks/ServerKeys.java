package org.hearth.server.matrix.checks;

import java.util.Optional;
import org.hearth.server.matrix.id.KeyId;
import org.hearth.server.matrix.id.ServerName;
import org.hearth.server.matrix.sign.PublishedKey;

/// The keys of servers that are at hand.
@FunctionalInterface
public interface ServerKeys {
  /// The key of that name as its server has published it, empty if it is not known.
  Optional<PublishedKey> find(ServerName server, KeyId key);
}
