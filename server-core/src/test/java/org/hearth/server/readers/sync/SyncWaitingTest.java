package org.hearth.server.readers.sync;

import static org.assertj.core.api.Assertions.assertThat;
import static org.hearth.server.readers.sync.SyncClient.events;
import static org.hearth.server.readers.sync.SyncClient.join;

import com.fasterxml.jackson.databind.JsonNode;
import java.util.ArrayList;
import java.util.Collection;
import java.util.EnumSet;
import java.util.List;
import java.util.Objects;
import java.util.concurrent.Future;
import org.hearth.ringlogs.LogPosition;
import org.hearth.server.http.TestClient;
import org.hearth.server.logs.AccountOutput;
import org.hearth.server.matrix.auth.Membership;
import org.hearth.server.matrix.id.DeviceId;
import org.hearth.server.matrix.id.RoomId;
import org.hearth.server.readers.sync.sections.DeviceListChanges;
import org.hearth.server.readers.sync.sections.News;
import org.hearth.server.readers.sync.view.AccountOutputNotes;
import org.hearth.server.readers.sync.view.SyncUsers;
import org.hearth.server.readers.sync.view.UserFeed;
import org.hearth.server.servers.device.RemoteDevices;
import org.hearth.server.servers.room.RoomMembership;
import org.hearth.server.services.keys.Keys;
import org.hearth.server.store.ReadPool;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/// How a sync waits: what wakes it, what does not, and what ends it.
@Tag("long")
class SyncWaitingTest extends FreshSyncServer {
  @Test
  void aMessageWakesWhoIsInTheRoom() throws Exception {
    RoomId room = rooms.open("alice", "shared");
    rooms.join(room, "bob");
    SyncClient bob = server.client("bob");
    bob.sync();
    Future<JsonNode> waiting = waiting("bob", () -> bob.sync(LONG));

    rooms.say(room, "alice", "wake up");

    assertThat(events(join(answer(waiting), room).path("timeline"))).containsExactly("wake up");
  }

  @Test
  void anInvitationWakesWhoIsInvited() throws Exception {
    RoomId room = rooms.create("alice", "invite", "shared");
    SyncClient bob = server.client("bob");
    bob.sync();
    Future<JsonNode> waiting = waiting("bob", () -> bob.sync(LONG));

    rooms.invite(room, "alice", "bob");

    assertThat(answer(waiting).at("/rooms/invite").has(room.value())).isTrue();
  }

  @Test
  void whoIsKickedIsToldAtOnceAndNotOfWhatFollows() throws Exception {
    RoomId room = rooms.open("alice", "shared");
    rooms.join(room, "bob");
    SyncClient bob = server.client("bob");
    bob.sync();
    Future<JsonNode> waiting = waiting("bob", () -> bob.sync(LONG));

    rooms.kick(room, "alice", "bob");
    rooms.say(room, "alice", "secret");

    JsonNode told = answer(waiting);
    assertThat(told.at("/rooms/leave").has(room.value())).isTrue();
    assertThat(told.toString()).doesNotContain("secret");
  }

  /// A request may have found its end just before the kick that memory has by now. An answer that
  /// told only of devices would end the wait, and the client would learn of the kick later.
  @Test
  void deviceListsTellNothingThatCameAfterTheAnswersEnd() {
    RoomId room = rooms.open("alice", "shared");
    rooms.join(room, "bob");
    LogPosition joined = server.store().head();
    rooms.kick(room, "alice", "bob");
    LogPosition kicked = server.store().head();

    assertThat(deviceLists("bob", joined, joined)).isEqualTo(News.DeviceLists.NONE);
    assertThat(deviceLists("alice", joined, joined)).isEqualTo(News.DeviceLists.NONE);
    assertThat(deviceLists("bob", joined, kicked).left()).containsExactly(TestRooms.user("alice"));
    assertThat(deviceLists("alice", joined, kicked).left()).containsExactly(TestRooms.user("bob"));
  }

