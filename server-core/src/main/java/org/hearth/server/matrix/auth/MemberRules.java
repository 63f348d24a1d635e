package org.hearth.server.matrix.auth;

import static org.hearth.server.matrix.auth.AuthVerdict.rejected;

import com.fasterxml.jackson.databind.JsonNode;
import java.util.List;
import java.util.Optional;
import org.hearth.server.matrix.event.Pdu;
import org.hearth.server.matrix.id.UserId;
import org.hearth.server.matrix.version.RoomRule;

/// Rule 5 (4 in versions 6 to 11), of `m.room.member`, numbered as in version 12.
final class MemberRules {
  private static final String AUTHORISED_VIA = "join_authorised_via_users_server";

  private final Judgement judgement;
  private final Pdu event;
  private final UserId sender;
  private final UserId target;

  private MemberRules(Judgement judgement, UserId target) {
    this.judgement = judgement;
    this.event = judgement.event();
    this.sender = event.sender();
    this.target = target;
  }

  static AuthVerdict check(Judgement judgement) {
    Pdu event = judgement.event();

    // v1-v12, 5.1: "If there is no state_key property, or no membership property in content,
    // reject." A state key that is no user id has no membership either.
    Optional<UserId> target = event.stateKey().flatMap(Json::user);
    if (target.isEmpty()) {
      return rejected(AuthRule.MEMBER_MALFORMED, "state_key is no user id");
    }
    if (!event.content().has("membership")) {
      return rejected(AuthRule.MEMBER_MALFORMED, "no membership in content");
    }
    return new MemberRules(judgement, target.get()).check();
  }

  private AuthVerdict check() {
    // v8-v12, 5.2: "If content has a join_authorised_via_users_server key: If the event is not
    // validly signed by the homeserver of the user ID denoted by the key, reject."
    if (judgement.has(RoomRule.RESTRICTED_JOINS) && event.content().has(AUTHORISED_VIA)) {
      Optional<UserId> authorising = authorisingUser();
      if (authorising.isEmpty()) {
        return rejected(AuthRule.MEMBER_AUTHORISING_SIGNATURE, AUTHORISED_VIA + " is no user id");
      }
      if (!judgement.signatures().isSignedBy(event, authorising.get().server())) {
        return rejected(
            AuthRule.MEMBER_AUTHORISING_SIGNATURE,
            "not signed by the server of " + authorising.get());
      }
    }
    Optional<Membership> membership = Membership.of(event);
    if (membership.isPresent()) {
      switch (membership.get()) {
        case JOIN -> {
          return join();
        }
        case INVITE -> {
          return invite();
        }
        case LEAVE -> {
          return leave();
        }
        case BAN -> {
          return ban();
        }
        case KNOCK -> {
          if (judgement.has(RoomRule.KNOCKING)) {
            return knock();
          }
        }
      }
    }
    // v1-v12, 5.8: "Otherwise, the membership is unknown. Reject."
    return rejected(
        AuthRule.MEMBERSHIP_UNKNOWN, "membership " + event.content().path("membership"));
  }

