package org.hearth.server.matrix.auth;

import static org.assertj.core.api.Assertions.assertThat;
import static org.hearth.server.matrix.auth.Verdicts.assertRefused;
import static org.hearth.server.matrix.testkit.RoomFixture.ALICE;
import static org.hearth.server.matrix.testkit.RoomFixture.BOB;
import static org.hearth.server.matrix.testkit.RoomFixture.CHARLIE;

import java.util.Objects;
import java.util.Optional;
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

/// The rules about an event's `auth_events`.
class AuthEventsTest {
  private static AuthVerdict check(RoomFixture room, Pdu event) {
    return AuthRules.checkAuthEvents(event, room.known(), SignedBy.CHECKED_BEFORE);
  }

  private static Pdu holder(RoomFixture room, String type, String stateKey) {
    return Objects.requireNonNull(room.state().get(new StateKey(type, stateKey)));
  }

  private static Pdu member(RoomFixture room, String user) {
    return holder(room, EventTypes.MEMBER, user);
  }

  private static Pdu[] selected(RoomFixture room, Pdu event) {
    return AuthEventSelection.keysFor(event).stream()
        .map(room.state()::get)
        .filter(Objects::nonNull)
        .toArray(Pdu[]::new);
  }

  @ParameterizedTest
  @MethodSource("org.hearth.server.matrix.auth.Verdicts#all")
  void allowsEveryEventOfAnOrdinaryRoom(RoomVersion version) {
    RoomFixture room = RoomFixture.withMembers(version);
    room.usualPowerLevels().add();
    room.topic(ALICE, "x").add();
    room.member(ALICE, BOB, "ban").add();
    room.message(CHARLIE, EventTypes.MESSAGE, "{}").add();

    assertThat(room.events())
        .allSatisfy(event -> assertThat(check(room, event)).isEqualTo(AuthVerdict.allowed()));
  }

  @ParameterizedTest
  @MethodSource("org.hearth.server.matrix.auth.Verdicts#all")
  void refusesTwoAuthEventsForOneKey(RoomVersion version) {
    RoomFixture room = RoomFixture.withMembers(version);
    Pdu older = member(room, BOB.value());
    Pdu newer = room.join(BOB).add();
    Pdu[] usual = selected(room, room.topic(BOB, "x").build());
    Pdu[] cited = Stream.concat(Stream.of(usual), Stream.of(older)).toArray(Pdu[]::new);
    Pdu event = room.topic(BOB, "x").citing(cited).build();

    assertThat(cited).contains(older, newer);
    assertRefused(AuthRule.AUTH_EVENTS_DUPLICATE, event, check(room, event));
  }

  @ParameterizedTest
  @MethodSource("org.hearth.server.matrix.auth.Verdicts#all")
  void refusesTheSameAuthEventTwice(RoomVersion version) {
    RoomFixture room = RoomFixture.withMembers(version);
    Pdu join = member(room, BOB.value());
    Pdu event = room.topic(BOB, "x").citing(join, join).build();

    assertRefused(AuthRule.AUTH_EVENTS_DUPLICATE, event, check(room, event));
  }

  @ParameterizedTest
  @MethodSource("org.hearth.server.matrix.auth.Verdicts#all")
  void refusesAuthEventsThatTheSelectionDoesNotName(RoomVersion version) {
    RoomFixture room = RoomFixture.withMembers(version);
    Pdu joinRules = holder(room, EventTypes.JOIN_RULES, "");
    Pdu message = room.message(BOB, EventTypes.MESSAGE, "{}").add();
    for (Pdu unexpected : new Pdu[] {joinRules, member(room, CHARLIE.value()), message}) {
      Pdu[] usual = selected(room, room.topic(BOB, "x").build());
      Pdu[] cited = Stream.concat(Stream.of(usual), Stream.of(unexpected)).toArray(Pdu[]::new);
      Pdu event = room.topic(BOB, "x").citing(cited).build();

      assertRefused(AuthRule.AUTH_EVENTS_UNEXPECTED, event, check(room, event));
    }
  }

  @Test
  void refusesTheCreateEventAmongAuthEventsSinceVersion12() {
    RoomFixture room = RoomFixture.withMembers(RoomVersions.V12);
    Pdu event =
        room.topic(BOB, "x").citing(room.events().getFirst(), member(room, BOB.value())).build();

    assertRefused(AuthRule.AUTH_EVENTS_UNEXPECTED, event, check(room, event));
  }

