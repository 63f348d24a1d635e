package org.hearth.server.readers.sync;

import static org.assertj.core.api.Assertions.assertThat;
import static org.hearth.server.matrix.testkit.RoomFixture.ALICE;
import static org.hearth.server.matrix.testkit.RoomFixture.BOB;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.hearth.server.http.TestClient;
import org.hearth.server.logs.NotificationOutput;
import org.hearth.server.logs.RoomInput;
import org.hearth.server.logs.RoomInput.Arrival;
import org.hearth.server.logs.RoomReply;
import org.hearth.server.logs.RoomReply.Refusal;
import org.hearth.server.matrix.auth.Membership;
import org.hearth.server.matrix.event.Pdu;
import org.hearth.server.matrix.id.EventId;
import org.hearth.server.matrix.id.ServerName;
import org.hearth.server.matrix.id.UserId;
import org.hearth.server.matrix.testkit.RoomFixture;
import org.hearth.server.matrix.version.RoomVersions;
import org.hearth.server.servers.room.OutsideRoom;
import org.hearth.server.servers.room.RoomMembership;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/// What clients are told of rooms in which this server is not: invitations, knocks, and their ends.
@Tag("long")
final class OutsideRoomsTest {
  private static final String V3 = "/_matrix/client/v3";
  private static final UserId DAVE = TestRooms.user("dave");
  private static final UserId ERIN = TestRooms.user("erin");
  private static final ServerName VIA = ServerName.parse("a.example");

  @TempDir private Path folder;
  private SyncServer server;
  private TestClient dave;
  private RoomFixture room;

  @BeforeEach
  void start() {
    server = new SyncServer(folder);
    dave = server.http("dave");
    room = RoomFixture.withMembers(RoomVersions.V11);
    room.usualPowerLevels("\"users\":{\"@alice:a.example\":100,\"@bob:b.example\":50}").add();
  }

  @AfterEach
  void stop() {
    server.close();
  }

  private static ObjectNode name(String name) {
    ObjectNode event = JsonNodeFactory.instance.objectNode();
    event.put("type", "m.room.name").put("state_key", "").put("sender", ALICE.value());
    event.putObject("content").put("name", name);
    return event;
  }

  private RoomReply tell(Pdu event, List<ObjectNode> state) {
    return server
        .rooms()
        .ask(new RoomInput.OutsideMembership(room.roomId(), "11", event, state, VIA));
  }

  private Pdu invite(UserId user) {
    Pdu invite = room.member(ALICE, user, "invite").add();
    assertThat(tell(invite, List.of(name("Elsewhere")))).isInstanceOf(RoomReply.Done.class);
    return invite;
  }

  private JsonNode sync() {
    return sync("");
  }

  private JsonNode sync(String query) {
    return dave.get(V3 + "/sync?timeout=0" + query).expect(200).json();
  }

  private String now() {
    return sync().path("next_batch").asText();
  }

  private JsonNode rooms(JsonNode sync, String place) {
    return sync.path("rooms").path(place);
  }

  private JsonNode here(JsonNode sync, String place) {
    return rooms(sync, place).path(room.roomId().value());
  }

  private static String names(JsonNode state) {
    return String.join(",", state.path("events").findValuesAsText("name"));
  }

  @Test
  void anInvitationIsToldAtFirstAndAsNews() {
    String since = now();
    invite(DAVE);

    assertThat(names(here(sync(), "invite").path("invite_state"))).isEqualTo("Elsewhere");
    JsonNode second = sync("&since=" + since);
    assertThat(here(second, "invite").path("invite_state").path("events")).hasSize(1);
    assertThat(
            rooms(sync("&since=" + second.path("next_batch").asText()), "invite").isMissingNode())
        .isTrue();
  }

  @Test
  void whoWaitsIsWokenByAnInvitation() throws Exception {
    String since = now();
    Thread inviting = Thread.ofVirtual().start(() -> invite(DAVE));

    JsonNode news = dave.get(V3 + "/sync?timeout=30000&since=" + since).expect(200).json();

    inviting.join();
    assertThat(here(news, "invite").isMissingNode()).isFalse();
  }

  @Test
  void anInvitationIsThereAfterARestart() {
    String since = now();
    invite(DAVE);
    server.close();
    server = new SyncServer(folder);
    dave = server.http("dave");

    assertThat(names(here(sync(), "invite").path("invite_state"))).isEqualTo("Elsewhere");
    assertThat(names(here(sync("&since=" + since), "invite").path("invite_state")))
        .isEqualTo("Elsewhere");
  }

  @Test
  void theSameInvitationIsToldOnce() {
    Pdu invite = invite(DAVE);
    String since = now();

    assertThat(tell(invite, List.of(name("Other"))))
        .isInstanceOfSatisfying(RoomReply.Done.class, each -> assertThat(each.events()).isEmpty());

    assertThat(rooms(sync("&since=" + since), "invite").isMissingNode()).isTrue();
    assertThat(names(here(sync(), "invite").path("invite_state"))).isEqualTo("Elsewhere");
  }

