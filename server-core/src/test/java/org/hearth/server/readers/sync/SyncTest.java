package org.hearth.server.readers.sync;

import static org.assertj.core.api.Assertions.assertThat;
import static org.hearth.server.readers.sync.SyncClient.events;
import static org.hearth.server.readers.sync.SyncClient.join;
import static org.hearth.server.readers.sync.SyncClient.section;

import com.fasterxml.jackson.databind.JsonNode;
import java.util.ArrayList;
import java.util.List;
import org.hearth.server.matrix.id.EventId;
import org.hearth.server.matrix.id.RoomId;
import org.junit.jupiter.api.Test;

/// What `/sync` tells of rooms, with the real Room Server, over Derby and HTTP. Every test has
/// users of its own.
class SyncTest extends OneSyncServer {
  @Test
  void aFirstSyncTellsTheNewestEventsAndTheStateBeforeThem() {
    RoomId room = rooms.open("a1", "shared");
    for (int i = 0; i < 9; i++) {
      rooms.say(room, "a1", "message " + i);
    }

    JsonNode answer = server.client("a1").sync();

    JsonNode joined = join(answer, room);
    assertThat(events(joined.path("timeline")))
        .containsExactly(
            "m.room.history_visibility",
            "message 0",
            "message 1",
            "message 2",
            "message 3",
            "message 4",
            "message 5",
            "message 6",
            "message 7",
            "message 8");
    assertThat(joined.path("timeline").path("limited").asBoolean()).isTrue();
    assertThat(events(joined.path("state")))
        .containsExactly(
            "m.room.create",
            "m.room.member @a1:hearth.test",
            "m.room.power_levels",
            "m.room.join_rules");
    assertThat(joined.path("summary").path("m.joined_member_count").asInt()).isEqualTo(1);
    assertThat(joined.path("summary").path("m.invited_member_count").asInt()).isZero();
    assertThat(joined.path("unread_notifications").path("highlight_count").isInt()).isTrue();
    assertThat(joined.path("timeline").path("events").get(0).has("room_id")).isFalse();
  }

  @Test
  void aShortRoomIsWhollyInTheTimeline() {
    RoomId room = rooms.open("a2", "shared");

    JsonNode joined = join(server.client("a2").sync(), room);

    assertThat(events(joined.path("timeline"))).hasSize(5);
    assertThat(joined.path("timeline").path("limited").asBoolean()).isFalse();
    assertThat(events(joined.path("state"))).isEmpty();
  }

  @Test
  void theNextSyncTellsOnlyWhatIsNew() {
    RoomId room = rooms.open("a3", "shared");
    SyncClient client = server.client("a3");
    client.sync();
    rooms.say(room, "a3", "new");

    JsonNode joined = join(client.sync(), room);

    assertThat(events(joined.path("timeline"))).containsExactly("new");
    assertThat(joined.path("timeline").path("limited").asBoolean()).isFalse();
    assertThat(events(joined.path("state"))).isEmpty();
    assertThat(client.sync().has("rooms")).isFalse();
  }

  @Test
  void aGapIsToldAndItsStateChangesWithIt() {
    RoomId room = rooms.open("a4", "shared");
    SyncClient client = server.client("a4").with("filter", "{'room':{'timeline':{'limit':3}}}");
    client.sync();
    String before = client.since();
    rooms.name(room, "a4", "first");
    EventId second = rooms.name(room, "a4", "second");
    for (int i = 0; i < 5; i++) {
      rooms.say(room, "a4", "message " + i);
    }

    JsonNode joined = join(client.sync(), room);

    assertThat(events(joined.path("timeline")))
        .containsExactly("message 2", "message 3", "message 4");
    assertThat(joined.path("timeline").path("limited").asBoolean()).isTrue();
    assertThat(joined.path("state").path("events")).hasSize(1);
    assertThat(joined.path("state").path("events").get(0).path("event_id").asText())
        .isEqualTo(second.value());
    JsonNode gap =
        client
            .http()
            .get(
                "/_matrix/client/v3/rooms/%s/messages?dir=b&limit=50&from=%s&to=%s"
                    .formatted(
                        room.value(), joined.path("timeline").path("prev_batch").asText(), before))
            .expect(200)
            .json();
    List<String> said = new ArrayList<>();
    gap.path("chunk").forEach(each -> said.add(SyncClient.said(each)));
    assertThat(said).containsExactly("message 1", "message 0", "m.room.name", "m.room.name");
  }

