package org.hearth.server.matrix.auth;

import static org.assertj.core.api.Assertions.assertThat;
import static org.hearth.server.matrix.auth.Verdicts.assertAllowed;
import static org.hearth.server.matrix.auth.Verdicts.assertRefused;
import static org.hearth.server.matrix.testkit.RoomFixture.ALICE;
import static org.hearth.server.matrix.testkit.RoomFixture.BOB;
import static org.hearth.server.matrix.testkit.RoomFixture.CHARLIE;

import java.util.stream.Stream;
import org.hearth.server.matrix.event.EventTypes;
import org.hearth.server.matrix.event.Pdu;
import org.hearth.server.matrix.id.UserId;
import org.hearth.server.matrix.testkit.RoomFixture;
import org.hearth.server.matrix.testkit.TestKeys;
import org.hearth.server.matrix.version.RoomRule;
import org.hearth.server.matrix.version.RoomVersion;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

/// The rules of joins and knocks.
class JoinAndKnockRulesTest {
  private static final String VIA = "join_authorised_via_users_server";

  private static RoomFixture withJoinRule(RoomVersion version, String joinRule) {
    RoomFixture room = RoomFixture.of(version);
    room.joinRule(joinRule).add();
    return room;
  }

  private static Pdu authorisedJoin(RoomFixture room, UserId user, UserId by) {
    return room.join(user).bendContent(content -> content.put(VIA, by.value())).build();
  }

  @ParameterizedTest
  @MethodSource("org.hearth.server.matrix.auth.Verdicts#all")
  void letsTheCreatorInFirst(RoomVersion version) {
    RoomFixture room = RoomFixture.empty(version);
    room.create("{}").add();

    assertAllowed(room, room.join(ALICE).build());
  }

  @ParameterizedTest
  @MethodSource("org.hearth.server.matrix.auth.Verdicts#all")
  void letsNobodyElseInFirst(RoomVersion version) {
    RoomFixture room = RoomFixture.empty(version);
    room.create("{}").add();

    assertRefused(AuthRule.JOIN_REFUSED_BY_JOIN_RULE, room, room.join(BOB).build());
  }

  @ParameterizedTest
  @MethodSource("org.hearth.server.matrix.auth.Verdicts#all")
  void doesNotLetTheCreatorBackInWithoutInvite(RoomVersion version) {
    RoomFixture room = RoomFixture.of(version);
    room.member(ALICE, ALICE, "leave").add();

    assertRefused(AuthRule.JOIN_REFUSED_BY_JOIN_RULE, room, room.join(ALICE).build());
  }

  @ParameterizedTest
  @MethodSource("org.hearth.server.matrix.auth.Verdicts#all")
  void takesTheCreatorFromWhereTheVersionHasIt(RoomVersion version) {
    RoomFixture room = RoomFixture.empty(version);
    room.create("{\"creator\":\"@bob:b.example\"}").add();
    boolean inContent = !version.has(RoomRule.CREATOR_IS_SENDER);

    assertThat(AuthRules.check(room.join(BOB).build(), room.authState()).isAllowed())
        .isEqualTo(inContent);
    assertThat(AuthRules.check(room.join(ALICE).build(), room.authState()).isAllowed())
        .isEqualTo(!inContent);
  }

  @ParameterizedTest
  @MethodSource("org.hearth.server.matrix.auth.Verdicts#all")
  void refusesJoinForAnother(RoomVersion version) {
    RoomFixture room = withJoinRule(version, "public");

    assertRefused(AuthRule.JOIN_FOR_ANOTHER, room, room.member(ALICE, BOB, "join").build());
  }

  @ParameterizedTest
  @MethodSource("org.hearth.server.matrix.auth.Verdicts#all")
  void refusesJoinOfTheBanned(RoomVersion version) {
    RoomFixture room = withJoinRule(version, "public");
    room.member(ALICE, BOB, "ban").add();

    assertRefused(AuthRule.JOIN_BANNED, room, room.join(BOB).build());
  }

  @ParameterizedTest
  @MethodSource("org.hearth.server.matrix.auth.Verdicts#all")
  void letsEveryoneIntoPublicRooms(RoomVersion version) {
    RoomFixture room = withJoinRule(version, "public");

    assertAllowed(room, room.join(BOB).build());
  }

  @ParameterizedTest
  @MethodSource("org.hearth.server.matrix.auth.Verdicts#all")
  void letsTheInvitedIn(RoomVersion version) {
    RoomFixture room = withJoinRule(version, "invite");
    room.member(ALICE, BOB, "invite").add();

    assertAllowed(room, room.join(BOB).build());
    assertAllowed(room, room.join(ALICE).build());
    assertRefused(AuthRule.JOIN_REFUSED_BY_JOIN_RULE, room, room.join(CHARLIE).build());
  }

  @ParameterizedTest
  @MethodSource("org.hearth.server.matrix.auth.Verdicts#all")
  void takesNoJoinRuleForInvite(RoomVersion version) {
    RoomFixture room = RoomFixture.of(version);
    room.member(ALICE, BOB, "invite").add();

    assertAllowed(room, room.join(BOB).build());
    assertRefused(AuthRule.JOIN_REFUSED_BY_JOIN_RULE, room, room.join(CHARLIE).build());
  }

