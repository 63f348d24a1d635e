package org.hearth.server.writers.federationmembership.invites;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.hearth.server.writers.federationmembership.invites.InviteServer.DAVE;
import static org.hearth.server.writers.federationmembership.invites.InviteServer.HERE;
import static org.hearth.server.writers.federationmembership.invites.InviteServer.json;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.function.BiConsumer;
import java.util.function.UnaryOperator;
import org.hearth.server.logs.RoomInput;
import org.hearth.server.logs.RoomOutput;
import org.hearth.server.logs.RoomReply;
import org.hearth.server.matrix.auth.Membership;
import org.hearth.server.matrix.error.MatrixException;
import org.hearth.server.matrix.event.EventDraft;
import org.hearth.server.matrix.event.EventTypes;
import org.hearth.server.matrix.event.Pdu;
import org.hearth.server.matrix.event.StateKey;
import org.hearth.server.matrix.id.RoomId;
import org.hearth.server.matrix.id.ServerName;
import org.hearth.server.matrix.id.UserId;
import org.hearth.server.matrix.json.MatrixJson;
import org.hearth.server.matrix.sign.EventSignatures;
import org.hearth.server.matrix.testkit.TestKeys;
import org.hearth.server.matrix.version.RoomRule;
import org.hearth.server.matrix.version.RoomVersion;
import org.hearth.server.matrix.version.RoomVersions;
import org.hearth.server.outbound.TestInternet;
import org.hearth.server.servers.room.RoomEvent;
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
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

/// Invitations of users of other servers.
@Timeout(120)
@Tag("long")
class OutwardInvitesTest {
  private static final ServerName PEER = ServerName.parse("b.example");
  private static final UserId BOB = UserId.parse("@bob:b.example");
  private static final String ADDRESS = "93.184.216.20";

  @RegisterExtension final StoreExtension stores = new StoreExtension();
  @TempDir private Path folder;
  private InviteServer server;
  private RoomVersion version = RoomVersions.V11;
  private RoomId room = RoomId.parse("!room:hearth.test");

  @BeforeEach
  void start() throws Exception {
    server = new InviteServer(stores.store(), folder);
    server.internet.dns.address("b.example", ADDRESS);
  }

  @AfterEach
  void stop() throws Exception {
    server.close();
  }

  private void create(RoomVersion version) {
    this.version = version;
    ObjectNode content = json("{}").put("room_version", version.id());
    if (!version.has(RoomRule.CREATOR_IS_SENDER)) {
      content.put("creator", DAVE.value());
    }
    boolean hash = version.has(RoomRule.ROOM_ID_IS_CREATE_HASH);
    EventDraft unplaced = EventDraft.create(null, DAVE, content);
    if (hash) {
      room = server.queries().newRoomId(version, unplaced, 1_000);
    }
    EventDraft create = hash ? unplaced : EventDraft.create(room, DAVE, content);
    List<EventDraft> events = new ArrayList<>();
    events.add(state(EventTypes.MEMBER, DAVE.value(), "{'membership':'join'}"));
    events.add(state(EventTypes.JOIN_RULES, "", "{'join_rule':'invite'}"));
    events.add(state(EventTypes.NAME, "", "{'name':'Here'}"));
    RoomReply reply =
        server.rooms.submit(new RoomInput.CreateRoom(room, version.id(), 1_000, create, events));
    assertThat(reply).isInstanceOf(RoomReply.Done.class);
  }

  private EventDraft state(String type, String key, String content) {
    return EventDraft.state(room, DAVE, new StateKey(type, key), json(content));
  }

  private RoomReply.Done invite() throws InterruptedException {
    return invite(BOB);
  }

  private RoomReply.Done invite(UserId user) throws InterruptedException {
    return server.outward.invite(
        new RoomInput.PrepareEvent(
            room,
            EventDraft.state(
                room,
                DAVE,
                StateKey.member(user.value()),
                json("{'membership':'invite','reason':'why not'}"))));
  }

  /// The peer answers an event with what is made of it.
  private void serve(BiConsumer<ObjectNode, ObjectNode> changes) throws Exception {
    serve(event -> {
      ObjectNode signed = EventSignatures.sign(event.deepCopy(), version, PEER, TestKeys.of(PEER));
      changes.accept(event, signed);
      return JsonNodeFactory.instance.objectNode().set("event", signed);
    });
  }