  /// 5.3: "If membership is join".
  private AuthVerdict join() {
    // v1-v10, 5.3.1: "If the only previous event is an m.room.create and the state_key is the
    // creator, allow."
    // v11-v12, 5.3.1: "If the only previous event is an m.room.create and the state_key is the
    // sender of the m.room.create, allow."
    Pdu create = judgement.create();
    if (event.prevEvents().equals(List.of(create.eventId()))
        && RoomCreators.creator(create).filter(target.value()::equals).isPresent()) {
      return AuthVerdict.allowed();
    }

    // v1-v12, 5.3.2: "If the sender does not match state_key, reject."
    if (!sender.equals(target)) {
      return rejected(AuthRule.JOIN_FOR_ANOTHER, sender + " joins " + target);
    }

    // v1-v12, 5.3.3: "If the sender is banned, reject."
    Membership current = judgement.senderMembership();
    if (current == Membership.BAN) {
      return rejected(AuthRule.JOIN_BANNED, sender + " is banned");
    }

    JoinRule joinRule = joinRule();
    boolean inOrInvited = current == Membership.JOIN || current == Membership.INVITE;
    if (joinRule == JoinRule.INVITE || joinRule == JoinRule.KNOCK) {
      // v1-v6, 5.3.4: "If the join_rule is invite then allow if membership state is invite or
      // join."
      // v7-v12, 5.3.4: "If the join_rule is invite or knock then allow if membership state is
      // invite or join."
      if (inOrInvited) {
        return AuthVerdict.allowed();
      }
    } else if (joinRule == JoinRule.RESTRICTED || joinRule == JoinRule.KNOCK_RESTRICTED) {
      // v8-v9, 5.3.5: "If the join_rule is restricted:"
      // v10-v12, 5.3.5: "If the join_rule is restricted or knock_restricted: If membership state is
      // join or invite, allow. If the join_authorised_via_users_server key in content is not a user
      // with sufficient permission to invite other users or is not a joined member of the room,
      // reject. Otherwise, allow."
      return inOrInvited ? AuthVerdict.allowed() : authorisedJoin();
    } else if (joinRule == JoinRule.PUBLIC) {
      // v1-v12, 5.3.6: "If the join_rule is public, allow."
      return AuthVerdict.allowed();
    }

    // v1-v12, 5.3.7: "Otherwise, reject."
    return rejected(
        AuthRule.JOIN_REFUSED_BY_JOIN_RULE,
        "membership of %s is %s, the room's join rule is %s"
            .formatted(sender, current.value(), joinRule.inWords()));
  }

  private AuthVerdict authorisedJoin() {
    Optional<UserId> authorising = authorisingUser();
    if (authorising.isEmpty()) {
      return rejected(AuthRule.JOIN_NOT_AUTHORISED, "no user in " + AUTHORISED_VIA);
    }
    UserId user = authorising.get();
    if (judgement.membership(user) != Membership.JOIN) {
      return rejected(AuthRule.JOIN_NOT_AUTHORISED, user + " is not joined");
    }
    if (judgement.levels().userLevel(user) < judgement.levels().invite()) {
      return rejected(AuthRule.JOIN_NOT_AUTHORISED, user + " may not invite");
    }
    return AuthVerdict.allowed();
  }

  private Optional<UserId> authorisingUser() {
    return Json.string(event.content(), AUTHORISED_VIA).flatMap(Json::user);
  }

  /// 5.4: "If membership is invite".
  private AuthVerdict invite() {
    // v1-v12, 5.4.1: "If content has a third_party_invite property:"
    JsonNode thirdPartyInvite = event.content().path("third_party_invite");
    if (!thirdPartyInvite.isMissingNode()) {
      return ThirdPartyInviteRules.check(judgement, target, thirdPartyInvite);
    }

    // v1-v12, 5.4.2: "If the sender's current membership state is not join, reject."
    if (judgement.senderMembership() != Membership.JOIN) {
      return rejected(AuthRule.INVITE_SENDER_NOT_JOINED, sender + " is not joined");
    }

    // v1-v12, 5.4.3: "If target user's current membership state is join or ban, reject."
    Membership current = judgement.membership(target);
    if (current == Membership.JOIN || current == Membership.BAN) {
      return rejected(
          AuthRule.INVITE_TARGET_JOINED_OR_BANNED,
          "membership of %s is %s".formatted(target, current.value()));
    }

    // v1-v12, 5.4.4: "If the sender's power level is greater than or equal to the invite level,
    // allow."
    if (judgement.senderLevel() >= judgement.levels().invite()) {
      return AuthVerdict.allowed();
    }

    // v1-v12, 5.4.5: "Otherwise, reject."
    return rejected(
        AuthRule.INVITE_POWER, judgement.power("the invite level", judgement.levels().invite()));
  }

