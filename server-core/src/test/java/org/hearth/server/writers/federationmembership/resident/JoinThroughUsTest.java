package org.hearth.server.writers.federationmembership.resident;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.IOException;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import org.hearth.ringlogs.LogPosition;
import org.hearth.ringlogs.Positioned;
import org.hearth.server.http.TestClient;
import org.hearth.server.logs.RoomOutput;
import org.hearth.server.matrix.auth.Membership;
import org.hearth.server.matrix.event.EventTypes;
import org.hearth.server.matrix.event.Pdu;
import org.hearth.server.matrix.event.StateKey;
import org.hearth.server.matrix.id.EventId;
import org.hearth.server.matrix.id.RoomId;
import org.hearth.server.matrix.id.ServerName;
import org.hearth.server.matrix.id.UserId;
import org.hearth.server.matrix.version.RoomVersion;
import org.hearth.server.servers.room.RoomEvent;
import org.hearth.server.servers.room.read.RoomOutputStore;
import org.hearth.server.servers.room.state.StoredEvents;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

/// Users of another server join rooms through this one.
final class JoinThroughUsTest extends WithPeer {
  private static Map<EventId, Pdu> events(JsonNode list, RoomVersion version) {
    Map<EventId, Pdu> events = new HashMap<>();
    for (JsonNode each : list) {
      assertThat(each.has("unsigned")).isFalse();
      Pdu event = Pdu.parse((ObjectNode) each, version);
      events.put(event.eventId(), event);
    }
    return events;
  }

  private Set<EventId> state(RoomId room) {
    Set<EventId> ids = new HashSet<>();
    var state = server.rooms().currentState(room).orElseThrow();
    server.rooms().eventsAt(List.copyOf(state.positions().values())).forEach(e -> ids.add(e.id()));
    return ids;
  }

  /// Everything that authorises these events is among those told.
  private static void assertAuthorised(
      Map<EventId, Pdu> state, Map<EventId, Pdu> chain, Pdu... also) {
    Map<EventId, Pdu> all = new HashMap<>(chain);
    all.putAll(state);
    Deque<Pdu> open = new ArrayDeque<>(state.values());
    open.addAll(List.of(also));
    Set<EventId> seen = new HashSet<>();
    while (!open.isEmpty()) {
      for (EventId id : open.pop().authEvents()) {
        assertThat(all).containsKey(id);
        if (seen.add(id)) {
          open.push(Objects.requireNonNull(all.get(id)));
        }
      }
    }
  }

  @ParameterizedTest
  @MethodSource("versions")
  void aUserOfAnotherServerJoinsARoomOfAnyVersion(RoomVersion version) {
    RoomId room = publicRoom(version.id());
    Set<EventId> before = state(room);
    Pdu join = made("join", room);

    JsonNode told = join(room, join).expect(200).json();

    Map<EventId, Pdu> state = events(told.path("state"), version);
    Map<EventId, Pdu> chain = events(told.path("auth_chain"), version);
    assertThat(state.keySet()).isEqualTo(before);
    assertThat(chain.keySet()).containsAll(join.authEvents());
    assertAuthorised(state, chain, join);
    assertThat(told.path("members_omitted").asBoolean()).isFalse();
    assertThat(told.path("origin").asText()).isEqualTo(HERE.value());
    // This server has nothing to say for who may join anyhow.
    assertThat(told.has("event")).isFalse();
    assertThat(membership(room)).contains(Membership.JOIN);
    assertThat(server.rooms().forwardExtremities(room)).containsExactly(join.eventId());
    assertThat(
            alice
                .get("/_matrix/client/v3/rooms/" + encoded(room.value()) + "/joined_members")
                .expect(200)
                .json()
                .path("joined")
                .has(BOB))
        .isTrue();
  }

