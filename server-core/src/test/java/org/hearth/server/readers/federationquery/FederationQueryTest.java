package org.hearth.server.readers.federationquery;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.hearth.server.http.Peer;
import org.hearth.server.http.TestClient;
import org.hearth.server.matrix.event.EventTypes;
import org.hearth.server.matrix.event.Pdu;
import org.hearth.server.matrix.id.EventId;
import org.hearth.server.matrix.id.RoomId;
import org.hearth.server.matrix.id.UserId;
import org.hearth.server.matrix.testkit.RoomFixture;
import org.hearth.server.matrix.version.RoomVersions;
import org.hearth.server.servers.room.RoomEvent;
import org.hearth.server.servers.room.RoomState;
import org.junit.jupiter.api.Test;

/// What other servers are told of rooms, and who is told nothing.
final class FederationQueryTest extends WithFederatedRooms {
  // --- at the door

  /// Every way of asking about a room, with the status that a refusal has.
  private List<TestClient.Answer> askAll(TestClient who, RoomId room, EventId event) {
    return List.of(
        who.get(at("state", room, event)),
        who.get(at("state_ids", room, event)),
        who.get(auth(room, event)),
        who.get(backfill(room, event, 10)),
        missing(who, room, event, event, ""),
        who.get(nearest(room, 0, "f")));
  }

  private void assertRefused(TestClient who, RoomId room, EventId event) {
    RoomId none = RoomId.parse("!none:hearth.test");
    String unknown = askAll(who, none, event).getFirst().json().toString();
    assertThat(askAll(who, room, event))
        .allSatisfy(answer -> {
          assertThat(answer.status()).isEqualTo(403);
          // Nobody learns whether there is such a room.
          assertThat(answer.json()).hasToString(unknown);
        });
    EventId made = EventId.parse("$" + "A".repeat(43));
    assertThat(who.get(event(event)).expect(404, "M_NOT_FOUND").text("error"))
        .isEqualTo("Could not find event " + event);
    who.get(event(made)).expect(404, "M_NOT_FOUND");
  }

  private void assertAnswered(TestClient who, RoomId room, EventId event) {
    assertThat(askAll(who, room, event)).allMatch(answer -> answer.status() == 200);
    who.get(event(event)).expect(200);
  }

  /// Rows 31, 32 and 39 of the hostile list.
  @Test
  void onlyServersThatAreInTheRoomMayAskAboutIt() {
    RoomId room = room("world_readable");
    EventId said = say(alice, room, "hello");

    assertRefused(peer, room, said);
    server.membership(room, BOB, "join");
    assertAnswered(peer, room, said);
    assertRefused(server.peer("stranger.test"), room, said);
    // A server of another port, or another case, is another server.
    assertRefused(server.peer("peer.test:8448"), room, said);
    assertRefused(server.peer("PEER.test"), room, said);
    server.membership(room, BOB, "leave");
    assertRefused(peer, room, say(alice, room, "among us"));
  }

  @Test
  void anInvitedServerAndABannedOneMayNotAsk() {
    RoomId room = room("shared");
    EventId said = say(alice, room, "hello");
    invite(room, BOB);
    assertRefused(peer, room, said);
    server.membership(room, BOB, "join");
    assertAnswered(peer, room, said);
    alice
        .post(
            "/_matrix/client/v3/rooms/" + encoded(room.value()) + "/ban",
            "{'user_id':'" + BOB + "'}")
        .expect(200);

    assertRefused(peer, room, say(alice, room, "among us"));
  }

  /// Whoever lost its last user while it was away has to see how, and what was said until then.
  @Test
  void whoIsInTheRoomNoMoreMayAskAboutWhatCameWhileItWas() {
    RoomId room = room("joined");
    EventId early = say(alice, room, "early");
    EventId join = server.membership(room, BOB, "join");
    EventId there = say(alice, room, "there");
    EventId kick =
        server.does(room, "@alice:hearth.test", EventTypes.MEMBER, BOB, "{'membership':'leave'}");
    // Who was gone already is not there again because of that.
    EventId ban =
        server.does(room, "@alice:hearth.test", EventTypes.MEMBER, BOB, "{'membership':'ban'}");

    for (EventId each : List.of(join, there, kick)) {
      assertThat(peer.get(event(each)).expect(200).at("/pdus/0/content")).isNotEmpty();
      peer.get(at("state_ids", room, each)).expect(200);
      peer.get(at("state", room, each)).expect(200);
      peer.get(auth(room, each)).expect(200);
    }
    assertThat(server.ids(room, missing(peer, room, early, kick, "").expect(200).at("/events")))
        .containsExactly(join, there);
    assertThat(peer.get(event(early)).expect(200).at("/pdus/0/content")).isEmpty();
    assertRefused(peer, room, ban);
    assertRefused(peer, room, say(alice, room, "among us"));
    // Nothing leads from what it knows to what it may not know.
    peer.get(backfill(room, kick, 10)).expect(403, "M_FORBIDDEN");
    peer.get(nearest(room, 0, "f")).expect(403, "M_FORBIDDEN");
    // What is told of old times, too, is told to nobody else.
    assertRefused(server.peer("stranger.test"), room, there);
  }

