package org.hearth.server.writers.federationmembership.invites;

import static org.assertj.core.api.Assertions.assertThat;
import static org.hearth.server.matrix.testkit.RoomFixture.ALICE;
import static org.hearth.server.matrix.testkit.RoomFixture.BOB;
import static org.hearth.server.writers.federationmembership.invites.InviteServer.DAVE;
import static org.hearth.server.writers.federationmembership.invites.InviteServer.HERE;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.function.Function;
import org.hearth.server.http.TestClient;
import org.hearth.server.logs.RoomInput;
import org.hearth.server.matrix.auth.Membership;
import org.hearth.server.matrix.event.Pdu;
import org.hearth.server.matrix.event.StateKey;
import org.hearth.server.matrix.event.StrippedState;
import org.hearth.server.matrix.id.EventId;
import org.hearth.server.matrix.id.RoomId;
import org.hearth.server.matrix.id.ServerName;
import org.hearth.server.matrix.id.UserId;
import org.hearth.server.matrix.json.CanonicalJson;
import org.hearth.server.matrix.testkit.RoomFixture;
import org.hearth.server.matrix.testkit.TestKeys;
import org.hearth.server.matrix.version.RoomVersion;
import org.hearth.server.matrix.version.RoomVersions;
import org.hearth.server.servers.room.OutsideRoom;
import org.hearth.server.servers.room.RoomMembership;
import org.hearth.server.store.StoreExtension;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

/// Invitations that other servers bring.
@Timeout(120)
@Tag("long")
class InviteRoutesTest {
  @RegisterExtension final StoreExtension stores = new StoreExtension();
  @TempDir private Path folder;
  private InviteServer server;
  private RoomFixture room;

  @BeforeEach
  void start() throws Exception {
    server = new InviteServer(stores.store(), folder);
    use(RoomVersions.V11);
  }

  @AfterEach
  void stop() throws Exception {
    server.close();
  }

  private void use(RoomVersion version) {
    room = RoomFixture.withMembers(version);
    room.usualPowerLevels().add();
    room.state(ALICE, "m.room.name", "", "{\"name\":\"Elsewhere\"}").add();
  }

  private Pdu invite() {
    return room.member(ALICE, DAVE, "invite").build();
  }

  private static ArrayNode whole(List<Pdu> events) {
    ArrayNode all = JsonNodeFactory.instance.arrayNode();
    events.forEach(each -> all.add(each.json()));
    return all;
  }

  private ArrayNode state() {
    return whole(
        StrippedState.KEYS.stream()
            .filter(room.state()::containsKey)
            .map(room.state()::get)
            .toList());
  }

  private ObjectNode body(Pdu invite, JsonNode state) {
    ObjectNode body = JsonNodeFactory.instance.objectNode();
    body.put("room_version", room.version().id());
    body.set("event", invite.json());
    body.set("invite_room_state", state);
    return body;
  }

  private TestClient.Answer put(Pdu invite, ObjectNode body) {
    return put("a.example", invite, body);
  }

  private TestClient.Answer put(String origin, Pdu invite, ObjectNode body) {
    return put(origin, room.roomId(), invite.eventId().value(), body);
  }

  private TestClient.Answer put(String origin, RoomId id, String event, ObjectNode body) {
    return server
        .peer(origin)
        .put(
            "/_matrix/federation/v2/invite/%s/%s"
                .formatted(TestClient.encoded(id.value()), TestClient.encoded(event)),
            body);
  }

  private void assertNothing(UserId user) {
    assertThat(server.queries().membership(room.roomId(), user)).isEmpty();
  }

  /// Nothing of this server's is in what was answered.
  private static void assertNotSigned(TestClient.Answer answer) {
    assertThat(answer.json().toString()).doesNotContain("\"hearth.test\"");
  }

