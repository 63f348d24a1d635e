package org.hearth.server.readers.sync;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import java.util.ArrayList;
import java.util.List;
import org.hearth.server.http.TestClient;
import org.hearth.server.matrix.id.EventId;
import org.hearth.server.matrix.id.RoomId;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/// What `/relations` lists, to whom, and in which order.
class RelationListsTest extends Relating {
  @Test
  void listsTheNewestFirstAndTheOldestIfThatIsAskedFor() {
    EventId one = reaction("bob", root);
    EventId two = reply("alice", root);
    rooms.say(room, "bob", "beside");
    EventId three = reference("carol", root);
    EventId four = related("bob", "m.room.message", "org.example.other", root);

    JsonNode answer = relations("alice", root, "");

    assertThat(ids(answer.path("chunk"))).isEqualTo(ids(four, three, two, one));
    assertThat(answer.has("next_batch")).isFalse();
    assertThat(answer.has("prev_batch")).isFalse();
    assertThat(answer.has("recursion_depth")).isFalse();
    assertThat(answer.at("/chunk/0/room_id").asText()).isEqualTo(room.value());
    assertThat(ids(relations("alice", root, "?dir=f").path("chunk")))
        .isEqualTo(ids(one, two, three, four));
    assertThat(ids(relations("alice", two, "").path("chunk"))).isEmpty();
  }

  @Test
  void listsThoseOfOneRelationAndOfOneType() {
    EventId message = reply("bob", root);
    EventId sticker = related("bob", "m.sticker", "m.thread", root);
    reaction("bob", root);
    EventId own = related("bob", "m.sticker", "org.example.other", root);
    related("bob", "m.sticker", "org.example.another", root);

    assertThat(ids(relations("alice", root, "/m.thread").path("chunk")))
        .isEqualTo(ids(sticker, message));
    assertThat(ids(relations("alice", root, "/m.thread/m.sticker").path("chunk")))
        .isEqualTo(ids(sticker));
    assertThat(ids(relations("alice", root, "/org.example.other").path("chunk")))
        .isEqualTo(ids(own));
    assertThat(ids(relations("alice", root, "/m.replace").path("chunk"))).isEmpty();
  }

  @ParameterizedTest
  @ValueSource(strings = {"b", "f"})
  void pagesHaveNeitherGapsNorDoubles(String direction) {
    List<String> all = new ArrayList<>();
    for (int i = 0; i < 23; i++) {
      EventId added =
          switch (i % 4) {
            case 0 -> reaction("bob", rooms.say(room, "bob", "beside"));
            case 1 -> reply("alice", root);
            case 2 -> reference("carol", root);
            default -> related("bob", "m.room.message", "org.example.other", root);
          };
      if (i % 4 != 0) {
        all.add(added.value());
      }
    }

    for (int limit = 1; limit <= 18; limit += 4) {
      assertThat(paged("alice", root, "", "dir=" + direction + "&limit=" + limit))
          .isEqualTo(direction.equals("f") ? all : all.reversed());
      assertThat(paged("alice", root, "", "recurse=true&dir=" + direction + "&limit=" + limit))
          .isEqualTo(direction.equals("f") ? all : all.reversed());
    }
    assertThat(paged("alice", root, "/m.thread", "limit=2&dir=" + direction)).hasSize(6);
  }

  @Test
  void pagesBeginAndEndAtTheTokensOfOtherCalls() {
    EventId one = reply("bob", root);
    SyncClient client = server.client("alice");
    client.sync();
    EventId two = reply("bob", root);
    String end = as("alice").get(V3 + room + "/messages?dir=b&limit=1").expect(200).text("start");
    EventId three = reply("bob", root);

    assertThat(ids(relations("alice", root, "?from=" + client.since()).path("chunk")))
        .isEqualTo(ids(one));
    assertThat(ids(relations("alice", root, "?from=" + end).path("chunk")))
        .isEqualTo(ids(two, one));
    JsonNode between = relations("alice", root, "?to=" + client.since() + "&from=" + end);
    assertThat(ids(between.path("chunk"))).isEqualTo(ids(two));
    assertThat(between.path("prev_batch").asText()).isEqualTo(end);
    assertThat(ids(relations("alice", root, "?dir=f&from=" + end).path("chunk")))
        .isEqualTo(ids(three));
    assertThat(
            ids(
                relations("alice", root, "?dir=f&to=" + end + "&from=" + client.since())
                    .path("chunk")))
        .isEqualTo(ids(two));
    assertThat(
            ids(relations("alice", root, "?to=" + end + "&from=" + client.since()).path("chunk")))
        .isEmpty();
  }

  @Test
  void whatIsRedactedRelatesToNothingAndWhatRelatesToARedactedEventStays() {
    EventId kept = reply("bob", root);
    EventId redacted = reply("bob", root);
    rooms.redact(room, "bob", redacted);
    rooms.redact(room, "alice", root);

    assertThat(ids(relations("alice", root, "").path("chunk"))).isEqualTo(ids(kept));
  }