  @Test
  void theFirstVersionOfTheCallHasTheAnswerInAnArray() {
    RoomId room = publicRoom("11");
    Set<EventId> before = state(room);
    Pdu join = made("join", room);

    JsonNode told = peer.put(send(V1, "join", room, join), join.json()).expect(200).json();

    assertThat(told).hasSize(2);
    assertThat(told.get(0).asInt()).isEqualTo(200);
    assertThat(events(told.get(1).path("state"), version(room)).keySet()).isEqualTo(before);
    assertThat(told.get(1).path("auth_chain")).isNotEmpty();
    assertThat(membership(room)).contains(Membership.JOIN);
  }

  /// Whoever did not hear the answer asks again, and the room has gone on meanwhile.
  @Test
  void theSameJoinIsAnsweredInTheSameWayAgain() {
    RoomId room = publicRoom("11");
    Pdu join = made("join", room);
    JsonNode first = join(room, join).expect(200).json();
    server.does(room, BOB, EventTypes.MESSAGE, null, "{'body':'here I am'}");

    JsonNode second = join(room, join).expect(200).json();

    assertThat(second).isEqualTo(first);
  }

  @Test
  void aJoinThatIsOverIsNoWayIn() {
    RoomId room = publicRoom("11");
    Pdu join = made("join", room);
    join(room, join).expect(200);
    ban(room, BOB);

    join(room, join).expect(403, "M_FORBIDDEN");

    assertThat(membership(room)).contains(Membership.BAN);
  }

  @Test
  void theJoinIsWhatThisServerSendsOn() throws IOException {
    RoomId room = publicRoom("11");
    Pdu join = made("join", room);
    join(room, join).expect(200);
    EventId said = server.does(room, BOB, EventTypes.MESSAGE, null, "{'body':'hello'}");

    Map<EventId, RoomOutput.EventAdded> told = new HashMap<>();
    lookInto(store -> {
      List<Positioned<RoomOutput>> entries =
          new RoomOutputStore(store.reads(), new StoredEvents(store.reads(), 1 << 20))
              .read(LogPosition.ORIGIN, store.head(), 10_000);
      for (Positioned<RoomOutput> each : entries) {
        if (each.entry() instanceof RoomOutput.EventAdded added) {
          told.put(added.event().eventId(), added);
        }
      }
    });

    RoomOutput.EventAdded joined = Objects.requireNonNull(told.get(join.eventId()));
    assertThat(joined.handedInBy()).isEqualTo(THERE);
    assertThat(joined.isSentBy(HERE)).isTrue();
    assertThat(Objects.requireNonNull(told.get(said)).isSentBy(HERE)).isFalse();
  }

  @Test
  void whoIsLeftOutOfTheStateIsSaidToBe() {
    RoomId room = publicRoom("11");
    for (int i = 0; i < 8; i++) {
      server.membership(room, "@user%d:other%d.test".formatted(i, i % 2), "join");
    }
    Pdu join = made("join", room);

    JsonNode told =
        peer.put(send(V2, "join", room, join) + "?omit_members=true", join.json())
            .expect(200)
            .json();

    RoomVersion version = version(room);
    Map<EventId, Pdu> state = events(told.path("state"), version);
    Map<EventId, Pdu> chain = events(told.path("auth_chain"), version);
    assertThat(told.path("members_omitted").asBoolean()).isTrue();
    assertThat(told.path("servers_in_room"))
        .extracting(JsonNode::asText)
        .containsExactlyInAnyOrder("hearth.test", "other0.test", "other1.test");
    // By these a room without a name is known.
    assertThat(state.values().stream().filter(Pdu::isMember).map(each -> each.stateKey().get()))
        .containsExactlyInAnyOrder(
            ALICE,
            "@user0:other0.test",
            "@user1:other1.test",
            "@user2:other0.test",
            "@user3:other1.test");
    assertThat(state.values().stream().filter(each -> !each.isMember()).map(Pdu::type))
        .contains("m.room.create", "m.room.power_levels", "m.room.join_rules");
    assertThat(chain.keySet()).doesNotContainAnyElementsOf(state.keySet());
    assertAuthorised(state, chain, join);
  }

