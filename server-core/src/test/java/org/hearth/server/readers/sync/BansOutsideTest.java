package org.hearth.server.readers.sync;

import static org.assertj.core.api.Assertions.assertThat;
import static org.hearth.server.readers.sync.SyncClient.events;
import static org.hearth.server.readers.sync.SyncClient.section;

import com.fasterxml.jackson.databind.JsonNode;
import org.hearth.server.matrix.auth.Membership;
import org.hearth.server.matrix.id.EventId;
import org.hearth.server.matrix.id.RoomId;
import org.junit.jupiter.api.Test;

/// What `/sync` tells a user of bans, and the end of them, while the user is not in the room.
class BansOutsideTest extends OneSyncServer {
  @Test
  void aBanAfterAKickIsTold() {
    RoomId room = rooms.open("a1", "shared");
    rooms.join(room, "b1");
    SyncClient client = server.client("b1");
    client.sync();
    rooms.kick(room, "a1", "b1");
    client.sync();
    rooms.say(room, "a1", "without b1");
    EventId ban = rooms.ban(room, "a1", "b1");

    JsonNode left = section(client.sync(), "leave", room);

    assertThat(left.at("/timeline/events")).hasSize(1);
    assertThat(left.at("/timeline/events/0/event_id").asText()).isEqualTo(ban.value());
    assertThat(left.at("/state/events")).isEmpty();
    assertThat(client.sync().has("rooms")).isFalse();
  }

  @Test
  void theEndOfABanIsTold() {
    RoomId room = rooms.open("a2", "shared");
    rooms.join(room, "b2");
    SyncClient client = server.client("b2");
    client.sync();
    rooms.ban(room, "a2", "b2");
    client.sync();
    EventId unban = unban(room, "a2", "b2");

    JsonNode left = section(client.sync(), "leave", room);

    assertThat(left.at("/timeline/events/0/event_id").asText()).isEqualTo(unban.value());
    assertThat(left.at("/timeline/events/0/content/membership").asText()).isEqualTo("leave");
  }

  @Test
  void aKickAndABanTogetherTellTheHistoryUpToTheKickAndThenTheBan() {
    RoomId room = rooms.open("a3", "shared");
    rooms.join(room, "b3");
    SyncClient client = server.client("b3");
    client.sync();
    rooms.say(room, "a3", "with b3");
    rooms.kick(room, "a3", "b3");
    rooms.say(room, "a3", "without b3");
    rooms.ban(room, "a3", "b3");

    JsonNode left = section(client.sync(), "leave", room);

    assertThat(events(left.path("timeline")))
        .containsExactly(
            "with b3", "m.room.member @b3:hearth.test", "m.room.member @b3:hearth.test");
    assertThat(left.at("/timeline/events/2/content/membership").asText()).isEqualTo("ban");
  }

  @Test
  void whoTakesStateAfterTheTimelineIsToldTheMembershipThere() {
    RoomId room = rooms.open("a5", "shared");
    rooms.join(room, "b5");
    SyncClient client = server.client("b5").with("use_state_after", "true");
    client.sync();
    rooms.kick(room, "a5", "b5");
    EventId ban = rooms.ban(room, "a5", "b5");

    JsonNode left = section(client.sync(), "leave", room);

    assertThat(left.at("/state_after/events")).hasSize(1);
    assertThat(left.at("/state_after/events/0/event_id").asText()).isEqualTo(ban.value());
    EventId unban = unban(room, "a5", "b5");
    JsonNode later = section(client.sync(), "leave", room);
    assertThat(later.at("/state_after/events/0/event_id").asText()).isEqualTo(unban.value());
  }

  @Test
  void clientsOfTheProposalAreToldByItsName() {
    RoomId room = rooms.open("a8", "shared");
    rooms.join(room, "b8");
    SyncClient client = server.client("b8").with("org.matrix.msc4222.use_state_after", "true");

    JsonNode joined = section(client.sync(), "join", room);

    assertThat(joined.at("/org.matrix.msc4222.state_after/events")).hasSize(6);
    assertThat(joined.has("state")).isFalse();
    assertThat(joined.has("state_after")).isFalse();
    rooms.ban(room, "a8", "b8");
    JsonNode left = section(client.sync(), "leave", room);
    assertThat(left.at("/org.matrix.msc4222.state_after/events/0/content/membership").asText())
        .isEqualTo("ban");
  }

  @Test
  void aFilterThatKeepsMembersOutOfTheTimelineBringsThemAsState() {
    RoomId room = rooms.open("a6", "shared");
    rooms.join(room, "b6");
    SyncClient client =
        server.client("b6").with("filter", "{'room':{'timeline':{'types':['m.room.message']}}}");
    client.sync();
    rooms.kick(room, "a6", "b6");
    client.sync();
    EventId ban = rooms.ban(room, "a6", "b6");

    JsonNode left = section(client.sync(), "leave", room);

    assertThat(left.at("/timeline/events")).isEmpty();
    assertThat(left.at("/state/events/0/event_id").asText()).isEqualTo(ban.value());
  }

  @Test
  void whoWaitsIsWokenByTheEndOfABan() {
    RoomId room = rooms.open("a7", "shared");
    rooms.ban(room, "a7", "b7");
    SyncClient client = server.client("b7");
    client.sync();
    unban(room, "a7", "b7");

    JsonNode answer = client.sync(20_000);

    assertThat(section(answer, "leave", room).at("/timeline/events")).hasSize(1);
  }

  private static EventId unban(RoomId room, String sender, String user) {
    return rooms.change(room, sender, user, Membership.LEAVE);
  }
}