  /// Whoever comes later must not become known to a user who had left by then.
  @Test
  void deviceListsSayWhoWasThereWhenTheUserLeft() {
    RoomId room = rooms.open("alice", "shared");
    rooms.join(room, "bob");
    rooms.join(room, "carol");
    rooms.join(room, "erin");
    LogPosition joined = server.store().head();
    rooms.leave(room, "erin");
    rooms.leave(room, "bob");
    rooms.leave(room, "carol");
    rooms.join(room, "dora");

    assertThat(deviceLists("bob", joined, server.store().head()).left())
        .containsExactlyInAnyOrder(
            TestRooms.user("alice"), TestRooms.user("carol"), TestRooms.user("erin"));
  }

  private News.DeviceLists deviceLists(String user, LogPosition since, LogPosition upTo) {
    Collection<RoomMembership> memberships =
        server.queries().roomsOf(TestRooms.user(user), EnumSet.allOf(Membership.class));
    ReadPool reads = server.store().reads();
    return new DeviceListChanges(server.queries(), new Keys(reads), new RemoteDevices(reads))
        .between(
            TestRooms.user(user),
            memberships,
            memberships.stream().map(RoomMembership::room).toList(),
            since,
            upTo);
  }

  @Test
  void accountDataWakesItsUser() throws Exception {
    RoomId room = rooms.open("alice", "shared");
    SyncClient alice = server.client("alice");
    alice.sync();
    Future<JsonNode> global = waiting("alice", () -> alice.sync(LONG));
    TestClient http = server.http("alice", "TABLET");

    http.put("/_matrix/client/v3/user/@alice:hearth.test/account_data/org.test", "{'x':1}")
        .expect(200);

    JsonNode event = answer(global).at("/account_data/events/0");
    assertThat(event.path("type").asText()).isEqualTo("org.test");
    assertThat(event.path("content").path("x").asInt()).isEqualTo(1);

    Future<JsonNode> ofRoom = waiting("alice", () -> alice.sync(LONG));
    http.put(
            "/_matrix/client/v3/user/@alice:hearth.test/rooms/%s/account_data/org.room"
                .formatted(room.value()),
            "{'y':2}")
        .expect(200);
    JsonNode section = join(answer(ofRoom), room);
    assertThat(section.at("/account_data/events/0/content/y").asInt()).isEqualTo(2);
    assertThat(section.at("/timeline/events")).isEmpty();

    JsonNode first = server.client("alice", "NEW").sync();
    assertThat(first.at("/account_data/events/0/type").asText()).isEqualTo("org.test");
    assertThat(join(first, room).at("/account_data/events/0/type").asText()).isEqualTo("org.room");
  }

  @Test
  void theTimeEndsTheWaitWithAnEmptyAnswer() {
    rooms.open("alice", "shared");
    SyncClient alice = server.client("alice");
    alice.sync();

    JsonNode told = alice.sync(50);

    assertThat(told.has("rooms")).isFalse();
    assertThat(told.path("next_batch").isTextual()).isTrue();
  }

  @Test
  void whatAFilterKeepsBackDoesNotEndTheWait() throws Exception {
    RoomId room = rooms.open("alice", "shared");
    SyncClient alice =
        server
            .client("alice")
            .with("filter", "{'room':{'timeline':{'not_types':['m.room.message']}}}");
    alice.sync();
    Future<JsonNode> waiting = waiting("alice", () -> alice.sync(LONG));

    rooms.say(room, "alice", "not for this filter");
    rooms.send(room, "alice", "org.test.other", "{}");

    assertThat(events(join(answer(waiting), room).path("timeline")))
        .containsExactly("org.test.other");
  }

  @Test
  void theEndOfTheServerAnswersWhoWaits() throws Exception {
    rooms.open("alice", "shared");
    SyncClient alice = server.client("alice");
    alice.sync();
    String before = alice.since();
    Future<JsonNode> waiting = waiting("alice", () -> alice.sync(LONG));

    server.clientSync().stop();

    assertThat(answer(waiting).path("next_batch").asText()).isEqualTo(before);
  }

