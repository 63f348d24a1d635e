package org.hearth.server.matrix.auth;

import static org.hearth.server.matrix.auth.Verdicts.assertAllowed;
import static org.hearth.server.matrix.auth.Verdicts.assertRefused;
import static org.hearth.server.matrix.auth.Verdicts.withBobAt;
import static org.hearth.server.matrix.testkit.RoomFixture.ALICE;
import static org.hearth.server.matrix.testkit.RoomFixture.BOB;
import static org.hearth.server.matrix.testkit.RoomFixture.CHARLIE;

import java.util.stream.Stream;
import org.hearth.server.matrix.event.EventTypes;
import org.hearth.server.matrix.event.Pdu;
import org.hearth.server.matrix.id.UserId;
import org.hearth.server.matrix.testkit.RoomFixture;
import org.hearth.server.matrix.version.RoomRule;
import org.hearth.server.matrix.version.RoomVersion;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/// The rules of leave, ban and what is neither; joins, knocks and invites have tests of their own.
class MemberRulesTest {
  private static final UserId DORA = UserId.parse("@dora:d.example");

  @ParameterizedTest
  @MethodSource("org.hearth.server.matrix.auth.Verdicts#all")
  void refusesMemberEventWithoutStateKey(RoomVersion version) {
    RoomFixture room = RoomFixture.withMembers(version);
    Pdu event = room.message(BOB, EventTypes.MEMBER, "{\"membership\":\"leave\"}").build();

    assertRefused(AuthRule.MEMBER_MALFORMED, room, event);
  }

  @ParameterizedTest
  @MethodSource("org.hearth.server.matrix.auth.Verdicts#all")
  void refusesMemberEventOfNoUser(RoomVersion version) {
    RoomFixture room = RoomFixture.withMembers(version);
    Pdu event = room.state(ALICE, EventTypes.MEMBER, "bob", "{\"membership\":\"invite\"}").build();

    assertRefused(AuthRule.MEMBER_MALFORMED, room, event);
  }

  @ParameterizedTest
  @MethodSource("org.hearth.server.matrix.auth.Verdicts#all")
  void refusesMemberEventWithoutMembership(RoomVersion version) {
    RoomFixture room = RoomFixture.withMembers(version);
    Pdu event = room.state(BOB, EventTypes.MEMBER, BOB.value(), "{}").build();

    assertRefused(AuthRule.MEMBER_MALFORMED, room, event);
  }

  @ParameterizedTest
  @MethodSource("org.hearth.server.matrix.auth.Verdicts#all")
  void refusesUnknownMembership(RoomVersion version) {
    RoomFixture room = RoomFixture.withMembers(version);
    for (String membership : new String[] {"\"JOIN\"", "\"\"", "1", "null", "[\"join\"]", "{}"}) {
      Pdu event =
          room.state(BOB, EventTypes.MEMBER, BOB.value(), "{\"membership\":" + membership + "}")
              .build();

      assertRefused(AuthRule.MEMBERSHIP_UNKNOWN, room, event);
    }
  }

  static Stream<RoomVersion> versionsWithoutKnocking() {
    return Verdicts.without(RoomRule.KNOCKING);
  }

  @ParameterizedTest
  @MethodSource("versionsWithoutKnocking")
  void doesNotKnowKnocksBeforeVersion7(RoomVersion version) {
    RoomFixture room = RoomFixture.of(version);
    room.joinRule("knock").add();

    assertRefused(AuthRule.MEMBERSHIP_UNKNOWN, room, room.member(BOB, BOB, "knock").build());
  }

  @ParameterizedTest
  @MethodSource("org.hearth.server.matrix.auth.Verdicts#all")
  void letsMembersAndInvitedLeave(RoomVersion version) {
    RoomFixture room = RoomFixture.withMembers(version);
    room.member(ALICE, DORA, "invite").add();

    assertAllowed(room, room.member(BOB, BOB, "leave").build());
    assertAllowed(room, room.member(DORA, DORA, "leave").build());
  }

  @ParameterizedTest
  @MethodSource("org.hearth.server.matrix.auth.Verdicts#all")
  void refusesLeavingByWhoIsNotThere(RoomVersion version) {
    RoomFixture room = RoomFixture.withMembers(version);
    room.member(ALICE, CHARLIE, "ban").add();

    assertRefused(AuthRule.LEAVE_NOT_IN_ROOM, room, room.member(DORA, DORA, "leave").build());
    assertRefused(AuthRule.LEAVE_NOT_IN_ROOM, room, room.member(CHARLIE, CHARLIE, "leave").build());
  }

  @ParameterizedTest
  @MethodSource("org.hearth.server.matrix.auth.Verdicts#all")
  void letsTheKnockingLeaveSinceVersion7(RoomVersion version) {
    RoomFixture room = RoomFixture.of(version);
    room.joinRule("knock").add();
    room.member(BOB, BOB, "knock").add();
    Pdu leave = room.member(BOB, BOB, "leave").build();

    if (version.has(RoomRule.KNOCKING)) {
      assertAllowed(room, leave);
    } else {
      assertRefused(AuthRule.LEAVE_NOT_IN_ROOM, room, leave);
    }
  }