  /// A rule that was made before it joined, and came after that, takes it out of the room.
  @Test
  void whoABranchTookOutOfTheRoomMayAskAboutThat() {
    RoomId room = room("shared");
    EventId before = server.membership(room, "@mod:mod.test", "join");
    set(room, EventTypes.POWER_LEVELS, "{'users':{'@alice:hearth.test':100,'@mod:mod.test':100}}");
    Pdu quiet = server.event(room, "@mod:mod.test", EventTypes.MESSAGE, null, "{'body':'hm'}");
    server.receive(List.of(quiet), List.of());
    Pdu rule =
        server.event(room, "@mod:mod.test", EventTypes.JOIN_RULES, "", "{'join_rule':'invite'}");
    EventId join = server.membership(room, BOB, "join");
    server.receive(List.of(rule), List.of());
    assertThat(server.rooms().isJoined(room, UserId.parse(BOB))).isFalse();
    EventId after = say(alice, room, "among us");

    assertThat(peer.get(event(rule.eventId())).expect(200).at("/pdus/0/content")).isNotEmpty();
    peer.get(at("state_ids", room, rule.eventId())).expect(200);
    assertThat(
            server.ids(
                room, missing(peer, room, before, rule.eventId(), "").expect(200).at("/events")))
        .contains(quiet.eventId())
        .doesNotContain(join);
    assertRefused(peer, room, after);
  }

  /// It has what another needs that the same has taken out, and that may reach nobody else.
  @Test
  void aServerThatABranchTookOutOfTheRoomTellsWhatCameBefore() {
    RoomFixture room = RoomFixture.withMembers(RoomVersions.V11);
    RoomId id = room.roomId();
    Pdu rule = room.joinRule("invite").build();
    List<EventId> state = room.state().values().stream().map(Pdu::eventId).toList();
    Pdu join = server.join(room, "@alice:hearth.test");
    server.receive(List.of(rule), List.of(), Map.of(rule.eventId(), state));
    assertThat(server.rooms().joinedUsers(id)).isNotEmpty().noneMatch(each -> each.isOn(Peer.HERE));
    TestClient other = server.peer(RoomFixture.BOB.server().value());

    for (EventId each : List.of(join.eventId(), rule.eventId())) {
      other.get(event(each)).expect(200);
      other.get(at("state_ids", id, each)).expect(200);
      assertRefused(server.peer("stranger.test"), id, each);
    }
    other.get(backfill(id, rule.eventId(), 10)).expect(403, "M_FORBIDDEN");
  }

  /// Row 20 of the hostile list: "If the server is denied access to a room, the receiving server
  /// MUST reply with a 403 HTTP status code and an `errcode` of `M_FORBIDDEN`."
  @Test
  void aServerThatTheRoomDeniesMayNotAsk() {
    RoomId room = room("shared");
    EventId said = say(alice, room, "hello");
    server.membership(room, BOB, "join");
    server.membership(room, "@eve:a.evil.test:8448", "join");
    TestClient eve = server.peer("a.evil.test:8448");
    assertAnswered(eve, room, said);

    set(room, EventTypes.SERVER_ACL, "{'allow':['*'],'deny':['*.EVIL.test']}");

    assertRefused(eve, room, said);
    assertAnswered(peer, room, said);
    // The ACL that counts is that of the current state.
    set(room, EventTypes.SERVER_ACL, "{'allow':['*']}");
    assertAnswered(eve, room, said);
    set(room, EventTypes.SERVER_ACL, "{'allow':['*.test'],'allow_ip_literals':false}");
    assertAnswered(eve, room, said);
    set(room, EventTypes.SERVER_ACL, "{}");
    assertRefused(peer, room, said);
  }

