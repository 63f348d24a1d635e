package org.hearth.server.writers.federationmembership.resident;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.node.ObjectNode;
import java.util.ArrayList;
import java.util.List;
import org.hearth.server.http.TestClient;
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

/// Users of another server join rooms that are restricted: somebody of this server lets them in.
final class RestrictedJoinThroughUsTest extends WithPeer {
  private static final String AUTHORISED = "join_authorised_via_users_server";

  /// A version and a join rule that it knows.
  record Rule(RoomVersion version, String joinRule) {}

  static List<Rule> rules() {
    List<Rule> rules = new ArrayList<>();
    for (RoomVersion each : RoomVersions.all()) {
      if (each.has(RoomRule.RESTRICTED_JOINS)) {
        rules.add(new Rule(each, "restricted"));
      }
      if (each.has(RoomRule.KNOCK_RESTRICTED_JOINS)) {
        rules.add(new Rule(each, "knock_restricted"));
      }
    }
    return rules;
  }

  /// A room of Alice's that lets in members of others.
  private RoomId restricted(Rule rule, RoomId... allowed) {
    RoomId room = room(rule.version().id(), "private_chat");
    restrict(room, rule.joinRule(), allowed);
    return room;
  }

  private void restrict(RoomId room, String joinRule, RoomId... allowed) {
    StringBuilder allow = new StringBuilder("{'type':'org.test.other'},{'type':7},7");
    for (RoomId each : allowed) {
      allow.append(",{'type':'m.room_membership','room_id':'%s'}".formatted(each.value()));
    }
    set(room, EventTypes.JOIN_RULES, "{'join_rule':'%s','allow':[%s]}".formatted(joinRule, allow));
  }

  private static Rule usual() {
    return new Rule(RoomVersions.V11, "restricted");
  }

  private RoomId roomOfBoth() {
    RoomId room = publicRoom("11");
    server.membership(room, BOB, "join");
    return room;
  }

  private TestClient.Answer make(RoomId room) {
    return peer.get(make("join", room, BOB));
  }

  @ParameterizedTest
  @MethodSource("rules")
  void aMemberOfTheOtherRoomIsLetInByWhoeverMayInvite(Rule rule) {
    RoomId room = restricted(rule, roomOfBoth());

    ObjectNode template = template("join", room);
    Pdu join = signed(room, template);
    TestClient.Answer answer = join(room, join).expect(200);

    assertThat(template.path("content").path(AUTHORISED).asText()).isEqualTo(ALICE);
    Pdu told = Pdu.parse((ObjectNode) answer.at("/event"), rule.version());
    assertThat(told.eventId()).isEqualTo(join.eventId());
    assertThat(TestKeys.isSignedBy(told, HERE)).isTrue();
    assertThat(TestKeys.isSignedBy(told, THERE)).isTrue();
    assertThat(server.known(join.eventId()).pdu().json()).isEqualTo(told.json());
    assertThat(membership(room)).contains(Membership.JOIN);
    // Who asks again is told the same.
    assertThat(join(room, join).expect(200).json()).isEqualTo(answer.json());
  }

  @Test
  void whoIsInvitedNeedsNobody() {
    RoomId room = restricted(usual(), publicRoom("11"));
    invite(room, BOB);

    ObjectNode template = template("join", room);
    TestClient.Answer answer = join(room, signed(room, template)).expect(200);

    assertThat(template.path("content").has(AUTHORISED)).isFalse();
    assertThat(answer.json().has("event")).isFalse();
    assertThat(membership(room)).contains(Membership.JOIN);
  }

  /// "If the joining server fails all conditions then a 403 `M_FORBIDDEN` error is used."
  @Test
  void whoIsInNoneOfTheRoomsIsNotLetIn() {
    RoomId room = restricted(usual(), publicRoom("11"));
    RoomId without = restricted(usual());

    make(room).expect(403, "M_FORBIDDEN");
    make(without).expect(403, "M_FORBIDDEN");
  }

  /// "The resident server is unable to validate any of the conditions".
  @Test
  void aServerThatDoesNotKnowTheRoomsSendsToAnother() {
    RoomId unknown = RoomId.parse("!unknown:third.test");
    RoomId left = roomOfBoth();
    leave(left);

    make(restricted(usual(), unknown)).expect(400, "M_UNABLE_TO_AUTHORISE_JOIN");
    // Bob was there when the last of this server left: nobody here knows whether he still is.
    make(restricted(usual(), left)).expect(400, "M_UNABLE_TO_AUTHORISE_JOIN");
    make(restricted(usual(), publicRoom("11"), unknown)).expect(400, "M_UNABLE_TO_AUTHORISE_JOIN");
    make(restricted(usual(), unknown, roomOfBoth())).expect(200);
  }