  @Test
  void aRoomWithANameIsToldWithoutAnyMember() {
    RoomId room = publicRoom("11");
    set(room, "m.room.name", "{'name':'The hall'}");
    Pdu join = made("join", room);

    JsonNode told =
        peer.put(send(V2, "join", room, join) + "?omit_members=true", join.json())
            .expect(200)
            .json();

    Map<EventId, Pdu> state = events(told.path("state"), version(room));
    Map<EventId, Pdu> chain = events(told.path("auth_chain"), version(room));
    assertThat(state.values()).noneMatch(Pdu::isMember);
    // She has sent it.
    assertThat(chain.values()).anyMatch(each -> each.isState(EventTypes.MEMBER, ALICE));
    assertAuthorised(state, chain, join);
    peer.put(send(V2, "join", room, join) + "?omit_members=maybe", join.json())
        .expect(400, "M_INVALID_PARAM");
  }

  @Test
  void manyMembersAreAllTold() {
    RoomId room = publicRoom("11");
    server.joinMany(room, 0, 1_200);
    Set<EventId> before = state(room);
    Pdu join = made("join", room);

    JsonNode told = join(room, join).expect(200).json();

    Map<EventId, Pdu> state = events(told.path("state"), version(room));
    assertThat(state.keySet()).isEqualTo(before).hasSizeGreaterThan(1_200);
    assertAuthorised(state, events(told.path("auth_chain"), version(room)), join);
  }

  // --- who may not

  @Test
  void aServerSaysWhichVersionsItKnows() {
    RoomId room = publicRoom("11");
    String target = V1 + "/make_join/%s/%s".formatted(encoded(room.value()), encoded(BOB));

    for (String query : List.of("", "?ver=1", "?ver=10&ver=12&ver=org.test.11", "?ver=")) {
      TestClient.Answer answer =
          peer.get(target + query).expect(400, "M_INCOMPATIBLE_ROOM_VERSION");
      assertThat(answer.text("room_version")).isEqualTo("11");
    }
    peer.get(target + "?ver=10&ver=11").expect(200);
    RoomId old = publicRoom("1");
    peer.get(V1 + "/make_join/%s/%s".formatted(encoded(old.value()), encoded(BOB))).expect(200);
  }

  /// Row 24 of the hostile list.
  @Test
  void aServerAsksForItsOwnUsersOnly() {
    RoomId room = publicRoom("11");

    for (String user : List.of(ALICE, "@bob:third.test", "@bob:PEER.test", "@bob:peer.test:8448")) {
      for (String kind : List.of("join", "leave", "knock")) {
        peer.get(make(kind, room, user)).expect(403, "M_FORBIDDEN");
      }
    }
    peer.get(make("join", room, "nonsense")).expect(400, "M_INVALID_PARAM");
  }

  @Test
  void whoDoesNotSignIsNotAnswered() {
    RoomId room = publicRoom("11");
    Pdu join = made("join", room);
    TestClient nobody = server.client();

    for (String kind : List.of("join", "leave", "knock")) {
      nobody.get(make(kind, room, BOB)).expect(401, "M_UNAUTHORIZED");
      nobody.put(send(V1, kind, room, join), join.json()).expect(401, "M_UNAUTHORIZED");
    }
    nobody.put(send(V2, "join", room, join), join.json()).expect(401, "M_UNAUTHORIZED");
    nobody.put(send(V2, "leave", room, join), join.json()).expect(401, "M_UNAUTHORIZED");
    nobody
        .put(V1 + "/exchange_third_party_invite/" + encoded(room.value()), "{}")
        .expect(401, "M_UNAUTHORIZED");
    assertNothingKnownOf(join);
  }

  /// Row 35 of the hostile list.
  @Test
  void aRoomThatNobodyHereIsInIsNotKnown() {
    RoomId room = publicRoom("11");
    Pdu join = made("join", room);
    RoomId none = RoomId.parse("!none:hearth.test");
    server.membership(room, "@carl:third.test", "join");
    leave(room);

    peer.get(make("join", room, BOB)).expect(404, "M_NOT_FOUND");
    peer.get(make("leave", room, BOB)).expect(404, "M_NOT_FOUND");
    peer.get(make("knock", room, BOB)).expect(404, "M_NOT_FOUND");
    join(room, join).expect(404, "M_NOT_FOUND");
    peer.get(make("join", none, BOB)).expect(404, "M_NOT_FOUND");
    assertNothingKnownOf(join);
    assertThat(membership(room)).isEmpty();
  }