  private void serve(UnaryOperator<ObjectNode> answer) throws Exception {
    server.internet.serve(
        ADDRESS,
        8448,
        List.of("b.example"),
        (asked, out) -> {
          ObjectNode body = MatrixJson.parseObject(asked.body().getBytes(UTF_8));
          ObjectNode event = body.get("event") instanceof ObjectNode given ? given : body;
          TestInternet.respond(out, 200, "", answer.apply(event).toString());
        });
  }

  private void refuse(int status, String errcode) throws Exception {
    server.internet.serve(
        ADDRESS,
        8448,
        List.of("b.example"),
        TestInternet.json(
            status, "{\"errcode\":\"%s\",\"error\":\"words of a peer\"}".formatted(errcode)));
  }

  private Membership membership() {
    return server
        .queries()
        .membership(room, BOB)
        .map(RoomMembership::membership)
        .orElse(Membership.LEAVE);
  }

  private List<TestInternet.Asked> puts() {
    return server.internet.asked().stream()
        .filter(each -> each.line().contains("/invite/"))
        .toList();
  }

  @ParameterizedTest
  @ValueSource(strings = {"1", "6", "10", "11", "12"})
  void bothServersSignAndThenItIsInTheRoom(String id) throws Exception {
    create(RoomVersions.of(id).orElseThrow());
    serve((_, _) -> {});

    RoomReply.Done done = invite();

    assertThat(membership()).isEqualTo(Membership.INVITE);
    Pdu event = server.queries().event(done.events().getFirst()).orElseThrow().pdu();
    assertThat(TestKeys.isSignedBy(event, HERE)).isTrue();
    assertThat(TestKeys.isSignedBy(event, PEER)).isTrue();
    assertThat(event.content()).isEqualTo(json("{'membership':'invite','reason':'why not'}"));
    assertThat(puts()).hasSize(1);
    assertThat(puts().getFirst().line()).startsWith("PUT /_matrix/federation/v2/invite/");
    JsonNode body = MatrixJson.parseObject(puts().getFirst().body().getBytes(UTF_8));
    assertThat(body.path("room_version").asText()).isEqualTo(id);
    List<Pdu> state = new ArrayList<>();
    body.path("invite_room_state")
        .forEach(each -> state.add(Pdu.parse((ObjectNode) each, version)));
    // Whole events of the room, the create event among them.
    assertThat(state).allSatisfy(each -> assertThat(each.roomId()).isEqualTo(room));
    assertThat(state)
        .extracting(Pdu::type)
        .containsExactly("m.room.create", "m.room.name", "m.room.join_rules", "m.room.member");
    assertThat(state).allSatisfy(each -> assertThat(TestKeys.isSignedBy(each, HERE)).isTrue());
    assertThat(server.rooms.told().getLast().entry())
        .isInstanceOfSatisfying(
            RoomOutput.EventAdded.class, each -> assertThat(each.event()).isEqualTo(event));
  }

  /// What a peer makes of the event it was to sign.
  record Trick(String name, BiConsumer<ObjectNode, ObjectNode> change) {
    @Override
    public String toString() {
      return name;
    }
  }

  static List<Trick> tricks() {
    return List.of(
        new Trick(
            "other content",
            (_, signed) -> signed.set("content", json("{'membership':'invite','reason':'other'}"))),
        new Trick("one member more", (_, signed) -> signed.put("more", 1)),
        new Trick("one member less", (_, signed) -> signed.remove("depth")),
        new Trick("other user", (_, signed) -> signed.put("state_key", "@mallory:b.example")),
        new Trick(
            "no signature", (event, signed) -> signed.set("signatures", event.get("signatures"))),
        new Trick(
            "a wrong signature",
            (_, signed) ->
                ((ObjectNode) signed.at("/signatures/b.example"))
                    .put("ed25519:test", "x".repeat(86))),
        new Trick(
            "another server's signature",
            (_, signed) -> {
              ObjectNode signatures = (ObjectNode) signed.get("signatures");
              signatures.set("c.example", signatures.remove("b.example"));
            }),
        new Trick("signatures of another shape", (_, signed) -> signed.put("signatures", "none")));
  }

