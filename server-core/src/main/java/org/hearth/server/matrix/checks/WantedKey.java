package org.hearth.server.matrix.checks;

import org.hearth.server.matrix.id.KeyId;
import org.hearth.server.matrix.id.ServerName;

/// A key of a server that somebody needs to check a signature.
///
/// @param validUntilTs until when it has to be valid at least, in milliseconds since 1970: of an
///   event its `origin_server_ts`, of a request now; 0 where validity does not matter (room
///   versions 1 to 4)
public record WantedKey(ServerName server, KeyId key, long validUntilTs) {}
