package org.hearth.server.matrix.version;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.EnumSet;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.stream.Stream;
import org.hearth.server.matrix.version.RedactionRules.KeptContent;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/// The versions against tables taken from the specification's page of each version, written out in
/// full here so that a slip in "the previous, except" shows.
class RoomVersionsTest {
  /// A row: a rule, and a mark for each version from 1 to 12 that has it.
  record Row(RoomRule rule, String versions) {}

  static Stream<Row> rules() {
    return Stream.of(
        //                                             1  2  3  4  5  6  7  8  9  10 11 12
        new Row(RoomRule.ALIASES_AUTHORISATION, "      x  x  x  x  x  .  .  .  .  .  .  ."),
        new Row(RoomRule.REDACTION_AUTHORISATION, "    x  x  .  .  .  .  .  .  .  .  .  ."),
        new Row(RoomRule.KEY_VALIDITY_ENFORCED, "      .  .  .  .  x  x  x  x  x  x  x  x"),
        new Row(RoomRule.STRICT_CANONICAL_JSON, "      .  .  .  .  .  x  x  x  x  x  x  x"),
        new Row(RoomRule.NOTIFICATION_LEVELS_CHECKED, ".  .  .  .  .  x  x  x  x  x  x  x"),
        new Row(RoomRule.KNOCKING, "                   .  .  .  .  .  .  x  x  x  x  x  x"),
        new Row(RoomRule.RESTRICTED_JOINS, "           .  .  .  .  .  .  .  x  x  x  x  x"),
        new Row(RoomRule.KNOCK_RESTRICTED_JOINS, "     .  .  .  .  .  .  .  .  .  x  x  x"),
        new Row(RoomRule.INTEGER_POWER_LEVELS, "       .  .  .  .  .  .  .  .  .  x  x  x"),
        new Row(RoomRule.CREATOR_IS_SENDER, "          .  .  .  .  .  .  .  .  .  .  x  x"),
        new Row(RoomRule.REDACTS_IN_CONTENT, "         .  .  .  .  .  .  .  .  .  .  x  x"),
        new Row(RoomRule.PRIVILEGED_CREATORS, "        .  .  .  .  .  .  .  .  .  .  .  x"),
        new Row(RoomRule.ROOM_ID_IS_CREATE_HASH, "     .  .  .  .  .  .  .  .  .  .  .  x"));
  }

  @ParameterizedTest
  @MethodSource("rules")
  void ruleHoldsInTheVersionsOfTheSpecification(Row row) {
    List<String> marks = List.of(row.versions().strip().split(" +", -1));

    assertThat(RoomVersions.all().stream().map(version -> version.has(row.rule()) ? "x" : "."))
        .containsExactlyElementsOf(marks);
  }

  @Test
  void everyRuleHasARow() {
    Set<RoomRule> inTable = EnumSet.noneOf(RoomRule.class);
    rules().forEach(row -> inTable.add(row.rule()));

    assertThat(inTable).containsExactlyInAnyOrder(RoomRule.values());
  }

  @Test
  void eventIdsAndStateResolutionAreThoseOfTheSpecification() {
    EventIdFormat assigned = EventIdFormat.SERVER_ASSIGNED;
    EventIdFormat safe = EventIdFormat.HASH_URL_SAFE;
    StateResolutionAlgorithm v2 = StateResolutionAlgorithm.V2;

    assertThat(RoomVersions.all().stream().map(RoomVersion::eventIds))
        .containsExactly(
            assigned,
            assigned,
            EventIdFormat.HASH_BASE64,
            safe,
            safe,
            safe,
            safe,
            safe,
            safe,
            safe,
            safe,
            safe);
    assertThat(RoomVersions.all().stream().map(RoomVersion::stateResolution))
        .containsExactly(
            StateResolutionAlgorithm.V1,
            v2,
            v2,
            v2,
            v2,
            v2,
            v2,
            v2,
            v2,
            v2,
            v2,
            StateResolutionAlgorithm.V2_1);
  }

  @Test
  void redactionKeepsWhatTheSpecificationLists() {
    Set<String> since11 =
        Set.of(
            "event_id",
            "type",
            "room_id",
            "sender",
            "state_key",
            "content",
            "hashes",
            "signatures",
            "depth",
            "prev_events",
            "auth_events",
            "origin_server_ts");
    Set<String> before11 = new HashSet<>(since11);
    before11.addAll(Set.of("prev_state", "origin", "membership"));

    for (RoomVersion version : RoomVersions.all()) {
      int number = Integer.parseInt(version.id());
      assertThat(version.redaction().members()).isEqualTo(number < 11 ? before11 : since11);
      kept(version, "m.room.member", number < 9, "membership");
      kept(version, "m.room.member", number >= 9, "membership", "join_authorised_via_users_server");
      kept(version, "m.room.create", number < 11, "creator");
      kept(version, "m.room.join_rules", number < 8, "join_rule");
      kept(version, "m.room.join_rules", number >= 8, "join_rule", "allow");
      kept(
          version,
          "m.room.power_levels",
          number < 11,
          "ban",
          "events",
          "events_default",
          "kick",
          "redact",
          "state_default",
          "users",
          "users_default");
      kept(
          version,
          "m.room.power_levels",
          number >= 11,
          "ban",
          "events",
          "events_default",
          "invite",
          "kick",
          "redact",
          "state_default",
          "users",
          "users_default");
      kept(version, "m.room.aliases", number < 6, "aliases");
      kept(version, "m.room.aliases", number >= 6);
      kept(version, "m.room.history_visibility", true, "history_visibility");
      kept(version, "m.room.redaction", number < 11);
      kept(version, "m.room.redaction", number >= 11, "redacts");
      kept(version, "m.room.message", true);
      assertThat(version.redaction().contentOf("m.room.create").everything())
          .isEqualTo(number >= 11);
      assertThat(
              version
                  .redaction()
                  .contentOf("m.room.member")
                  .within()
                  .containsKey("third_party_invite"))
          .isEqualTo(number >= 11);
      assertThat(version.redaction().content()).hasSize(number < 6 ? 6 : number < 11 ? 5 : 6);
    }
  }

  private static void kept(RoomVersion version, String type, boolean when, String... keys) {
    if (when) {
      KeptContent kept = version.redaction().contentOf(type);
      assertThat(kept.keys()).as("%s in %s", type, version).containsExactlyInAnyOrder(keys);
    }
  }

  @Test
  void versionsAreFoundByName() {
    assertThat(RoomVersions.of("12")).contains(RoomVersions.V12);
    assertThat(RoomVersions.DEFAULT.id()).isEqualTo("12");
    assertThat(RoomVersions.of("13")).isEmpty();
    assertThat(RoomVersions.of("")).isEmpty();
    assertThat(RoomVersions.of("012")).isEmpty();
    assertThat(RoomVersions.all().stream().map(RoomVersion::id))
        .containsExactly("1", "2", "3", "4", "5", "6", "7", "8", "9", "10", "11", "12");
    assertThat(RoomVersions.since(RoomVersions.V11))
        .containsExactly(RoomVersions.V11, RoomVersions.V12);
  }
}