  @ParameterizedTest
  @MethodSource("tricks")
  void anAnswerThatIsNotTheSameEventSignedIsNone(Trick trick) throws Exception {
    create(RoomVersions.V11);
    serve(trick.change());

    assertThatThrownBy(this::invite)
        .isInstanceOfSatisfying(
            MatrixException.class,
            each -> {
              assertThat(each.status()).isEqualTo(502);
              assertThat(each.errcode()).isEqualTo("M_UNKNOWN");
            });
    assertThat(membership()).isEqualTo(Membership.LEAVE);
  }

  @Test
  void ofTheAnswerOnlyTheSignatureIsTaken() throws Exception {
    create(RoomVersions.V11);
    serve((_, signed) -> {
      signed.putObject("unsigned").put("age", 5);
      ((ObjectNode) signed.get("signatures")).putObject("c.example").put("ed25519:x", "y");
      ((ObjectNode) signed.at("/signatures/hearth.test")).put("ed25519:test", "other");
    });

    RoomReply.Done done = invite();

    ObjectNode event = server.queries().event(done.events().getFirst()).orElseThrow().pdu().json();
    assertThat(event.has("unsigned")).isFalse();
    assertThat(event.path("signatures").fieldNames())
        .toIterable()
        .containsExactlyInAnyOrder("hearth.test", "b.example");
    assertThat(event.at("/signatures/hearth.test/ed25519:test").asText()).isNotEqualTo("other");
  }

  @ParameterizedTest
  @ValueSource(strings = {"[]", "{}", "{\"event\":5}", "[200]", "[200,{\"event\":[]}]", "x"})
  void anAnswerWithoutAnEventIsNone(String answer) throws Exception {
    create(RoomVersions.V11);
    server.internet.serve(ADDRESS, 8448, List.of("b.example"), TestInternet.json(200, answer));

    assertThatThrownBy(this::invite)
        .isInstanceOfSatisfying(
            MatrixException.class, each -> assertThat(each.status()).isEqualTo(502));
    assertThat(membership()).isEqualTo(Membership.LEAVE);
  }

  /// Row 69: what another server says to this one does not reach a client as if it were for it.
  @ParameterizedTest
  @CsvSource({
    "403, M_FORBIDDEN, 403, M_FORBIDDEN",
    "403, M_INVITE_BLOCKED, 403, M_INVITE_BLOCKED",
    "400, M_INCOMPATIBLE_ROOM_VERSION, 400, M_UNSUPPORTED_ROOM_VERSION",
    "400, M_INVALID_PARAM, 502, M_UNKNOWN",
    "400, M_MISSING_PARAM, 502, M_UNKNOWN",
    "401, M_UNKNOWN_TOKEN, 502, M_UNKNOWN",
    "403, M_UNKNOWN_TOKEN, 403, M_FORBIDDEN",
    "401, M_USER_LOCKED, 502, M_UNKNOWN",
    "404, M_UNRECOGNIZED, 502, M_UNKNOWN",
    "500, M_SOFT_LOGOUT, 502, M_UNKNOWN"
  })
  void refusalsAreToldInTheWordsOfThisServer(
      int status, String errcode, int told, String toldErrcode) throws Exception {
    create(RoomVersions.V11);
    refuse(status, errcode);

    assertThatThrownBy(this::invite)
        .isInstanceOfSatisfying(
            MatrixException.class,
            each -> {
              assertThat(each.status()).isEqualTo(told);
              assertThat(each.errcode()).isEqualTo(toldErrcode);
              assertThat(each.fields()).isEmpty();
            });
    assertThat(membership()).isEqualTo(Membership.LEAVE);
    assertThat(puts()).hasSize(1);
  }

