package org.hearth.server.readers.sync;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.StreamSupport;
import org.hearth.server.http.TestClient;
import org.hearth.server.matrix.id.EventId;
import org.junit.jupiter.api.Test;

/// What is told together with an event of the events that relate to it.
class BundledAggregationsTest extends Relating {
  // --- edits

  @Test
  void theLatestEditIsToldWholeAndTheEventAsItWas() {
    edit("alice", root, "first");
    EventId second = edit("alice", root, "second");

    JsonNode event = event("bob", root);

    JsonNode edit = bundle(event).path("m.replace");
    assertThat(edit.path("event_id").asText()).isEqualTo(second.value());
    assertThat(edit.path("sender").asText()).isEqualTo("@alice:hearth.test");
    assertThat(edit.path("type").asText()).isEqualTo("m.room.message");
    assertThat(edit.has("origin_server_ts")).isTrue();
    assertThat(edit.path("room_id").asText()).isEqualTo(room.value());
    assertThat(edit.at("/content/m.new_content/body").asText()).isEqualTo("second");
    assertThat(event.at("/content/body").asText()).isEqualTo("root");
    assertThat(event.path("content").has("m.new_content")).isFalse();
  }

  @Test
  void aRedactedEditGivesWayToTheOneBefore() {
    EventId first = edit("alice", root, "first");
    EventId second = edit("alice", root, "second");

    rooms.redact(room, "alice", second);
    assertThat(bundle("bob", root).at("/m.replace/event_id").asText()).isEqualTo(first.value());
    rooms.redact(room, "alice", first);
    assertThat(bundle("bob", root)).isEmpty();
  }

  @Test
  void editsOfARedactedEventAreNotTold() {
    edit("alice", root, "edit");
    reply("bob", root);
    rooms.redact(room, "alice", root);

    JsonNode bundle = bundle("bob", root);

    assertThat(bundle.has("m.replace")).isFalse();
    // "Note that this behaviour is specific to the `m.replace` relationship."
    assertThat(bundle.has("m.thread")).isTrue();
  }

  @Test
  void editsThatAreNotValidAreNotTold() {
    EventId valid = edit("alice", root, "valid");
    for (int i = 0; i < 120; i++) {
      edit("bob", root, "of another");
    }
    edit("alice", "m.sticker", root, "of another type");
    related("alice", "m.room.message", "m.replace", root);
    edit("alice", valid, "an edit of an edit");

    assertThat(bundle("bob", root).at("/m.replace/event_id").asText()).isEqualTo(valid.value());
    assertThat(bundle("bob", valid)).isEmpty();
  }

  @Test
  void encryptedEditsAreFoundByWhatIsNotEncrypted() {
    EventId secret =
        rooms.send(room, "alice", "m.room.encrypted", "{'algorithm':'x','ciphertext':'y'}");
    EventId edit = related("alice", "m.room.encrypted", "m.replace", secret);

    assertThat(bundle("bob", secret).at("/m.replace/event_id").asText()).isEqualTo(edit.value());
  }

  @Test
  void stateHasNoBundle() {
    EventId topic = rooms.set(room, "alice", "m.room.topic", "", "{'topic':'x'}");
    edit("alice", "m.room.topic", topic, "edit");
    reply("bob", topic);
    reference("bob", topic);

    assertThat(bundle("bob", topic).isMissingNode()).isTrue();
  }

  // --- references

  @Test
  void referencesAreListedByTheirIds() {
    EventId one = reference("bob", root);
    EventId two = reference("carol", root);
    EventId redacted = reference("carol", root);
    rooms.redact(room, "carol", redacted);

    JsonNode references = bundle("alice", root).path("m.reference");

    assertThat(ids(references.path("chunk"))).isEqualTo(ids(one, two));
    assertThat(references.at("/chunk/0")).hasSize(1);
  }

  @Test
  void annotationsAreNotBundled() {
    reaction("bob", root);

    assertThat(event("alice", root).path("unsigned").has("m.relations")).isFalse();
  }

  // --- threads

  @Test
  void aThreadIsToldByItsLatestReplyWithWhatBelongsToThat() {
    reply("bob", root);
    EventId latest = reply("bob", root);
    EventId edit = edit("bob", latest, "edited");

    JsonNode thread = bundle("carol", root).path("m.thread");

    assertThat(thread.path("count").asInt()).isEqualTo(2);
    assertThat(thread.path("current_user_participated").asBoolean()).isFalse();
    assertThat(thread.at("/latest_event/event_id").asText()).isEqualTo(latest.value());
    assertThat(bundle(thread.path("latest_event")).at("/m.replace/event_id").asText())
        .isEqualTo(edit.value());
    assertThat(bundle("alice", root).at("/m.thread/current_user_participated").asBoolean())
        .isTrue();
    assertThat(bundle("bob", root).at("/m.thread/current_user_participated").asBoolean()).isTrue();
  }

  @Test
  void redactedRepliesDoNotCount() {
    EventId one = reply("bob", root);
    EventId two = reply("carol", root);
    EventId three = reply("bob", root);

    rooms.redact(room, "bob", three);
    JsonNode thread = bundle("alice", root).path("m.thread");
    assertThat(thread.path("count").asInt()).isEqualTo(2);
    assertThat(thread.at("/latest_event/event_id").asText()).isEqualTo(two.value());
    rooms.redact(room, "bob", one);
    assertThat(bundle("alice", root).at("/m.thread/count").asInt()).isEqualTo(1);
    assertThat(bundle("bob", root).at("/m.thread/current_user_participated").asBoolean()).isFalse();
    rooms.redact(room, "carol", two);
    assertThat(bundle("alice", root)).isEmpty();
  }