  @ParameterizedTest
  @MethodSource("org.hearth.server.matrix.auth.Verdicts#all")
  void refusesRejectedAuthEvents(RoomVersion version) {
    RoomFixture room = RoomFixture.withMembers(version);
    room.reject(member(room, BOB.value()));
    Pdu event = room.message(BOB, EventTypes.MESSAGE, "{}").build();

    assertRefused(AuthRule.AUTH_EVENTS_REJECTED, event, check(room, event));
  }

  static Stream<RoomVersion> versionsThatCiteTheCreateEvent() {
    return Verdicts.without(RoomRule.ROOM_ID_IS_CREATE_HASH);
  }

  @ParameterizedTest
  @MethodSource("versionsThatCiteTheCreateEvent")
  void refusesAuthEventsWithoutTheCreateEventUntilVersion11(RoomVersion version) {
    RoomFixture room = RoomFixture.withMembers(version);
    Pdu event =
        room.message(BOB, EventTypes.MESSAGE, "{}").citing(member(room, BOB.value())).build();

    assertRefused(AuthRule.NO_CREATE_EVENT, event, check(room, event));
    assertRefused(AuthRule.NO_CREATE_EVENT, event, AuthRules.check(event, _ -> Optional.empty()));
  }

  @ParameterizedTest
  @MethodSource("org.hearth.server.matrix.auth.Verdicts#all")
  void refusesAuthEventsOfAnotherRoom(RoomVersion version) {
    RoomFixture room = RoomFixture.withMembers(version);
    String other =
        version.has(RoomRule.ROOM_ID_IS_CREATE_HASH) ? "!" + "A".repeat(43) : "!other:a.example";
    room.join(BOB).bend(json -> json.put("room_id", other)).add();
    Pdu event = room.message(BOB, EventTypes.MESSAGE, "{}").build();

    assertRefused(AuthRule.AUTH_EVENTS_OTHER_ROOM, event, check(room, event));
  }

  @ParameterizedTest
  @MethodSource("org.hearth.server.matrix.auth.Verdicts#all")
  void refusesToJudgeWithoutAnAuthEvent(RoomVersion version) {
    RoomFixture room = RoomFixture.withMembers(version);
    Pdu notThere = room.join(BOB).build();
    Pdu event = room.message(BOB, EventTypes.MESSAGE, "{}").citing(notThere).build();

    assertRefused(AuthRule.AUTH_EVENT_UNKNOWN, event, check(room, event));
  }

  @ParameterizedTest
  @MethodSource("org.hearth.server.matrix.auth.Verdicts#all")
  void appliesAllOtherRulesWithTheCitedEventsAsState(RoomVersion version) {
    RoomFixture room = RoomFixture.withMembers(version);
    room.member(ALICE, BOB, "ban").add();
    Pdu event = room.message(BOB, EventTypes.MESSAGE, "{}").build();

    assertRefused(AuthRule.SENDER_NOT_JOINED, event, check(room, event));
  }

  @Test
  void refusesRoomIdOfNoCreateEventSinceVersion12() {
    RoomFixture room = RoomFixture.withMembers(RoomVersions.V12);
    Pdu event =
        room.message(BOB, EventTypes.MESSAGE, "{}")
            .bend(json -> json.put("room_id", "!" + "A".repeat(43)))
            .build();

    assertRefused(AuthRule.ROOM_ID_IS_NO_CREATE_EVENT, event, check(room, event));
    assertRefused(AuthRule.ROOM_ID_IS_NO_CREATE_EVENT, room, event);
  }

  @Test
  void refusesRoomIdOfAnotherEventSinceVersion12() {
    RoomFixture room = RoomFixture.withMembers(RoomVersions.V12);
    Pdu join = member(room, BOB.value());
    Pdu event =
        room.message(BOB, EventTypes.MESSAGE, "{}")
            .bend(json -> json.put("room_id", "!" + join.eventId().value().substring(1)))
            .build();

    assertRefused(AuthRule.ROOM_ID_IS_NO_CREATE_EVENT, event, check(room, event));
  }

  @Test
  void refusesRoomIdOfRejectedCreateEventSinceVersion12() {
    RoomFixture room = RoomFixture.withMembers(RoomVersions.V12);
    room.reject(room.events().getFirst());
    Pdu event = room.message(BOB, EventTypes.MESSAGE, "{}").build();

    assertRefused(AuthRule.ROOM_ID_IS_NO_CREATE_EVENT, event, check(room, event));
  }
}
