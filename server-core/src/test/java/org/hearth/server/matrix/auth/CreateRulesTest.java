package org.hearth.server.matrix.auth;

import static org.hearth.server.matrix.auth.Verdicts.assertAllowed;
import static org.hearth.server.matrix.auth.Verdicts.assertRefused;
import static org.hearth.server.matrix.testkit.RoomFixture.ALICE;
import static org.hearth.server.matrix.testkit.RoomFixture.BOB;

import java.util.stream.Stream;
import org.hearth.server.matrix.event.Pdu;
import org.hearth.server.matrix.testkit.RoomFixture;
import org.hearth.server.matrix.version.RoomRule;
import org.hearth.server.matrix.version.RoomVersion;
import org.hearth.server.matrix.version.RoomVersions;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

class CreateRulesTest {
  @ParameterizedTest
  @MethodSource("org.hearth.server.matrix.auth.Verdicts#all")
  void allowsCreateEvent(RoomVersion version) {
    RoomFixture room = RoomFixture.empty(version);

    assertAllowed(room, room.create("{}").build());
  }

  @ParameterizedTest
  @MethodSource("org.hearth.server.matrix.auth.Verdicts#all")
  void refusesCreateEventAfterOthers(RoomVersion version) {
    RoomFixture room = RoomFixture.of(version);

    assertRefused(AuthRule.CREATE_HAS_PREV_EVENTS, room, room.create("{}").build());
  }

  static Stream<RoomVersion> versionsWithServerInRoomId() {
    return Verdicts.without(RoomRule.ROOM_ID_IS_CREATE_HASH);
  }

  @ParameterizedTest
  @MethodSource("versionsWithServerInRoomId")
  void refusesCreateEventOfAnotherServersRoom(RoomVersion version) {
    RoomFixture room = RoomFixture.empty(version);
    Pdu create = room.create("{}").bend(json -> json.put("room_id", "!room:b.example")).build();

    assertRefused(AuthRule.CREATE_ROOM_ID_DOMAIN, room, create);
  }

  @Test
  void refusesCreateEventWithRoomIdSinceVersion12() {
    RoomFixture room = RoomFixture.empty(RoomVersions.V12);
    Pdu create = room.create("{}").bend(json -> json.put("room_id", "!room:a.example")).build();

    assertRefused(AuthRule.CREATE_HAS_ROOM_ID, room, create);
  }

  @ParameterizedTest
  @ValueSource(strings = {"\"99\"", "\"\"", "12", "null", "[\"12\"]", "{}", "true"})
  void refusesUnknownRoomVersion(String roomVersion) {
    for (RoomVersion version : RoomVersions.all()) {
      RoomFixture room = RoomFixture.empty(version);
      Pdu create = room.create("{\"room_version\":" + roomVersion + "}").build();

      assertRefused(AuthRule.CREATE_UNKNOWN_ROOM_VERSION, room, create);
    }
  }

  static Stream<RoomVersion> versionsWithCreatorInContent() {
    return Verdicts.without(RoomRule.CREATOR_IS_SENDER);
  }

  @ParameterizedTest
  @MethodSource("versionsWithCreatorInContent")
  void refusesCreateEventWithoutCreatorUntilVersion10(RoomVersion version) {
    RoomFixture room = RoomFixture.empty(version);
    Pdu create = room.create("{}").bendContent(content -> content.remove("creator")).build();

    assertRefused(AuthRule.CREATE_HAS_NO_CREATOR, room, create);
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "[1]",
        "[\"bad\"]",
        "[null]",
        "[\"@bob:b.example\", {}]",
        "[[\"@bob:b.example\"]]",
        "\"@bob:b.example\"",
        "{\"@bob:b.example\":1}",
        "null",
        "7"
      })
  void refusesAdditionalCreatorsThatAreNoUserIds(String additional) {
    RoomFixture room = RoomFixture.empty(RoomVersions.V12);
    Pdu create = room.create("{\"additional_creators\":" + additional + "}").build();

    assertRefused(AuthRule.CREATE_ADDITIONAL_CREATORS, room, create);
  }

  @ParameterizedTest
  @ValueSource(strings = {"[]", "[\"@bob:b.example\"]", "[\"@UPPER!:b.example\"]"})
  void allowsAdditionalCreatorsThatAreUserIds(String additional) {
    RoomFixture room = RoomFixture.empty(RoomVersions.V12);

    assertAllowed(room, room.create("{\"additional_creators\":" + additional + "}").build());
  }

  static Stream<RoomVersion> versionsWithOneCreator() {
    return Verdicts.without(RoomRule.PRIVILEGED_CREATORS);
  }

  @ParameterizedTest
  @MethodSource("versionsWithOneCreator")
  void ignoresAdditionalCreatorsBeforeVersion12(RoomVersion version) {
    RoomFixture room = RoomFixture.empty(version);

    assertAllowed(room, room.create("{\"additional_creators\":[1]}").build());
  }

  @ParameterizedTest
  @MethodSource("org.hearth.server.matrix.auth.Verdicts#all")
  void letsNobodyButTheCreatorsServerInWhenClosedToFederation(RoomVersion version) {
    RoomFixture room = RoomFixture.empty(version);
    room.create("{\"m.federate\":false}").add();
    room.join(ALICE).add();
    room.joinRule("public").add();

    assertAllowed(room, room.topic(ALICE, "x").build());
    assertRefused(AuthRule.NOT_FEDERATED, room, room.join(BOB).build());
  }

  @ParameterizedTest
  @ValueSource(strings = {"true", "null", "\"false\"", "0"})
  void isOpenToFederationUnlessItSaysFalse(String federate) {
    RoomFixture room = RoomFixture.empty(RoomVersions.V12);
    room.create("{\"m.federate\":" + federate + "}").add();
    room.join(ALICE).add();
    room.joinRule("public").add();

    assertAllowed(room, room.join(BOB).build());
  }
}
