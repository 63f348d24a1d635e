package org.hearth.server.readers.events;

import com.fasterxml.jackson.databind.node.ObjectNode;
import java.util.HashSet;
import java.util.Set;
import org.hearth.server.matrix.id.UserId;
import org.hearth.server.servers.room.RoomEvent;
import org.hearth.server.services.accountdata.AccountDataQueries;

/// Whom a user ignores, as the user's account data says.
///
/// **Source:** [ignoring users][ignoring].
///
/// [ignoring]: https://spec.matrix.org/v1.19/client-server-api/#ignoring-users
public record IgnoredUsers(Set<String> users) {
  public static final IgnoredUsers NONE = new IgnoredUsers(Set.of());

  public IgnoredUsers {
    users = Set.copyOf(users);
  }

  /// Whom the user ignores now; a list of another shape or that cannot be read ignores nobody, and
  /// nobody ignores oneself.
  public static IgnoredUsers of(AccountDataQueries accountData, UserId user) {
    return accountData
        .ignoredUsers(user)
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
