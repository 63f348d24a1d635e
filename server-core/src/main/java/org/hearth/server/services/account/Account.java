package org.hearth.server.services.account;

import java.time.Instant;
import org.hearth.server.matrix.id.UserId;

/// One account of this server, without its secrets.
///
/// @param admin whether the user may administer the server
/// @param guest whether it is a guest's, without a password
/// @param locked whether an administrator has locked it: every request of its devices is refused
///   until it is unlocked
/// @param deactivated whether it is closed for ever; its name is never given again
/// @param erased whether, when it was closed, all content was to be erased
/// @param created when it was made
public record Account(
    UserId user,
    boolean admin,
    boolean guest,
    boolean locked,
    boolean deactivated,
    boolean erased,
    Instant created) {
  /// Whether the user can administer the server as things are.
  public boolean owner() {
    return admin && !deactivated && !locked;
  }
}
