package org.hearth.server.matrix.auth;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.fail;
import static org.hearth.server.matrix.testkit.RoomFixture.ALICE;
import static org.hearth.server.matrix.testkit.RoomFixture.BOB;
import static org.hearth.server.matrix.testkit.RoomFixture.CHARLIE;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.hearth.server.matrix.error.MatrixException;
import org.hearth.server.matrix.event.EventTypes;
import org.hearth.server.matrix.event.Pdu;
import org.hearth.server.matrix.event.StateKey;
import org.hearth.server.matrix.testkit.EventRecipe;
import org.hearth.server.matrix.testkit.RoomFixture;
import org.hearth.server.matrix.testkit.TestKeys;
import org.hearth.server.matrix.version.RoomVersion;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/// Every value of every content replaced by values of other types: there is always a verdict.
class HostileContentTest {
  private static final List<JsonNode> REPLACEMENTS =
      replacements(
          """
          {"values": [null, true, 0, -1, 9007199254740991, "", "x", "@", "@:", ":", "50", " +1 ",
           "invite", "knock", "restricted", "ban", "@bob:b.example", [], [null], [[]], {},
           {"": ""}, {"a": null}, {"@bob:b.example": "x"}, {"ed25519:x": 1}]}
          """);

  private static List<JsonNode> replacements(String json) {
    List<JsonNode> values = new ArrayList<>();
    RoomFixture.json(json).path("values").forEach(values::add);
    return values;
  }

  private static List<EventRecipe> oneOfEachKind(RoomFixture room) {
    return List.of(
        room.create("{\"additional_creators\":[\"@bob:b.example\"],\"m.federate\":true}"),
        room.joinRule("restricted"),
        room.powerLevels(
            """
            {"users": {"@bob:b.example": 50}, "users_default": 2, "events": {"x": 3},
             "events_default": 4, "state_default": 5, "invite": 6, "kick": 7, "ban": 8,
             "redact": 9, "notifications": {"room": 10}}
            """),
        room.join(BOB)
            .bendContent(content -> content.put("join_authorised_via_users_server", ALICE.value())),
        room.member(ALICE, BOB, "leave"),
        room.member(ALICE, BOB, "ban"),
        room.member(BOB, BOB, "knock"),
        room.state(
            ALICE,
            EventTypes.MEMBER,
            "@dora:d.example",
            """
            {"membership": "invite", "third_party_invite": {"signed": {"mxid": "@dora:d.example",
             "token": "token", "signatures": {"identity.example": {"ed25519:test": "AAAA"}}}}}
            """),
        room.state(
            ALICE,
            EventTypes.THIRD_PARTY_INVITE,
            "token",
            "{\"public_key\":\"AAAA\",\"public_keys\":[{\"public_key\":\"AAAA\"}]}"),
        room.state(ALICE, EventTypes.ALIASES, "a.example", "{\"aliases\":[]}"),
        room.message(BOB, EventTypes.REDACTION, "{\"redacts\":\"$x:a.example\"}"));
  }

  @ParameterizedTest
  @MethodSource("org.hearth.server.matrix.auth.Verdicts#all")
  void givesAVerdictWhateverTheEventAndTheStateContain(RoomVersion version) {
    RoomFixture room = RoomFixture.withMembers(version);
    room.state(ALICE, EventTypes.THIRD_PARTY_INVITE, "token", "{\"public_key\":\"AAAA\"}").add();
    room.usualPowerLevels("\"users\":{\"%s\":50}".formatted(BOB)).add();
    Map<StateKey, Pdu> state = room.state();
    List<Pdu> bent = new ArrayList<>();
    List<Pdu> straight = new ArrayList<>();
    for (EventRecipe recipe : oneOfEachKind(room)) {
      Pdu event = recipe.build();
      straight.add(event);
      for (ObjectNode json : variants(event.json())) {
        try {
          bent.add(Pdu.parse(json, version));
        } catch (MatrixException _) {
          // No event of this version at all: the rules never see it.
        }
      }
    }
    straight.add(room.topic(ALICE, "x").build());
    straight.add(room.message(CHARLIE, EventTypes.MESSAGE, "{}").build());

    for (Pdu event : bent) {
      assertVerdict(event, state, room);
      // As part of the state, before each other event.
      Map<StateKey, Pdu> bentState = new HashMap<>(state);
      event.stateKeyPair().ifPresent(key -> bentState.put(key, event));
      straight.forEach(each -> assertVerdict(each, bentState, room));
    }
    assertThat(bent).hasSizeGreaterThan(500);
  }

  private static void assertVerdict(Pdu event, Map<StateKey, Pdu> state, RoomFixture room) {
    try {
      assertThat(AuthRules.check(event, AuthState.of(state), TestKeys::isSignedBy)).isNotNull();
      assertThat(AuthRules.checkAuthEvents(event, room.known(), TestKeys::isSignedBy)).isNotNull();
    } catch (RuntimeException e) {
      fail("no verdict on " + event.json() + " in " + state, e);
    }
  }

  /// The object with each of its values, at any depth of `content`, replaced by each replacement.
  private static List<ObjectNode> variants(ObjectNode event) {
    List<ObjectNode> variants = new ArrayList<>();
    for (JsonNode replacement : REPLACEMENTS) {
      int places = replace(event.path("content").deepCopy(), -1, replacement);
      for (int place = 0; place < places; place++) {
        ObjectNode variant = event.deepCopy();
        replace(variant.path("content"), place, replacement);
        variants.add(variant);
      }
      for (String member : List.of("state_key", "redacts", "prev_events", "auth_events")) {
        variants.add(event.deepCopy().set(member, replacement));
      }
    }
    return variants;
  }

  /// Replaces the value at one place, counted in the order of a walk; counts the places.
  private static int replace(JsonNode root, int place, JsonNode replacement) {
    List<JsonNode> open = new ArrayList<>(List.of(root));
    int count = 0;
    while (!open.isEmpty()) {
      JsonNode node = open.removeLast();
      if (node instanceof ObjectNode object) {
        for (Map.Entry<String, JsonNode> entry : List.copyOf(object.properties())) {
          open.add(entry.getValue());
          if (count++ == place) {
            object.set(entry.getKey(), replacement);
          }
        }
      } else if (node instanceof ArrayNode array) {
        for (int i = 0; i < array.size(); i++) {
          open.add(array.get(i));
          if (count++ == place) {
            array.set(i, replacement);
          }
        }
      }
    }
    return count;
  }
}