  @ParameterizedTest
  @ValueSource(strings = {"1", "2", "3", "6", "10", "11", "12"})
  void anInvitationIsSignedAndKept(String version) {
    use(RoomVersions.of(version).orElseThrow());
    Pdu invite = invite();

    JsonNode answered = put(invite, body(invite, state())).expect(200).json().path("event");

    Pdu signed = Pdu.parse((ObjectNode) answered, room.version());
    assertThat(signed.eventId()).isEqualTo(invite.eventId());
    assertThat(TestKeys.isSignedBy(signed, HERE)).isTrue();
    assertThat(TestKeys.isSignedBy(signed, ALICE.server())).isTrue();
    ObjectNode bare = signed.json().deepCopy();
    ObjectNode sent = invite.json().deepCopy();
    bare.remove("signatures");
    sent.remove("signatures");
    assertThat(CanonicalJson.encode(bare)).isEqualTo(CanonicalJson.encode(sent));
    OutsideRoom kept = server.queries().outside(room.roomId(), DAVE).orElseThrow();
    assertThat(kept.membership().membership()).isEqualTo(Membership.INVITE);
    assertThat(kept.event().canonicalBytes()).isEqualTo(signed.canonicalBytes());
    assertThat(kept.via()).isEqualTo(ALICE.server());
    assertThat(kept.strippedState())
        .allSatisfy(each ->
            assertThat(each.fieldNames())
                .toIterable()
                .containsExactlyInAnyOrder("type", "state_key", "sender", "content"));
    assertThat(kept.strippedState().stream().map(each -> each.path("type").asText()))
        .contains("m.room.member", "m.room.create", "m.room.name", "m.room.join_rules");
  }

  @Test
  void whatIsNotSignedComesBackAndIsNotKept() {
    Pdu invite = invite();
    ObjectNode body = body(invite, state());
    ObjectNode event = invite.json().deepCopy();
    event.putObject("unsigned").put("age", 5).putArray("invite_room_state").add(1);
    body.set("event", event);

    JsonNode answered = put(invite, body).expect(200).json().path("event");

    assertThat(answered.path("unsigned")).isEqualTo(InviteServer.json("{'age': 5}"));
    assertThat(
            server
                .queries()
                .outside(room.roomId(), DAVE)
                .orElseThrow()
                .event()
                .json()
                .has("unsigned"))
        .isFalse();
  }

  @ParameterizedTest
  @ValueSource(strings = {"1", "2"})
  void anInvitationOfTheFirstVersionIsAnsweredInItsWay(String version) {
    use(RoomVersions.of(version).orElseThrow());
    Pdu invite = invite();
    ObjectNode body = invite.json().deepCopy();
    body.putObject("unsigned").set("invite_room_state", state());

    JsonNode answer =
        server
            .peer("a.example")
            .put(
                "/_matrix/federation/v1/invite/%s/%s"
                    .formatted(
                        TestClient.encoded(room.roomId().value()),
                        TestClient.encoded(invite.eventId().value())),
                body)
            .expect(200)
            .json();

    assertThat(answer.get(0).asInt()).isEqualTo(200);
    Pdu signed = Pdu.parse((ObjectNode) answer.get(1).path("event"), room.version());
    assertThat(TestKeys.isSignedBy(signed, HERE)).isTrue();
    assertThat(server.queries().strippedState(room.roomId(), DAVE).size()).isGreaterThan(2);
  }

  /// Something that is brought to be signed, and is no invitation of a user here by one there.
  record Trick(String name, Function<RoomFixture, Pdu> event) {
    @Override
    public String toString() {
      return name;
    }
  }

