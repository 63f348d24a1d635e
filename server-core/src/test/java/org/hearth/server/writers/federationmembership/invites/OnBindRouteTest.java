package org.hearth.server.writers.federationmembership.invites;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.hearth.server.writers.federationmembership.invites.InviteServer.DAVE;
import static org.hearth.server.writers.federationmembership.invites.InviteServer.json;

import com.fasterxml.jackson.databind.node.ObjectNode;
import java.nio.file.Path;
import java.util.List;
import org.hearth.server.http.TestClient;
import org.hearth.server.logs.RoomInput;
import org.hearth.server.logs.RoomReply;
import org.hearth.server.matrix.auth.Membership;
import org.hearth.server.matrix.event.EventDraft;
import org.hearth.server.matrix.event.StateKey;
import org.hearth.server.matrix.id.RoomId;
import org.hearth.server.matrix.id.UserId;
import org.hearth.server.matrix.json.MatrixJson;
import org.hearth.server.matrix.sign.Signatures;
import org.hearth.server.matrix.sign.SigningKey;
import org.hearth.server.matrix.testkit.TestKeys;
import org.hearth.server.outbound.TestInternet;
import org.hearth.server.servers.room.RoomMembership;
import org.hearth.server.store.StoreExtension;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.api.io.TempDir;

/// Invitations of addresses that turn out to be those of users of this server.
@Timeout(120)
class OnBindRouteTest {
  private static final String PATH = "/_matrix/federation/v1/3pid/onbind";
  private static final UserId ERIN = UserId.parse("@erin:hearth.test");
  private static final RoomId ROOM = RoomId.parse("!room:hearth.test");
  private static final SigningKey KEY = TestKeys.named("id.example");

  @RegisterExtension final StoreExtension stores = new StoreExtension();
  @TempDir private Path folder;
  private InviteServer server;

  @BeforeEach
  void start() throws Exception {
    server = new InviteServer(stores.store(), folder);
    server.register(ERIN);
  }

  @AfterEach
  void stop() throws Exception {
    server.close();
  }

  private static ObjectNode signed(UserId user, String token) {
    return Signatures.sign(
        json("{}").put("mxid", user.value()).put("token", token), "id.example", KEY);
  }

  private static ObjectNode body(UserId user, String room, String sender, ObjectNode signed) {
    ObjectNode body = json("{'medium':'email','address':'erin@example.org'}");
    body.put("mxid", user.value());
    ObjectNode invite = body.putArray("invites").addObject();
    invite.put("medium", "email").put("address", "erin@example.org").put("mxid", user.value());
    invite.put("room_id", room).put("sender", sender);
    invite.set("signed", signed);
    return body;
  }

  private TestClient.Answer put(ObjectNode body) {
    return server.anybody().put(PATH, body);
  }

  private void createRoom() {
    List<EventDraft> events =
        List.of(
            state("m.room.member", DAVE.value(), "{'membership':'join'}"),
            state("m.room.join_rules", "", "{'join_rule':'invite'}"),
            state(
                "m.room.third_party_invite",
                "abc",
                "{'display_name':'e...@e...','public_key':'%1$s','public_keys':[{'public_key':'%1$s'}]}"
                    .formatted(KEY.publicKeyBase64())));
    RoomReply reply =
        server.rooms.submit(
            new RoomInput.CreateRoom(
                ROOM,
                "11",
                1_000,
                EventDraft.create(ROOM, DAVE, json("{'room_version':'11'}")),
                events));
    assertThat(reply).isInstanceOf(RoomReply.Done.class);
  }

  private static EventDraft state(String type, String key, String content) {
    return EventDraft.state(ROOM, DAVE, new StateKey(type, key), json(content));
  }

  @Test
  void inARoomThatIsHereTheUserIsInvited() {
    createRoom();

    put(body(ERIN, ROOM.value(), DAVE.value(), signed(ERIN, "abc"))).expect(200);

    assertThat(server.queries().membership(ROOM, ERIN).map(RoomMembership::membership))
        .contains(Membership.INVITE);
    ObjectNode content =
        server
            .queries()
            .currentState(ROOM)
            .orElseThrow()
            .event(StateKey.member(ERIN.value()))
            .orElseThrow()
            .pdu()
            .content();
    assertThat(content.at("/third_party_invite/display_name").asText()).isEqualTo("e...@e...");
  }

  @Test
  void whatIsNotSignedByTheRoomsKeyInvitesNobody() {
    createRoom();
    ObjectNode forged =
        Signatures.sign(
            json("{'mxid':'@erin:hearth.test','token':'abc'}"),
            "id.example",
            TestKeys.named("mallory"));

    put(body(ERIN, ROOM.value(), DAVE.value(), forged)).expect(200);
    put(body(ERIN, ROOM.value(), DAVE.value(), signed(ERIN, "other"))).expect(200);
    put(body(ERIN, ROOM.value(), "@other:hearth.test", signed(ERIN, "abc"))).expect(200);

    assertThat(server.queries().membership(ROOM, ERIN)).isEmpty();
  }

  @Test
  void theServerOfWhoInvitedIsAskedElsewhere() throws Exception {
    server.internet.dns.address("b.example", "93.184.216.20");
    server.internet.serve(
        "93.184.216.20", 8448, List.of("b.example"), TestInternet.json(200, "{}"));
    ObjectNode signed = signed(ERIN, "abc");

    put(body(ERIN, "!there:b.example", "@bob:b.example", signed)).expect(200);

    List<TestInternet.Asked> asked =
        server.internet.asked(
            "/_matrix/federation/v1/exchange_third_party_invite/%21there%3Ab.example");
    assertThat(asked).hasSize(1);
    ObjectNode event = MatrixJson.parseObject(asked.getFirst().body().getBytes(UTF_8));
    assertThat(event.path("type").asText()).isEqualTo("m.room.member");
    assertThat(event.path("sender").asText()).isEqualTo("@bob:b.example");
    assertThat(event.path("state_key").asText()).isEqualTo(ERIN.value());
    assertThat(event.at("/content/membership").asText()).isEqualTo("invite");
    assertThat(event.at("/content/third_party_invite/signed")).isEqualTo(signed);
  }

  @Test
  void whatCannotBeIsRefused() {
    UserId nobody = UserId.parse("@nobody:hearth.test");
    put(body(nobody, ROOM.value(), DAVE.value(), signed(nobody, "abc"))).expect(403, "M_FORBIDDEN");
    UserId elsewhere = UserId.parse("@bob:b.example");
    put(body(elsewhere, ROOM.value(), DAVE.value(), signed(elsewhere, "abc")))
        .expect(403, "M_FORBIDDEN");
    put(body(ERIN, ROOM.value(), DAVE.value(), signed(DAVE, "abc"))).expect(400, "M_INVALID_PARAM");
    ObjectNode many = body(ERIN, ROOM.value(), DAVE.value(), signed(ERIN, "abc"));
    for (int i = 0; i < OnBindRoute.MOST_INVITES; i++) {
      many.withArray("invites").add(many.at("/invites/0").deepCopy());
    }
    put(many).expect(400, "M_INVALID_PARAM");
    ObjectNode unsigned = json("{'mxid':'@erin:hearth.test','token':'abc'}");
    put(body(ERIN, ROOM.value(), DAVE.value(), unsigned)).expect(400, "M_MISSING_PARAM");
    assertThat(server.internet.asked()).isEmpty();
  }
}
