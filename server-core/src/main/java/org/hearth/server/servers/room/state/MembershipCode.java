package org.hearth.server.servers.room.state;

import org.hearth.server.matrix.auth.Membership;

/// The numbers of memberships in the table `room_member`.
public final class MembershipCode {
  private MembershipCode() {}

  static int of(Membership membership) {
    return switch (membership) {
      case JOIN -> 1;
      case INVITE -> 2;
      case LEAVE -> 3;
      case BAN -> 4;
      case KNOCK -> 5;
    };
  }

  public static Membership membership(int code) {
    return switch (code) {
      case 1 -> Membership.JOIN;
      case 2 -> Membership.INVITE;
      case 3 -> Membership.LEAVE;
      case 4 -> Membership.BAN;
      case 5 -> Membership.KNOCK;
      default -> throw new IllegalArgumentException("there is no membership of number " + code);
    };
  }
}
