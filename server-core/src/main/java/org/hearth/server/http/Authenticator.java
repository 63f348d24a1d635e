package org.hearth.server.http;

import java.net.InetAddress;
import java.util.Optional;

/// Finds out who an access token belongs to; implemented by `services.account`.
///
/// **thread**: any; called for each request, so mostly answered from memory.
public interface Authenticator {
  /// The owner of the token, as far as memory knows it. A token that nobody has costs no look into
  /// the database here.
  ///
  /// @param accessToken never empty
  /// @return empty if only the database can tell
  /// @throws org.hearth.server.matrix.error.MatrixException as [#authenticate] does, if memory
  ///   knows that too
  default Optional<Requester> remembered(String accessToken) {
    return Optional.empty();
  }

  /// The owner of the token.
  ///
  /// @param accessToken never empty
  /// @throws org.hearth.server.matrix.error.MatrixException `M_UNKNOWN_TOKEN` if it belongs to
  ///   nobody or has expired, `M_USER_LOCKED` if its owner may not use it now
  Requester authenticate(String accessToken);

  /// Refuses who was logged out since their token was looked at, or whose account was closed or
  /// locked. A token that has expired, or was refreshed, is no reason.
  ///
  /// @throws org.hearth.server.matrix.error.MatrixException as [#authenticate] does
  default void checkAgain(Requester requester) {}

  /// Told after each request that was authenticated, for "last seen"; must not block.
  ///
  /// @param userAgent the header of that name, empty if there was none
  default void seen(Requester requester, InetAddress address, String userAgent) {}
}
