package org.hearth.server.writers.federationmembership.joining;

import static org.assertj.core.api.Assertions.assertThat;
import static org.hearth.server.matrix.testkit.RoomFixture.ALICE;
import static org.hearth.server.matrix.testkit.RoomFixture.BOB;
import static org.hearth.server.writers.federationmembership.joining.RoomsOfOthers.A;
import static org.hearth.server.writers.federationmembership.joining.RoomsOfOthers.B;
import static org.hearth.server.writers.federationmembership.joining.RoomsOfOthers.DAVE;
import static org.hearth.server.writers.federationmembership.joining.RoomsOfOthers.ERIN;

import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import com.fasterxml.jackson.databind.node.TextNode;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import org.hearth.server.logs.RoomInput;
import org.hearth.server.logs.RoomReply;
import org.hearth.server.matrix.auth.Membership;
import org.hearth.server.matrix.event.EventTypes;
import org.hearth.server.matrix.event.Pdu;
import org.hearth.server.matrix.event.StateKey;
import org.hearth.server.matrix.id.EventId;
import org.hearth.server.matrix.id.RoomId;
import org.hearth.server.matrix.id.ServerName;
import org.hearth.server.matrix.testkit.RoomFixture;
import org.hearth.server.matrix.testkit.TestKeys;
import org.hearth.server.matrix.version.RoomVersion;
import org.hearth.server.matrix.version.RoomVersions;
import org.hearth.server.outbound.TestInternet;
import org.hearth.server.servers.room.OutsideRoom;
import org.hearth.server.servers.room.server.RunningRooms;
import org.hearth.server.store.StoreExtension;
import org.hearth.server.writers.federationmembership.joining.RemoteRooms.Result;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.MethodSource;

/// Users join, knock at and leave rooms of other servers, which do as the specification says.
@Timeout(120)
@Tag("long")
class JoiningElsewhereTest {
  @RegisterExtension final StoreExtension stores = new StoreExtension();
  @TempDir private Path folder;
  private RoomsOfOthers others;

  @BeforeEach
  void start() throws Exception {
    others = new RoomsOfOthers(folder, stores.store());
  }

  @AfterEach
  void stop() throws Exception {
    others.close();
  }

  private static RoomFixture room() {
    return room(RoomVersions.V11);
  }

  private static RoomFixture room(RoomVersion version) {
    RoomFixture room = RoomFixture.withMembers(version);
    var _ = room.usualPowerLevels("\"invite\":0").add();
    var _ = room.topic(ALICE, "Elsewhere").add();
    return room;
  }

  private static void assertIsRefused(Result result, int status, String errcode) {
    assertThat(result)
        .isInstanceOfSatisfying(
            Result.Refused.class,
            refused -> {
              assertThat(refused.error().status()).isEqualTo(status);
              assertThat(refused.error().errcode()).isEqualTo(errcode);
            });
  }

  @ParameterizedTest
  @MethodSource("org.hearth.server.matrix.version.RoomVersions#all")
  void aUserJoinsARoomOfEachVersion(RoomVersion version) throws Exception {
    RoomFixture room = room(version);
    TestResident resident = others.resident(A, room);

    Result result = others.join(room, A);

    assertThat(result).isEqualTo(new Result.Done());
    assertThat(others.queries().isJoined(room.roomId(), DAVE)).isTrue();
    Map<StateKey, EventId> expected = new HashMap<>(RunningRooms.ids(room.state()));
    Pdu join = Pdu.parse(resident.handedIn().getFirst(), version);
    expected.put(StateKey.member(DAVE.value()), join.eventId());
    assertThat(others.rooms().state(room.roomId())).isEqualTo(expected);
    assertThat(TestKeys.isSignedBy(join, RunningRooms.SERVER)).isTrue();
    assertThat(join.content().path("displayname").asText()).isEqualTo("Dave");
    assertThat(others.queries().event(join.eventId()).orElseThrow().pdu().content())
        .isEqualTo(join.content());
  }

