package org.hearth.server.services.accountdata;

import java.util.Optional;
import org.hearth.server.matrix.id.UserId;

/// Whether users want to be invited, as their account data says.
///
/// **source**: [Invite
/// permission](https://spec.matrix.org/v1.19/client-server-api/#invite-permission)
public final class InvitePermission {
  private static final String TYPE = "m.invite_permission_config";

  private InvitePermission() {}

  /// "When set to `block`, the user does not wish to receive *any* room invites […] A missing,
  /// invalid or unsupported value means that the user wants to receive invites as normal."
  public static boolean blocksAll(AccountDataQueries accountData, UserId user) {
    return accountData
        .global(user, TYPE)
        .map(content -> content.path("default_action").asText())
        .equals(Optional.of("block"));
  }
}