  /// Row 35 of the hostile list.
  @Test
  void aRoomThatNobodyHereIsInAnswersNothing() {
    RoomId room = room("shared");
    EventId said = say(alice, room, "hello");
    server.membership(room, BOB, "join");
    assertAnswered(peer, room, said);

    alice.post("/_matrix/client/v3/rooms/" + encoded(room.value()) + "/leave", "{}").expect(200);

    assertRefused(peer, room, said);
  }

  /// Rows 29, 30 and 36 of the hostile list: every walk stays in the room that was asked about.
  @Test
  void anEventOfAnotherRoomIsNotInThisOne() {
    RoomId shared = room("shared");
    EventId here = server.membership(shared, BOB, "join");
    RoomId secret = room("shared");
    EventId elsewhere = say(alice, secret, "secret");

    peer.get(at("state", shared, elsewhere)).expect(404, "M_NOT_FOUND");
    peer.get(at("state_ids", shared, elsewhere)).expect(404, "M_NOT_FOUND");
    peer.get(auth(shared, elsewhere)).expect(404, "M_NOT_FOUND");
    peer.get(event(elsewhere)).expect(404, "M_NOT_FOUND");
    assertThat(peer.get(backfill(shared, elsewhere, 10)).expect(200).at("/pdus")).isEmpty();
    assertThat(missing(peer, shared, here, elsewhere, "").expect(200).at("/events")).isEmpty();
  }

  /// Row 34 of the hostile list, and rejected events.
  @Test
  void whatIsKnownWithoutAPlaceAndWhatWasRejectedIsNotTold() {
    RoomId room = room("shared");
    server.membership(room, BOB, "join");
    Pdu outlier = server.event(room, BOB, EventTypes.MESSAGE, null, "{'body':'cited'}");
    Pdu rejected =
        server.event(room, "@eve:stranger.test", EventTypes.MESSAGE, null, "{'body':'x'}");
    server.receive(List.of(rejected), List.of(outlier));
    assertThat(server.rooms().status(rejected.eventId()).orElseThrow().rejected()).isTrue();
    assertThat(server.rooms().status(outlier.eventId()).orElseThrow().placed()).isFalse();
    assertThat(server.rooms().status(outlier.eventId()).orElseThrow().rejected()).isFalse();

    for (Pdu each : List.of(outlier, rejected)) {
      peer.get(event(each.eventId())).expect(404, "M_NOT_FOUND");
      peer.get(at("state", room, each.eventId())).expect(404, "M_NOT_FOUND");
      peer.get(at("state_ids", room, each.eventId())).expect(404, "M_NOT_FOUND");
      peer.get(auth(room, each.eventId())).expect(404, "M_NOT_FOUND");
      assertThat(pdus(room, peer.get(backfill(room, each.eventId(), 5)))).isEmpty();
    }
  }

  // --- states

  private static Set<EventId> ids(List<RoomEvent> events) {
    Set<EventId> ids = new HashSet<>();
    events.forEach(each -> ids.add(each.id()));
    return ids;
  }

  private static List<EventId> texts(JsonNode array) {
    List<EventId> all = new ArrayList<>();
    array.forEach(each -> all.add(EventId.parse(each.asText())));
    return all;
  }

  @Test
  void tellsTheStateBeforeAnEventWithAllThatAllowsIt() {
    RoomId room = room("shared");
    server.membership(room, BOB, "join");
    EventId renamed = set(room, EventTypes.NAME, "{'name':'after'}");
    RoomState state = server.rooms().stateBefore(server.known(renamed));
    Set<EventId> expected = ids(state.events(List.copyOf(state.positions().keySet())));

    JsonNode whole = peer.get(at("state", room, renamed)).expect(200).json();
    JsonNode ids = peer.get(at("state_ids", room, renamed)).expect(200).json();

    assertThat(server.ids(room, whole.path("pdus")))
        .doesNotHaveDuplicates()
        .containsExactlyInAnyOrderElementsOf(expected)
        .doesNotContain(renamed);
    assertThat(texts(ids.path("pdu_ids"))).containsExactlyInAnyOrderElementsOf(expected);
    List<EventId> chain = server.ids(room, whole.path("auth_chain"));
    assertThat(chain).doesNotHaveDuplicates();
    assertThat(texts(ids.path("auth_chain_ids"))).containsExactlyInAnyOrderElementsOf(chain);
    // Whole: what any event cites is there.
    Set<EventId> cited = new HashSet<>();
    for (EventId each : expected) {
      cited.addAll(server.known(each).pdu().authEvents());
    }
    assertThat(chain).containsAll(cited);
    for (EventId each : chain) {
      assertThat(chain).containsAll(server.known(each).pdu().authEvents());
    }
  }

