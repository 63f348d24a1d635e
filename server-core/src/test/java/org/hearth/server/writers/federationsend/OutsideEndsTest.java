package org.hearth.server.writers.federationsend;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.util.List;
import java.util.Set;
import org.hearth.server.matrix.auth.Membership;
import org.hearth.server.matrix.event.Pdu;
import org.hearth.server.matrix.id.RoomId;
import org.hearth.server.matrix.id.UserId;
import org.hearth.server.matrix.sign.EventSignatures;
import org.hearth.server.matrix.testkit.TestKeys;
import org.hearth.server.matrix.version.RoomVersion;
import org.hearth.server.matrix.version.RoomVersions;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/// What other servers send of rooms in which nobody of this server is.
@Timeout(120)
class OutsideEndsTest extends WithPeers {
  private static final RoomVersion V11 = RoomVersions.of("11").orElseThrow();
  private static final String ALICE = "@alice:hearth.test";
  private RoomId elsewhere;

  @BeforeEach
  void invited() {
    elsewhere = RoomId.parse("!elsewhere:" + peer.name());
    server.outside(member(peer, bob, ALICE, "invite"), peer.name());
    assertThat(invitations()).containsExactly(elsewhere);
  }

  private Pdu member(TestHomeserver signing, String sender, String user, String membership) {
    ObjectNode json = JsonNodeFactory.instance.objectNode();
    json.put("type", "m.room.member");
    json.put("sender", sender);
    json.put("state_key", user);
    json.put("room_id", elsewhere.value());
    json.putObject("content").put("membership", membership);
    json.put("origin_server_ts", System.currentTimeMillis());
    json.put("depth", 7);
    json.putArray("prev_events");
    json.putArray("auth_events");
    return Pdu.parse(
        EventSignatures.hashAndSign(json, V11, signing.name(), TestKeys.of(signing.name())), V11);
  }

  private List<RoomId> invitations() {
    return server.rooms().roomsOf(UserId.parse(ALICE), Set.of(Membership.INVITE)).stream()
        .map(each -> each.room())
        .toList();
  }

  @Test
  void anInvitationIsTakenBack() {
    send(peer, member(peer, bob, ALICE, "leave"));

    await(() -> invitations().isEmpty());
  }

  @Test
  void nobodyElseTakesItBackAndNothingElseIsHeard() {
    Pdu forged = member(other, bob, ALICE, "leave");
    Pdu ofOther = member(other, other.user("carol"), ALICE, "ban");
    Pdu another = member(peer, bob, "@mallory:hearth.test", "leave");
    Pdu join = member(peer, bob, bob, "join");

    send(other, forged, ofOther);
    send(peer, another, join);

    await(() -> server.rejections().of(other.name()).size() == 2);
    assertThat(invitations()).containsExactly(elsewhere);
    assertThat(server.rooms().room(elsewhere)).isEmpty();
    assertThat(server.rooms().event(join.eventId())).isEmpty();
  }
}
