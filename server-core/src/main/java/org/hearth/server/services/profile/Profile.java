package org.hearth.server.services.profile;

import java.util.Optional;

/// What of a user's profile goes into member events.
///
/// @param displayName how the user wants to be called
/// @param avatarUrl a picture, as an `mxc:` address
public record Profile(Optional<String> displayName, Optional<String> avatarUrl) {
  /// Says nothing.
  public static final Profile EMPTY = new Profile(Optional.empty(), Optional.empty());

  /// A name that a client gives to a user, also in one room alone.
  ///
  /// @throws org.hearth.server.matrix.error.MatrixException `M_INVALID_PARAM` if it is too long, or
  ///   has a NUL character
  public static void checkName(String name) {
    var _ = ProfileFields.checkedName(name);
  }
}
