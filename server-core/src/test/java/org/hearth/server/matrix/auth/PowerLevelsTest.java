package org.hearth.server.matrix.auth;

import static org.assertj.core.api.Assertions.assertThat;
import static org.hearth.server.matrix.testkit.RoomFixture.ALICE;
import static org.hearth.server.matrix.testkit.RoomFixture.BOB;
import static org.hearth.server.matrix.testkit.RoomFixture.CHARLIE;

import java.util.Optional;
import java.util.stream.Stream;
import org.hearth.server.matrix.event.EventTypes;
import org.hearth.server.matrix.testkit.RoomFixture;
import org.hearth.server.matrix.version.RoomRule;
import org.hearth.server.matrix.version.RoomVersion;
import org.hearth.server.matrix.version.RoomVersions;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

class PowerLevelsTest {
  private static PowerLevels levels(RoomVersion version, String content) {
    RoomFixture room = RoomFixture.of(version);
    room.powerLevels(content).add();
    return PowerLevels.in(room.authState(), version);
  }

  @ParameterizedTest
  @MethodSource("org.hearth.server.matrix.auth.Verdicts#all")
  void hasTheDefaultsOfARoomWithoutPowerLevels(RoomVersion version) {
    PowerLevels levels = PowerLevels.in(RoomFixture.of(version).authState(), version);

    assertThat(levels.isPresent()).isFalse();
    assertThat(levels.userLevel(ALICE))
        .isEqualTo(version.has(RoomRule.PRIVILEGED_CREATORS) ? PowerLevels.INFINITE : 100);
    assertThat(levels.userLevel(BOB)).isZero();
    assertThat(levels.neededFor(EventTypes.TOPIC, true)).isEqualTo(50);
    assertThat(levels.neededFor(EventTypes.MESSAGE, false)).isZero();
    assertThat(levels.invite()).isZero();
    assertThat(levels.kick()).isEqualTo(50);
    assertThat(levels.ban()).isEqualTo(50);
    assertThat(levels.redact()).isEqualTo(50);
    assertThat(levels.notification("room")).isEqualTo(50);
  }

  @ParameterizedTest
  @MethodSource("org.hearth.server.matrix.auth.Verdicts#all")
  void readsEveryLevel(RoomVersion version) {
    PowerLevels levels =
        levels(
            version,
            """
            {"users": {"@bob:b.example": 1}, "users_default": 2, "events": {"x": 3},
             "events_default": 4, "state_default": 5, "invite": 6, "kick": 7, "ban": 8,
             "redact": 9, "notifications": {"room": 10}}
            """);

    assertThat(levels.isPresent()).isTrue();
    assertThat(levels.userLevel(BOB)).isEqualTo(1);
    assertThat(levels.userLevel(CHARLIE)).isEqualTo(2);
    assertThat(levels.neededFor("x", true)).isEqualTo(3);
    assertThat(levels.neededFor("x", false)).isEqualTo(3);
    assertThat(levels.neededFor("y", false)).isEqualTo(4);
    assertThat(levels.neededFor("y", true)).isEqualTo(5);
    assertThat(levels.invite()).isEqualTo(6);
    assertThat(levels.kick()).isEqualTo(7);
    assertThat(levels.ban()).isEqualTo(8);
    assertThat(levels.redact()).isEqualTo(9);
    assertThat(levels.notification("room")).isEqualTo(10);
    assertThat(levels.notification("other")).isEqualTo(50);
    assertThat(levels.maySend(BOB, "y", false)).isFalse();
    assertThat(levels.maySend(CHARLIE, "z", false)).isFalse();
  }

  @Test
  void givesNobodyACreatorsPowerWithoutCreateEvent() {
    assertThat(
            PowerLevels.of(RoomVersions.V12, Optional.empty(), Optional.empty()).userLevel(ALICE))
        .isZero();
  }

