package org.hearth.server.readers.events;

import com.fasterxml.jackson.databind.node.ObjectNode;
import java.lang.System.Logger.Level;
import java.util.HashSet;
import java.util.Optional;
import java.util.Set;
import org.hearth.server.matrix.id.UserId;
import org.hearth.server.servers.room.RoomEvent;
import org.hearth.server.services.accountdata.AccountDataQueries;
import org.hearth.server.store.Unavailable;

/// Whom a user ignores, as the user's account data says.
///
/// **Source:** [ignoring users][ignoring].
///
/// [ignoring]: https://spec.matrix.org/v1.19/client-server-api/#ignoring-users
public record IgnoredUsers(Set<String> users) {
  private static final System.Logger LOG = System.getLogger(IgnoredUsers.class.getName());

  public static final IgnoredUsers NONE = new IgnoredUsers(Set.of());

  public IgnoredUsers {
    users = Set.copyOf(users);
  }

  /// Whom the user ignores now; a list of another shape or that cannot be read ignores nobody, and
  /// nobody ignores oneself.
  public static IgnoredUsers of(AccountDataQueries accountData, UserId user) {
    return read(accountData, user)
        .map(content -> content.get("ignored_users"))
        .filter(ObjectNode.class::isInstance)
        .map(list -> {
          Set<String> users = new HashSet<>();
          list.fieldNames().forEachRemaining(users::add);
          users.remove(user.value());
          return new IgnoredUsers(users);
        })
        .orElse(NONE);
  }

  /// A damaged list must not keep everything else from its user.
  private static Optional<ObjectNode> read(AccountDataQueries accountData, UserId user) {
    try {
      return accountData.global(user, AccountDataQueries.IGNORED_USERS);
    } catch (RuntimeException e) {
      if (Unavailable.is(e)) {
        throw e;
      }
      LOG.log(Level.ERROR, "the ignored users of %s cannot be read".formatted(user), e);
      return Optional.empty();
    }
  }

  /// "The client will no longer receive events sent by that user, with the exception of state
  /// events."
  public boolean hides(RoomEvent event) {
    return !event.pdu().isState() && users.contains(event.sender().value());
  }

  /// "Servers must not send room invites from ignored users to clients."
  public boolean hidesInvitesOf(UserId sender) {
    return users.contains(sender.value());
  }

  public boolean isEmpty() {
    return users.isEmpty();
  }
}