  /// Rows 2, 5 and 6 of the advisories: to be made to sign something else.
  static List<Trick> tricks() {
    UserId own = DAVE;
    return List.of(
        new Trick("a leave", room -> room.member(ALICE, own, "leave").build()),
        new Trick("a ban", room -> room.member(ALICE, own, "ban").build()),
        new Trick("a join", room -> room.member(ALICE, own, "join").build()),
        new Trick("a knock", room -> room.member(ALICE, own, "knock").build()),
        new Trick(
            "no membership", room -> room.state(ALICE, "m.room.member", own.value(), "{}").build()),
        new Trick(
            "a membership of another type",
            room ->
                room.state(ALICE, "m.room.member", own.value(), "{\"membership\":[\"invite\"]}")
                    .build()),
        new Trick(
            "a message",
            room -> room.message(ALICE, "m.room.message", "{\"membership\":\"invite\"}").build()),
        new Trick(
            "other state",
            room ->
                room.state(ALICE, "m.room.server_acl", own.value(), "{\"membership\":\"invite\"}")
                    .build()),
        new Trick("by a user of ours", room -> room.member(own, own, "invite").build()),
        new Trick("by a user of a third server", room -> room.member(BOB, own, "invite").build()),
        new Trick(
            "by a user of a third server, signed by both",
            room -> room.member(BOB, own, "invite").signedAlsoBy(ALICE.server()).build()),
        new Trick("of a user elsewhere", room -> room.member(ALICE, BOB, "invite").build()),
        new Trick(
            "of nobody",
            room ->
                room.state(ALICE, "m.room.member", "dave", "{\"membership\":\"invite\"}").build()),
        new Trick(
            "not signed",
            room ->
                room.member(ALICE, own, "invite")
                    .bendAfterSigning(json -> json.putObject("signatures"))
                    .build()),
        new Trick(
            "signed for another event",
            room ->
                room.member(ALICE, own, "invite")
                    .bendAfterSigning(json -> json.put("depth", 77))
                    .build()),
        new Trick(
            "changed after hashing",
            room ->
                room.member(ALICE, own, "invite")
                    .bendAfterSigning(
                        json -> ((ObjectNode) json.get("content")).put("displayname", "Other"))
                    .build()),
        new Trick(
            "of a third party, not signed",
            room ->
                room.state(
                        ALICE,
                        "m.room.member",
                        own.value(),
                        "{\"membership\":\"invite\",\"third_party_invite\":{}}")
                    .bendAfterSigning(json -> json.putObject("signatures"))
                    .build()));
  }

  @ParameterizedTest
  @MethodSource("tricks")
  void nothingElseIsSigned(Trick trick) {
    Pdu event = trick.event().apply(room);

    TestClient.Answer answer = put(event, body(event, state()));

    assertThat(answer.status()).isEqualTo(400);
    assertThat(answer.json().path("errcode").asText()).isEqualTo("M_INVALID_PARAM");
    assertNotSigned(answer);
    assertNothing(DAVE);
    assertNothing(BOB);
  }

  @Test
  void pathAndBodyAgree() {
    Pdu invite = invite();
    ObjectNode body = body(invite, state());

    assertThat(
            put("a.example", RoomId.parse("!other:a.example"), invite.eventId().value(), body)
                .status())
        .isEqualTo(400);
    assertThat(put("a.example", room.roomId(), "$" + "x".repeat(43), body).status()).isEqualTo(400);
    assertNothing(DAVE);
  }

  @Test
  void whatIsTooLargeIsNoEvent() {
    Pdu invite = room.member(ALICE, DAVE, "invite").build();
    ObjectNode large = invite.json().deepCopy();
    ((ObjectNode) large.get("content")).put("reason", "x".repeat(65_537));
    ObjectNode body = body(invite, state());
    body.set("event", large);

    TestClient.Answer answer = put(invite, body);

    assertThat(answer.status()).isIn(400, 413);
    assertNotSigned(answer);
  }

  @Test
  void aRoomVersionThatIsNotKnownIsNamed() {
    Pdu invite = invite();
    ObjectNode body = body(invite, state()).put("room_version", "org.example.new");

    JsonNode answer = put(invite, body).expect(400).json();

    assertThat(answer.path("errcode").asText()).isEqualTo("M_INCOMPATIBLE_ROOM_VERSION");
    assertThat(answer.path("room_version").asText()).isEqualTo("org.example.new");
  }

  /// Row 79: what is no list of events never gets as far as a client.
  @ParameterizedTest
  @ValueSource(strings = {"null", "5", "{}", "\"x\"", "[null]", "[[[]]]", "[1]", "[{},[]]"})
  void aStateThatIsNoneIsRefused(String state) {
    Pdu invite = invite();

    TestClient.Answer answer =
        put(invite, body(invite, InviteServer.json("{'a':" + state + "}").get("a")));

    assertThat(answer.status()).isEqualTo(400);
    assertNothing(DAVE);
  }