  @Test
  void repliesOfIgnoredUsersAreNeitherCountedNorTold() {
    EventId one = reply("carol", root);
    reply("bob", root);
    reference("bob", root);
    server.ignore("alice", "bob");

    JsonNode bundle = bundle("alice", root);

    assertThat(bundle.at("/m.thread/count").asInt()).isEqualTo(1);
    assertThat(bundle.at("/m.thread/latest_event/event_id").asText()).isEqualTo(one.value());
    assertThat(bundle.has("m.reference")).isFalse();
    assertThat(bundle("carol", root).at("/m.thread/count").asInt()).isEqualTo(2);
  }

  @Test
  void aThreadOfIgnoredUsersAloneIsNotTold() {
    for (int i = 0; i < 20; i++) {
      reply("bob", root);
    }
    server.ignore("alice", "bob");

    assertThat(bundle("alice", root)).isEmpty();
  }

  @Test
  void thereIsNoThreadOffAnEventThatRelatesToAnother() {
    EventId reply = reply("bob", root);
    reply("carol", reply);
    EventId rich =
        rooms.send(
            room,
            "bob",
            "m.room.message",
            "{'body':'x','m.relates_to':{'m.in_reply_to':{'event_id':'%s'}}}"
                .formatted(root.value()));
    reply("carol", rich);

    assertThat(bundle("alice", reply)).isEmpty();
    assertThat(bundle("alice", rich).at("/m.thread/count").asInt()).isEqualTo(1);
  }

  @Test
  void whoSeesALaterPartOfAThreadIsToldOfThatPart() {
    rooms.set(room, "alice", "m.room.history_visibility", "", "{'history_visibility':'joined'}");
    EventId hidden = edit("alice", root, "hidden");
    reference("bob", root);
    reply("bob", root);
    rooms.join(room, "late");

    assertThat(bundle("late", root)).isEmpty();
    EventId seen = edit("alice", root, "seen");
    EventId reply = reply("alice", root);

    JsonNode bundle = bundle("late", root);
    assertThat(bundle.at("/m.replace/event_id").asText())
        .isEqualTo(seen.value())
        .isNotEqualTo(hidden.value());
    assertThat(bundle.at("/m.thread/count").asInt()).isEqualTo(1);
    assertThat(bundle.at("/m.thread/latest_event/event_id").asText()).isEqualTo(reply.value());
    assertThat(bundle.has("m.reference")).isFalse();
  }

  // --- where

  private JsonNode rootIn(JsonNode events) {
    return StreamSupport.stream(events.spliterator(), false)
        .filter(each -> each.path("event_id").asText().equals(root.value()))
        .findFirst()
        .orElseThrow();
  }

  @Test
  void everyCallThatTellsOfEventsTellsWhatRelatesToThem() {
    EventId edit = edit("alice", root, "edit");
    EventId toRoot = reference("bob", root);
    EventId toReference = reference("bob", toRoot);
    TestClient bob = as("bob");

    JsonNode messages = bob.get(V3 + room + "/messages?dir=b").expect(200).json();
    JsonNode context =
        bob.get(V3 + room + "/context/" + TestClient.encoded(root.value())).expect(200).json();
    JsonNode after =
        bob.get(V3 + room + "/context/" + TestClient.encoded(edit.value())).expect(200).json();
    JsonNode related = relations("bob", root, "/m.reference");

    assertThat(bundle(rootIn(messages.path("chunk"))).at("/m.replace/event_id").asText())
        .isEqualTo(edit.value());
    assertThat(bundle(context.path("event")).at("/m.replace/event_id").asText())
        .isEqualTo(edit.value());
    assertThat(bundle(rootIn(after.path("events_before"))).at("/m.replace/event_id").asText())
        .isEqualTo(edit.value());
    assertThat(bundle(related.at("/chunk/0")).at("/m.reference/chunk/0/event_id").asText())
        .isEqualTo(toReference.value());
  }

  @Test
  void aTimelineThatIsLimitedHasBundlesAndAnotherHasAll() {
    SyncClient client = server.client("bob");
    client.sync();
    EventId message = rooms.say(room, "alice", "message");
    EventId edit = edit("alice", message, "edit");

    JsonNode whole = SyncClient.join(client.sync(), room).path("timeline");
    SyncClient limited = server.client("bob").with("filter", "{'room':{'timeline':{'limit':2}}}");
    JsonNode part = SyncClient.join(limited.sync(), room).path("timeline");

    assertThat(whole.path("limited").asBoolean()).isFalse();
    assertThat(ids(whole.path("events"))).isEqualTo(ids(message, edit));
    assertThat(bundle(whole.at("/events/0")).isMissingNode()).isTrue();
    assertThat(part.path("limited").asBoolean()).isTrue();
    JsonNode told = bundle(part.at("/events/0")).path("m.replace");
    assertThat(told.path("event_id").asText()).isEqualTo(edit.value());
    assertThat(told.has("room_id")).isFalse();
  }

  // --- bounds

  @Test
  void whatRelatesToAnEventManyTimesIsToldWithinBounds() {
    for (int i = 0; i < 150; i++) {
      reference("bob", root);
    }
    EventId last = reference("bob", root);

    List<String> told = new ArrayList<>(ids(bundle("alice", root).at("/m.reference/chunk")));

    assertThat(told).hasSize(100).endsWith(last.value()).doesNotHaveDuplicates();
  }
}