  @ParameterizedTest
  @MethodSource("org.hearth.server.matrix.auth.Verdicts#all")
  void refusesKickByWhoIsNotInTheRoom(RoomVersion version) {
    RoomFixture room = RoomFixture.withMembers(version);

    assertRefused(AuthRule.KICK_SENDER_NOT_JOINED, room, room.member(DORA, BOB, "leave").build());
  }

  @ParameterizedTest
  @MethodSource("org.hearth.server.matrix.auth.Verdicts#all")
  void letsKickWhoHasTheKickLevelAndMoreThanTheTarget(RoomVersion version) {
    RoomFixture room = withBobAt(version, 50);

    assertAllowed(room, room.member(BOB, CHARLIE, "leave").build());
  }

  @ParameterizedTest
  @MethodSource("org.hearth.server.matrix.auth.Verdicts#all")
  void refusesKickBelowTheKickLevel(RoomVersion version) {
    RoomFixture room = withBobAt(version, 50, "\"kick\":51");

    assertRefused(AuthRule.KICK_POWER, room, room.member(BOB, CHARLIE, "leave").build());
  }

  @ParameterizedTest
  @MethodSource("org.hearth.server.matrix.auth.Verdicts#all")
  void refusesKickOfWhoHasAsMuchPower(RoomVersion version) {
    RoomFixture room = withBobAt(version, 50, "\"users_default\":50");

    assertRefused(AuthRule.KICK_POWER, room, room.member(BOB, CHARLIE, "leave").build());
    assertRefused(AuthRule.KICK_POWER, room, room.member(BOB, ALICE, "leave").build());
  }

  @ParameterizedTest
  @MethodSource("org.hearth.server.matrix.auth.Verdicts#all")
  void refusesUnbanBelowTheBanLevel(RoomVersion version) {
    RoomFixture room = withBobAt(version, 60, "\"ban\":61", "\"kick\":10");
    room.member(ALICE, CHARLIE, "ban").add();

    assertRefused(AuthRule.UNBAN_POWER, room, room.member(BOB, CHARLIE, "leave").build());
  }

  @ParameterizedTest
  @MethodSource("org.hearth.server.matrix.auth.Verdicts#all")
  void refusesUnbanBelowTheKickLevel(RoomVersion version) {
    RoomFixture room = withBobAt(version, 60, "\"ban\":10", "\"kick\":61");
    room.member(ALICE, CHARLIE, "ban").add();

    assertRefused(AuthRule.KICK_POWER, room, room.member(BOB, CHARLIE, "leave").build());
  }

  @ParameterizedTest
  @MethodSource("org.hearth.server.matrix.auth.Verdicts#all")
  void letsUnbanWithBanAndKickLevel(RoomVersion version) {
    RoomFixture room = withBobAt(version, 50);
    room.member(ALICE, CHARLIE, "ban").add();

    assertAllowed(room, room.member(BOB, CHARLIE, "leave").build());
  }

  @ParameterizedTest
  @MethodSource("org.hearth.server.matrix.auth.Verdicts#all")
  void refusesBanByWhoIsNotInTheRoom(RoomVersion version) {
    RoomFixture room = RoomFixture.withMembers(version);

    assertRefused(AuthRule.BAN_SENDER_NOT_JOINED, room, room.member(DORA, BOB, "ban").build());
  }

  @ParameterizedTest
  @MethodSource("org.hearth.server.matrix.auth.Verdicts#all")
  void letsBanWhoHasTheBanLevelAndMoreThanTheTarget(RoomVersion version) {
    RoomFixture room = withBobAt(version, 50);

    assertAllowed(room, room.member(BOB, CHARLIE, "ban").build());
    assertAllowed(room, room.member(BOB, DORA, "ban").build());
  }

  @ParameterizedTest
  @MethodSource("org.hearth.server.matrix.auth.Verdicts#all")
  void refusesBanBelowTheBanLevel(RoomVersion version) {
    RoomFixture room = withBobAt(version, 50, "\"ban\":51");

    assertRefused(AuthRule.BAN_POWER, room, room.member(BOB, CHARLIE, "ban").build());
  }

  @ParameterizedTest
  @MethodSource("org.hearth.server.matrix.auth.Verdicts#all")
  void refusesBanOfWhoHasAsMuchPower(RoomVersion version) {
    RoomFixture room = withBobAt(version, 50, "\"users_default\":50");

    assertRefused(AuthRule.BAN_POWER, room, room.member(BOB, CHARLIE, "ban").build());
    assertRefused(AuthRule.BAN_POWER, room, room.member(BOB, ALICE, "ban").build());
  }
}