  /// 5.5: "If membership is leave".
  private AuthVerdict leave() {
    Membership current = judgement.membership(target);

    // v1-v6, 5.5.1: "If the sender matches state_key, allow if and only if that user's current
    // membership state is invite or join."
    // v7-v12, 5.5.1: "[...] is invite, join, or knock."
    if (sender.equals(target)) {
      boolean in =
          current == Membership.INVITE
              || current == Membership.JOIN
              || (current == Membership.KNOCK && judgement.has(RoomRule.KNOCKING));
      return in
          ? AuthVerdict.allowed()
          : rejected(
              AuthRule.LEAVE_NOT_IN_ROOM,
              "membership of %s is %s".formatted(sender, current.value()));
    }

    // v1-v12, 5.5.2: "If the sender's current membership state is not join, reject."
    if (judgement.senderMembership() != Membership.JOIN) {
      return rejected(AuthRule.KICK_SENDER_NOT_JOINED, sender + " is not joined");
    }

    // v1-v12, 5.5.3: "If the target user's current membership state is ban, and the sender's power
    // level is less than the ban level, reject."
    PowerLevels levels = judgement.levels();
    if (current == Membership.BAN && judgement.senderLevel() < levels.ban()) {
      return rejected(AuthRule.UNBAN_POWER, judgement.power("the ban level", levels.ban()));
    }

    // v1-v12, 5.5.4: "If the sender's power level is greater than or equal to the kick level, and
    // the target user's power level is less than the sender's power level, allow."
    if (judgement.senderLevel() >= levels.kick()
        && levels.userLevel(target) < judgement.senderLevel()) {
      return AuthVerdict.allowed();
    }

    // v1-v12, 5.5.5: "Otherwise, reject."
    return rejected(AuthRule.KICK_POWER, powerOver("the kick level", levels.kick()));
  }

  /// 5.6: "If membership is ban".
  private AuthVerdict ban() {
    // v1-v12, 5.6.1: "If the sender's current membership state is not join, reject."
    if (judgement.senderMembership() != Membership.JOIN) {
      return rejected(AuthRule.BAN_SENDER_NOT_JOINED, sender + " is not joined");
    }

    // v1-v12, 5.6.2: "If the sender's power level is greater than or equal to the ban level, and
    // the target user's power level is less than the sender's power level, allow."
    PowerLevels levels = judgement.levels();
    if (judgement.senderLevel() >= levels.ban()
        && levels.userLevel(target) < judgement.senderLevel()) {
      return AuthVerdict.allowed();
    }

    // v1-v12, 5.6.3: "Otherwise, reject."
    return rejected(AuthRule.BAN_POWER, powerOver("the ban level", levels.ban()));
  }

  /// 5.7, since version 7: "If membership is knock".
  private AuthVerdict knock() {
    // v7-v9, 5.7.1: "If the join_rule is anything other than knock, reject."
    // v10-v12, 5.7.1: "If the join_rule is anything other than knock or knock_restricted, reject."
    JoinRule joinRule = joinRule();
    if (joinRule != JoinRule.KNOCK && joinRule != JoinRule.KNOCK_RESTRICTED) {
      return rejected(
          AuthRule.KNOCK_REFUSED_BY_JOIN_RULE, "the room's join rule is " + joinRule.inWords());
    }

    // v7-v12, 5.7.2: "If sender does not match state_key, reject."
    if (!sender.equals(target)) {
      return rejected(AuthRule.KNOCK_FOR_ANOTHER, sender + " knocks for " + target);
    }

    // v7-v12, 5.7.3: "If the sender's current membership is not ban, invite, or join, allow."
    Membership current = judgement.senderMembership();
    return switch (current) {
      case LEAVE, KNOCK -> AuthVerdict.allowed();
      // v7-v12, 5.7.4: "Otherwise, reject."
      case BAN, INVITE, JOIN ->
          rejected(
              AuthRule.KNOCK_NOT_NEEDED,
              "membership of %s is %s".formatted(sender, current.value()));
    };
  }

  private JoinRule joinRule() {
    return JoinRule.in(judgement.state(), judgement.version());
  }

  private String powerOver(String needed, long level) {
    return "%s, %s has %s"
        .formatted(
            judgement.power(needed, level),
            target,
            Judgement.inWords(judgement.levels().userLevel(target)));
  }
}