  @ParameterizedTest
  @ValueSource(strings = {"\"x\"", "null", "[]", "{}", "true", "\"\"", "\"+\"", "\"1_000\""})
  void takesTheDefaultForWhatIsNoLevel(String value) {
    for (RoomVersion version : RoomVersions.all()) {
      PowerLevels levels =
          levels(
              version,
              "{\"ban\":%s,\"users_default\":%s,\"users\":{\"%s\":%s}}"
                  .formatted(value, value, BOB, value));

      assertThat(levels.ban()).isEqualTo(50);
      assertThat(levels.userLevel(BOB)).isZero();
    }
  }

  @ParameterizedTest
  @ValueSource(strings = {"null", "[]", "\"x\"", "7"})
  void takesTheDefaultForMapsThatAreNone(String map) {
    PowerLevels levels =
        levels(
            RoomVersions.V12,
            "{\"users\":%s,\"events\":%s,\"notifications\":%s}".formatted(map, map, map));

    assertThat(levels.userLevel(BOB)).isZero();
    assertThat(levels.neededFor("x", true)).isEqualTo(50);
    assertThat(levels.notification("room")).isEqualTo(50);
  }

  @ParameterizedTest
  @CsvSource({
    "'\" +0007 \"', 7",
    "'\"-7\"', -7",
    "'\"00000000000000000000000000000000000007\"', 7",
    "'\"999999999999999999\"', 999999999999999999",
    "'\"0\"', 0",
    "'\"-0\"', 0"
  })
  void readsLevelsInStringsUntilVersion9(String written, long level) {
    for (RoomVersion version : Verdicts.without(RoomRule.INTEGER_POWER_LEVELS).toList()) {
      assertThat(levels(version, "{\"ban\":" + written + "}").ban()).isEqualTo(level);
    }
  }

  static Stream<RoomVersion> versionsWithFloats() {
    return Verdicts.without(RoomRule.STRICT_CANONICAL_JSON);
  }

  @ParameterizedTest
  @MethodSource("versionsWithFloats")
  void cutsFloatsUntilVersion5(RoomVersion version) {
    assertThat(levels(version, "{\"ban\":5.114698E4}").ban()).isEqualTo(51146);
    assertThat(levels(version, "{\"ban\":50.57}").ban()).isEqualTo(50);
    assertThat(levels(version, "{\"ban\":-50.57}").ban()).isEqualTo(-50);
  }

  @ParameterizedTest
  @MethodSource("versionsWithFloats")
  void cutsLevelsThatNoLongHolds(RoomVersion version) {
    String large = "9".repeat(40);

    for (String written : new String[] {large, "\"" + large + "\"", "1e300"}) {
      assertThat(levels(version, "{\"ban\":" + written + "}").ban())
          .as(written)
          .isEqualTo(PowerLevels.INFINITE - 1);
    }
    for (String written : new String[] {"-" + large, "\"-" + large + "\"", "-1e300"}) {
      assertThat(levels(version, "{\"ban\":" + written + "}").ban())
          .as(written)
          .isEqualTo(-(PowerLevels.INFINITE - 1));
    }
  }

  @Test
  void putsCreatorsAboveEveryLevelThatCanBeWritten() {
    RoomFixture room = RoomFixture.empty(RoomVersions.V12);
    room.create("{\"additional_creators\":[\"@bob:b.example\"]}").add();
    room.powerLevels("{\"users\":{\"%s\":9007199254740991,\"%s\":0}}".formatted(CHARLIE, BOB))
        .add();
    PowerLevels levels = PowerLevels.in(room.authState(), RoomVersions.V12);

    assertThat(levels.userLevel(ALICE)).isEqualTo(PowerLevels.INFINITE);
    assertThat(levels.userLevel(BOB)).isEqualTo(PowerLevels.INFINITE);
    assertThat(levels.userLevel(CHARLIE)).isLessThan(PowerLevels.INFINITE);
  }
}