  @Test
  void whoCameLaterSeesNothingOfBefore() {
    rooms.set(room, "alice", "m.room.history_visibility", "", "{'history_visibility':'joined'}");
    EventId parent = rooms.say(room, "alice", "parent");
    reply("bob", parent);
    rooms.join(room, "late");
    EventId seen = rooms.say(room, "alice", "seen");
    EventId reply = reply("bob", seen);

    as("late")
        .get(V1 + room + "/relations/" + TestClient.encoded(parent.value()))
        .expect(404, "M_NOT_FOUND");
    assertThat(ids(relations("late", seen, "").path("chunk"))).isEqualTo(ids(reply));
  }

  @Test
  void whatSomebodyMayNotSeeOfWhatRelatesToAnEventIsLeftOut() {
    rooms.set(room, "alice", "m.room.history_visibility", "", "{'history_visibility':'joined'}");
    reply("bob", root);
    rooms.join(room, "late");
    EventId after = reply("bob", root);

    // The root was sent while the history was shared with all who would come.
    assertThat(ids(relations("late", root, "").path("chunk"))).isEqualTo(ids(after));
    assertThat(ids(relations("late", root, "?recurse=true").path("chunk"))).isEqualTo(ids(after));
    assertThat(bundle("late", root).at("/m.thread/count").asInt()).isEqualTo(1);
    assertThat(bundle("alice", root).at("/m.thread/count").asInt()).isEqualTo(2);
  }

  @Test
  void whoHasLeftSeesNothingOfAfterwards() {
    EventId before = reply("bob", root);
    rooms.leave(room, "carol");
    reply("bob", root);

    assertThat(ids(relations("carol", root, "").path("chunk"))).isEqualTo(ids(before));
    as("stranger")
        .get(V1 + room + "/relations/" + TestClient.encoded(root.value()))
        .expect(404, "M_NOT_FOUND");
  }

  @Test
  void eventsOfIgnoredUsersAreLeftOut() {
    EventId one = reply("carol", root);
    for (int i = 0; i < 30; i++) {
      reply("bob", root);
    }
    server.ignore("alice", "bob");

    assertThat(ids(relations("alice", root, "?limit=5").path("chunk"))).isEqualTo(ids(one));
    assertThat(ids(relations("alice", root, "?limit=5&recurse=true").path("chunk")))
        .isEqualTo(ids(one));
  }

  @Test
  void recursionFindsWhatRelatesToWhatRelatesToTheEvent() {
    EventId reply = reply("bob", root);
    EventId second = reply("carol", root);
    EventId reaction = reaction("alice", reply);
    EventId toReaction = reference("bob", reaction);
    EventId beyond = reference("bob", toReaction);

    JsonNode deep = relations("alice", root, "?recurse=true");

    assertThat(ids(deep.path("chunk"))).isEqualTo(ids(toReaction, reaction, second, reply));
    assertThat(deep.path("recursion_depth").asInt()).isEqualTo(3);
    assertThat(ids(relations("alice", reply, "?recurse=true").path("chunk")))
        .isEqualTo(ids(beyond, toReaction, reaction));
    assertThat(ids(relations("alice", root, "?recurse=true&dir=f").path("chunk")))
        .isEqualTo(ids(reply, second, reaction, toReaction));
    assertThat(paged("alice", root, "", "recurse=true&limit=1"))
        .isEqualTo(ids(toReaction, reaction, second, reply));
    assertThat(paged("alice", root, "", "recurse=true&limit=1&dir=f"))
        .isEqualTo(ids(reply, second, reaction, toReaction));
    JsonNode flat = relations("alice", root, "?recurse=false");
    assertThat(ids(flat.path("chunk"))).isEqualTo(ids(second, reply));
    assertThat(flat.path("recursion_depth").asInt()).isEqualTo(1);
  }

  @Test
  void recursionGoesThroughNothingThatDoesNotPass() {
    EventId reply = reply("bob", root);
    EventId reaction = reaction("alice", reply);
    EventId direct = reaction("alice", root);
    EventId toDirect = reaction("bob", direct);

    assertThat(ids(relations("alice", root, "/m.thread?recurse=true").path("chunk")))
        .isEqualTo(ids(reply));
    assertThat(ids(relations("alice", root, "/m.annotation/m.reaction?recurse=true").path("chunk")))
        .isEqualTo(ids(toDirect, direct))
        .doesNotContain(reaction.value());
  }

  @Test
  void whatRelatesToItselfByAnIdThatIsNotHereIsNoEvent() {
    RoomId other = rooms.open("alice", "shared");
    EventId foreign = rooms.say(other, "alice", "in another room");
    reply("bob", foreign);

    // "An example might be the parent and child being in different rooms."
    JsonNode answer =
        as("alice")
            .get(V1 + other + "/relations/" + TestClient.encoded(foreign.value()))
            .expect(200)
            .json();
    assertThat(answer.path("chunk")).isEmpty();
    assertThat(
            bundle(
                as("alice")
                    .get(V3 + other + "/event/" + TestClient.encoded(foreign.value()))
                    .expect(200)
                    .json()))
        .isEmpty();
  }
}