  @Test
  void whatTheUserIsToTheRoomIsAnswered() {
    Pdu invite = invite(DAVE);

    OutsideRoom outside = server.queries().outside(room.roomId(), DAVE).orElseThrow();
    assertThat(outside.event()).isEqualTo(invite);
    assertThat(outside.event().canonicalBytes()).isEqualTo(invite.canonicalBytes());
    assertThat(outside.servers()).containsExactly(VIA);
    assertThat(outside.event().version()).isEqualTo(RoomVersions.V11);
    assertThat(server.queries().membership(room.roomId(), DAVE).map(RoomMembership::membership))
        .contains(Membership.INVITE);
    assertThat(server.queries().roomsOf(DAVE, Set.of(Membership.INVITE))).hasSize(1);
    assertThat(server.queries().strippedState(room.roomId(), DAVE))
        .containsExactly(name("Elsewhere"));
    assertThat(server.queries().outside(room.roomId(), ERIN)).isEmpty();
    assertThat(server.queries().room(room.roomId())).isEmpty();
  }

  @Test
  void aKnockIsToldAsOne() {
    String since = now();
    room.joinRule("knock").add();
    Pdu knock = room.member(DAVE, DAVE, "knock").add();
    assertThat(tell(knock, List.of(name("Elsewhere")))).isInstanceOf(RoomReply.Done.class);

    assertThat(names(here(sync(), "knock").path("knock_state"))).isEqualTo("Elsewhere");
    assertThat(names(here(sync("&since=" + since), "knock").path("knock_state")))
        .isEqualTo("Elsewhere");

    String knocked = now();
    invite(DAVE);
    JsonNode accepted = sync("&since=" + knocked);
    assertThat(here(accepted, "invite").isMissingNode()).isFalse();
    assertThat(rooms(accepted, "knock").isMissingNode()).isTrue();
  }

  @Test
  void anInvitationThatIsTakenBackIsOver() {
    invite(DAVE);
    String since = now();
    Pdu kick = room.member(ALICE, DAVE, "leave").add();
    assertThat(tell(kick, List.of(name("Secret")))).isInstanceOf(RoomReply.Done.class);

    JsonNode news = sync("&since=" + since);
    assertThat(rooms(news, "invite").isMissingNode()).isTrue();
    JsonNode events = here(news, "leave").at("/timeline/events");
    assertThat(events).hasSize(1);
    assertThat(events.get(0).path("event_id").asText()).isEqualTo(kick.eventId().value());
    assertThat(events.get(0).path("content").path("membership").asText()).isEqualTo("leave");
    assertThat(here(news, "leave").at("/timeline/prev_batch").isTextual()).isTrue();
    assertThat(rooms(sync(), "invite").isMissingNode()).isTrue();
    assertThat(rooms(sync(), "leave").isMissingNode()).isTrue();
    String withLeft = TestClient.encoded("{\"room\":{\"include_leave\":true}}");
    assertThat(here(sync("&filter=" + withLeft), "leave").isMissingNode()).isFalse();
    assertThat(server.queries().strippedState(room.roomId(), DAVE)).isEmpty();
    // Who has synced up to there is told nothing again.
    assertThat(rooms(sync("&since=" + news.path("next_batch").asText()), "leave").isMissingNode())
        .isTrue();
  }

  @Test
  void onlyTheServerThatInvitedTakesAnInvitationBack() {
    invite(DAVE);
    String since = now();

    for (String membership : List.of("leave", "ban")) {
      assertThat(tell(room.member(BOB, DAVE, membership).build(), List.of()))
          .isInstanceOfSatisfying(
              RoomReply.Refused.class,
              each -> assertThat(each.refusal()).isEqualTo(Refusal.FORBIDDEN));
    }

    assertThat(here(sync(), "invite").isMissingNode()).isFalse();
    assertThat(sync("&since=" + since).path("rooms").isMissingNode()).isTrue();
  }

  /// Nobody here knows who of the two is in the room.
  @Test
  void theFirstInvitationStaysUntilItIsOver() {
    Pdu first = invite(DAVE);
    String since = now();
    Pdu second = room.member(BOB, DAVE, "invite").build();
    RoomInput.OutsideMembership other =
        new RoomInput.OutsideMembership(
            room.roomId(), "11", second, List.of(name("Other")), BOB.server());

    assertThat(server.rooms().ask(other)).isInstanceOf(RoomReply.Done.class);

    assertThat(server.queries().outside(room.roomId(), DAVE).orElseThrow().event())
        .isEqualTo(first);
    assertThat(sync("&since=" + since).path("rooms").isMissingNode()).isTrue();
    assertThat(tell(room.member(BOB, DAVE, "leave").build(), List.of()))
        .isInstanceOf(RoomReply.Refused.class);
    assertThat(tell(room.member(ALICE, DAVE, "leave").build(), List.of()))
        .isInstanceOf(RoomReply.Done.class);
    assertThat(server.rooms().ask(other)).isInstanceOf(RoomReply.Done.class);
    assertThat(names(here(sync(), "invite").path("invite_state"))).isEqualTo("Other");
  }

