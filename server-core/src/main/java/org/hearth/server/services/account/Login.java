package org.hearth.server.services.account;

import java.time.Duration;
import java.util.Optional;
import org.hearth.server.matrix.id.DeviceId;
import org.hearth.server.matrix.id.UserId;

/// What a client gets that has logged in, registered or refreshed: the only time that the tokens
/// are seen.
///
/// @param refreshToken for a client that said it can refresh
/// @param expiresIn how long the access token lives; empty for until logout
record Login(
    UserId user,
    DeviceId device,
    String accessToken,
    Optional<String> refreshToken,
    Optional<Duration> expiresIn) {
  /// Never shows the tokens.
  @Override
  public String toString() {
    return "Login[user=" + user + ", device=" + device + "]";
  }
}