  @Test
  void stateThatAFilterKeepsOutOfTheTimelineIsToldAsState() {
    RoomId room = rooms.open("a5", "shared");
    SyncClient client =
        server.client("a5").with("filter", "{'room':{'timeline':{'types':['m.room.message']}}}");
    client.sync();
    rooms.say(room, "a5", "before");
    EventId name = rooms.name(room, "a5", "name");
    rooms.say(room, "a5", "after");

    JsonNode joined = join(client.sync(), room);

    assertThat(events(joined.path("timeline"))).containsExactly("before", "after");
    assertThat(joined.path("state").path("events").get(0).path("event_id").asText())
        .isEqualTo(name.value());
    assertThat(client.room(room).state()).containsEntry("m.room.name|", name.value());
  }

  @Test
  void stateAfterIsToldAsOfTheEndOfTheTimeline() {
    RoomId room = rooms.open("a6", "shared");
    SyncClient client = server.client("a6").with("use_state_after", "true");
    JsonNode first = join(client.sync(), room);
    assertThat(events(first.path("timeline"))).hasSize(5);
    assertThat(events(first.path("state_after"))).hasSize(5);
    assertThat(first.has("state")).isFalse();
    rooms.say(room, "a6", "hello");
    assertThat(events(join(client.sync(), room).path("state_after"))).isEmpty();
    EventId name = rooms.name(room, "a6", "name");

    JsonNode second = join(client.sync(), room);

    assertThat(events(second.path("timeline"))).containsExactly("m.room.name");
    assertThat(second.path("state_after").path("events").get(0).path("event_id").asText())
        .isEqualTo(name.value());
  }

  @Test
  void fullStateIsToldWhateverTheClientHas() {
    RoomId room = rooms.open("a7", "shared");
    SyncClient client = server.client("a7");
    client.sync();
    rooms.say(room, "a7", "new");

    JsonNode joined =
        join(
            client
                .http()
                .get(
                    "/_matrix/client/v3/sync?full_state=true&timeout=30000&since=" + client.since())
                .expect(200)
                .json(),
            room);

    assertThat(events(joined.path("timeline"))).containsExactly("new");
    assertThat(events(joined.path("state"))).hasSize(5);
  }

  @Test
  void anInvitationComesWithStrippedState() {
    RoomId room = rooms.create("a8", "invite", "shared");
    rooms.name(room, "a8", "Party");
    SyncClient guest = server.client("b8");
    guest.sync();
    rooms.invite(room, "a8", "b8");

    JsonNode answer = guest.sync();

    JsonNode state = section(answer, "invite", room).path("invite_state");
    assertThat(events(state))
        .contains(
            "m.room.create", "m.room.name", "m.room.join_rules", "m.room.member @b8:hearth.test");
    state
        .path("events")
        .forEach(each ->
            assertThat(each.properties().stream().map(java.util.Map.Entry::getKey))
                .containsExactlyInAnyOrder("type", "state_key", "sender", "content"));
    assertThat(answer.at("/rooms/join").isMissingNode()).isTrue();
    assertThat(guest.sync().has("rooms")).isFalse();
    assertThat(section(server.client("b8", "TABLET").sync(), "invite", room).isMissingNode())
        .isFalse();
  }

  @Test
  void whoKnocksIsToldSo() {
    RoomId room = rooms.create("a9", "knock", "shared");
    SyncClient client = server.client("b9");
    client.sync();
    rooms.knock(room, "b9");

    JsonNode answer = client.sync();

    assertThat(events(section(answer, "knock", room).path("knock_state")))
        .contains("m.room.create", "m.room.member @b9:hearth.test");
  }

  @Test
  void whoJoinsIsToldEverythingWithAGap() {
    RoomId room = rooms.open("a10", "shared");
    rooms.say(room, "a10", "before");
    SyncClient client = server.client("b10");
    client.sync();
    rooms.join(room, "b10");

    JsonNode joined = join(client.sync(), room);

    assertThat(events(joined.path("timeline")))
        .endsWith("before", "m.room.member @b10:hearth.test");
    assertThat(joined.path("timeline").path("limited").asBoolean()).isTrue();
    assertThat(client.room(room).state()).hasSize(6);
    assertThat(joined.path("summary").path("m.joined_member_count").asInt()).isEqualTo(2);
    assertThat(joined.path("summary").path("m.heroes").get(0).asText())
        .isEqualTo("@a10:hearth.test");
  }

