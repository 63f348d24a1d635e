package org.hearth.server.writers.federationmembership.resident;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.util.ArrayList;
import java.util.List;
import org.hearth.server.matrix.auth.Membership;
import org.hearth.server.matrix.event.EventTypes;
import org.hearth.server.matrix.event.Pdu;
import org.hearth.server.matrix.id.RoomId;
import org.hearth.server.matrix.testkit.TestKeys;
import org.hearth.server.matrix.version.RoomRule;
import org.hearth.server.matrix.version.RoomVersion;
import org.hearth.server.matrix.version.RoomVersions;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/// Users of another server knock on rooms, refuse invites and leave through this one.
final class KnockAndLeaveThroughUsTest extends WithPeer {
  static List<RoomVersion> versionsWithKnocking() {
    return RoomVersions.all().stream().filter(each -> each.has(RoomRule.KNOCKING)).toList();
  }

  private RoomId roomToKnockOn(RoomVersion version) {
    RoomId room = publicRoom(version.id());
    set(room, EventTypes.JOIN_RULES, "{'join_rule':'knock'}");
    set(room, EventTypes.NAME, "{'name':'The hall'}");
    set(room, "org.test.secret", "{'secret':'of the members'}");
    return room;
  }

  // --- knocking

  @ParameterizedTest
  @MethodSource("versionsWithKnocking")
  void whoKnocksIsShownTheRoom(RoomVersion version) {
    RoomId room = roomToKnockOn(version);
    Pdu knock = made("knock", room);

    JsonNode shown =
        peer.put(send(V1, "knock", room, knock), knock.json())
            .expect(200)
            .json()
            .path("knock_room_state");

    List<String> types = new ArrayList<>();
    for (JsonNode each : shown) {
      // They are events of the room's version, as their server has signed them.
      Pdu event = Pdu.parse((ObjectNode) each, version);
      assertThat(event.roomId()).isEqualTo(room);
      assertThat(each.at("/signatures/hearth.test").isObject()).isTrue();
      assertThat(event.canonicalBytes())
          .isEqualTo(server.known(event.eventId()).pdu().canonicalBytes());
      types.add(event.type());
    }
    assertThat(types)
        .containsExactlyInAnyOrder("m.room.create", "m.room.join_rules", "m.room.name");
    assertThat(membership(room)).contains(Membership.KNOCK);
    // Once more is answered in the same way.
    assertThat(
            peer.put(send(V1, "knock", room, knock), knock.json())
                .expect(200)
                .json()
                .path("knock_room_state"))
        .isEqualTo(shown);
  }

  @Test
  void aKnockIsForRoomsThatAllowIt() {
    RoomId open = publicRoom("11");
    RoomId old = publicRoom("6");
    RoomId room = roomToKnockOn(RoomVersions.V11);
    Pdu knock = made("knock", room);
    set(room, EventTypes.JOIN_RULES, "{'join_rule':'invite'}");

    peer.get(make("knock", open, BOB)).expect(403, "M_FORBIDDEN");
    peer.get(make("knock", old, BOB)).expect(403, "M_FORBIDDEN");
    peer.get(make("knock", room, BOB)).expect(403, "M_FORBIDDEN");
    peer.put(send(V1, "knock", room, knock), knock.json()).expect(403, "M_FORBIDDEN");

    assertNothingKnownOf(knock);
    assertThat(membership(room)).isEmpty();
  }

  @Test
  void whoIsBannedDoesNotKnock() {
    RoomId room = roomToKnockOn(RoomVersions.V11);
    Pdu knock = made("knock", room);
    ban(room, BOB);

    peer.get(make("knock", room, BOB)).expect(403, "M_FORBIDDEN");
    peer.put(send(V1, "knock", room, knock), knock.json()).expect(403, "M_FORBIDDEN");

    assertNothingKnownOf(knock);
  }

  @Test
  void whoKnocksSaysWhichVersionsItsServerKnows() {
    RoomId room = roomToKnockOn(RoomVersions.V11);
    String target = V1 + "/make_knock/%s/%s".formatted(encoded(room.value()), encoded(BOB));

    peer.get(target).expect(400, "M_MISSING_PARAM");
    assertThat(
            peer.get(target + "?ver=10")
                .expect(400, "M_INCOMPATIBLE_ROOM_VERSION")
                .text("room_version"))
        .isEqualTo("11");
    peer.get(target + "?ver=10&ver=11").expect(200);
  }

  @Test
  void aKnockIsTakenBackByLeaving() {
    RoomId room = roomToKnockOn(RoomVersions.V11);
    Pdu knock = made("knock", room);
    peer.put(send(V1, "knock", room, knock), knock.json()).expect(200);

    Pdu leave = made("leave", room);
    peer.put(send(V2, "leave", room, leave), leave.json()).expect(200);

    assertThat(membership(room)).contains(Membership.LEAVE);
  }

  // --- leaving

  @ParameterizedTest
  @MethodSource("versions")
  void anInviteIsRefusedInARoomOfAnyVersion(RoomVersion version) {
    RoomId room = publicRoom(version.id());
    invite(room, BOB);

    Pdu leave = made("leave", room);
    JsonNode answer = peer.put(send(V2, "leave", room, leave), leave.json()).expect(200).json();

    assertThat(answer).hasToString("{}");
    assertThat(membership(room)).contains(Membership.LEAVE);
    assertThat(TestKeys.isSignedBy(server.known(leave.eventId()).pdu(), THERE)).isTrue();
    // Once more is no mistake.
    peer.put(send(V2, "leave", room, leave), leave.json()).expect(200);
  }

  @Test
  void theFirstVersionOfTheCallHasTheAnswerInAnArray() {
    RoomId room = publicRoom("11");
    invite(room, BOB);
    Pdu leave = made("leave", room);

    assertThat(peer.put(send(V1, "leave", room, leave), leave.json()).expect(200).json())
        .hasToString("[200,{}]");
    assertThat(membership(room)).contains(Membership.LEAVE);
  }

  @Test
  void whoIsNotInTheRoomCannotLeaveIt() {
    RoomId room = publicRoom("11");
    server.membership(room, BOB, "join");
    Pdu leave = made("leave", room);
    server.membership(room, BOB, "leave");

    peer.get(make("leave", room, BOB)).expect(403, "M_FORBIDDEN");
    peer.put(send(V2, "leave", room, leave), leave.json()).expect(403, "M_FORBIDDEN");
    assertNothingKnownOf(leave);
  }
}
