package org.hearth.server.readers.sync;

import static org.assertj.core.api.Assertions.assertThat;
import static org.hearth.server.readers.sync.SyncClient.events;
import static org.hearth.server.readers.sync.SyncClient.join;
import static org.hearth.server.readers.sync.SyncClient.section;

import com.fasterxml.jackson.databind.JsonNode;
import org.hearth.server.matrix.id.EventId;
import org.hearth.server.matrix.id.RoomId;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/// What is kept from who ignores somebody, and what is not.
class IgnoredUsersTest extends OneSyncServer {
  private static RoomId roomOf(String creator, String... others) {
    RoomId room = rooms.open(creator, "shared");
    for (String each : others) {
      rooms.join(room, each);
    }
    return room;
  }

  @Test
  void messagesOfAnIgnoredUserAreNotSentAndOthersAre() {
    RoomId room = roomOf("a1", "a1bad", "a1good");
    SyncClient client = server.client("a1");
    client.sync();
    server.ignore("a1", "a1bad");
    rooms.say(room, "a1bad", "noise");
    rooms.say(room, "a1good", "hello");

    assertThat(events(join(client.sync(), room).path("timeline"))).containsExactly("hello");
    assertThat(events(join(server.client("a1").sync(), room).path("timeline")))
        .contains("hello")
        .doesNotContain("noise");
  }

  @Test
  void nothingIsToldOfARoomInWhichOnlyTheIgnoredUserSpoke() {
    RoomId room = roomOf("a2", "a2bad");
    server.ignore("a2", "a2bad");
    SyncClient client = server.client("a2");
    client.sync();
    rooms.say(room, "a2bad", "noise");

    assertThat(client.sync().has("rooms")).isFalse();
  }

  @Test
  void stateThatAnIgnoredUserSetsIsStillSent() {
    RoomId room = roomOf("a3", "a3bad");
    server.ignore("a3", "a3bad");
    SyncClient client = server.client("a3");
    client.sync();
    rooms.name(room, "a3bad", "Named by somebody ignored");
    rooms.leave(room, "a3bad");

    assertThat(events(join(client.sync(), room).path("timeline")))
        .containsExactly("m.room.name", "m.room.member @a3bad:hearth.test");
  }

  @Test
  void whoIsNoLongerIgnoredIsHeardAgainButNotOfBefore() {
    RoomId room = roomOf("a4", "a4bad");
    server.ignore("a4", "a4bad");
    SyncClient client = server.client("a4");
    client.sync();
    rooms.say(room, "a4bad", "while ignored");
    client.sync();
    server.setIgnored("a4", "{'ignored_users':{}}");
    rooms.say(room, "a4bad", "afterwards");

    assertThat(events(join(client.sync(), room).path("timeline"))).containsExactly("afterwards");
    assertThat(events(join(server.client("a4").sync(), room).path("timeline")))
        .contains("while ignored", "afterwards");
  }

  @Test
  void anInvitationOfAnIgnoredUserIsNotSent() {
    SyncClient client = server.client("a5");
    client.sync();
    server.ignore("a5", "a5bad");
    RoomId unwanted = rooms.create("a5bad", "invite", "shared");
    RoomId wanted = rooms.create("a5good", "invite", "shared");
    rooms.invite(unwanted, "a5bad", "a5");
    rooms.invite(wanted, "a5good", "a5");

    JsonNode next = client.sync();
    JsonNode first = server.client("a5").sync();

    assertThat(section(next, "invite", unwanted).isMissingNode()).isTrue();
    assertThat(section(next, "invite", wanted).isMissingNode()).isFalse();
    assertThat(section(first, "invite", unwanted).isMissingNode()).isTrue();
    assertThat(section(first, "invite", wanted).isMissingNode()).isFalse();
  }

  @Test
  void historyLeavesOutTheMessagesOfAnIgnoredUser() {
    RoomId room = roomOf("a6", "a6bad");
    rooms.say(room, "a6bad", "noise before");
    EventId middle = rooms.say(room, "a6", "middle");
    rooms.say(room, "a6bad", "noise after");
    rooms.say(room, "a6", "end");
    server.ignore("a6", "a6bad");
    String path = "/_matrix/client/v3/rooms/" + room;

    JsonNode messages = server.http("a6").get(path + "/messages?dir=b&limit=2").expect(200).json();
    JsonNode context =
        server.http("a6").get(path + "/context/" + middle.value() + "?limit=4").expect(200).json();

    assertThat(messages.path("chunk"))
        .extracting(SyncClient::said)
        .containsExactly("end", "middle");
    assertThat(context.path("events_after")).extracting(SyncClient::said).containsExactly("end");
    assertThat(context.path("events_before"))
        .extracting(SyncClient::said)
        .doesNotContain("noise before");
  }

  @Test
  void nobodyIgnoresOneself() {
    RoomId room = roomOf("a7");
    server.ignore("a7", "a7");
    SyncClient client = server.client("a7");
    client.sync();
    rooms.say(room, "a7", "mine");

    assertThat(events(join(client.sync(), room).path("timeline"))).containsExactly("mine");
  }

  @ParameterizedTest
  @ValueSource(
      strings = {"{}", "{'ignored_users':['@a8bad:hearth.test']}", "{'ignored_users':null}"})
  void aListOfAnotherShapeIgnoresNobody(String content) {
    String user = "a8x" + content.length();
    RoomId room = roomOf(user, "a8bad");
    server.setIgnored(user, content);
    SyncClient client = server.client(user);
    client.sync();
    rooms.say(room, "a8bad", "heard");

    assertThat(events(join(client.sync(), room).path("timeline"))).containsExactly("heard");
  }
}
