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
import org.hearth.server.matrix.version.RoomVersions;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/// The rules of every other event: membership, level, state key, aliases, redactions.
class GeneralRulesTest {
  private static final UserId DORA = UserId.parse("@dora:d.example");

  @ParameterizedTest
  @MethodSource("org.hearth.server.matrix.auth.Verdicts#all")
  void refusesEventsOfWhoIsNotInTheRoom(RoomVersion version) {
    RoomFixture room = RoomFixture.withMembers(version);
    room.member(ALICE, DORA, "invite").add();
    room.member(ALICE, CHARLIE, "ban").add();
    room.member(BOB, BOB, "leave").add();

    for (UserId user : new UserId[] {BOB, CHARLIE, DORA, UserId.parse("@eve:e.example")}) {
      assertRefused(
          AuthRule.SENDER_NOT_JOINED, room, room.message(user, EventTypes.MESSAGE, "{}").build());
    }
  }

  @ParameterizedTest
  @MethodSource("org.hearth.server.matrix.auth.Verdicts#all")
  void needsTheEventsDefaultForMessages(RoomVersion version) {
    RoomFixture room = withBobAt(version, 50, "\"events_default\":50");

    assertAllowed(room, room.message(BOB, EventTypes.MESSAGE, "{}").build());
    assertRefused(
        AuthRule.REQUIRED_POWER, room, room.message(CHARLIE, EventTypes.MESSAGE, "{}").build());
  }

  @ParameterizedTest
  @MethodSource("org.hearth.server.matrix.auth.Verdicts#all")
  void needsTheStateDefaultForState(RoomVersion version) {
    RoomFixture room = withBobAt(version, 30, "\"state_default\":30");

    assertAllowed(room, room.topic(BOB, "x").build());
    assertRefused(AuthRule.REQUIRED_POWER, room, room.topic(CHARLIE, "x").build());
  }

  @ParameterizedTest
  @MethodSource("org.hearth.server.matrix.auth.Verdicts#all")
  void needsTheLevelOfTheTypeRatherThanADefault(RoomVersion version) {
    RoomFixture room =
        withBobAt(version, 50, "\"events\":{\"m.room.topic\":51,\"m.room.name\":0,\"x\":51}");

    assertRefused(AuthRule.REQUIRED_POWER, room, room.topic(BOB, "x").build());
    assertRefused(AuthRule.REQUIRED_POWER, room, room.message(BOB, "x", "{}").build());
    assertAllowed(room, room.state(CHARLIE, EventTypes.NAME, "", "{}").build());
  }

  @ParameterizedTest
  @MethodSource("org.hearth.server.matrix.auth.Verdicts#all")
  void needsFiftyForStateAndNothingForMessagesWithoutPowerLevels(RoomVersion version) {
    RoomFixture room = RoomFixture.withMembers(version);

    assertAllowed(room, room.topic(ALICE, "x").build());
    assertAllowed(room, room.message(BOB, EventTypes.MESSAGE, "{}").build());
    assertRefused(AuthRule.REQUIRED_POWER, room, room.topic(BOB, "x").build());
    assertRefused(
        AuthRule.REQUIRED_POWER,
        room,
        room.powerLevels(BOB, "{\"users\":{\"%s\":100}}".formatted(BOB)).build());
  }

  @Test
  void givesTheCreatorOnlyTheListedLevelBeforeVersion12() {
    RoomFixture room = RoomFixture.of(RoomVersions.V11);
    room.powerLevels("{\"users\":{}}").add();

    assertRefused(AuthRule.REQUIRED_POWER, room, room.topic(ALICE, "x").build());
  }

  @Test
  void givesAllCreatorsAllPowerSinceVersion12() {
    RoomFixture room = RoomFixture.empty(RoomVersions.V12);
    room.create("{\"additional_creators\":[\"@bob:b.example\"]}").add();
    room.join(ALICE).add();
    room.joinRule("public").add();
    room.join(BOB).add();
    room.powerLevels("{\"state_default\":9007199254740991,\"users\":{}}").add();

    assertAllowed(room, room.topic(ALICE, "x").build());
    assertAllowed(room, room.topic(BOB, "x").build());
    assertRefused(AuthRule.KICK_POWER, room, room.member(ALICE, BOB, "leave").build());
    assertRefused(AuthRule.BAN_POWER, room, room.member(BOB, ALICE, "ban").build());
  }

