package org.hearth.server.servers.room.receive;

import static org.assertj.core.api.Assertions.assertThat;
import static org.hearth.server.matrix.testkit.RoomFixture.ALICE;
import static org.hearth.server.matrix.testkit.RoomFixture.BOB;
import static org.hearth.server.matrix.testkit.RoomFixture.CHARLIE;

import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.hearth.server.logs.EventVerdict;
import org.hearth.server.logs.RoomInput;
import org.hearth.server.logs.RoomInput.Arrival;
import org.hearth.server.logs.RoomReply;
import org.hearth.server.matrix.event.Pdu;
import org.hearth.server.matrix.event.PduFormat;
import org.hearth.server.matrix.id.EventId;
import org.hearth.server.matrix.id.ServerName;
import org.hearth.server.matrix.id.UserId;
import org.hearth.server.matrix.sign.EventSignatures;
import org.hearth.server.matrix.testkit.EventRecipe;
import org.hearth.server.matrix.testkit.RoomFixture;
import org.hearth.server.matrix.testkit.TestKeys;
import org.hearth.server.matrix.version.RoomRule;
import org.hearth.server.matrix.version.RoomVersion;
import org.hearth.server.matrix.version.RoomVersions;
import org.hearth.server.servers.room.server.RunningRooms;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/// Events that a peer means ill with: none throws, none stops the room.
@Tag("long")
final class HostileEventsTest extends WithRunningRooms {
  private RoomFixture room(RoomVersion version) {
    RoomFixture room = RoomFixture.withMembers(version);
    rooms.live(room.events());
    return room;
  }

  private EventVerdict verdict(Pdu event) {
    return rooms.live(event).of(event.eventId());
  }

  /// The room goes on.
  private void assertAlive(RoomFixture room) {
    Pdu last = room.message(ALICE, "m.room.message", "{}").add();
    assertThat(verdict(last)).isEqualTo(new EventVerdict.Accepted());
  }

  private static String rule(EventVerdict verdict) {
    return switch (verdict) {
      case EventVerdict.Rejected(String rule, _) -> rule;
      case EventVerdict.SoftFailed(String rule, _) -> rule;
      case EventVerdict.Accepted _,
          EventVerdict.Known _,
          EventVerdict.Incomplete _,
          EventVerdict.NotSigned _,
          EventVerdict.Dropped _ ->
          throw new AssertionError(verdict);
    };
  }

  @Test
  void dropsAnEventOfAnotherRoom() {
    RoomFixture room = room(RoomVersions.V11);
    Pdu foreign =
        room.topic(ALICE, "x").bend(json -> json.put("room_id", "!other:a.example")).build();

    RoomReply.Received received =
        rooms.receive(
            new RoomInput.ReceiveEvents(
                room.roomId(),
                "11",
                Arrival.LIVE,
                List.of(foreign),
                List.of(),
                Map.of(),
                Map.of(),
                Set.of()));

    assertThat(received.of(foreign.eventId())).isInstanceOf(EventVerdict.Dropped.class);
    assertAlive(room);
  }

  @Test
  void rejectsASecondCreateEvent() {
    RoomFixture room = room(RoomVersions.V11);
    Pdu second = room.create("{\"again\":1}").after().build();

    assertThat(rule(verdict(second))).isEqualTo("CREATE_HAS_PREV_EVENTS");
    assertAlive(room);
  }

  @Test
  void rejectsAnEventWithoutPreviousEvents() {
    RoomFixture room = room(RoomVersions.V11);
    Pdu rootless = room.topic(ALICE, "x").after().in(room.state()).build();

    assertThat(verdict(rootless)).isInstanceOf(EventVerdict.Rejected.class);
    assertAlive(room);
  }

  @Test
  void rejectsCreatorsInThePowerLevelsOfVersion12() {
    RoomFixture room = room(RoomVersions.V12);
    Pdu levels = room.powerLevels("{\"users\":{\"@alice:a.example\":100}}").build();

    assertThat(rule(verdict(levels))).startsWith("POWER");
    assertAlive(room);
  }

  @Test
  void rejectsStringAndFloatPowerLevelsWhereTheyMustBeIntegers() {
    RoomFixture room = room(RoomVersions.V10);
    Pdu levels = room.powerLevels("{\"users_default\":\"10\"}").build();

    assertThat(rule(verdict(levels))).startsWith("POWER");
    assertAlive(room);
  }