  /// Others in the room may send their events before its state is here.
  @Test
  void aRoomIsOnItsWayFromWhenTheJoinIsHandedInUntilItIsHere() throws Exception {
    RoomFixture room = room();
    List<Optional<RoomVersion>> meanwhile = new CopyOnWriteArrayList<>();
    TestResident resident = others.resident(A, room);
    resident.bendAnswer(_ -> meanwhile.add(others.arriving().version(room.roomId())));

    assertThat(others.join(room, A)).isEqualTo(new Result.Done());
    assertThat(meanwhile).containsExactly(Optional.of(RoomVersions.V11));
    assertThat(others.arriving().version(room.roomId())).isEmpty();
  }

  @Test
  void aServerThatIsNotThereIsFollowedByTheNext() throws Exception {
    RoomFixture room = room();
    var _ = others.resident(A, room);

    assertThat(others.join(room, B, A)).isEqualTo(new Result.Done());
  }

  @Test
  void theServerInTheIdOfTheRoomIsAskedIfNobodyNamesAnother() throws Exception {
    RoomFixture room = room();
    var _ = others.resident(A, room);

    assertThat(others.join(room)).isEqualTo(new Result.Done());
  }

  @Test
  void whereNobodyIsKnownThereIsNoSuchRoom() throws Exception {
    RoomFixture room = room(RoomVersions.V12);
    var _ = others.resident(A, room);

    assertIsRefused(others.join(room), 404, "M_NOT_FOUND");
    assertIsRefused(others.join(room, RunningRooms.SERVER), 404, "M_NOT_FOUND");
    assertIsRefused(others.join(room, ServerName.parse("blocked.example")), 404, "M_NOT_FOUND");
  }

  @Test
  void notMoreServersAreAskedThanTheBoundSays() throws Exception {
    RoomFixture room = room(RoomVersions.V12);
    ServerName[] names =
        Stream.iterate(0, i -> i + 1)
            .limit(40)
            .map(i -> ServerName.parse("n" + i + ".example"))
            .toArray(ServerName[]::new);
    for (ServerName each : names) {
      others.resident(each, room).first(TestResident.error(404, "M_NOT_FOUND", "No"));
    }

    assertIsRefused(others.join(room, names), 404, "M_NOT_FOUND");

    assertThat(others.asked("make_join")).hasSize(Candidates.MOST_NAMED);
  }

  @ParameterizedTest
  @CsvSource({
    "403, M_FORBIDDEN, 403, M_FORBIDDEN, false",
    "400, M_INCOMPATIBLE_ROOM_VERSION, 400, M_INCOMPATIBLE_ROOM_VERSION, false",
    "400, M_UNABLE_TO_AUTHORISE_JOIN, 400, M_UNABLE_TO_AUTHORISE_JOIN, true",
    "400, M_UNABLE_TO_GRANT_JOIN, 400, M_UNABLE_TO_GRANT_JOIN, true",
    "404, M_NOT_FOUND, 404, M_NOT_FOUND, true",
    "400, ORG.EXAMPLE_TOO_LATE, 400, ORG.EXAMPLE_TOO_LATE, true",
    "400, no code, 502, M_UNKNOWN, true",
    "400, M_UNKNOWN_TOKEN, 502, M_UNKNOWN, true",
    "500, ORG.EXAMPLE_TOO_LATE, 502, M_UNKNOWN, true",
    // Row 69: who relays this has clients throw their keys away.
    "401, M_UNKNOWN_TOKEN, 502, M_UNKNOWN, true",
    "401, M_UNAUTHORIZED, 502, M_UNKNOWN, true",
    // "the Client-Server API request SHOULD fail with a 5xx error rather than being passed through"
    "400, M_INVALID_PARAM, 502, M_UNKNOWN, true",
    "400, M_MISSING_PARAM, 502, M_UNKNOWN, true",
    "500, M_UNKNOWN, 502, M_UNKNOWN, true"
  })
  void aRefusalIsPassedOnIfAClientMayKnowIt(
      int status, String errcode, int told, String toldErrcode, boolean anotherMay)
      throws Exception {
    RoomFixture room = room(RoomVersions.V12);
    others.resident(A, room).first(TestResident.error(status, errcode, "Because."));

    assertIsRefused(others.join(room, A), told, toldErrcode);

    var _ = others.resident(B, room);
    assertThat(others.join(room, A, B) instanceof Result.Done).isEqualTo(anotherMay);
  }