  /// "The resident server would be unable to meet the auth rules governing
  /// `join_authorised_via_users_server`".
  @Test
  void aServerOfWhichNobodyMayInviteSendsToAnother() {
    RoomId other = roomOfBoth();
    RoomId room = restricted(usual(), other);
    TestClient anna = server.register("anna");
    server.does(room, ALICE, EventTypes.MEMBER, "@anna:hearth.test", "{'membership':'invite'}");
    anna.post("/_matrix/client/v3/join/" + encoded(room.value()), "{}").expect(200);
    set(
        room,
        EventTypes.POWER_LEVELS,
        "{'invite':60,'users':{'%s':100,'@carl:third.test':100}}".formatted(ALICE));
    leave(room);

    make(room).expect(400, "M_UNABLE_TO_GRANT_JOIN");
    Pdu join =
        signed(
            room,
            memberTemplate(room),
            THERE,
            json -> json.withObject("/content").put(AUTHORISED, "@anna:hearth.test"));
    join(room, join).expect(403, "M_FORBIDDEN");
    assertNothingKnownOf(join);
  }

  /// A join of Bob's after all that is in the room, which no server has given out.
  private ObjectNode memberTemplate(RoomId room) {
    ObjectNode json =
        server.event(room, BOB, EventTypes.MEMBER, BOB, "{'membership':'join'}").json().deepCopy();
    json.remove(List.of("hashes", "signatures"));
    return json;
  }

  private Pdu forged(RoomId room, String authoriser) {
    ObjectNode template = memberTemplate(room);
    return signed(
        room, template, THERE, json -> json.withObject("/content").put(AUTHORISED, authoriser));
  }

  /// A template is no promise: what counts is whether the room lets the user in when the event
  /// comes.
  @Test
  void thisServerSignsForNobodyWhomTheRoomDoesNotLetIn() {
    RoomId other = roomOfBoth();
    RoomId room = restricted(usual(), other);
    Pdu given = made("join", room);
    server.membership(other, BOB, "leave");

    join(room, given).expect(403, "M_FORBIDDEN");
    assertNothingKnownOf(given);
    Pdu forged = forged(room, ALICE);
    join(room, forged).expect(403, "M_FORBIDDEN");
    assertNothingKnownOf(forged);
    server.membership(other, BOB, "join");
    join(room, given).expect(200);
  }

  @Test
  void inAPrivateRoomNobodyIsLetInByAName() {
    RoomId room = publicRoom("11");
    set(room, EventTypes.JOIN_RULES, "{'join_rule':'invite'}");
    Pdu forged = forged(room, ALICE);

    join(room, forged).expect(403, "M_FORBIDDEN");

    assertNothingKnownOf(forged);
  }

  @Test
  void whoLetsAUserInIsWhoMay() {
    RoomId room = restricted(usual(), roomOfBoth());

    for (String authoriser :
        List.of("@nobody:hearth.test", BOB, "@carl:third.test", "nonsense", "")) {
      Pdu forged = forged(room, authoriser);
      join(room, forged).expect(403, "M_FORBIDDEN");
      assertThat(membership(room)).isEmpty();
    }
    join(room, made("join", room)).expect(200);
  }

  @Test
  void whoIsBannedIsNotLetInByAnything() {
    RoomId room = restricted(usual(), roomOfBoth());
    Pdu given = made("join", room);
    ban(room, BOB);

    make(room).expect(403, "M_FORBIDDEN");
    join(room, given).expect(403, "M_FORBIDDEN");
    assertNothingKnownOf(given);
  }

  /// In rooms of a version before 8 the key means nothing, and `restricted` lets nobody in.
  @Test
  void anOldVersionKnowsNoRestrictedRooms() {
    RoomId room = publicRoom("7");
    Pdu named =
        signed(
            room,
            template("join", room),
            THERE,
            json -> json.withObject("/content").put(AUTHORISED, ALICE));

    TestClient.Answer answer = join(room, named).expect(200);

    assertThat(answer.json().has("event")).isFalse();
    assertThat(TestKeys.isSignedBy(server.known(named.eventId()).pdu(), HERE)).isFalse();
  }
}