  /// Larger than a piece that is sent at once.
  @Test
  void tellsALargeStateWhole() {
    RoomId room = room("shared");
    server.membership(room, BOB, "join");
    for (int i = 0; i < 150; i++) {
      server.does(
          room,
          "@user" + i + ":peer.test",
          EventTypes.MEMBER,
          "@user" + i + ":peer.test",
          "{'membership':'join','displayname':'" + "x".repeat(500) + "'}");
    }
    EventId last = say(alice, room, "last");

    JsonNode whole = peer.get(at("state", room, last)).expect(200).json();

    assertThat(whole.path("pdus").size()).isGreaterThan(155);
    assertThat(whole.toString().length()).isGreaterThan(100_000);
    assertThat(server.ids(room, whole.path("pdus"))).doesNotHaveDuplicates();
  }

  @Test
  void tellsWhatAllowsAnEvent() {
    RoomId room = room("joined");
    EventId join = server.membership(room, BOB, "join");
    EventId said = server.does(room, BOB, EventTypes.MESSAGE, null, "{'body':'x'}");

    JsonNode answer = peer.get(auth(room, said)).expect(200).json();

    List<EventId> chain = server.ids(room, answer.path("auth_chain"));
    assertThat(chain).doesNotHaveDuplicates().contains(join).doesNotContain(said);
    for (EventId each : chain) {
      assertThat(chain).containsAll(server.known(each).pdu().authEvents());
    }
    assertThat(answer.toString()).contains("\"room_version\"");
  }

  // --- history

  @Test
  void backfillsFromEventsToWhatWasBeforeThem() {
    RoomId room = room("shared");
    server.membership(room, BOB, "join");
    EventId first = say(alice, room, "first");
    EventId second = say(alice, room, "second");
    EventId third = say(alice, room, "third");

    assertThat(pdus(room, peer.get(backfill(room, third, 3))))
        .containsExactlyInAnyOrder(third, second, first);
    assertThat(pdus(room, peer.get(backfill(room, second, 1)))).containsExactly(second);
    assertThat(pdus(room, peer.get(backfill(room, first, 1_000_000))).size()).isGreaterThan(5);
  }

  /// Row 88 of the hostile list.
  @Test
  void findsMissingEventsWithinItsOwnBounds() {
    RoomId room = room("shared");
    server.membership(room, BOB, "join");
    List<EventId> said = new ArrayList<>();
    for (int i = 0; i < 25; i++) {
      said.add(say(alice, room, "message " + i));
    }

    JsonNode usual = missing(peer, room, said.get(20), said.get(24), "").expect(200).json();
    JsonNode most =
        missing(peer, room, said.getFirst(), said.getLast(), ",'limit':2147483648,'min_depth':-1")
            .expect(200)
            .json();
    JsonNode ten = missing(peer, room, said.getFirst(), said.getLast(), "").expect(200).json();
    JsonNode one =
        missing(peer, room, said.getFirst(), said.getLast(), ",'limit':-5").expect(200).json();
    long depth = server.known(said.get(22)).pdu().depth();
    JsonNode shallow =
        missing(peer, room, said.getFirst(), said.get(24), ",'min_depth':" + depth)
            .expect(200)
            .json();

    assertThat(server.ids(room, usual.path("events"))).isEqualTo(said.subList(21, 24));
    assertThat(server.ids(room, most.path("events"))).isEqualTo(said.subList(4, 24));
    assertThat(server.ids(room, ten.path("events"))).isEqualTo(said.subList(14, 24));
    assertThat(server.ids(room, one.path("events"))).isEqualTo(said.subList(23, 24));
    assertThat(server.ids(room, shallow.path("events"))).isEqualTo(said.subList(22, 24));
  }

