package org.hearth.server.writers.federationmembership.resident;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import org.hearth.server.http.TestClient;
import org.hearth.server.matrix.auth.Membership;
import org.hearth.server.matrix.event.EventTypes;
import org.hearth.server.matrix.event.Pdu;
import org.hearth.server.matrix.id.RoomId;
import org.hearth.server.matrix.id.UserId;
import org.hearth.server.matrix.sign.Signatures;
import org.hearth.server.matrix.sign.SigningKey;
import org.hearth.server.matrix.testkit.TestKeys;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/// A third-party identifier that was invited turns out to be a user's of another server.
final class ThirdPartyExchangeTest extends WithPeer {
  private static final SigningKey IDENTITY = TestKeys.named("identity.test");

  private RoomId room;

  @BeforeEach
  void inviteSomebodyByAnAddress() {
    room = publicRoom("11");
    server.does(
        room,
        ALICE,
        EventTypes.THIRD_PARTY_INVITE,
        "token",
        "{'display_name':'b...@e...','key_validity_url':'https://identity.test/valid','public_key':'%s'}"
            .formatted(IDENTITY.verifyKey()));
  }

  private static ObjectNode signed(String mxid, SigningKey key) {
    ObjectNode signed = JsonNodeFactory.instance.objectNode();
    signed.put("mxid", mxid).put("token", "token");
    return Signatures.sign(signed, "identity.test", key);
  }

  private ObjectNode invite() {
    ObjectNode invite = JsonNodeFactory.instance.objectNode();
    invite.put("type", "m.room.member");
    invite.put("room_id", room.value());
    invite.put("sender", ALICE);
    invite.put("state_key", BOB);
    ObjectNode content = invite.putObject("content");
    content.put("membership", "invite").put("reason", "Alice never said this");
    ObjectNode thirdParty = content.putObject("third_party_invite");
    thirdParty.put("display_name", "Alice's best friend");
    thirdParty.set("signed", signed(BOB, IDENTITY));
    return invite;
  }

  private TestClient.Answer exchange(TestClient who, ObjectNode invite) {
    return who.put(V1 + "/exchange_third_party_invite/" + encoded(room.value()), invite);
  }

  @Test
  void theUserIsInvited() {
    assertThat(exchange(peer, invite()).expect(200).json()).hasToString("{}");

    assertThat(membership(room)).contains(Membership.INVITE);
    Pdu event = member();
    assertThat(event.sender()).isEqualTo(UserId.parse(ALICE));
    assertThat(event.content().at("/third_party_invite/signed/mxid").asText()).isEqualTo(BOB);
    // What Alice has said is in the event, and nothing that a peer would have her say.
    assertThat(event.content().at("/third_party_invite/display_name").asText())
        .isEqualTo("b...@e...");
    assertThat(event.content()).hasSize(2);
    join(room, made("join", room)).expect(200);
    // Who is there already stays there.
    exchange(peer, invite()).expect(200);
    assertThat(membership(room)).contains(Membership.JOIN);
  }

  private Pdu member() {
    return server
        .rooms()
        .eventAt(server.rooms().membership(room, UserId.parse(BOB)).orElseThrow().position())
        .orElseThrow()
        .pdu();
  }

  @Test
  void whatIsNotTheInviteOfThePathIsRefused() {
    ObjectNode otherRoom = invite().put("room_id", "!other:hearth.test");
    ObjectNode otherType = invite().put("type", "m.room.message");
    ObjectNode join = invite();
    join.withObject("/content").put("membership", "join");
    ObjectNode otherUser = invite();
    otherUser
        .withObject("/content/third_party_invite")
        .set("signed", signed("@carl:peer.test", IDENTITY));
    ObjectNode unsigned = invite();
    unsigned.withObject("/content/third_party_invite/signed").remove("signatures");
    ObjectNode nothing = invite();
    nothing.withObject("/content").remove("third_party_invite");

    exchange(peer, otherRoom).expect(400, "M_INVALID_PARAM");
    exchange(peer, otherType).expect(400, "M_INVALID_PARAM");
    exchange(peer, join).expect(400, "M_INVALID_PARAM");
    exchange(peer, otherUser).expect(400, "M_INVALID_PARAM");
    exchange(peer, unsigned).expect(400, "M_MISSING_PARAM");
    exchange(peer, nothing).expect(400, "M_MISSING_PARAM");
    assertThat(membership(room)).isEmpty();
  }

  @Test
  void whatNobodyHasSignedInvitesNobody() {
    ObjectNode wrongKey = invite();
    wrongKey
        .withObject("/content/third_party_invite")
        .set("signed", signed(BOB, TestKeys.named("other.test")));
    ObjectNode otherToken = invite();
    otherToken.withObject("/content/third_party_invite/signed").put("token", "other");
    ObjectNode otherSender = invite().put("sender", "@anna:hearth.test");
    ObjectNode peersSender = invite().put("sender", "@carl:peer.test");

    exchange(peer, wrongKey).expect(403, "M_FORBIDDEN");
    exchange(peer, otherToken).expect(403, "M_FORBIDDEN");
    exchange(peer, otherSender).expect(403, "M_FORBIDDEN");
    exchange(peer, peersSender).expect(403, "M_FORBIDDEN");
    // The user's own server asks.
    exchange(server.peer("third.test"), invite()).expect(403, "M_FORBIDDEN");
    assertThat(membership(room)).isEmpty();
  }
}