  @Test
  void takesDepthsThatLie() {
    RoomFixture room = room(RoomVersions.V11);
    for (long depth : List.of(0L, 1L, PduFormat.MAX_DEPTH)) {
      Pdu lie =
          room.message(ALICE, "m.room.message", "{}").bend(json -> json.put("depth", depth)).add();
      assertThat(verdict(lie)).isInstanceOf(EventVerdict.Accepted.class);
    }
    assertThat(rooms.queries().forwardExtremities(room.roomId())).hasSize(1);
  }

  @Test
  void knowsAnIdThatItHasSeenAndKeepsTheFirst() {
    RoomFixture room = room(RoomVersions.V1);
    Pdu first = room.topic(ALICE, "first").add();
    rooms.live(first);
    Pdu second =
        room.topic(ALICE, "second")
            .after(room.events().get(room.events().size() - 2))
            .bend(json -> json.put("event_id", first.eventId().value()))
            .build();

    assertThat(verdict(second)).isEqualTo(new EventVerdict.Known());
    assertThat(rooms.queries().event(first.eventId()).orElseThrow().pdu().content())
        .isEqualTo(first.content());
    assertAlive(room);
  }

  @Test
  void findsEventsIncompleteThatReferToEachOtherInACircle() {
    RoomFixture room = room(RoomVersions.V1);
    Pdu last = room.events().getLast();
    EventId idOfOther = EventId.parse("$other:a.example");
    Pdu one =
        room.message(ALICE, "m.room.message", "{}")
            .bend(json -> cite(json.withArray("prev_events"), idOfOther))
            .build();
    Pdu other =
        room.message(ALICE, "m.room.message", "{}")
            .after(last)
            .bend(json -> {
              json.put("event_id", idOfOther.value());
              cite(json.withArray("prev_events"), one.eventId());
            })
            .build();

    RoomReply.Received received = rooms.live(one, other);

    assertThat(received.events())
        .allMatch(each -> each.verdict() instanceof EventVerdict.Incomplete);
    assertAlive(room);
  }

  private static void cite(ArrayNode references, EventId id) {
    references.addArray().add(id.value()).addObject();
  }

  @Test
  void rejectsAuthEventsOfAnotherRoom() {
    RoomFixture room = room(RoomVersions.V11);
    RoomFixture other = RoomFixture.empty(RoomVersions.V12);
    Pdu foreign = other.create("{}").add();
    rooms.live(foreign);
    Pdu event =
        room.topic(ALICE, "x")
            .bend(json -> json.withArray("auth_events").add(foreign.eventId().value()))
            .build();

    assertThat(verdict(event)).isInstanceOf(EventVerdict.Rejected.class);
    assertAlive(room);
  }

  static List<RoomVersion> versions() {
    return RoomVersions.all();
  }

  /// Row 21: "the domain of the `sender`" and the level for redactions say who redacts, in every
  /// version in its way.
  @ParameterizedTest
  @MethodSource("versions")
  void aRedactionByWhoMayNotRedactChangesNothing(RoomVersion version) {
    RoomFixture room = room(version);
    Pdu said = room.message(BOB, "m.room.message", "{\"body\":\"kept\"}").add();
    rooms.live(said);
    Pdu redaction = redaction(room, CHARLIE, said.eventId()).build();

    EventVerdict verdict = verdict(redaction);

    // Until version 2 the rules refuse it, since then it takes no effect.
    assertThat(verdict instanceof EventVerdict.Accepted)
        .isEqualTo(!version.id().equals("1") && !version.id().equals("2"));
    assertThat(rooms.queries().event(said.eventId()).orElseThrow().pdu().content().has("body"))
        .isTrue();
    assertAlive(room);
  }

  private static EventRecipe redaction(RoomFixture room, UserId sender, EventId of) {
    EventRecipe recipe = room.message(sender, "m.room.redaction", "{}");
    return room.version().has(RoomRule.REDACTS_IN_CONTENT)
        ? recipe.bendContent(content -> content.put("redacts", of.value()))
        : recipe.bend(json -> json.put("redacts", of.value()));
  }