  @Test
  void whatAResidentSaysOfARefusalReachesTheUser() throws Exception {
    RoomFixture room = room();
    others.resident(A, room).first(TestResident.error(403, "M_FORBIDDEN", "You are banned here"));

    assertThat(others.join(room, A))
        .isInstanceOfSatisfying(
            Result.Refused.class,
            each -> assertThat(each.error().safeMessage()).isEqualTo("You are banned here"));
  }

  /// "Inspect the `room_version` property of the error response for the room's version."
  @ParameterizedTest
  @CsvSource({
    "future.1-x, future.1-x",
    "'', ",
    "Of Others, ",
    "longer-than-any-version-ever-may-be, "
  })
  void theVersionOfARoomThatIsNotKnownIsPassedOn(String said, @Nullable String told)
      throws Exception {
    RoomFixture room = room();
    ObjectNode refusal = JsonNodeFactory.instance.objectNode();
    refusal.put("errcode", "M_INCOMPATIBLE_ROOM_VERSION").put("error", "No");
    refusal.put("room_version", said);
    others.resident(A, room).first(TestInternet.json(400, refusal.toString()));

    assertThat(others.join(room, A))
        .isInstanceOfSatisfying(
            Result.Refused.class,
            each ->
                assertThat(each.error().fields())
                    .isEqualTo(
                        told == null ? Map.of() : Map.of("room_version", TextNode.valueOf(told))));
  }

  /// "Servers MUST only allow guest users to join rooms if the `m.room.guest_access` state event is
  /// present on the room, and has the `guest_access` value `can_join`."
  @Test
  void aGuestJoinsARoomOfWhichAServerSaysThatItLetsGuestsIn() throws Exception {
    RoomFixture room = room();
    var _ = others.resident(A, room);

    assertIsRefused(joinAsGuest(room, A), 403, "M_GUEST_ACCESS_FORBIDDEN");
    assertThat(others.asked("make_join")).isEmpty();

    others.resident(B, room).letsGuestsIn();
    assertThat(joinAsGuest(room, A, B)).isEqualTo(new Result.Done());
    assertThat(others.queries().joinedUsers(room.roomId())).contains(DAVE);
  }

  private Result joinAsGuest(RoomFixture room, ServerName... through) throws InterruptedException {
    return others
        .remote()
        .joinAsGuest(room.roomId(), DAVE, RoomsOfOthers.content(), List.of(through));
  }

  @Test
  void anOldServerIsAskedByTheFirstVersion() throws Exception {
    RoomFixture room = room();
    others.resident(A, room).knowsVersionOneOnly();

    assertThat(others.join(room, A)).isEqualTo(new Result.Done());

    assertThat(others.asked("send_join")).hasSize(2);
    assertThat(others.topic(room.roomId())).isEqualTo("Elsewhere");
  }

  @Test
  void usersWhoJoinTheSameRoomAtTheSameTimeComeByOneJoin() throws Exception {
    RoomFixture room = room();
    CountDownLatch asked = new CountDownLatch(1);
    CountDownLatch go = new CountDownLatch(1);
    others
        .resident(A, room)
        .first((_, _) -> {
          asked.countDown();
          assertThat(go.await(60, TimeUnit.SECONDS)).isTrue();
        });

    try (ExecutorService users = Executors.newVirtualThreadPerTaskExecutor()) {
      Future<Result> first = users.submit(() -> others.join(room, A));
      assertThat(asked.await(60, TimeUnit.SECONDS)).isTrue();
      Future<Result> again = users.submit(() -> others.join(room, A));
      Future<Result> other =
          users.submit(
              () -> others.remote().join(room.roomId(), ERIN, RoomsOfOthers.content(), List.of(A)));
      go.countDown();

      assertThat(first.get()).isEqualTo(new Result.Done());
      assertThat(again.get()).isEqualTo(new Result.Done());
      assertThat(other.get()).isEqualTo(new Result.Here());
    }
    assertThat(others.asked("send_join")).hasSize(1);
  }

