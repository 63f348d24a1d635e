package org.hearth.server.matrix.auth;

import static org.assertj.core.api.Assertions.assertThat;
import static org.hearth.server.matrix.testkit.RoomFixture.ALICE;
import static org.hearth.server.matrix.testkit.RoomFixture.BOB;
import static org.hearth.server.matrix.testkit.RoomFixture.CHARLIE;

import java.util.List;
import java.util.stream.Stream;
import org.hearth.server.matrix.event.EventTypes;
import org.hearth.server.matrix.event.StateKey;
import org.hearth.server.matrix.testkit.EventRecipe;
import org.hearth.server.matrix.testkit.RoomFixture;
import org.hearth.server.matrix.version.RoomRule;
import org.hearth.server.matrix.version.RoomVersion;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

class AuthEventSelectionTest {
  private static final StateKey CREATE = StateKey.of(EventTypes.CREATE);
  private static final StateKey LEVELS = StateKey.of(EventTypes.POWER_LEVELS);
  private static final StateKey JOIN_RULES = StateKey.of(EventTypes.JOIN_RULES);
  private static final StateKey OF_ALICE = StateKey.member(ALICE.value());
  private static final StateKey OF_BOB = StateKey.member(BOB.value());
  private static final StateKey OF_CHARLIE = StateKey.member(CHARLIE.value());

  private static void assertKeys(EventRecipe recipe, RoomVersion version, StateKey... keys) {
    List<StateKey> expected =
        version.has(RoomRule.ROOM_ID_IS_CREATE_HASH)
            ? List.of(keys)
            : Stream.concat(Stream.of(CREATE), Stream.of(keys)).toList();

    assertThat(AuthEventSelection.keysFor(recipe.build()))
        .as("version %s", version)
        .containsExactlyElementsOf(expected);
  }

  @ParameterizedTest
  @MethodSource("org.hearth.server.matrix.auth.Verdicts#all")
  void citesNothingForCreateEvents(RoomVersion version) {
    assertThat(AuthEventSelection.keysFor(RoomFixture.empty(version).create("{}").build()))
        .isEmpty();
  }

  @ParameterizedTest
  @MethodSource("org.hearth.server.matrix.auth.Verdicts#all")
  void citesLevelsAndMembershipForMessagesAndState(RoomVersion version) {
    RoomFixture room = RoomFixture.of(version);

    assertKeys(room.message(BOB, EventTypes.MESSAGE, "{}"), version, LEVELS, OF_BOB);
    assertKeys(room.topic(BOB, "x"), version, LEVELS, OF_BOB);
    assertKeys(
        room.message(BOB, EventTypes.MEMBER, "{\"membership\":\"join\"}"), version, LEVELS, OF_BOB);
  }

  @ParameterizedTest
  @MethodSource("org.hearth.server.matrix.auth.Verdicts#all")
  void citesJoinRulesForWhoComesIn(RoomVersion version) {
    RoomFixture room = RoomFixture.of(version);

    assertKeys(room.join(BOB), version, LEVELS, OF_BOB, JOIN_RULES);
    assertKeys(room.member(BOB, BOB, "knock"), version, LEVELS, OF_BOB, JOIN_RULES);
    assertKeys(room.member(ALICE, BOB, "invite"), version, LEVELS, OF_ALICE, OF_BOB, JOIN_RULES);
  }

  @ParameterizedTest
  @MethodSource("org.hearth.server.matrix.auth.Verdicts#all")
  void citesNoJoinRulesForWhoGoes(RoomVersion version) {
    RoomFixture room = RoomFixture.of(version);

    assertKeys(room.member(BOB, BOB, "leave"), version, LEVELS, OF_BOB);
    assertKeys(room.member(ALICE, BOB, "leave"), version, LEVELS, OF_ALICE, OF_BOB);
    assertKeys(room.member(ALICE, BOB, "ban"), version, LEVELS, OF_ALICE, OF_BOB);
    assertKeys(room.member(ALICE, BOB, "unknown"), version, LEVELS, OF_ALICE, OF_BOB);
  }

  @ParameterizedTest
  @MethodSource("org.hearth.server.matrix.auth.Verdicts#all")
  void citesTheAuthorisingUserForRestrictedJoinsSinceVersion8(RoomVersion version) {
    RoomFixture room = RoomFixture.of(version);
    EventRecipe join =
        room.join(BOB)
            .bendContent(
                content -> content.put("join_authorised_via_users_server", CHARLIE.value()));

    if (version.has(RoomRule.RESTRICTED_JOINS)) {
      assertKeys(join, version, LEVELS, OF_BOB, JOIN_RULES, OF_CHARLIE);
    } else {
      assertKeys(join, version, LEVELS, OF_BOB, JOIN_RULES);
    }
  }

  @ParameterizedTest
  @MethodSource("org.hearth.server.matrix.auth.Verdicts#all")
  void citesTheThirdPartyInviteForItsAnswer(RoomVersion version) {
    RoomFixture room = RoomFixture.of(version);
    EventRecipe invite =
        room.member(ALICE, BOB, "invite")
            .bendContent(content ->
                content.putObject("third_party_invite").putObject("signed").put("token", "t"));

    assertKeys(
        invite,
        version,
        LEVELS,
        OF_ALICE,
        OF_BOB,
        JOIN_RULES,
        new StateKey(EventTypes.THIRD_PARTY_INVITE, "t"));
  }
}
