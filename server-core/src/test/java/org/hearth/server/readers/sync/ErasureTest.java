package org.hearth.server.readers.sync;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import java.util.stream.StreamSupport;
import org.hearth.server.matrix.id.EventId;
import org.hearth.server.matrix.id.RoomId;
import org.junit.jupiter.api.Test;

/// What is shown of those who closed their accounts and had everything erased. Whose account that
/// is has never been heard of by the server before: none of them syncs.
class ErasureTest extends OneSyncServer {
  private static final String V3 = "/_matrix/client/v3/rooms/";

  private static RoomId roomWith(String creator, String gone) {
    RoomId room = rooms.open(creator, "shared");
    rooms.join(room, gone);
    return room;
  }

  private static void erase(RoomId room, String gone) {
    server.closeAndErase(gone);
    rooms.leave(room, gone);
  }

  private static JsonNode event(String user, RoomId room, EventId event) {
    return server.http(user).get(V3 + room + "/event/" + event.value()).expect(200).json();
  }

  private static JsonNode find(JsonNode events, EventId id) {
    return StreamSupport.stream(events.spliterator(), false)
        .filter(each -> each.path("event_id").asText().equals(id.value()))
        .findFirst()
        .orElseThrow();
  }

  @Test
  void whoJoinsAfterwardsIsShownRedactedCopiesOnEveryWay() {
    RoomId room = roomWith("a1", "a1gone");
    EventId said = rooms.say(room, "a1gone", "secret");
    erase(room, "a1gone");
    rooms.join(room, "a1new");

    JsonNode synced =
        SyncClient.join(server.client("a1new").sync(), room).path("timeline").path("events");
    JsonNode messages = server.http("a1new").get(V3 + room + "/messages?dir=b").expect(200).json();
    JsonNode context =
        server.http("a1new").get(V3 + room + "/context/" + said.value()).expect(200).json();
    JsonNode federated =
        server
            .client("a1new", "OTHER")
            .with("filter", "{'event_format':'federation'}")
            .sync()
            .at("/rooms/join")
            .path(room.value());

    assertThat(find(synced, said).path("content")).isEmpty();
    assertThat(find(messages.path("chunk"), said).path("content")).isEmpty();
    assertThat(context.path("event").path("content")).isEmpty();
    assertThat(event("a1new", room, said).path("content")).isEmpty();
    assertThat(event("a1new", room, said).path("unsigned").has("redacted_because")).isFalse();
    assertThat(federated.toString()).contains("a1gone").doesNotContain("secret");
  }

  @Test
  void whoWasInTheRoomStillReadsWhatWasSaid() {
    RoomId room = roomWith("a2", "a2gone");
    EventId said = rooms.say(room, "a2gone", "kept");
    erase(room, "a2gone");

    assertThat(event("a2", room, said).at("/content/body").asText()).isEqualTo("kept");
    assertThat(SyncClient.join(server.client("a2").sync(), room).toString()).contains("kept");
  }

  @Test
  void whoJoinedBetweenTheMessageAndTheErasureStillReadsIt() {
    RoomId room = roomWith("a3", "a3gone");
    EventId said = rooms.say(room, "a3gone", "kept");
    rooms.join(room, "a3between");
    server.closeAndErase("a3gone");

    assertThat(event("a3between", room, said).at("/content/body").asText()).isEqualTo("kept");
    rooms.leave(room, "a3gone");
    assertThat(event("a3between", room, said).at("/content/body").asText()).isEqualTo("kept");
  }

  @Test
  void aBanOfTheClosedAccountShowsNothingToThoseWhoCameBeforeIt() {
    RoomId room = roomWith("a4", "a4gone");
    EventId said = rooms.say(room, "a4gone", "secret");
    erase(room, "a4gone");
    rooms.join(room, "a4new");
    rooms.ban(room, "a4", "a4gone");

    assertThat(event("a4new", room, said).path("content")).isEmpty();
    assertThat(event("a4", room, said).at("/content/body").asText()).isEqualTo("secret");
  }

  @Test
  void theRoomKeepsItsNameAndTheErasedLoseTheirs() {
    RoomId room = roomWith("a5", "a5gone");
    rooms.rename(room, "a5gone", "Somebody Known");
    EventId name = rooms.name(room, "a5gone", "The name of the room");
    erase(room, "a5gone");
    rooms.join(room, "a5new");

    JsonNode state = server.http("a5new").get(V3 + room + "/state").expect(200).json();
    JsonNode messages =
        server.http("a5new").get(V3 + room + "/messages?dir=b&limit=50").expect(200).json();

    assertThat(find(state, name).at("/content/name").asText()).isEqualTo("The name of the room");
    assertThat(messages.toString()).contains("a5gone").doesNotContain("Somebody Known");
  }

  @Test
  void othersEventsStayAsTheyAre() {
    RoomId room = roomWith("a6", "a6gone");
    EventId said = rooms.say(room, "a6", "mine");
    erase(room, "a6gone");
    rooms.join(room, "a6new");

    assertThat(event("a6new", room, said).at("/content/body").asText()).isEqualTo("mine");
  }
}
