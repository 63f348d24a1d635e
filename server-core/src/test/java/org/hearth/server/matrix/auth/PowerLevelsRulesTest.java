package org.hearth.server.matrix.auth;

import static org.hearth.server.matrix.auth.Verdicts.assertAllowed;
import static org.hearth.server.matrix.auth.Verdicts.assertRefused;
import static org.hearth.server.matrix.auth.Verdicts.withBobAt;
import static org.hearth.server.matrix.testkit.RoomFixture.ALICE;
import static org.hearth.server.matrix.testkit.RoomFixture.BOB;
import static org.hearth.server.matrix.testkit.RoomFixture.CHARLIE;

import com.fasterxml.jackson.databind.node.ObjectNode;
import java.util.Objects;
import java.util.function.Consumer;
import java.util.stream.Stream;
import org.hearth.server.matrix.event.EventTypes;
import org.hearth.server.matrix.event.Pdu;
import org.hearth.server.matrix.event.StateKey;
import org.hearth.server.matrix.testkit.RoomFixture;
import org.hearth.server.matrix.version.RoomRule;
import org.hearth.server.matrix.version.RoomVersion;
import org.hearth.server.matrix.version.RoomVersions;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

/// The rules of power levels events.
class PowerLevelsRulesTest {
  /// Bob, at 50 in a room where state needs 50, changes the power levels.
  private static Pdu changedByBob(RoomFixture room, Consumer<ObjectNode> change) {
    ObjectNode content =
        Objects.requireNonNull(room.state().get(StateKey.of(EventTypes.POWER_LEVELS)))
            .content()
            .deepCopy();
    change.accept(content);
    return room.powerLevels(BOB, content.toString()).build();
  }

  private static Consumer<ObjectNode> put(String property, long level) {
    return content -> content.put(property, level);
  }

  private static Consumer<ObjectNode> put(String map, String entry, long level) {
    return content -> content.withObjectProperty(map).put(entry, level);
  }

  static Stream<String> properties() {
    return Stream.of(
        "users_default", "events_default", "state_default", "ban", "redact", "kick", "invite");
  }

  @ParameterizedTest
  @MethodSource("properties")
  void refusesPropertyThatIsNoIntegerSinceVersion10(String property) {
    for (RoomVersion version : Verdicts.with(RoomRule.INTEGER_POWER_LEVELS).toList()) {
      RoomFixture room = RoomFixture.of(version);
      for (String value : new String[] {"\"50\"", "null", "[50]", "{}", "true", "\"\""}) {
        assertRefused(
            AuthRule.POWER_LEVELS_NOT_INTEGER,
            room,
            room.powerLevels("{\"%s\":%s}".formatted(property, value)).build());
      }
      assertAllowed(room, room.powerLevels("{\"%s\":-50}".formatted(property)).build());
    }
  }

  @ParameterizedTest
  @MethodSource("properties")
  void takesPropertyThatIsAnIntegerInAStringUntilVersion9(String property) {
    for (RoomVersion version : Verdicts.without(RoomRule.INTEGER_POWER_LEVELS).toList()) {
      RoomFixture room = RoomFixture.of(version);
      for (String value : new String[] {"\"50\"", "\" +00050 \"", "\"-1\""}) {
        assertAllowed(room, room.powerLevels("{\"%s\":%s}".formatted(property, value)).build());
      }
      for (String value : new String[] {"\"fifty\"", "\"5 0\"", "\"\"", "\"1.5\"", "null", "[]"}) {
        assertRefused(
            AuthRule.POWER_LEVELS_NOT_INTEGER,
            room,
            room.powerLevels("{\"%s\":%s}".formatted(property, value)).build());
      }
    }
  }

