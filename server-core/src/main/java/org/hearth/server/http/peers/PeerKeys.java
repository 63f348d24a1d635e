package org.hearth.server.http.peers;

import java.util.Optional;
import org.hearth.server.matrix.id.KeyId;
import org.hearth.server.matrix.id.ServerName;
import org.hearth.server.matrix.sign.VerifyKey;

/// The keys by which other servers sign their requests; implemented by who keeps the keys of
/// servers.
///
/// A key counts if it is valid now: neither one of the server's old keys, nor one whose time is
/// over ("`old_verify_keys` which are only valid for signing events").
///
/// **thread**: any.
public interface PeerKeys {
  /// The key, as far as it is kept here: nobody is asked. So servers that are known are not kept
  /// waiting by those that make up names.
  ///
  /// @return empty if only others can tell
  default Optional<VerifyKey> remembered(ServerName server, KeyId key) {
    return Optional.empty();
  }

  /// The key; may ask the server or others for it. Nobody knows yet whether that server has really
  /// sent the request, so whoever implements this bounds the time, what is asked at the same time,
  /// and how often a server is asked that could not answer, or has no such key.
  ///
  /// @return empty if it is not to be had
  Optional<VerifyKey> verifyKey(ServerName server, KeyId key);
}
