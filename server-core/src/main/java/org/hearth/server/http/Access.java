package org.hearth.server.http;

/// Who may call a route. Checked before the body is read, but for [#SERVER], and before the handler
/// is called.
public enum Access {
  /// Anybody; a token that is sent is not looked at.
  NONE,

  /// Anybody; who sends a token is authenticated, and a wrong one is refused.
  OPTIONAL_USER,

  /// A user with an account; a guest is refused with `M_GUEST_ACCESS_FORBIDDEN`.
  USER,

  /// A user or a guest.
  USER_OR_GUEST,

  /// An administrator of this server; anybody else is refused with `M_FORBIDDEN`.
  ADMIN,

  /// Another server, shown by its signature; checked before the handler is called, but when the
  /// body is here, which is signed too.
  SERVER
}