  @Test
  void aJoinGoesOnWhenWhoWaitsForItIsGone() throws Exception {
    RoomFixture room = room();
    CountDownLatch asked = new CountDownLatch(1);
    CountDownLatch go = new CountDownLatch(1);
    others
        .resident(A, room)
        .first((_, _) -> {
          asked.countDown();
          assertThat(go.await(60, TimeUnit.SECONDS)).isTrue();
        });

    try (ExecutorService users = Executors.newVirtualThreadPerTaskExecutor()) {
      Future<Result> gone = users.submit(() -> others.join(room, A));
      assertThat(asked.await(60, TimeUnit.SECONDS)).isTrue();
      gone.cancel(true);
      Future<Result> other = users.submit(() -> others.join(room, A));
      go.countDown();

      assertThat(other.get()).isEqualTo(new Result.Done());
    }
    assertThat(others.asked("make_join")).hasSize(1);
  }

  @Test
  void aUserOfAServerInTheRoomIsLetInByTheServerItself() throws Exception {
    RoomFixture room = room();
    var _ = others.resident(A, room);
    assertThat(others.join(room, A)).isEqualTo(new Result.Done());

    Result result = others.remote().join(room.roomId(), ERIN, RoomsOfOthers.content(), List.of(A));

    assertThat(result).isEqualTo(new Result.Here());
    assertThat(others.asked("make_join")).hasSize(1);
  }

  private static RoomFixture restricted() {
    RoomFixture room = room();
    var _ =
        room.state(
                ALICE,
                EventTypes.JOIN_RULES,
                "",
                "{\"join_rule\":\"restricted\",\"allow\":[{\"type\":\"m.room_membership\","
                    + "\"room_id\":\"!other:a.example\"}]}")
            .add();
    return room;
  }

  @Test
  void aRestrictedJoinIsAuthorisedByAUserOfTheResident() throws Exception {
    RoomFixture room = restricted();
    TestResident resident = others.resident(A, room);
    resident.authoriseBy(ALICE);

    assertThat(others.join(room, A)).isEqualTo(new Result.Done());

    Pdu join = Pdu.parse(resident.handedIn().getFirst(), room.version());
    assertThat(TestKeys.isSignedBy(others.queries().event(join.eventId()).orElseThrow().pdu(), A))
        .isTrue();
  }

  @Test
  void aRestrictedJoinThatTheResidentHasNotSignedIsNone() throws Exception {
    RoomFixture room = restricted();
    TestResident resident = others.resident(A, room);
    resident.authoriseBy(ALICE);
    resident.bendAnswer(said -> said.remove("event"));

    assertIsRefused(others.join(room, A), 502, "M_UNKNOWN");

    assertThat(others.hasNothingOf(room.roomId())).isTrue();
  }

  /// A room in which a user of this server is who may not invite.
  @Test
  void aJoinThatNobodyHereMayAuthoriseIsAuthorisedElsewhere() throws Exception {
    RoomFixture room = room();
    TestResident resident = others.resident(A, room);
    assertThat(others.join(room, A)).isEqualTo(new Result.Done());
    Pdu join = Pdu.parse(resident.handedIn().getFirst(), room.version());
    var _ = room.join(DAVE).bend(json -> json.setAll(join.json())).add();
    Pdu rule =
        room.state(
                ALICE,
                EventTypes.JOIN_RULES,
                "",
                "{\"join_rule\":\"restricted\",\"allow\":[{\"type\":\"m.room_membership\","
                    + "\"room_id\":\"!other:a.example\"}]}")
            .add();
    var _ = others.rooms().live(rule);
    resident.authoriseBy(ALICE);

    Result result =
        others
            .remote()
            .joinAuthorisedElsewhere(room.roomId(), ERIN, RoomsOfOthers.content(), List.of(A));

    assertThat(result).isEqualTo(new Result.Done());
    assertThat(others.queries().joinedUsers(room.roomId())).contains(DAVE, ERIN, ALICE, BOB);
  }