  @ParameterizedTest
  @ValueSource(strings = {"events", "notifications"})
  void refusesEntryThatIsNoIntegerSinceVersion10(String map) {
    for (RoomVersion version : Verdicts.with(RoomRule.INTEGER_POWER_LEVELS).toList()) {
      RoomFixture room = RoomFixture.of(version);
      for (String value :
          new String[] {"{\"x\":\"50\"}", "{\"x\":null}", "null", "[]", "50", "\"x\""}) {
        assertRefused(
            AuthRule.POWER_LEVELS_ENTRY_NOT_INTEGER,
            room,
            room.powerLevels("{\"%s\":%s}".formatted(map, value)).build());
      }
      assertAllowed(room, room.powerLevels("{\"%s\":{\"x\":50}}".formatted(map)).build());
    }
  }

  @ParameterizedTest
  @MethodSource("org.hearth.server.matrix.auth.Verdicts#all")
  void refusesUsersThatAreNoObjectOfIntegers(RoomVersion version) {
    RoomFixture room = RoomFixture.of(version);
    for (String users :
        new String[] {"null", "[]", "1", "{\"%s\":\"x\"}".formatted(BOB), "{\"" + BOB + "\":{}}"}) {
      assertRefused(
          AuthRule.POWER_LEVELS_USERS_MALFORMED,
          room,
          room.powerLevels("{\"users\":%s}".formatted(users)).build());
    }
  }

  @ParameterizedTest
  @MethodSource("org.hearth.server.matrix.auth.Verdicts#all")
  void refusesUsersThatAreNoUserIds(RoomVersion version) {
    RoomFixture room = RoomFixture.of(version);
    for (String user :
        new String[] {"", "bob", "@bob", "bob:b.example", "@bob:", "!bob:b.example"}) {
      assertRefused(
          AuthRule.POWER_LEVELS_USERS_MALFORMED,
          room,
          room.powerLevels("{\"users\":{\"%s\":1}}".formatted(user)).build());
    }
  }

  @ParameterizedTest
  @MethodSource("org.hearth.server.matrix.auth.Verdicts#all")
  void takesUsersLevelInAStringUntilVersion9(RoomVersion version) {
    RoomFixture room = RoomFixture.of(version);
    Pdu event = room.powerLevels("{\"users\":{\"%s\":\" 50\"}}".formatted(BOB)).build();

    if (version.has(RoomRule.INTEGER_POWER_LEVELS)) {
      assertRefused(AuthRule.POWER_LEVELS_USERS_MALFORMED, room, event);
    } else {
      assertAllowed(room, event);
    }
  }

  @Test
  void refusesCreatorsAmongUsersSinceVersion12() {
    RoomFixture room = RoomFixture.empty(RoomVersions.V12);
    room.create("{\"additional_creators\":[\"@bob:b.example\"]}").add();
    room.join(ALICE).add();

    for (String creator : new String[] {ALICE.value(), BOB.value()}) {
      assertRefused(
          AuthRule.POWER_LEVELS_NAME_CREATOR,
          room,
          room.powerLevels("{\"users\":{\"%s\":100}}".formatted(creator)).build());
    }
    assertAllowed(room, room.powerLevels("{\"users\":{\"%s\":100}}".formatted(CHARLIE)).build());
  }

  @ParameterizedTest
  @MethodSource("org.hearth.server.matrix.auth.Verdicts#all")
  void allowsAnythingWellFormedAsFirstPowerLevels(RoomVersion version) {
    RoomFixture room = RoomFixture.of(version);

    assertAllowed(
        room,
        room.powerLevels(
                "{\"ban\":1000,\"events\":{\"x\":1000},\"users\":{\"%s\":1000}}".formatted(BOB))
            .build());
  }

  @ParameterizedTest
  @MethodSource("properties")
  void refusesPropertyRaisedAboveTheSender(String property) {
    for (RoomVersion version : RoomVersions.all()) {
      RoomFixture room = withBobAt(version, 50);

      assertRefused(AuthRule.POWER_LEVELS_NEW_LEVEL, room, changedByBob(room, put(property, 51)));
      assertAllowed(room, changedByBob(room, put(property, 50)));
    }
  }

