package org.hearth.server;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import org.hearth.server.http.TestClient;
import org.junit.jupiter.api.Test;

/// What follows a room that is upgraded, by the client API of a whole server.
final class UpgradeSettingsTest extends UpgradedRooms {
  UpgradeSettingsTest(WholeServer server) {
    super(server);
  }

  private static String user(String name) {
    return V3 + "/user/" + TestClient.encoded("@" + name + ":hearth.test");
  }

  private static void settle(TestClient who, String name, String room) {
    String id = TestClient.encoded(room);
    who.put(user(name) + "/rooms/" + id + "/tags/m.favourite", "{'order':0.5}").expect(200);
    who.put(
            user(name) + "/account_data/m.direct",
            "{'@carol:hearth.test':['!other:hearth.test','%s'],'@dave:hearth.test':['!x:y']}"
                .formatted(room))
        .expect(200);
    who.put(V3 + "/pushrules/global/room/" + id, "{'actions':[]}").expect(200);
    who.put(
            V3 + "/pushrules/global/override/" + id,
            "{'actions':[],'conditions':[{'kind':'event_match','key':'room_id','pattern':'%s'}]}"
                .formatted(room))
        .expect(200);
    who.put(V3 + "/pushrules/global/override/" + id + "/enabled", "{'enabled':false}").expect(200);
  }

  private static void assertSettled(TestClient who, String name, String room) {
    String id = TestClient.encoded(room);
    assertThat(
            who.get(user(name) + "/rooms/" + id + "/tags")
                .expect(200)
                .at("/tags/m.favourite/order")
                .asDouble())
        .isEqualTo(0.5);
    JsonNode direct = who.get(user(name) + "/account_data/m.direct").expect(200).json();
    assertThat(direct.path("@carol:hearth.test")).hasSize(3);
    assertThat(direct.at("/@carol:hearth.test/2").asText()).isEqualTo(room);
    assertThat(direct.path("@dave:hearth.test")).hasSize(1);
    who.get(V3 + "/pushrules/global/room/" + id).expect(200);
    JsonNode override = who.get(V3 + "/pushrules/global/override/" + id).expect(200).json();
    assertThat(override.at("/conditions/0/pattern").asText()).isEqualTo(room);
    assertThat(override.path("enabled").asBoolean(true)).isFalse();
  }

  @Test
  void tagsPushRulesAndDirectChatsFollowWhoUpgradesAndWhoeverJoins() {
    String old = create("{'room_version':'11','preset':'public_chat'}");
    join(bob, old);
    settle(alice, "alice", old);
    settle(bob, "bob", old);

    String replacement = upgrade(alice, old, "12");
    join(bob, replacement);

    assertSettled(alice, "alice", replacement);
    assertSettled(bob, "bob", replacement);
    assertThat(
            bob.get(user("bob") + "/rooms/" + TestClient.encoded(old) + "/tags")
                .expect(200)
                .json()
                .path("tags")
                .has("m.favourite"))
        .isTrue();
  }

  @Test
  void whatIsSetForTheNewRoomAlreadyStays() {
    String old = create("{'room_version':'11','preset':'public_chat'}");
    join(bob, old);
    settle(bob, "bob", old);
    String replacement = upgrade(alice, old, "12");
    String id = TestClient.encoded(replacement);
    bob.put(user("bob") + "/rooms/" + id + "/tags/m.lowpriority", "{}").expect(200);
    bob.put(V3 + "/pushrules/global/room/" + id, "{'actions':['notify']}").expect(200);

    join(bob, replacement);

    JsonNode tags = bob.get(user("bob") + "/rooms/" + id + "/tags").expect(200).json();
    assertThat(tags.path("tags").has("m.favourite")).isFalse();
    assertThat(bob.get(V3 + "/pushrules/global/room/" + id).expect(200).at("/actions/0").asText())
        .isEqualTo("notify");
  }

  @Test
  void aRoomThatOnlyClaimsToReplaceAnotherIsGivenNothing() {
    String old = create("{'preset':'public_chat'}");
    join(bob, old);
    settle(bob, "bob", old);
    String claiming =
        create(
            "{'preset':'public_chat','creation_content':{'predecessor':{'room_id':'%s'}}}"
                .formatted(old));

    join(bob, claiming);

    String id = TestClient.encoded(claiming);
    JsonNode tags = bob.get(user("bob") + "/rooms/" + id + "/tags").expect(200).json();
    assertThat(tags.path("tags")).isEmpty();
    bob.get(V3 + "/pushrules/global/room/" + id).expect(404, "M_NOT_FOUND");
  }

  @Test
  void theCanonicalAliasMovesWithTheAliases() {
    String old = create("{'room_version':'11','room_alias_name':'home','preset':'public_chat'}");
    alice
        .put(
            V3 + "/directory/room/" + TestClient.encoded("#other:hearth.test"),
            "{'room_id':'%s'}".formatted(old))
        .expect(200);
    alice
        .put(
            V3 + "/rooms/" + TestClient.encoded(old) + "/state/m.room.canonical_alias/",
            "{'alias':'#home:hearth.test','alt_aliases':['#other:hearth.test']}")
        .expect(200);

    String replacement = upgrade(alice, old, "11");

    JsonNode canonical = state(replacement, "m.room.canonical_alias");
    assertThat(canonical.path("alias").asText()).isEqualTo("#home:hearth.test");
    assertThat(canonical.at("/alt_aliases/0").asText()).isEqualTo("#other:hearth.test");
    assertThat(state(old, "m.room.canonical_alias")).isEmpty();
  }

  @Test
  void whoUpgradesKeepsThePowerThatHeHad() {
    String old =
        create(
            "{'room_version':'10','preset':'public_chat','power_level_content_override':"
                + "{'users':{'@alice:hearth.test':100,'@bob:hearth.test':50},"
                + "'events':{'m.room.tombstone':50,'m.room.power_levels':100,"
                + "'m.room.history_visibility':100}}}");
    join(bob, old);

    String replacement = upgrade(bob, old, "11");
    join(alice, replacement);

    JsonNode levels = state(replacement, "m.room.power_levels");
    assertThat(levels.at("/users/@bob:hearth.test").asInt()).isEqualTo(50);
    assertThat(levels.at("/users/@alice:hearth.test").asInt()).isEqualTo(100);
    assertThat(state(replacement, "m.room.history_visibility").path("history_visibility").asText())
        .isEqualTo("shared");
  }

  @Test
  void whoUpgradesWithEnoughPowerIsNotGivenMore() {
    String old =
        create(
            "{'room_version':'10','power_level_content_override':"
                + "{'users':{'@alice:hearth.test':70},'events':{'m.room.tombstone':70}}}");

    String replacement = upgrade(alice, old, "11");

    assertThat(state(replacement, "m.room.power_levels").at("/users/@alice:hearth.test").asInt())
        .isEqualTo(70);
  }
}