  @Test
  void whoIsLetInAgainElsewhereIsNotKeptOutByWhatWasKnownHere() throws Exception {
    RoomFixture room = room();
    TestResident resident = others.resident(A, room);
    assertThat(others.join(room, A)).isEqualTo(new Result.Done());
    RoomId id = room.roomId();
    Pdu join = Pdu.parse(resident.handedIn().getFirst(), room.version());
    var _ = others.rooms().live(banAfter(room, join));
    assertThat(others.queries().membership(id, DAVE).orElseThrow().membership())
        .isEqualTo(Membership.BAN);
    // Unbanned, and the topic changed, while nobody of this server was there to be told.
    var _ = room.topic(ALICE, "Changed").add();

    assertThat(others.join(room, A)).isEqualTo(new Result.Done());

    assertThat(others.queries().isJoined(id, DAVE)).isTrue();
    assertThat(others.topic(id)).isEqualTo("Changed");
    assertThat(others.queries().forwardExtremities(id)).hasSize(1);
  }

  /// The server by which a user comes back takes the user for joined all the time. What is allowed
  /// by that alone comes to nothing beside the leave, here as everywhere else.
  @Test
  void aLeaveThatWasNotHeardOfElsewhereStillCounts() throws Exception {
    RoomFixture room = room();
    var _ = others.resident(A, room);
    assertThat(others.join(room, A)).isEqualTo(new Result.Done());
    EventId left = leave(room.roomId());
    var _ = room.member(DAVE, DAVE, "join").add();
    var _ = room.joinRule("invite").add();

    Result result = others.join(room, A);

    assertThat(result).isInstanceOf(Result.Refused.class);
    assertThat(others.queries().isJoined(room.roomId(), DAVE)).isFalse();
    assertThat(others.queries().forwardExtremities(room.roomId())).contains(left).hasSize(2);
  }

  /// Where the rules let the user in, the leave is another end of the room's history.
  @Test
  void whoComesBackBeforeTheLeaveIsHeardOfStands() throws Exception {
    RoomFixture room = room();
    var _ = others.resident(A, room);
    assertThat(others.join(room, A)).isEqualTo(new Result.Done());
    EventId left = leave(room.roomId());
    var _ = room.member(DAVE, DAVE, "join").add();

    assertThat(others.join(room, A)).isEqualTo(new Result.Done());

    assertThat(others.queries().isJoined(room.roomId(), DAVE)).isTrue();
    assertThat(others.queries().forwardExtremities(room.roomId())).contains(left).hasSize(2);
  }

  private EventId leave(RoomId room) {
    RoomReply reply =
        others
            .rooms()
            .submit(
                new RoomInput.ChangeMembership(
                    room,
                    DAVE,
                    DAVE,
                    Membership.LEAVE,
                    JsonNodeFactory.instance.objectNode(),
                    Set.of(),
                    null));
    return ((RoomReply.Done) reply).events().getFirst();
  }

  private static Pdu banAfter(RoomFixture room, Pdu join) {
    Map<StateKey, Pdu> state = new HashMap<>(room.state());
    state.put(StateKey.member(DAVE.value()), join);
    return room.member(ALICE, DAVE, "ban")
        .in(state)
        .bend(json -> {
          json.putArray("prev_events").add(join.eventId().value());
          json.put("depth", join.depth() + 1);
        })
        .build();
  }

  @Test
  void aKnockIsHandedInAndTheRoomIsShown() throws Exception {
    RoomFixture room = RoomFixture.of(RoomVersions.V11);
    var _ = room.joinRule("knock").add();
    var _ = room.topic(ALICE, "Elsewhere").add();
    TestResident resident = others.resident(A, room);

    Result result =
        others
            .remote()
            .knock(
                room.roomId(),
                DAVE,
                RoomsOfOthers.content().put("reason", "Let me in"),
                List.of(A));

    assertThat(result).isEqualTo(new Result.Done());
    OutsideRoom outside = others.queries().outside(room.roomId(), DAVE).orElseThrow();
    assertThat(outside.membership().membership()).isEqualTo(Membership.KNOCK);
    assertThat(outside.via()).isEqualTo(A);
    assertThat(outside.strippedState())
        .extracting(each -> each.path("type").asText())
        .contains(EventTypes.CREATE, EventTypes.JOIN_RULES, EventTypes.TOPIC, EventTypes.MEMBER);
    assertThat(resident.handedIn().getFirst().path("content").path("reason").asText())
        .isEqualTo("Let me in");
  }

