package org.hearth.server.services.account;

import org.hearth.server.matrix.id.ServerName;
import org.hearth.server.matrix.id.UserId;

/// The user by whom a server speaks to its own users. It has no account: nobody can log in, and
/// nobody can register by its name.
public final class NoticesUser {
  private static final String LOCALPART = "server-notices";

  private NoticesUser() {}

  /// That user of a server.
  public static UserId of(ServerName server) {
    return UserId.create(LOCALPART, server);
  }

  /// Whether the user is that of its server.
  public static boolean is(UserId user) {
    return user.localpart().equals(LOCALPART);
  }
}