  @Test
  void aDeviceThatIsGoneWaitsNoLonger() throws Exception {
    rooms.open("alice", "shared");
    SyncClient alice = server.client("alice");
    alice.sync();
    String target = "/_matrix/client/v3/sync?timeout=" + LONG + "&since=" + alice.since();
    Future<TestClient.Answer> waiting = waiting("alice", () -> alice.http().get(target));

    server.announce(
        new AccountOutput.DeviceRemoved(TestRooms.user("alice"), DeviceId.parse("PHONE")));

    answer(waiting).expect(401, "M_UNKNOWN_TOKEN");
  }

  /// Who comes back after a restart is looked up in the database, in turn, as large answers are.
  @Test
  void whoWaitsHoldsUpNoLargeAnswer() throws Exception {
    // As many as have a place from one address.
    List<SyncClient> clients = new ArrayList<>();
    for (int i = 0; i < 16; i++) {
      rooms.open("user" + i, "shared");
      SyncClient client = server.client("user" + i);
      client.sync();
      clients.add(client);
    }
    RoomId room = rooms.open("bob", "shared");
    restart();
    List<Future<JsonNode>> waiting = new ArrayList<>();
    for (int i = 0; i < clients.size(); i++) {
      SyncClient client = clients.get(i);
      client.moveTo(server.http("user" + i));
      waiting.add(waiting("user" + i, () -> client.sync(LONG)));
    }

    server.http("bob").get("/_matrix/client/v3/rooms/" + room.value() + "/members").expect(200);

    assertThat(waiting).noneMatch(Future::isDone);
  }

  @Test
  void aDeviceThatIsGoneIsForgotten() {
    SyncClient phone = server.client("alice", "PHONE");
    phone.sync();
    phone.sync();
    UserFeed feed = Objects.requireNonNull(server.clientSync().users().known(id("alice")));
    assertThat(feed.isTidy(DeviceId.parse("PHONE"))).isTrue();

    server.announce(
        new AccountOutput.DeviceRemoved(TestRooms.user("alice"), DeviceId.parse("PHONE")));
    SyncClient tablet = server.client("alice", "TABLET");
    tablet.sync();
    tablet.sync();

    assertThat(feed.isTidy(DeviceId.parse("PHONE"))).isFalse();
    assertThat(feed.isTidy(DeviceId.parse("TABLET"))).isTrue();
    new AccountOutputNotes(server.clientSync().users()).forget(server.store().head());
    assertThat(feed.isTidy(DeviceId.parse("TABLET"))).isFalse();
  }

  @Test
  void otherPeoplesRoomsDoNotWakeAnyone() {
    RoomId room = rooms.open("alice", "shared");
    rooms.open("bob", "shared");
    SyncClient bob = server.client("bob");
    bob.sync();
    SyncUsers.Entered entered = enter("bob");
    entered.waiting().look();

    rooms.say(room, "alice", "to herself");
    server.client("alice").sync();

    assertThat(entered.waiting().sleep(System.nanoTime())).isFalse();
    leave(entered);
  }

  @Test
  void usersWhoDoNotSyncAreLetGoWhenTheyTakeTooMuch() {
    server.close();
    start(new ClientSync.Budget(1 << 20, 1 << 20, 3_000));
    RoomId room = rooms.open("alice", "shared");
    SyncUsers.Entered entered = enter("alice");
    for (int i = 0; i < 10; i++) {
      server.client("other" + i).sync();
    }

    assertThat(server.clientSync().users().all()).hasSizeLessThan(5);
    assertThat(server.clientSync().users().known("@alice:hearth.test")).isSameAs(entered.feed());
    leave(entered);
    SyncClient back = server.client("other0");
    rooms.join(room, "other0");
    assertThat(join(back.sync(), room).isMissingNode()).isFalse();
  }
}
