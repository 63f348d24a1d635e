package org.hearth.server.matrix.auth;

import static org.assertj.core.api.Assertions.assertThat;
import static org.hearth.server.matrix.testkit.RoomFixture.BOB;

import java.util.regex.Pattern;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.hearth.server.matrix.event.Pdu;
import org.hearth.server.matrix.testkit.RoomFixture;
import org.hearth.server.matrix.version.RoomRule;
import org.hearth.server.matrix.version.RoomVersion;
import org.hearth.server.matrix.version.RoomVersions;

/// What the tests of the rules share: verdicts on the current state, and versions to try.
final class Verdicts {
  /// Not in quotes: there it is what the client has said.
  private static final Pattern NAMES_IN_THE_CODE =
      Stream.<Enum<?>[]>of(AuthRule.values(), JoinRule.values(), Membership.values())
          .flatMap(Stream::of)
          .map(Enum::name)
          .collect(
              Collectors.collectingAndThen(
                  Collectors.joining("|", "(?<![-\\w$\"])(", ")(?![-\\w\"])"), Pattern::compile));

  private Verdicts() {}

  static void assertAllowed(RoomFixture room, Pdu event) {
    assertThat(AuthRules.check(event, room.authState()))
        .as("%s in version %s", event, event.version())
        .isEqualTo(AuthVerdict.allowed());
  }

  static void assertRefused(AuthRule rule, RoomFixture room, Pdu event) {
    assertRefused(rule, event, AuthRules.check(event, room.authState()));
  }

  static void assertRefused(AuthRule rule, Pdu event, AuthVerdict verdict) {
    assertThat(verdict)
        .as("%s in version %s", event, event.version())
        .isInstanceOfSatisfying(
            AuthVerdict.Rejected.class,
            rejected -> {
              assertThat(rejected.rule()).as(rejected.detail()).isEqualTo(rule);
              // Clients show it to people.
              assertThat(rejected.detail()).doesNotContainPattern(NAMES_IN_THE_CODE);
            });
  }

  /// A room in which Alice has 100 (or all power), Bob this level and Charlie none.
  static RoomFixture withBobAt(RoomVersion version, long level, String... changes) {
    RoomFixture room = RoomFixture.withMembers(version);
    String[] all = new String[changes.length + 1];
    System.arraycopy(changes, 0, all, 0, changes.length);
    all[changes.length] = "\"users\":{\"%s\":%d}".formatted(BOB, level);
    room.usualPowerLevels(all).add();
    return room;
  }

  static Stream<RoomVersion> all() {
    return RoomVersions.all().stream();
  }

  static Stream<RoomVersion> with(RoomRule rule) {
    return all().filter(each -> each.has(rule));
  }

  static Stream<RoomVersion> without(RoomRule rule) {
    return all().filter(each -> !each.has(rule));
  }
}