  @ParameterizedTest
  @ValueSource(strings = {"1", "2"})
  void anOldServerIsAskedInTheOldWay(String id) throws Exception {
    create(RoomVersions.of(id).orElseThrow());
    server.internet.serve(
        ADDRESS,
        8448,
        List.of("b.example"),
        (asked, out) -> {
          if (asked.line().contains("/v2/")) {
            TestInternet.respond(out, 404, "", "{\"errcode\":\"M_UNRECOGNIZED\"}");
            return;
          }
          ObjectNode event = MatrixJson.parseObject(asked.body().getBytes(UTF_8));
          ObjectNode signed = EventSignatures.sign(event, version, PEER, TestKeys.of(PEER));
          TestInternet.respond(out, 200, "", "[200, {\"event\": " + signed + "}]");
        });

    var _ = invite();

    assertThat(membership()).isEqualTo(Membership.INVITE);
    assertThat(puts()).hasSize(2);
    assertThat(puts().getLast().line()).startsWith("PUT /_matrix/federation/v1/invite/");
    ObjectNode body = MatrixJson.parseObject(puts().getLast().body().getBytes(UTF_8));
    assertThat(body.at("/unsigned/invite_room_state").size()).isPositive();
  }

  @Test
  void whoCannotBeReachedIsNotInvited() throws Exception {
    create(RoomVersions.V11);

    assertThatThrownBy(this::invite)
        .isInstanceOfSatisfying(
            MatrixException.class, each -> assertThat(each.status()).isEqualTo(502));
    assertThatThrownBy(() -> invite(UserId.parse("@x:blocked.example")))
        .isInstanceOfSatisfying(
            MatrixException.class, each -> assertThat(each.errcode()).isEqualTo("M_FORBIDDEN"));
    assertThat(membership()).isEqualTo(Membership.LEAVE);
  }

  /// Nobody is asked for what the room does not allow.
  @Test
  void theRoomIsAskedFirst() throws Exception {
    create(RoomVersions.V11);
    serve((_, _) -> {});
    var _ =
        server.rooms.submit(
            new RoomInput.SendEvent(
                room, state(EventTypes.MEMBER, BOB.value(), "{'membership':'ban'}"), null));

    assertThatThrownBy(this::invite)
        .isInstanceOfSatisfying(
            MatrixException.class, each -> assertThat(each.errcode()).isEqualTo("M_FORBIDDEN"));
    assertThat(puts()).isEmpty();
  }

  /// The room goes on while the other server makes up its mind.
  @Test
  void theRoomIsAskedAgainAfterTheOtherServer() throws Exception {
    create(RoomVersions.V11);
    serve((_, _) -> {
      var _ =
          server.rooms.submit(
              new RoomInput.SendEvent(
                  room, state(EventTypes.MEMBER, BOB.value(), "{'membership':'ban'}"), null));
    });

    assertThatThrownBy(this::invite)
        .isInstanceOfSatisfying(
            MatrixException.class, each -> assertThat(each.errcode()).isEqualTo("M_FORBIDDEN"));
    assertThat(membership()).isEqualTo(Membership.BAN);

    // A change that has nothing to do with it is no hindrance.
    UserId carol = UserId.parse("@carol:b.example");
    server.internet.end(ADDRESS, 8448);
    serve((_, _) -> {
      var _ =
          server.rooms.submit(
              new RoomInput.SendEvent(room, state(EventTypes.TOPIC, "", "{'topic':'x'}"), null));
    });
    var _ = invite(carol);
    assertThat(server.queries().membership(room, carol).map(RoomMembership::membership))
        .contains(Membership.INVITE);
    Map<StateKey, ?> state = server.rooms.state(room);
    assertThat(state).containsKey(StateKey.of(EventTypes.TOPIC));
  }

  /// Row 81: a room whose state would be too large to send.
  @Test
  void aLargeStateIsLeftOut() throws Exception {
    create(RoomVersions.V11);
    for (String type : List.of("m.room.topic", "m.room.avatar", "m.room.encryption")) {
      var _ =
          server.rooms.submit(
              new RoomInput.SendEvent(
                  room, state(type, "", "{'x':'" + "y".repeat(60_000) + "'}"), null));
    }
    serve((_, _) -> {});

    var _ = invite();

    assertThat(puts().getFirst().body().length()).isLessThan(InviteState.MOST_BYTES + 5_000);
    assertThat(puts().getFirst().body()).contains("m.room.create");
    RoomEvent event =
        server
            .queries()
            .currentState(room)
            .orElseThrow()
            .event(StateKey.member(BOB.value()))
            .orElseThrow();
    assertThat(event.invites(BOB)).isTrue();
  }
}