  /// Row 81: a state that is as large as can be sent.
  @Test
  void ofALargeStateIsKeptWhatHasRoom() {
    Pdu invite = invite();
    ArrayNode state = JsonNodeFactory.instance.arrayNode();
    for (String type : List.of("m.room.topic", "m.room.name", "m.room.avatar", "m.x", "m.y")) {
      ObjectNode event = state.addObject();
      event.put("type", type).put("state_key", "").put("sender", ALICE.value());
      event.putObject("content").put("x", "y".repeat(30_000));
    }

    assertThat(put(invite, body(invite, state)).status()).isEqualTo(200);

    List<ObjectNode> kept = server.queries().strippedState(room.roomId(), DAVE);
    assertThat(kept.stream().mapToInt(each -> each.toString().length()).sum())
        .isBetween(30_000, InviteState.MOST_BYTES);
    assertThat(kept.getFirst().path("content").path("membership").asText()).isEqualTo("invite");
  }

  @Test
  void aStateOfManyEventsIsRefused() {
    Pdu invite = invite();
    ArrayNode state = JsonNodeFactory.instance.arrayNode();
    for (int i = 0; i <= InviteState.MOST_EVENTS; i++) {
      state.addObject();
    }

    assertThat(put(invite, body(invite, state)).status()).isEqualTo(400);
  }

  /// Before room version 12 entries may be stripped already.
  @Test
  void ofAnOldRoomTheStateMayBeStripped() {
    Pdu invite = invite();
    ArrayNode state = JsonNodeFactory.instance.arrayNode();
    room.state().values().forEach(each -> state.add(StrippedState.of(each)));
    ObjectNode elsewhere = StrippedState.of(room.topic(ALICE, "x").build());
    elsewhere.put("room_id", "!other:a.example");
    state.add(elsewhere).add(InviteServer.json("{'type': 5}"));

    assertThat(put(invite, body(invite, state)).status()).isEqualTo(200);

    assertThat(server.queries().strippedState(room.roomId(), DAVE))
        .noneMatch(each -> each.path("type").asText().equals("m.room.topic"))
        .anyMatch(each -> each.path("type").asText().equals("m.room.name"));
  }

  /// Row 17: since room version 12 the room's id is the hash of its create event.
  @Test
  void theStateIsOfTheRoomSinceVersion12() {
    use(RoomVersions.V12);
    Pdu invite = invite();
    RoomFixture other = RoomFixture.empty(RoomVersions.V12);
    other.create("{\"type\":\"m.space\"}").add();
    Pdu create = Objects.requireNonNull(room.state().get(StateKey.of("m.room.create")));
    Pdu otherCreate = Objects.requireNonNull(other.state().get(StateKey.of("m.room.create")));
    Pdu name = Objects.requireNonNull(room.state().get(StateKey.of("m.room.name")));
    ObjectNode bentName = name.json().deepCopy();
    bentName.put("depth", 99);
    List<ArrayNode> wrong =
        List.of(
            JsonNodeFactory.instance.arrayNode(),
            whole(List.of(name)),
            whole(List.of(otherCreate)),
            whole(List.of(create, otherCreate)),
            whole(List.of(create)).add(bentName),
            JsonNodeFactory.instance.arrayNode().add(StrippedState.of(create)),
            whole(List.of(create)).add(StrippedState.of(name)));
    if (create.roomId().equals(otherCreate.roomId())) {
      throw new AssertionError("the two rooms are one");
    }

    for (ArrayNode each : wrong) {
      TestClient.Answer answer = put(invite, body(invite, each));
      assertThat(answer.status()).as(each.toString()).isEqualTo(400);
      assertThat(answer.json().path("errcode").asText()).isEqualTo("M_INVALID_PARAM");
      assertNotSigned(answer);
    }
    ObjectNode without = body(invite, state());
    without.remove("invite_room_state");
    assertThat(put(invite, without).status()).isEqualTo(400);
    assertNothing(DAVE);
    assertThat(put(invite, body(invite, whole(List.of(create, name)))).status()).isEqualTo(200);
  }

