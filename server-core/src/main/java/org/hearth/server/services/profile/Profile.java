package org.hearth.server.services.profile;

import java.util.Optional;

/// What of a user's profile goes into member events.
///
/// @param displayName how the user wants to be called
/// @param avatarUrl a picture, as an `mxc:` address
public record Profile(Optional<String> displayName, Optional<String> avatarUrl) {
  /// Says nothing.
  public static final Profile EMPTY = new Profile(Optional.empty(), Optional.empty());
}