  @ParameterizedTest
  @MethodSource("org.hearth.server.matrix.auth.Verdicts#all")
  void refusesStateKeyOfAnotherUser(RoomVersion version) {
    RoomFixture room = withBobAt(version, 50);

    assertAllowed(room, room.state(BOB, "x", BOB.value(), "{}").build());
    assertAllowed(room, room.state(BOB, "x", "_" + CHARLIE, "{}").build());
    for (String key : new String[] {CHARLIE.value(), "@", "@bob:b.example2", "@Bob:b.example"}) {
      assertRefused(
          AuthRule.STATE_KEY_OF_ANOTHER_USER, room, room.state(BOB, "x", key, "{}").build());
    }
  }

  @Test
  void seesTheLevelBeforeTheStateKey() {
    RoomFixture room = RoomFixture.withMembers(RoomVersions.V12);

    assertRefused(
        AuthRule.REQUIRED_POWER, room, room.state(BOB, "x", CHARLIE.value(), "{}").build());
  }

  static Stream<RoomVersion> versionsWithAliases() {
    return Verdicts.with(RoomRule.ALIASES_AUTHORISATION);
  }

  @ParameterizedTest
  @MethodSource("versionsWithAliases")
  void letsEveryServerSetItsOwnAliasesUntilVersion5(RoomVersion version) {
    RoomFixture room = RoomFixture.of(version);

    assertAllowed(room, room.state(BOB, EventTypes.ALIASES, "b.example", "{}").build());
    assertRefused(
        AuthRule.ALIASES_OTHER_DOMAIN,
        room,
        room.state(ALICE, EventTypes.ALIASES, "b.example", "{}").build());
    assertRefused(
        AuthRule.ALIASES_WITHOUT_STATE_KEY,
        room,
        room.message(ALICE, EventTypes.ALIASES, "{}").build());
  }

  static Stream<RoomVersion> versionsWithoutAliases() {
    return Verdicts.without(RoomRule.ALIASES_AUTHORISATION);
  }

  @ParameterizedTest
  @MethodSource("versionsWithoutAliases")
  void treatsAliasesLikeOtherStateSinceVersion6(RoomVersion version) {
    RoomFixture room = RoomFixture.withMembers(version);

    assertRefused(
        AuthRule.REQUIRED_POWER,
        room,
        room.state(BOB, EventTypes.ALIASES, "b.example", "{}").build());
    assertAllowed(room, room.state(ALICE, EventTypes.ALIASES, "b.example", "{}").build());
  }

  private static Pdu redaction(RoomFixture room, UserId sender, Pdu redacted) {
    String id = redacted.eventId().value();
    return room.message(sender, EventTypes.REDACTION, "{\"redacts\":\"" + id + "\"}")
        .bend(json -> json.put("redacts", id))
        .build();
  }

  static Stream<RoomVersion> versionsWithRedactionRule() {
    return Verdicts.with(RoomRule.REDACTION_AUTHORISATION);
  }

  @ParameterizedTest
  @MethodSource("versionsWithRedactionRule")
  void letsRedactOwnServersEventsAndWithTheRedactLevelAllUntilVersion2(RoomVersion version) {
    RoomFixture room = withBobAt(version, 50);
    Pdu ofBob = room.message(BOB, EventTypes.MESSAGE, "{}").add();
    Pdu ofCharlie = room.message(CHARLIE, EventTypes.MESSAGE, "{}").add();

    assertAllowed(room, redaction(room, CHARLIE, ofCharlie));
    assertAllowed(room, redaction(room, BOB, ofCharlie));
    assertRefused(AuthRule.REDACTION_POWER, room, redaction(room, CHARLIE, ofBob));
  }

  @ParameterizedTest
  @MethodSource("versionsWithRedactionRule")
  void refusesRedactionOfNothingUntilVersion2(RoomVersion version) {
    RoomFixture room = RoomFixture.withMembers(version);

    assertRefused(
        AuthRule.REDACTION_POWER, room, room.message(BOB, EventTypes.REDACTION, "{}").build());
  }

  static Stream<RoomVersion> versionsWithoutRedactionRule() {
    return Verdicts.without(RoomRule.REDACTION_AUTHORISATION);
  }

  @ParameterizedTest
  @MethodSource("versionsWithoutRedactionRule")
  void treatsRedactionsLikeOtherEventsSinceVersion3(RoomVersion version) {
    RoomFixture room = withBobAt(version, 50);
    Pdu ofBob = room.message(BOB, EventTypes.MESSAGE, "{}").add();

    assertAllowed(room, redaction(room, CHARLIE, ofBob));
  }
}
