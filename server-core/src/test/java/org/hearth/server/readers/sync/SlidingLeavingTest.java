package org.hearth.server.readers.sync;

import static org.assertj.core.api.Assertions.assertThat;
import static org.hearth.server.readers.sync.SlidingClient.list;
import static org.hearth.server.readers.sync.SlidingClient.room;
import static org.hearth.server.readers.sync.SlidingClient.rooms;
import static org.hearth.server.readers.sync.SlidingClient.said;

import com.fasterxml.jackson.databind.JsonNode;
import org.hearth.server.matrix.id.RoomId;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/// What a sliding window tells of rooms in which the user is not, or no longer. Rows 37 and 38 of
/// the list of known attacks.
class SlidingLeavingTest extends OneSyncServer {
  private static int users;

  private static final String STATE = "'required_state':[['*','*']]";
  private static final String ALL = list(0, 99, 10, STATE);

  private String me;
  private RoomId room;
  private SlidingClient bob;

  @BeforeEach
  void open() {
    me = "leaver" + users++;
    room = rooms.open("alice", "shared");
    bob = new SlidingClient(server.http(me));
  }

  private static String subscription(RoomId room) {
    return "{'room_subscriptions':{'%s':{'timeline_limit':50,'required_state':[['*','*']]}}}"
        .formatted(room);
  }

  @Test
  void whoHasLeftIsToldOfTheLeavingAndOfNothingThatCameAfter() {
    rooms.join(room, me);
    bob.sync(ALL);
    rooms.say(room, "alice", "before");
    rooms.leave(room, me);
    rooms.name(room, "alice", "Secret");
    rooms.say(room, "alice", "secret");

    JsonNode answer = bob.sync(ALL);

    assertThat(said(room(answer, room).path("timeline")))
        .containsExactly("before", "m.room.member @" + me + ":hearth.test");
    assertThat(said(room(answer, room).path("required_state")))
        .containsExactly("m.room.member @" + me + ":hearth.test");
    assertThat(room(answer, room).path("membership").asText()).isEqualTo("leave");
    assertThat(answer.toString()).doesNotContain("ecret");
    JsonNode after = bob.sync(ALL);
    assertThat(rooms(after)).isEmpty();
    assertThat(after.at("/lists/all/count").asInt()).isZero();
    rooms.say(room, "alice", "secret");
    assertThat(bob.sync(subscription(room)).toString()).doesNotContain("ecret");
    assertThat(rooms(bob.sync(subscription(room)))).isEmpty();
  }

  @Test
  void whoHasLeftIsToldSoAlsoWithoutATimeline() {
    rooms.join(room, me);
    bob.sync(list(0, 9, 0, ""));
    rooms.kick(room, "alice", me);

    JsonNode told = room(bob.sync(list(0, 9, 0, "")), room);

    assertThat(told.has("timeline")).isFalse();
    assertThat(told.at("/required_state/0/content/membership").asText()).isEqualTo("leave");
  }

  @Test
  void aNewConnectionKnowsOfRoomsFromWhichOneWasRemovedAndNotOfThoseOneLeft() {
    RoomId left = rooms.open("alice", "shared");
    RoomId banned = rooms.open("alice", "shared");
    RoomId never = rooms.open("alice", "shared");
    for (RoomId each : new RoomId[] {room, left, banned}) {
      rooms.join(each, me);
    }
    rooms.kick(room, "alice", me);
    rooms.leave(left, me);
    rooms.ban(banned, "alice", me);
    rooms.ban(never, "alice", me);
    rooms.name(banned, "alice", "Secret");

    JsonNode answer = bob.sync(ALL);

    assertThat(rooms(answer)).containsExactlyInAnyOrder(room.value(), banned.value());
    assertThat(answer.at("/lists/all/count").asInt()).isEqualTo(2);
    assertThat(answer.toString()).doesNotContain("Secret");
    assertThat(rooms(bob.sync(ALL))).isEmpty();
  }

  @Test
  void aSubscriptionToARoomOfOthersIsIgnored() {
    rooms.say(room, "alice", "secret");

    JsonNode answer = bob.sync(subscription(room));

    assertThat(answer.path("rooms")).isEmpty();
    rooms.say(room, "alice", "secret");
    assertThat(bob.sync(subscription(room)).toString()).doesNotContain("secret");
    rooms.invite(room, "alice", me);
    JsonNode invited = bob.sync(subscription(room));
    assertThat(room(invited, room).has("invite_state")).isTrue();
    assertThat(room(invited, room).has("timeline")).isFalse();
    assertThat(invited.toString()).doesNotContain("secret");
  }

  @Test
  void anInvitationIsToldByStrippedStateAndThenItsEnd() {
    RoomId invited = rooms.create("alice", "invite", "shared");
    rooms.name(invited, "alice", "Party");
    rooms.invite(invited, "alice", me);

    JsonNode told = room(bob.sync(ALL), invited);

    assertThat(said(told.path("invite_state")))
        .contains("m.room.name", "m.room.member @" + me + ":hearth.test");
    assertThat(told.path("initial").asBoolean()).isTrue();
    assertThat(told.has("joined_count") || told.has("timeline")).isFalse();
    assertThat(rooms(bob.sync(ALL))).isEmpty();
    rooms.leave(invited, me);
    JsonNode over = room(bob.sync(ALL), invited);
    assertThat(over.at("/timeline/0/content/membership").asText()).isEqualTo("leave");
    assertThat(rooms(bob.sync(ALL))).isEmpty();
  }

  @Test
  void whoJoinsAfterAnInvitationOrAKnockIsToldTheWholeRoom() {
    RoomId knocked = rooms.create("alice", "knock", "shared");
    rooms.knock(knocked, me);
    JsonNode told = room(bob.sync(ALL), knocked);
    assertThat(said(told.path("invite_state"))).contains("m.room.member @" + me + ":hearth.test");
    rooms.invite(knocked, "alice", me);
    bob.sync(ALL);

    rooms.join(knocked, me);

    JsonNode joined = room(bob.sync(ALL), knocked);
    assertThat(joined.path("initial").asBoolean()).isTrue();
    assertThat(joined.path("joined_count").asInt()).isEqualTo(2);
    assertThat(said(joined.path("required_state"))).contains("m.room.create");
    assertThat(rooms(bob.sync(ALL))).isEmpty();
  }

  @Test
  void whoComesBackIsToldTheWholeRoomAnew() {
    rooms.join(room, me);
    bob.sync(ALL);
    rooms.leave(room, me);
    bob.sync(ALL);
    rooms.name(room, "alice", "Meanwhile");
    rooms.join(room, me);

    JsonNode told = room(bob.sync(ALL), room);

    assertThat(told.path("initial").asBoolean()).isTrue();
    assertThat(told.path("name").asText()).isEqualTo("Meanwhile");
    assertThat(said(told.path("required_state"))).contains("m.room.create", "m.room.name");
  }

  @Test
  void invitationsOfAnIgnoredUserAreKeptBack() {
    RoomId invited = rooms.create("alice", "invite", "shared");
    server.ignore(me, "alice");
    rooms.invite(invited, "alice", me);

    assertThat(rooms(bob.sync(ALL))).isEmpty();
  }
}