  @ParameterizedTest
  @ValueSource(strings = {"\"private\"", "\"PUBLIC\"", "null", "1", "[\"public\"]", "{}"})
  void letsNobodyInByAJoinRuleItDoesNotKnow(String joinRule) {
    for (RoomVersion version : Verdicts.all().toList()) {
      RoomFixture room = RoomFixture.of(version);
      room.state(ALICE, EventTypes.JOIN_RULES, "", "{\"join_rule\":" + joinRule + "}").add();

      assertRefused(AuthRule.JOIN_REFUSED_BY_JOIN_RULE, room, room.join(BOB).build());
    }
  }

  @ParameterizedTest
  @MethodSource("org.hearth.server.matrix.auth.Verdicts#all")
  void letsTheInvitedIntoKnockRoomsSinceVersion7(RoomVersion version) {
    RoomFixture room = withJoinRule(version, "knock");
    room.member(ALICE, BOB, "invite").add();
    Pdu join = room.join(BOB).build();

    if (version.has(RoomRule.KNOCKING)) {
      assertAllowed(room, join);
    } else {
      assertRefused(AuthRule.JOIN_REFUSED_BY_JOIN_RULE, room, join);
    }
    assertRefused(AuthRule.JOIN_REFUSED_BY_JOIN_RULE, room, room.join(CHARLIE).build());
  }

  static Stream<RoomVersion> versionsWithRestrictedJoins() {
    return Verdicts.with(RoomRule.RESTRICTED_JOINS);
  }

  /// `restricted`, and since version 10 `knock_restricted`.
  private static Stream<RoomFixture> restrictedRooms(RoomVersion version) {
    return version.has(RoomRule.KNOCK_RESTRICTED_JOINS)
        ? Stream.of(withJoinRule(version, "restricted"), withJoinRule(version, "knock_restricted"))
        : Stream.of(withJoinRule(version, "restricted"));
  }

  @ParameterizedTest
  @MethodSource("versionsWithRestrictedJoins")
  void letsTheInvitedAndMembersIntoRestrictedRooms(RoomVersion version) {
    restrictedRooms(version)
        .forEach(room -> {
          room.member(ALICE, BOB, "invite").add();

          assertAllowed(room, room.join(BOB).build());
          assertAllowed(room, room.join(ALICE).build());
        });
  }

  @ParameterizedTest
  @MethodSource("versionsWithRestrictedJoins")
  void letsWhoIsAuthorisedIntoRestrictedRooms(RoomVersion version) {
    restrictedRooms(version).forEach(room -> assertAllowed(room, authorisedJoin(room, BOB, ALICE)));
  }

  @ParameterizedTest
  @MethodSource("versionsWithRestrictedJoins")
  void refusesRestrictedJoinThatNobodyAuthorised(RoomVersion version) {
    restrictedRooms(version)
        .forEach(room -> assertRefused(AuthRule.JOIN_NOT_AUTHORISED, room, room.join(BOB).build()));
  }

  @ParameterizedTest
  @MethodSource("versionsWithRestrictedJoins")
  void refusesRestrictedJoinAuthorisedByWhoIsNotInTheRoom(RoomVersion version) {
    restrictedRooms(version)
        .forEach(room -> {
          room.member(ALICE, CHARLIE, "invite").add();

          assertRefused(AuthRule.JOIN_NOT_AUTHORISED, room, authorisedJoin(room, BOB, CHARLIE));
        });
  }

  @ParameterizedTest
  @MethodSource("versionsWithRestrictedJoins")
  void refusesRestrictedJoinAuthorisedByWhoMayNotInvite(RoomVersion version) {
    restrictedRooms(version)
        .forEach(room -> {
          room.member(ALICE, CHARLIE, "invite").add();
          room.join(CHARLIE).add();
          room.usualPowerLevels("\"invite\":1").add();

          assertRefused(AuthRule.JOIN_NOT_AUTHORISED, room, authorisedJoin(room, BOB, CHARLIE));
        });
  }

  @ParameterizedTest
  @MethodSource("versionsWithRestrictedJoins")
  void refusesAuthorisedJoinOfTheBanned(RoomVersion version) {
    restrictedRooms(version)
        .forEach(room -> {
          room.member(ALICE, BOB, "ban").add();

          assertRefused(AuthRule.JOIN_BANNED, room, authorisedJoin(room, BOB, ALICE));
        });
  }

  @ParameterizedTest
  @MethodSource("versionsWithRestrictedJoins")
  void wantsTheSignatureOfTheAuthorisingServer(RoomVersion version) {
    RoomFixture room = withJoinRule(version, "restricted");
    Pdu unsigned = authorisedJoin(room, BOB, ALICE);
    Pdu signed =
        room.join(BOB)
            .bendContent(content -> content.put(VIA, ALICE.value()))
            .signedAlsoBy(ALICE.server())
            .build();

    assertRefused(
        AuthRule.MEMBER_AUTHORISING_SIGNATURE,
        unsigned,
        AuthRules.checkAuthEvents(unsigned, room.known(), TestKeys::isSignedBy));
    assertThat(AuthRules.checkAuthEvents(signed, room.known(), TestKeys::isSignedBy))
        .isEqualTo(AuthVerdict.allowed());
  }