  @Test
  void anEndOfNothingIsKeptByNobody() {
    String since = now();

    assertThat(tell(room.member(ALICE, DAVE, "leave").build(), List.of()))
        .isInstanceOfSatisfying(RoomReply.Done.class, each -> assertThat(each.events()).isEmpty());

    assertThat(server.queries().membership(room.roomId(), DAVE)).isEmpty();
    assertThat(sync("&since=" + since).path("rooms").isMissingNode()).isTrue();
  }

  @Test
  void whatIsNoMembershipOfAUserHereIsRefused() {
    List<Pdu> wrong =
        List.of(
            room.join(DAVE).build(),
            room.member(ALICE, UserId.parse("@x:c.example"), "invite").build(),
            room.state(ALICE, "m.room.member", "nobody", "{\"membership\":\"invite\"}").build(),
            room.topic(ALICE, "x").build(),
            room.state(ALICE, "m.room.member", DAVE.value(), "{}").build());
    for (Pdu each : wrong) {
      assertThat(tell(each, List.of()))
          .as(each.toString())
          .isInstanceOfSatisfying(
              RoomReply.Refused.class,
              refused -> assertThat(refused.refusal()).isEqualTo(Refusal.BAD_CONTENT));
    }
  }

  @Test
  void whatNobodyElsewhereTakesBackIsLeftHere() {
    Pdu invite = invite(DAVE);
    String since = now();

    RoomReply reply =
        server
            .rooms()
            .ask(
                new RoomInput.LeaveOutside(
                    room.roomId(), DAVE, RoomFixture.json("{\"reason\": \"no\"}")));

    assertThat(reply).isInstanceOf(RoomReply.Done.class);
    JsonNode left = here(sync("&since=" + since), "leave").at("/timeline/events/0");
    assertThat(left.path("sender").asText()).isEqualTo(DAVE.value());
    assertThat(left.path("state_key").asText()).isEqualTo(DAVE.value());
    assertThat(left.path("content"))
        .isEqualTo(RoomFixture.json("{\"reason\": \"no\", \"membership\": \"leave\"}"));
    assertThat(server.queries().outside(room.roomId(), DAVE).orElseThrow().event().prevEvents())
        .containsExactly(invite.eventId());
    // It is over now.
    assertThat(
            server
                .rooms()
                .ask(new RoomInput.LeaveOutside(room.roomId(), DAVE, RoomFixture.json("{}"))))
        .isInstanceOfSatisfying(
            RoomReply.Refused.class,
            each -> assertThat(each.refusal()).isEqualTo(Refusal.WRONG_MEMBERSHIP));
  }

  @Test
  void aRoomIsForgottenWhenItIsOver() {
    invite(DAVE);
    RoomInput.ForgetRoom forget = new RoomInput.ForgetRoom(room.roomId(), DAVE);
    assertThat(server.rooms().ask(forget)).isInstanceOf(RoomReply.Refused.class);
    assertThat(tell(room.member(ALICE, DAVE, "leave").add(), List.of()))
        .isInstanceOf(RoomReply.Done.class);

    assertThat(server.rooms().ask(forget)).isInstanceOf(RoomReply.Done.class);

    assertThat(server.queries().membership(room.roomId(), DAVE)).isEmpty();
    assertThat(server.rooms().ask(forget)).isInstanceOf(RoomReply.Refused.class);
  }

  private void join(UserId user) {
    List<Pdu> before = List.copyOf(room.state().values());
    Pdu join = room.join(user).add();
    Map<EventId, Set<ServerName>> signers = new HashMap<>();
    before.forEach(each -> signers.put(each.eventId(), Set.of(each.sender().server())));
    signers.put(join.eventId(), Set.of(SyncServer.NAME));
    assertThat(
            server
                .rooms()
                .receive(
                    new RoomInput.ReceiveEvents(
                        room.roomId(),
                        "11",
                        Arrival.LIVE,
                        List.of(join),
                        before,
                        Map.of(join.eventId(), before.stream().map(Pdu::eventId).toList()),
                        signers,
                        Set.of())))
        .isInstanceOf(RoomReply.Received.class);
  }