  @Test
  void findsTheEventNearestToAMomentThatTheServerMaySee() {
    RoomId room = room("joined");
    EventId before = say(alice, room, "before");
    EventId join = server.membership(room, BOB, "join");
    EventId after = say(alice, room, "after");
    long late = server.known(after).pdu().originServerTs();

    JsonNode found = peer.get(nearest(room, late, "b")).expect(200).json();

    assertThat(found.path("event_id").asText()).isEqualTo(after.value());
    assertThat(found.path("origin_server_ts").asLong()).isEqualTo(late);
    assertThat(peer.get(nearest(room, 0, "f")).expect(200).text("event_id"))
        .isNotEqualTo(before.value())
        .isIn(join.value(), after.value());
    peer.get(nearest(room, 1, "b")).expect(404, "M_NOT_FOUND");
  }

  // --- what is asked wrongly

  @Test
  void whatIsAskedWronglyIsRefused() {
    RoomId room = room("shared");
    EventId event = server.membership(room, BOB, "join");
    String id = encoded(room.value());
    String ask = V1 + "/get_missing_events/" + id;

    peer.get(V1 + "/event/nonsense").expect(400, "M_INVALID_PARAM");
    // Row 90 of the hostile list.
    peer.get(V1 + "/event/" + encoded("$" + "x".repeat(10_000))).expect(400, "M_INVALID_PARAM");
    peer.get(V1 + "/state/" + id).expect(400, "M_MISSING_PARAM");
    peer.get(V1 + "/state_ids/" + id).expect(400, "M_MISSING_PARAM");
    peer.get(V1 + "/state/" + id + "?event_id=x").expect(400, "M_INVALID_PARAM");
    peer.get(V1 + "/state/nonsense?event_id=" + encoded(event.value()))
        .expect(400, "M_INVALID_PARAM");
    peer.get(V1 + "/backfill/" + id).expect(400, "M_MISSING_PARAM");
    peer.get(V1 + "/backfill/" + id + "?limit=5").expect(400, "M_MISSING_PARAM");
    peer.get(V1 + "/backfill/" + id + "?v=" + encoded(event.value()))
        .expect(400, "M_MISSING_PARAM");
    peer.get(V1 + "/backfill/" + id + "?limit=5&v=x").expect(400, "M_INVALID_PARAM");
    peer.get(backfill(room, event, 0)).expect(400, "M_INVALID_PARAM");
    peer.get(backfill(room, event, -1)).expect(400, "M_INVALID_PARAM");
    peer.get(V1 + "/timestamp_to_event/" + id + "?ts=1").expect(400, "M_MISSING_PARAM");
    peer.get(V1 + "/timestamp_to_event/" + id + "?dir=f").expect(400, "M_MISSING_PARAM");
    peer.get(V1 + "/timestamp_to_event/" + id + "?ts=x&dir=f").expect(400, "M_INVALID_PARAM");
    peer.get(V1 + "/timestamp_to_event/" + id + "?ts=1&dir=x").expect(400, "M_INVALID_PARAM");
    peer.send("POST", ask, null).expect(400, "M_NOT_JSON");
    peer.post(ask, "[]").expect(400, "M_BAD_JSON");
    peer.post(ask, "{}").expect(400, "M_MISSING_PARAM");
    peer.post(ask, "{'earliest_events':[]}").expect(400, "M_MISSING_PARAM");
    peer.post(ask, "{'earliest_events':{},'latest_events':[]}").expect(400, "M_BAD_JSON");
    peer.post(ask, "{'earliest_events':[1],'latest_events':[]}").expect(400, "M_BAD_JSON");
    peer.post(ask, "{'earliest_events':['x'],'latest_events':[]}").expect(400, "M_INVALID_PARAM");
    peer.post(ask, "{'earliest_events':[],'latest_events':[],'limit':'x'}")
        .expect(400, "M_BAD_JSON");
    peer.post(ask, "{'earliest_events':[],'latest_events':[]}").expect(200);
  }

  @Test
  void whoHasNotSignedIsToldNothing() {
    RoomId room = room("world_readable");
    EventId said = say(alice, room, "hello");
    TestClient forger =
        server
            .client()
            .as(new Peer(Peer.of("peer.test").name(), Peer.HERE, Peer.of("forger.test").key()));
    server.membership(room, BOB, "join");

    for (TestClient each : List.of(server.client(), alice, forger)) {
      assertThat(askAll(each, room, said))
          .allMatch(answer -> answer.status() == 401 && answer.errcode().equals("M_UNAUTHORIZED"));
      each.get(event(said)).expect(401, "M_UNAUTHORIZED");
    }
  }
}