  @Test
  void aRoomWhoseCreatorIsGoneMayStillInvite() {
    use(RoomVersions.V12);
    Pdu invite = room.member(BOB, DAVE, "invite").build();
    server.lostKeys.add(ALICE.server());

    assertThat(put("b.example", invite, body(invite, state())).status()).isEqualTo(200);

    assertThat(server.queries().strippedState(room.roomId(), DAVE))
        .anyMatch(each -> each.path("type").asText().equals("m.room.create"));
  }

  @Test
  void whoIsNotHereOrDoesNotWantToIsNotInvited() {
    UserId nobody = UserId.parse("@nobody:hearth.test");
    Pdu invite = room.member(ALICE, nobody, "invite").build();
    JsonNode refused = put(invite, body(invite, state())).expect(403).json();
    assertThat(refused.path("errcode").asText()).isEqualTo("M_FORBIDDEN");
    assertNothing(nobody);

    server.block(DAVE);
    Pdu blocked = invite();
    TestClient.Answer answer = put(blocked, body(blocked, state()));
    assertThat(answer.expect(403).json().path("errcode").asText()).isEqualTo("M_INVITE_BLOCKED");
    assertNotSigned(answer);
    assertNothing(DAVE);
  }

  /// The room with Dave in it.
  private void join() {
    List<Pdu> before = List.copyOf(room.state().values());
    Pdu join = room.join(DAVE).add();
    Map<EventId, Set<ServerName>> signers = new HashMap<>();
    before.forEach(each -> signers.put(each.eventId(), Set.of(each.sender().server())));
    signers.put(join.eventId(), Set.of(HERE));
    var _ =
        server.rooms.receive(
            new RoomInput.ReceiveEvents(
                room.roomId(),
                room.version().id(),
                RoomInput.Arrival.LIVE,
                List.of(join),
                before,
                Map.of(join.eventId(), before.stream().map(Pdu::eventId).toList()),
                signers,
                Set.of()));
  }

  @Test
  void anInvitationToARoomThatIsHereGoesIntoTheRoom() {
    join();
    UserId erin = UserId.parse("@erin:hearth.test");
    server.register(erin);
    Pdu invite = room.member(ALICE, erin, "invite").add();

    JsonNode answered = put(invite, body(invite, state())).expect(200).json().path("event");

    assertThat(TestKeys.isSignedBy(Pdu.parse((ObjectNode) answered, room.version()), HERE))
        .isTrue();
    assertThat(server.queries().outside(room.roomId(), erin)).isEmpty();
    assertThat(server.queries().membership(room.roomId(), erin).map(RoomMembership::membership))
        .contains(Membership.INVITE);
    assertThat(server.queries().event(invite.eventId())).isPresent();
  }

  @Test
  void whatARoomThatIsHereDoesNotAllowIsNotSigned() {
    join();
    UserId erin = UserId.parse("@erin:hearth.test");
    server.register(erin);
    Pdu byAStranger = room.member(UserId.parse("@mallory:a.example"), erin, "invite").build();
    TestClient.Answer answer = put(byAStranger, body(byAStranger, state()));
    assertThat(answer.status()).isEqualTo(403);
    assertNotSigned(answer);
    assertNothing(erin);

    Pdu ofAMember = room.member(ALICE, DAVE, "invite").build();
    assertThat(put(ofAMember, body(ofAMember, state())).status()).isEqualTo(403);
  }

  @Test
  void whatIsNotHereYetIsSignedAndComesAgain() {
    join();
    UserId erin = UserId.parse("@erin:hearth.test");
    server.register(erin);
    Pdu missed = room.topic(ALICE, "missed").add();
    Pdu invite = room.member(ALICE, erin, "invite").add();

    assertThat(put(invite, body(invite, state())).status()).isEqualTo(200);

    assertNothing(erin);
    var _ = server.rooms.live(missed, invite);
    assertThat(server.queries().membership(room.roomId(), erin).map(RoomMembership::membership))
        .contains(Membership.INVITE);
  }

  @Test
  void theSameInvitationAgainIsAnsweredAgain() {
    Pdu invite = invite();
    assertThat(put(invite, body(invite, state())).status()).isEqualTo(200);

    assertThat(put(invite, body(invite, state())).status()).isEqualTo(200);
  }
}