  @Test
  void aRoomThatIsJoinedIsToldAsAnyOther() {
    invite(DAVE);
    String since = now();

    join(DAVE);

    JsonNode news = sync("&since=" + since);
    assertThat(rooms(news, "invite").isMissingNode()).isTrue();
    assertThat(here(news, "join").at("/timeline/events").size()).isPositive();
    assertThat(server.queries().outside(room.roomId(), DAVE)).isEmpty();
    assertThat(server.queries().membership(room.roomId(), DAVE).map(RoomMembership::membership))
        .contains(Membership.JOIN);
    assertThat(count()).isZero();
    // From now on the room says who is invited.
    assertThat(tell(room.member(ALICE, ERIN, "invite").build(), List.of()))
        .isInstanceOfSatisfying(
            RoomReply.Refused.class,
            each -> assertThat(each.refusal()).isEqualTo(Refusal.ROOM_EXISTS));
  }

  @Test
  void aRoomThatIsJoinedAfterARestartHasNoRowsLeft() {
    invite(DAVE);
    invite(ERIN);
    server.close();
    server = new SyncServer(folder);
    dave = server.http("dave");
    assertThat(count()).isEqualTo(2);

    join(DAVE);

    assertThat(count()).isZero();
    assertThat(here(sync(), "join").isMissingNode()).isFalse();
  }

  @Test
  void whenTheRoomComesHereItSaysWhoElseIsInvited() {
    invite(ERIN);
    Pdu invite = room.member(ALICE, DAVE, "invite").add();
    assertThat(tell(invite, List.of(name("Elsewhere")))).isInstanceOf(RoomReply.Done.class);
    assertThat(server.queries().roomsOf(ERIN, Set.of(Membership.INVITE))).hasSize(1);

    join(DAVE);

    assertThat(count()).isZero();
    assertThat(server.queries().outside(room.roomId(), ERIN)).isEmpty();
    assertThat(server.queries().membership(room.roomId(), ERIN).map(RoomMembership::membership))
        .contains(Membership.INVITE);
    assertThat(server.queries().strippedState(room.roomId(), ERIN).size()).isGreaterThan(1);
  }

  private int count() {
    return server
        .store()
        .reads()
        .select("SELECT COUNT(*) FROM room_outside", row -> row.getInt(1))
        .getFirst();
  }

  /// The room is known, but this server has left it.
  @Test
  void whoHasLeftARoomMayBeInvitedToItFromOutside() {
    join(DAVE);
    Pdu leave = room.member(DAVE, DAVE, "leave").add();
    assertThat(
            server
                .rooms()
                .receive(
                    new RoomInput.ReceiveEvents(
                        room.roomId(),
                        "11",
                        Arrival.LIVE,
                        List.of(leave),
                        List.of(),
                        Map.of(),
                        Map.of(leave.eventId(), Set.of(SyncServer.NAME)),
                        Set.of())))
        .isInstanceOf(RoomReply.Received.class);
    String since = now();
    invite(DAVE);

    assertThat(here(sync(), "invite").isMissingNode()).isFalse();
    JsonNode news = sync("&since=" + since);
    assertThat(here(news, "invite").isMissingNode()).isFalse();
    String invited = news.path("next_batch").asText();

    assertThat(tell(room.member(ALICE, DAVE, "leave").add(), List.of()))
        .isInstanceOf(RoomReply.Done.class);
    JsonNode over = sync("&since=" + invited);
    assertThat(here(over, "leave").at("/timeline/events")).hasSize(1);
    assertThat(rooms(sync(), "invite").isMissingNode()).isTrue();
  }

  @Test
  void whoseInvitationsAreIgnoredIsNotHeard() {
    server.setIgnored("dave", "{'ignored_users':{'@alice:a.example':{}}}");
    invite(DAVE);

    assertThat(rooms(sync(), "invite").isMissingNode()).isTrue();
  }

  @Test
  void anInvitationNotifies() throws Exception {
    Pdu invite = invite(DAVE);

    assertThat(server.told())
        .filteredOn(NotificationOutput.Notified.class::isInstance)
        .map(NotificationOutput.Notified.class::cast)
        .anySatisfy(each -> {
          assertThat(each.event()).isEqualTo(invite.eventId());
          assertThat(each.audiences().getFirst().users()).containsExactly(DAVE);
        });
    JsonNode notifications = dave.get(V3 + "/notifications").expect(200).json();
    assertThat(notifications.at("/notifications/0/event/event_id").asText())
        .isEqualTo(invite.eventId().value());
  }

  @Test
  void initialSyncOfOldShowsTheInvitation() {
    Pdu invite = invite(DAVE);

    JsonNode rooms = dave.get(V3 + "/initialSync").expect(200).json().path("rooms");

    assertThat(rooms.at("/0/membership").asText()).isEqualTo("invite");
    assertThat(rooms.at("/0/invite/event_id").asText()).isEqualTo(invite.eventId().value());
  }
}