  /// Row 23: in the versions in which servers choose ids two redactions can redact each other.
  @Test
  void redactionsThatRedactEachOtherEnd() {
    RoomFixture room = room(RoomVersions.V1);
    EventId idOfOther = EventId.parse("$other:a.example");
    Pdu one = redaction(room, ALICE, idOfOther).add();
    Pdu other =
        redaction(room, ALICE, one.eventId())
            .bend(json -> json.put("event_id", idOfOther.value()))
            .add();
    EventId idOfItself = EventId.parse("$itself:a.example");
    Pdu itself =
        redaction(room, ALICE, idOfItself)
            .bend(json -> json.put("event_id", idOfItself.value()))
            .add();

    assertThat(rooms.live(one, other, itself).events())
        .allMatch(each -> each.verdict() instanceof EventVerdict.Accepted);

    assertThat(rooms.queries().event(one.eventId()).orElseThrow().redactedBecause())
        .isEqualTo(other);
    assertAlive(room);
  }

  @Test
  void takesMembershipsOfWhatIsNoUser() {
    RoomFixture room = room(RoomVersions.V11);
    Pdu nobody = room.state(ALICE, "m.room.member", "no user", "{\"membership\":\"ban\"}").build();

    rooms.live(nobody);

    assertAlive(room);
    assertThat(rooms.queries().joinedUsers(room.roomId())).contains(ALICE, BOB);
  }

  @Test
  void refusesARoomWithoutItsCreateEvent() {
    RoomFixture room = RoomFixture.withMembers(RoomVersions.V11);

    RoomReply reply =
        rooms.submit(
            RunningRooms.command(
                room.events().subList(1, 3), List.of(), Map.of(), Set.of(), Arrival.LIVE));

    assertThat(reply)
        .isInstanceOfSatisfying(
            RoomReply.Refused.class,
            refused -> assertThat(refused.refusal()).isEqualTo(RoomReply.Refusal.UNKNOWN_ROOM));
  }

  /// What an answer to `/backfill` may have; every other way drops it.
  private static Pdu citing(Pdu event, String member, List<EventId> many) {
    ObjectNode json = event.json().deepCopy();
    json.remove(List.of("hashes", "signatures"));
    ArrayNode cited = json.putArray(member);
    many.forEach(each -> cited.add(each.value()));
    ServerName server = event.sender().server();
    ObjectNode signed =
        EventSignatures.hashAndSign(json, event.version(), server, TestKeys.of(server));
    return ((PduFormat.Valid) PduFormat.readBackfilled(signed, event.version())).event();
  }

  private EventVerdict history(RoomFixture room, Pdu event, Map<EventId, List<EventId>> states) {
    return rooms
        .receive(
            new RoomInput.ReceiveEvents(
                room.roomId(),
                room.version().id(),
                Arrival.HISTORY,
                List.of(event),
                List.of(),
                states,
                Map.of(),
                Set.of()))
        .of(event.eventId());
  }

  @Test
  void ofManyPreviousEventsOfHistoryAsManyAreWantedAsEventsMayCite() {
    RoomFixture room = room(RoomVersions.V11);
    List<EventId> state = room.state().values().stream().map(Pdu::eventId).toList();
    List<EventId> many = new ArrayList<>();
    for (int i = 0; i < 40; i++) {
      many.add(room.message(BOB, "m.room.message", "{\"n\":" + i + "}").build().eventId());
    }
    Pdu old = citing(room.topic(ALICE, "old").build(), "prev_events", many);

    EventVerdict verdict = history(room, old, Map.of(old.eventId(), state));

    assertThat(verdict).isEqualTo(new EventVerdict.Accepted());
    assertThat(rooms.queries().missingPrevious(room.roomId()))
        .containsExactlyInAnyOrderElementsOf(many.subList(0, PduFormat.MAX_PREV_EVENTS));
    assertAlive(room);
  }

  @Test
  void rejectsHistoryWithMoreAuthEventsThanTheRulesKnow() {
    RoomFixture room = room(RoomVersions.V11);
    List<EventId> many = new ArrayList<>();
    for (int i = 0; i < 40; i++) {
      Pdu message = room.message(ALICE, "m.room.message", "{\"n\":" + i + "}").add();
      rooms.live(message);
      many.add(message.eventId());
    }
    Pdu old = citing(room.topic(ALICE, "old").build(), "auth_events", many);

    assertThat(history(room, old, Map.of())).isInstanceOf(EventVerdict.Rejected.class);
    assertThat(rooms.queries().status(old.eventId()).orElseThrow().rejected()).isTrue();
    assertAlive(room);
  }
}