  @ParameterizedTest
  @MethodSource("properties")
  void refusesChangeAndRemovalOfPropertyAboveTheSender(String property) {
    for (RoomVersion version : RoomVersions.all()) {
      RoomFixture room = RoomFixture.withMembers(version);
      // An entry of its own keeps power_levels within Bob's reach whatever the property.
      String reachable = "\"events\":{\"m.room.power_levels\":0}";
      String bob = "\"users\":{\"%s\":50,\"%s\":100}".formatted(BOB, ALICE);
      room.powerLevels("{%s,%s,\"%s\":51}".formatted(reachable, bob, property))
          .bendContent(content -> dropCreator(version, content))
          .add();

      assertRefused(
          AuthRule.POWER_LEVELS_CURRENT_LEVEL, room, changedByBob(room, put(property, 1)));
      assertRefused(
          AuthRule.POWER_LEVELS_CURRENT_LEVEL,
          room,
          changedByBob(room, content -> content.remove(property)));
      assertAllowed(room, changedByBob(room, put(property, 51)));
    }
  }

  private static void dropCreator(RoomVersion version, ObjectNode content) {
    if (version.has(RoomRule.PRIVILEGED_CREATORS)) {
      content.withObjectProperty("users").remove(ALICE.value());
    }
  }

  @ParameterizedTest
  @MethodSource("org.hearth.server.matrix.auth.Verdicts#all")
  void refusesEventsEntryAboveTheSender(RoomVersion version) {
    RoomFixture room = withBobAt(version, 50, "\"events\":{\"high\":51,\"low\":1}");

    assertRefused(
        AuthRule.POWER_LEVELS_NEW_ENTRY, room, changedByBob(room, put("events", "new", 51)));
    assertRefused(
        AuthRule.POWER_LEVELS_NEW_ENTRY, room, changedByBob(room, put("events", "low", 51)));
    assertRefused(
        AuthRule.POWER_LEVELS_CURRENT_ENTRY, room, changedByBob(room, put("events", "high", 1)));
    assertRefused(
        AuthRule.POWER_LEVELS_CURRENT_ENTRY,
        room,
        changedByBob(room, content -> content.remove("events")));
    assertAllowed(room, changedByBob(room, put("events", "new", 50)));
    assertAllowed(
        room, changedByBob(room, content -> content.withObjectProperty("events").remove("low")));
  }

  @ParameterizedTest
  @MethodSource("org.hearth.server.matrix.auth.Verdicts#all")
  void refusesNotificationsEntryAboveTheSenderSinceVersion6(RoomVersion version) {
    RoomFixture room = withBobAt(version, 50, "\"notifications\":{\"high\":51}");
    Pdu raised = changedByBob(room, put("notifications", "room", 51));
    Pdu lowered = changedByBob(room, put("notifications", "high", 1));

    if (version.has(RoomRule.NOTIFICATION_LEVELS_CHECKED)) {
      assertRefused(AuthRule.POWER_LEVELS_NEW_ENTRY, room, raised);
      assertRefused(AuthRule.POWER_LEVELS_CURRENT_ENTRY, room, lowered);
    } else {
      assertAllowed(room, raised);
      assertAllowed(room, lowered);
    }
  }

  @ParameterizedTest
  @MethodSource("org.hearth.server.matrix.auth.Verdicts#all")
  void refusesChangeOfUsersWhoAreNotBelowTheSender(RoomVersion version) {
    RoomFixture room = RoomFixture.withMembers(version);
    room.usualPowerLevels(
            "\"users\":{\"%s\":50,\"%s\":50,\"@dora:d.example\":49,\"@eve:e.example\":51}"
                .formatted(BOB, CHARLIE))
        .add();

    assertRefused(
        AuthRule.POWER_LEVELS_CURRENT_USER,
        room,
        changedByBob(room, put("users", CHARLIE.value(), 0)));
    assertRefused(
        AuthRule.POWER_LEVELS_CURRENT_USER,
        room,
        changedByBob(room, put("users", "@eve:e.example", 50)));
    assertRefused(
        AuthRule.POWER_LEVELS_CURRENT_USER,
        room,
        changedByBob(room, content -> content.withObjectProperty("users").remove(CHARLIE.value())));
    assertAllowed(room, changedByBob(room, put("users", "@dora:d.example", 50)));
    assertAllowed(
        room,
        changedByBob(
            room, content -> content.withObjectProperty("users").remove("@dora:d.example")));
  }