  @Test
  void whatIsWronglySignedIsNotShownToWhoKnocks() throws Exception {
    RoomFixture room = RoomFixture.of(RoomVersions.V12);
    var _ = room.joinRule("knock").add();
    TestResident resident = others.resident(A, room);
    Pdu forged =
        room.topic(ALICE, "Forged")
            .bendAfterSigning(json -> ((ObjectNode) json.path("signatures")).removeAll())
            .build();
    resident.bendAnswer(said -> {
      said.withArray("knock_room_state").add(forged.json());
      // In version 12 nothing is shown that is no event.
      said.withArray("knock_room_state")
          .addObject()
          .put("type", EventTypes.NAME)
          .put("state_key", "")
          .put("sender", ALICE.value())
          .putObject("content")
          .put("name", "Forged");
    });

    var _ = others.remote().knock(room.roomId(), DAVE, RoomsOfOthers.content(), List.of(A));

    assertThat(others.queries().outside(room.roomId(), DAVE).orElseThrow().strippedState())
        .extracting(each -> each.path("type").asText())
        .contains(EventTypes.CREATE)
        .doesNotContain(EventTypes.TOPIC, EventTypes.NAME);
  }

  private Pdu invite(RoomFixture room) {
    Pdu invite = room.member(ALICE, DAVE, "invite").add();
    assertThat(
            others
                .rooms()
                .submit(
                    new RoomInput.OutsideMembership(
                        room.roomId(), room.version().id(), invite, List.of(), A)))
        .isInstanceOf(RoomReply.Done.class);
    return invite;
  }

  @Test
  void anInvitationIsDeclinedWhereItCameFrom() throws Exception {
    RoomFixture room = room();
    TestResident resident = others.resident(A, room);
    var _ = invite(room);

    Result result =
        others
            .remote()
            .leave(room.roomId(), DAVE, JsonNodeFactory.instance.objectNode().put("reason", "No"));

    assertThat(result).isEqualTo(new Result.Done());
    OutsideRoom outside = others.queries().outside(room.roomId(), DAVE).orElseThrow();
    assertThat(outside.membership().membership()).isEqualTo(Membership.LEAVE);
    Pdu leave = Pdu.parse(resident.handedIn().getFirst(), room.version());
    assertThat(outside.event()).isEqualTo(leave);
    assertThat(leave.content())
        .isEqualTo(RoomFixture.json("{\"reason\":\"No\",\"membership\":\"leave\"}"));
  }

  @Test
  void anInvitationOfAServerThatIsGoneIsDeclinedForTheUserAlone() throws Exception {
    RoomFixture room = room();
    var _ = invite(room);

    Result result =
        others.remote().leave(room.roomId(), DAVE, JsonNodeFactory.instance.objectNode());

    assertThat(result).isEqualTo(new Result.Done());
    assertThat(
            others.queries().roomsOf(DAVE, Set.of(Membership.INVITE, Membership.LEAVE)).stream()
                .map(each -> each.membership()))
        .containsExactly(Membership.LEAVE);
  }

  @Test
  void whoIsInvitedJoinsByTheServerThatInvited() throws Exception {
    RoomFixture room = RoomFixture.of(RoomVersions.V12);
    TestResident resident = others.resident(A, room);
    var _ = invite(room);

    assertThat(others.join(room)).isEqualTo(new Result.Done());

    assertThat(resident.handedIn()).hasSize(1);
    assertThat(others.queries().isJoined(room.roomId(), DAVE)).isTrue();
    assertThat(others.queries().outside(room.roomId(), DAVE)).isEmpty();
  }
}
