package org.hearth.server.admin;

import java.time.Instant;
import java.util.Optional;

/// One account of this server.
///
/// @param userId the full Matrix id, `@name:server`
/// @param displayName the name that others see, if one is set
/// @param guest whether it is a guest's account
/// @param admin whether the person may administer the server
/// @param deactivated whether the account is closed
/// @param devices how many devices are signed in
/// @param created when the account was made
/// @param lastSeen when one of the devices was last heard of
public record Person(
    String userId,
    Optional<String> displayName,
    boolean guest,
    boolean admin,
    boolean deactivated,
    int devices,
    Instant created,
    Optional<Instant> lastSeen) {
  /// Who is listed.
  public enum Group {
    /// Open accounts, without guests.
    OPEN,
    /// Open accounts of guests.
    GUESTS,
    /// Accounts that were closed for good.
    CLOSED,
    /// All of them.
    ALL;

    boolean has(Person person) {
      return switch (this) {
        case OPEN -> !person.deactivated() && !person.guest();
        case GUESTS -> !person.deactivated() && person.guest();
        case CLOSED -> person.deactivated();
        case ALL -> true;
      };
    }
  }
}
