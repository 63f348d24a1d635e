package org.hearth.server.matrix.event;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.node.ObjectNode;
import java.util.stream.Stream;
import org.hearth.server.matrix.version.RoomVersion;
import org.hearth.server.matrix.version.RoomVersions;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

class RedactionTest {
  /// A case: content of an event type, and what is left of it from one version to another.
  record Case(String type, int from, int to, String content, String left) {}

  static Stream<Case> contents() {
    String member =
        """
        {"membership": "join", "displayname": "Alice", "join_authorised_via_users_server": "@b:x.org",
         "third_party_invite": {"display_name": "x", "signed": {"token": "t", "mxid": "@a:x.org"}}}
        """;
    String powerLevels =
        """
        {"ban": 1, "events": {"x": 2}, "events_default": 3, "invite": 4, "kick": 5, "redact": 6,
         "state_default": 7, "users": {"@a:x.org": 8}, "users_default": 9,
         "notifications": {"room": 10}, "historical": 11}
        """;
    String powerLevelsLeft =
        """
        {"ban": 1, "events": {"x": 2}, "events_default": 3, "kick": 5, "redact": 6,
         "state_default": 7, "users": {"@a:x.org": 8}, "users_default": 9}
        """;
    String powerLevelsLeftSince11 =
        """
        {"ban": 1, "events": {"x": 2}, "events_default": 3, "invite": 4, "kick": 5, "redact": 6,
         "state_default": 7, "users": {"@a:x.org": 8}, "users_default": 9}
        """;
    String create =
        "{\"creator\": \"@a:x.org\", \"room_version\": \"1\", \"m.federate\": false, \"x\": 1}";
    String joinRules = "{\"join_rule\": \"restricted\", \"allow\": [{\"type\": \"x\"}], \"x\": 1}";
    return Stream.of(
        new Case("m.room.member", 1, 8, member, "{\"membership\": \"join\"}"),
        new Case(
            "m.room.member",
            9,
            10,
            member,
            "{\"membership\": \"join\", \"join_authorised_via_users_server\": \"@b:x.org\"}"),
        new Case(
            "m.room.member",
            11,
            12,
            member,
            """
            {"membership": "join", "join_authorised_via_users_server": "@b:x.org",
             "third_party_invite": {"signed": {"token": "t", "mxid": "@a:x.org"}}}
            """),
        new Case(
            "m.room.member",
            11,
            12,
            "{\"membership\": \"join\", \"third_party_invite\": {\"display_name\": \"x\"}}",
            "{\"membership\": \"join\", \"third_party_invite\": {}}"),
        new Case(
            "m.room.member",
            11,
            12,
            "{\"membership\": \"join\", \"third_party_invite\": \"signed\"}",
            "{\"membership\": \"join\"}"),
        new Case("m.room.create", 1, 10, create, "{\"creator\": \"@a:x.org\"}"),
        new Case("m.room.create", 11, 12, create, create),
        new Case("m.room.join_rules", 1, 7, joinRules, "{\"join_rule\": \"restricted\"}"),
        new Case(
            "m.room.join_rules",
            8,
            12,
            joinRules,
            "{\"join_rule\": \"restricted\", \"allow\": [{\"type\": \"x\"}]}"),
        new Case("m.room.power_levels", 1, 10, powerLevels, powerLevelsLeft),
        new Case("m.room.power_levels", 11, 12, powerLevels, powerLevelsLeftSince11),
        new Case("m.room.aliases", 1, 5, "{\"aliases\": [1], \"x\": 1}", "{\"aliases\": [1]}"),
        new Case("m.room.aliases", 6, 12, "{\"aliases\": [1], \"x\": 1}", "{}"),
        new Case(
            "m.room.history_visibility",
            1,
            12,
            "{\"history_visibility\": \"joined\", \"x\": 1}",
            "{\"history_visibility\": \"joined\"}"),
        new Case("m.room.redaction", 1, 10, "{\"redacts\": \"$a\", \"reason\": \"x\"}", "{}"),
        new Case(
            "m.room.redaction",
            11,
            12,
            "{\"redacts\": \"$a\", \"reason\": \"x\"}",
            "{\"redacts\": \"$a\"}"),
        new Case("m.room.message", 1, 12, "{\"body\": \"x\", \"membership\": \"join\"}", "{}"),
        new Case("m.room.name", 1, 12, "{\"name\": \"x\"}", "{}"),
        new Case("com.example", 1, 12, "{}", "{}"));
  }

  @ParameterizedTest
  @MethodSource("contents")
  void leavesOfTheContent(Case each) {
    for (RoomVersion version : versions(each.from(), each.to())) {
      ObjectNode event = Events.state(version, each.type(), "", each.content());

      ObjectNode left = Redaction.redact(event, version);

      assertThat(left.get("content")).as("version %s", version).isEqualTo(Events.json(each.left()));
    }
  }

  @Test
  void casesCoverEveryVersionOfEveryType() {
    for (String type : contents().map(Case::type).distinct().toList()) {
      for (int number = 1; number <= 12; number++) {
        int version = number;
        assertThat(contents())
            .anyMatch(c -> c.type().equals(type) && c.from() <= version && version <= c.to());
      }
    }
  }

  @Test
  void leavesOfTheEventItself() {
    for (RoomVersion version : RoomVersions.all()) {
      ObjectNode event = Events.state(version, "m.room.name", "", "{}");
      event.put("event_id", "$e:example.org").put("redacts", "$x").put("custom", 1);
      event.put("origin", "example.org").put("membership", "join").putArray("prev_state");
      event.put("age_ts", 5).put("replaces_state", "$y");

      ObjectNode left = Redaction.redact(event, version);

      String[] always = {
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
        "origin_server_ts"
      };
      assertThat(left.propertyStream().map(entry -> entry.getKey())).contains(always);
      assertThat(left).hasSize(Integer.parseInt(version.id()) < 11 ? 15 : 12);
      assertThat(left.has("origin")).isEqualTo(Integer.parseInt(version.id()) < 11);
    }
  }

  @Test
  void changesNothingTheSecondTimeAndNothingOfTheOriginal() {
    contents()
        .forEach(each -> {
          for (RoomVersion version : RoomVersions.all()) {
            ObjectNode event = Events.state(version, each.type(), "", each.content());
            ObjectNode copy = event.deepCopy();

            ObjectNode once = Redaction.redact(event, version);

            assertThat(Redaction.redact(once, version)).isEqualTo(once);
            assertThat(event).isEqualTo(copy);
          }
        });
  }

  @Test
  void doesNotStumbleOverMalformedEvents() {
    for (String event : new String[] {"{}", "{\"content\":1,\"type\":2}", "{\"type\":null}"}) {
      ObjectNode json = Events.json(event);

      assertThat(Redaction.redact(json, RoomVersions.V12)).isEqualTo(json);
    }
  }

  private static Iterable<RoomVersion> versions(int from, int to) {
    return RoomVersions.all().subList(from - 1, to);
  }
}