  @Test
  void whoJoinsDoesNotSeeWhatWasSaidBeforeWhereOnlyMembersMay() {
    RoomId room = rooms.open("a11", "joined");
    rooms.say(room, "a11", "secret");
    rooms.name(room, "a11", "Name");
    SyncClient client = server.client("b11");
    client.sync();
    rooms.join(room, "b11");
    rooms.say(room, "a11", "welcome");

    JsonNode joined = join(client.sync(), room);

    assertThat(events(joined.path("timeline")))
        .endsWith("m.room.history_visibility", "m.room.member @b11:hearth.test", "welcome");
    assertThat(joined.path("timeline").toString()).doesNotContain("secret", "Name");
    assertThat(client.room(room).state()).containsKey("m.room.name|");
  }

  @Test
  void whoLeavesIsToldUpToThenAndNothingAfter() {
    RoomId room = rooms.open("a12", "shared");
    rooms.join(room, "b12");
    SyncClient client = server.client("b12");
    client.sync();
    rooms.say(room, "a12", "bye");
    rooms.kick(room, "a12", "b12");
    rooms.say(room, "a12", "secret");
    rooms.name(room, "a12", "secret name");

    JsonNode answer = client.sync();

    JsonNode left = section(answer, "leave", room);
    assertThat(events(left.path("timeline")))
        .containsExactly("bye", "m.room.member @b12:hearth.test");
    assertThat(events(left.path("state"))).isEmpty();
    assertThat(answer.toString()).doesNotContain("secret");
    rooms.say(room, "a12", "another secret");
    assertThat(client.sync().has("rooms")).isFalse();
    assertThat(server.client("b12", "TABLET").sync().has("rooms")).isFalse();
  }

  @Test
  void roomsThatWereLeftAreToldToWhoAsksForThemUnlessForgotten() {
    RoomId left = rooms.open("a13", "shared");
    rooms.join(left, "b13");
    rooms.say(left, "a13", "then");
    rooms.leave(left, "b13");
    rooms.say(left, "a13", "later");
    RoomId forgotten = rooms.open("a13", "shared");
    rooms.join(forgotten, "b13");
    rooms.leave(forgotten, "b13");
    rooms.forget(forgotten, "b13");

    JsonNode answer = server.client("b13").with("filter", "{'room':{'include_leave':true}}").sync();

    assertThat(events(section(answer, "leave", left).path("timeline")))
        .endsWith("then", "m.room.member @b13:hearth.test")
        .doesNotContain("later");
    assertThat(section(answer, "leave", forgotten).isMissingNode()).isTrue();
  }

  @Test
  void whoDeclinesAnInvitationIsToldNothingOfTheRoom() {
    RoomId room = rooms.create("a14", "invite", "shared");
    rooms.say(room, "a14", "secret");
    rooms.invite(room, "a14", "b14");
    SyncClient client = server.client("b14");
    client.sync();
    rooms.leave(room, "b14");

    JsonNode left = section(client.sync(), "leave", room);

    assertThat(events(left.path("timeline"))).containsExactly("m.room.member @b14:hearth.test");
    assertThat(events(left.path("state"))).isEmpty();
  }

  @Test
  void whoIsBannedWithoutEverHavingBeenThereHearsOfTheBanAlone() {
    RoomId room = rooms.open("a15", "shared");
    SyncClient client = server.client("b15");
    client.sync();
    EventId ban = rooms.ban(room, "a15", "b15");

    JsonNode left = section(client.sync(), "leave", room);

    assertThat(left.at("/timeline/events")).hasSize(1);
    assertThat(left.at("/timeline/events/0/event_id").asText()).isEqualTo(ban.value());
    assertThat(left.at("/state/events")).isEmpty();
  }

  @Test
  void whoWasAwayForAWhileIsToldEverythingAnew() {
    RoomId room = rooms.open("a16", "joined");
    rooms.join(room, "b16");
    SyncClient client = server.client("b16");
    client.sync();
    rooms.leave(room, "b16");
    rooms.say(room, "a16", "secret");
    EventId name = rooms.name(room, "a16", "new name");
    rooms.join(room, "b16");

    JsonNode joined = join(client.sync(), room);

    assertThat(events(joined.path("timeline"))).doesNotContain("secret");
    assertThat(joined.path("timeline").path("limited").asBoolean()).isTrue();
    assertThat(client.room(room).state()).containsEntry("m.room.name|", name.value());
  }