  /// Row 20 of the hostile list.
  @ParameterizedTest
  @ValueSource(strings = {"a.evil.test:8448", "a.EVIL.test", "a.evil.test"})
  void aServerThatTheRoomDeniesIsNotLetIn(String name) {
    RoomId room = publicRoom("11");
    ServerName evil = ServerName.parse(name);
    String eve = "@eve:" + name;
    TestClient other = server.peer(name);
    ObjectNode template = (ObjectNode) other.get(make("join", room, eve)).expect(200).at("/event");
    Pdu join = signed(room, template, evil, _ -> {});
    set(room, EventTypes.SERVER_ACL, "{'allow':['*'],'deny':['*.Evil.test']}");

    for (String kind : List.of("join", "leave", "knock")) {
      other.get(make(kind, room, eve)).expect(403, "M_FORBIDDEN");
      other.put(send(V1, kind, room, join), join.json()).expect(403, "M_FORBIDDEN");
    }
    other.put(send(V2, "join", room, join), join.json()).expect(403, "M_FORBIDDEN");
    other.put(send(V2, "leave", room, join), join.json()).expect(403, "M_FORBIDDEN");
    other
        .put(V1 + "/exchange_third_party_invite/" + encoded(room.value()), "{}")
        .expect(403, "M_FORBIDDEN");
    assertNothingKnownOf(join);
    peer.get(make("join", room, BOB)).expect(200);
  }

  /// What is refused leaves nothing behind: else strangers could fill the disk.
  @Test
  void onlyTheInvitedComeIntoAPrivateRoom() {
    RoomId room = publicRoom("11");
    Pdu join = made("join", room);
    set(room, EventTypes.JOIN_RULES, "{'join_rule':'invite'}");

    peer.get(make("join", room, BOB)).expect(403, "M_FORBIDDEN");
    TestClient.Answer refused = join(room, join).expect(403, "M_FORBIDDEN");

    assertThat(refused.text("error")).isEqualTo("The room does not allow that");
    assertNothingKnownOf(join);
    assertThat(membership(room)).isEmpty();
    invite(room, BOB);
    Pdu invited = made("join", room);
    join(room, invited).expect(200);
    assertThat(membership(room)).contains(Membership.JOIN);
  }

  @Test
  void whoIsBannedIsNotLetIn() {
    RoomId room = publicRoom("11");
    Pdu join = made("join", room);
    ban(room, BOB);

    peer.get(make("join", room, BOB)).expect(403, "M_FORBIDDEN");
    join(room, join).expect(403, "M_FORBIDDEN");
    assertNothingKnownOf(join);
    assertThat(membership(room)).contains(Membership.BAN);
  }

  @Test
  void aRoomThatIsForItsOwnServerOnlyLetsNobodyIn() {
    RoomId room =
        RoomId.parse(
            alice
                .post(
                    "/_matrix/client/v3/createRoom",
                    "{'preset':'public_chat','room_version':'11','creation_content':{'m.federate':false}}")
                .expect(200)
                .text("room_id"));

    peer.get(make("join", room, BOB)).expect(403, "M_FORBIDDEN");
  }

  /// The member event may not be that of a user of this server, whatever a peer has signed.
  @Test
  void nobodyElseCanSaySomethingForAUserOfThisServer() {
    RoomId room = publicRoom("11");
    RoomEvent before =
        server.rooms().currentState(room).orElseThrow().event(StateKey.member(ALICE)).orElseThrow();
    Pdu forged =
        signed(
            room,
            template("join", room),
            HERE,
            json -> json.put("sender", ALICE).put("state_key", ALICE));

    join(room, forged).expect(400, "M_INVALID_PARAM");

    assertNothingKnownOf(forged);
    assertThat(server.rooms().membership(room, UserId.parse(ALICE)).orElseThrow().position())
        .isEqualTo(before.position());
  }
}