  @ParameterizedTest
  @MethodSource("org.hearth.server.matrix.auth.Verdicts#all")
  void letsTheSenderStepDownButNotUp(RoomVersion version) {
    RoomFixture room = withBobAt(version, 50);

    assertAllowed(room, changedByBob(room, put("users", BOB.value(), 49)));
    assertAllowed(
        room,
        changedByBob(room, content -> content.withObjectProperty("users").remove(BOB.value())));
    assertRefused(
        AuthRule.POWER_LEVELS_NEW_USER, room, changedByBob(room, put("users", BOB.value(), 51)));
  }

  @ParameterizedTest
  @MethodSource("org.hearth.server.matrix.auth.Verdicts#all")
  void refusesUserLiftedAboveTheSender(RoomVersion version) {
    RoomFixture room = withBobAt(version, 50);

    assertRefused(
        AuthRule.POWER_LEVELS_NEW_USER,
        room,
        changedByBob(room, put("users", CHARLIE.value(), 51)));
    assertAllowed(room, changedByBob(room, put("users", CHARLIE.value(), 50)));
  }

  /// One event breaks two rules: the first in the order of the specification is named, whichever
  /// entry comes first.
  @ParameterizedTest
  @MethodSource("org.hearth.server.matrix.auth.Verdicts#all")
  void refusesByTheFirstRuleInTheOrderOfTheSpecification(RoomVersion version) {
    RoomFixture room = RoomFixture.withMembers(version);
    room.usualPowerLevels(
            "\"users\":{\"%s\":50,\"@eve:e.example\":51}".formatted(BOB),
            "\"events\":{\"low\":1,\"zhigh\":51}")
        .add();

    assertRefused(
        AuthRule.POWER_LEVELS_CURRENT_ENTRY,
        room,
        changedByBob(room, put("events", "low", 51).andThen(put("events", "zhigh", 1))));
    assertRefused(
        AuthRule.POWER_LEVELS_CURRENT_USER,
        room,
        changedByBob(
            room, put("users", BOB.value(), 51).andThen(put("users", "@eve:e.example", 1))));
    assertRefused(
        AuthRule.POWER_LEVELS_NEW_ENTRY,
        room,
        changedByBob(room, put("users", BOB.value(), 51).andThen(put("events", "low", 51))));
  }

  @Test
  void takesTheSameLevelInAnotherSpellingForNoChange() {
    RoomFixture room = RoomFixture.withMembers(RoomVersions.V9);
    room.usualPowerLevels("\"ban\":\"070\"", "\"users\":{\"%s\":\"50\"}".formatted(BOB)).add();

    assertAllowed(room, changedByBob(room, put("ban", 70)));
  }

  @Test
  void letsCreatorsChangeAnyLevelSinceVersion12() {
    RoomFixture room = RoomFixture.of(RoomVersions.V12);
    long highest = (1L << 53) - 1;
    room.usualPowerLevels(
            "\"ban\":" + highest,
            "\"events\":{\"m.room.power_levels\":%d}".formatted(highest),
            "\"users\":{\"%s\":%d}".formatted(BOB, highest))
        .add();

    assertAllowed(room, room.powerLevels("{}").build());
  }

  @Test
  void doesNotLetTheFormerCreatorChangeLevelsAboveThemBeforeVersion12() {
    RoomFixture room = RoomFixture.of(RoomVersions.V11);
    room.powerLevels("{\"users\":{\"%s\":50},\"ban\":51}".formatted(ALICE)).add();

    assertRefused(
        AuthRule.POWER_LEVELS_CURRENT_LEVEL,
        room,
        room.powerLevels("{\"users\":{\"%s\":50}}".formatted(ALICE)).build());
  }
}