  @Test
  void onlyTheDeviceThatSentAnEventSeesItsTransaction() {
    RoomId room = rooms.open("a17", "shared");
    SyncClient phone = server.client("a17", "PHONE");
    SyncClient tablet = server.client("a17", "TABLET");
    phone.sync();
    tablet.sync();
    rooms.say(room, "a17", "mine", TestRooms.transaction("PHONE", "txn1"));

    JsonNode own = join(phone.sync(), room).path("timeline").path("events").get(0);
    JsonNode other = join(tablet.sync(), room).path("timeline").path("events").get(0);

    assertThat(own.path("unsigned").path("transaction_id").asText()).isEqualTo("txn1");
    assertThat(other.path("unsigned").has("transaction_id")).isFalse();
  }

  @Test
  void anEventTellsWhatItReplacedAndWhatTheReaderWasThen() {
    RoomId room = rooms.open("a18", "shared");
    EventId first = rooms.name(room, "a18", "first");
    rooms.join(room, "b18");
    rooms.name(room, "a18", "second");

    JsonNode timeline = join(server.client("b18").sync(), room).path("timeline").path("events");

    JsonNode second = timeline.get(timeline.size() - 1).path("unsigned");
    assertThat(second.path("prev_content").path("name").asText()).isEqualTo("first");
    assertThat(second.path("replaces_state").asText()).isEqualTo(first.value());
    assertThat(second.path("membership").asText()).isEqualTo("join");
    assertThat(second.path("age").isIntegralNumber()).isTrue();
    JsonNode before = timeline.get(timeline.size() - 3).path("unsigned");
    assertThat(before.path("membership").asText()).isEqualTo("leave");
  }

  @Test
  void aRedactedEventIsRedactedForWhoComesLater() {
    RoomId room = rooms.open("a19", "shared");
    SyncClient early = server.client("a19", "PHONE");
    early.sync();
    EventId event = rooms.say(room, "a19", "regrettable");
    early.sync();
    EventId redaction = rooms.redact(room, "a19", event);

    JsonNode told = join(early.sync(), room).path("timeline").path("events").get(0);
    JsonNode later = server.client("a19", "TABLET").sync();

    assertThat(told.path("event_id").asText()).isEqualTo(redaction.value());
    assertThat(told.path("redacts").asText()).isEqualTo(event.value());
    assertThat(later.toString()).doesNotContain("regrettable");
    JsonNode events = join(later, room).path("timeline").path("events");
    JsonNode redacted = events.get(events.size() - 2);
    assertThat(redacted.path("event_id").asText()).isEqualTo(event.value());
    assertThat(redacted.path("unsigned").path("redacted_because").path("event_id").asText())
        .isEqualTo(redaction.value());
    assertThat(early.look("s0").toString()).doesNotContain("regrettable");
  }

  @Test
  void whatAnEventReplacedIsRedactedToo() {
    RoomId room = rooms.open("a20", "shared");
    EventId first = rooms.name(room, "a20", "regrettable");
    rooms.name(room, "a20", "better");
    rooms.redact(room, "a20", first);

    assertThat(server.client("a20").sync().toString()).doesNotContain("regrettable");
  }

  @Test
  void stateThatWasToldToManyIsToldRedactedAtOnce() {
    RoomId room = rooms.open("a21", "shared");
    EventId topic = rooms.set(room, "a21", "m.room.topic", "", "{'topic':'regrettable'}");
    for (int i = 0; i < 20; i++) {
      rooms.say(room, "a21", "message " + i);
    }
    assertThat(server.client("a21").sync().toString()).contains("regrettable");

    EventId redaction = rooms.redact(room, "a21", topic);
    JsonNode state = join(server.client("a21").sync(), room).path("state").path("events");

    assertThat(state.toString()).doesNotContain("regrettable");
    assertThat(state.findParents("redacted_because"))
        .singleElement()
        .satisfies(unsigned ->
            assertThat(unsigned.at("/redacted_because/event_id").asText())
                .isEqualTo(redaction.value()));
  }

  @Test
  void stateSaysItsAgeAndWhatTheUserWasThen() {
    RoomId room = rooms.open("a22", "shared");
    rooms.join(room, "a23");
    for (int i = 0; i < 20; i++) {
      rooms.say(room, "a22", "message " + i);
    }

    JsonNode state = join(server.client("a23").sync(), room).path("state").path("events");

    assertThat(state)
        .hasSize(6)
        .allSatisfy(each -> {
          assertThat(each.path("unsigned").path("age").asLong()).isNotNegative();
          assertThat(each.path("unsigned").path("membership").asText())
              .isEqualTo(each.path("state_key").asText().contains("a23") ? "join" : "leave");
          assertThat(each.path("unsigned")).hasSize(2);
          assertThat(each.has("room_id")).isFalse();
        });
  }
}