  @ParameterizedTest
  @MethodSource("versionsWithRestrictedJoins")
  void wantsTheSignatureWhateverTheMembership(RoomVersion version) {
    RoomFixture room = RoomFixture.withMembers(version);
    Pdu leave =
        room.member(BOB, BOB, "leave")
            .bendContent(content -> content.put(VIA, ALICE.value()))
            .build();

    assertRefused(
        AuthRule.MEMBER_AUTHORISING_SIGNATURE,
        leave,
        AuthRules.checkAuthEvents(leave, room.known(), TestKeys::isSignedBy));
  }

  @ParameterizedTest
  @ValueSource(strings = {"null", "1", "\"alice\"", "[]", "{}"})
  void refusesAuthorisingUserThatIsNone(String user) {
    for (RoomVersion version : versionsWithRestrictedJoins().toList()) {
      RoomFixture room = withJoinRule(version, "restricted");
      Pdu join =
          room.state(
                  BOB,
                  EventTypes.MEMBER,
                  BOB.value(),
                  "{\"membership\":\"join\",\"%s\":%s}".formatted(VIA, user))
              .build();

      assertRefused(AuthRule.MEMBER_AUTHORISING_SIGNATURE, room, join);
    }
  }

  static Stream<RoomVersion> versionsWithoutRestrictedJoins() {
    return Verdicts.without(RoomRule.RESTRICTED_JOINS);
  }

  @ParameterizedTest
  @MethodSource("versionsWithoutRestrictedJoins")
  void doesNotKnowRestrictedJoinsBeforeVersion8(RoomVersion version) {
    RoomFixture room = withJoinRule(version, "restricted");

    assertRefused(AuthRule.JOIN_REFUSED_BY_JOIN_RULE, room, authorisedJoin(room, BOB, ALICE));
  }

  static Stream<RoomVersion> versionsWithoutKnockRestrictedJoins() {
    return Verdicts.without(RoomRule.KNOCK_RESTRICTED_JOINS);
  }

  @ParameterizedTest
  @MethodSource("versionsWithoutKnockRestrictedJoins")
  void doesNotKnowKnockRestrictedBeforeVersion10(RoomVersion version) {
    RoomFixture room = withJoinRule(version, "knock_restricted");

    assertRefused(AuthRule.JOIN_REFUSED_BY_JOIN_RULE, room, authorisedJoin(room, BOB, ALICE));
    if (version.has(RoomRule.KNOCKING)) {
      assertRefused(
          AuthRule.KNOCK_REFUSED_BY_JOIN_RULE, room, room.member(BOB, BOB, "knock").build());
    }
  }

  static Stream<RoomVersion> versionsWithKnocking() {
    return Verdicts.with(RoomRule.KNOCKING);
  }

  /// `knock`, and since version 10 `knock_restricted`.
  private static Stream<RoomFixture> knockRooms(RoomVersion version) {
    return version.has(RoomRule.KNOCK_RESTRICTED_JOINS)
        ? Stream.of(withJoinRule(version, "knock"), withJoinRule(version, "knock_restricted"))
        : Stream.of(withJoinRule(version, "knock"));
  }

  @ParameterizedTest
  @MethodSource("versionsWithKnocking")
  void letsStrangersKnock(RoomVersion version) {
    knockRooms(version)
        .forEach(room -> {
          assertAllowed(room, room.member(BOB, BOB, "knock").build());

          room.member(BOB, BOB, "knock").add();

          assertAllowed(room, room.member(BOB, BOB, "knock").build());
        });
  }

  @ParameterizedTest
  @MethodSource("versionsWithKnocking")
  void refusesKnockWhereTheJoinRuleHasNone(RoomVersion version) {
    for (String joinRule : new String[] {"public", "invite", "private", "restricted"}) {
      RoomFixture room = withJoinRule(version, joinRule);

      assertRefused(
          AuthRule.KNOCK_REFUSED_BY_JOIN_RULE, room, room.member(BOB, BOB, "knock").build());
    }
  }

  @ParameterizedTest
  @MethodSource("versionsWithKnocking")
  void refusesKnockForAnother(RoomVersion version) {
    knockRooms(version)
        .forEach(room ->
            assertRefused(
                AuthRule.KNOCK_FOR_ANOTHER, room, room.member(BOB, CHARLIE, "knock").build()));
  }

  @ParameterizedTest
  @MethodSource("versionsWithKnocking")
  void refusesKnockOfTheBannedTheInvitedAndMembers(RoomVersion version) {
    knockRooms(version)
        .forEach(room -> {
          room.member(ALICE, BOB, "ban").add();
          room.member(ALICE, CHARLIE, "invite").add();

          for (UserId user : new UserId[] {ALICE, BOB, CHARLIE}) {
            assertRefused(
                AuthRule.KNOCK_NOT_NEEDED, room, room.member(user, user, "knock").build());
          }
        });
  }
}
