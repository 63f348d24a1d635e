package org.hearth.server.readers.push;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import java.io.IOException;
import java.util.List;
import org.hearth.server.http.TestClient;
import org.hearth.server.logs.NotificationOutput;
import org.hearth.server.logs.ReceiptOutput;
import org.hearth.server.matrix.auth.Membership;
import org.hearth.server.matrix.event.EventDraft;
import org.hearth.server.matrix.event.EventTypes;
import org.hearth.server.matrix.id.EventId;
import org.hearth.server.matrix.id.RoomId;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

/// What a gateway that takes everything is told.
class PushTest {
  @RegisterExtension private final PushServer server = new PushServer();
  private Gateway gateway;
  private TestClient bob;
  private RoomId room;

  @BeforeEach
  void open() throws IOException {
    gateway = new Gateway();
    bob = server.http("bob", "PHONE");
    room = server.room();
  }

  @AfterEach
  void close() {
    gateway.close();
  }

  @Test
  void anEventIsToldInFull() {
    server.set(room, EventTypes.NAME, "{'name':'Lounge'}");
    server.set(room, EventTypes.CANONICAL_ALIAS, "{'alias':'#lounge:hearth.test'}");
    server.set(bob, "key", gateway.url(), ", 'org.test': {'a': 1}").expect(200);

    EventId event = server.say(room, "hello");
    server.unread().set(PushServer.user("bob"), room, 3);
    server.publish(
        server.notified(
            event,
            PushServer.json("{'set_tweak':'sound','value':'ring'}"),
            PushServer.json("{'set_tweak':'highlight'}")));

    JsonNode told = gateway.next();
    long set = server.clock().instant().getEpochSecond();
    assertThat(told)
        .isEqualTo(
            PushServer.json(
                """
                {'event_id': '%s', 'room_id': '%s', 'prio': 'high', 'type': 'm.room.message',
                 'sender': '@alice:hearth.test',
                 'content': {'msgtype': 'm.text', 'body': 'hello'},
                 'sender_display_name': 'Alice', 'room_name': 'Lounge',
                 'room_alias': '#lounge:hearth.test', 'counts': {'unread': 3},
                 'devices': [{'app_id': 'org.test.app', 'pushkey': 'key', 'pushkey_ts': %d,
                   'data': {'org.test': {'a': 1}},
                   'tweaks': {'sound': 'ring', 'highlight': true}}]}\
                """
                    .formatted(event, room, set)));
  }

  @Test
  void onRequestNoMoreIsToldThanWhichEventItIs() {
    server.set(room, EventTypes.NAME, "{'name':'Lounge'}");
    server.set(bob, "key", gateway.url(), ", 'format': 'event_id_only'").expect(200);

    EventId event = server.say(room, "hello");
    server.unread().set(PushServer.user("bob"), room, 1);
    server.publish(server.notified(event, PushServer.json("{'set_tweak':'sound','value':'x'}")));

    JsonNode told = gateway.next();
    assertThat(told.propertyStream().map(java.util.Map.Entry::getKey))
        .containsExactlyInAnyOrder("event_id", "room_id", "prio", "counts", "devices");
    assertThat(told.at("/event_id").asText()).isEqualTo(event.value());
    assertThat(told.at("/prio").asText()).isEqualTo("high");
    assertThat(told.at("/devices/0/data"))
        .isEqualTo(PushServer.json("{'format': 'event_id_only'}"));
    assertThat(told.at("/devices/0").has("tweaks")).isFalse();
  }

  @Test
  void whatMakesNoSoundMayComeLaterUnlessTheDeviceMustLookItself() {
    server.set(bob, "key", gateway.url(), "").expect(200);

    server.say(room, "hello", 1);
    assertThat(gateway.next().path("prio").asText()).isEqualTo("low");

    EventId encrypted =
        server.send(
            EventDraft.message(
                room, PushServer.user("alice"), EventTypes.ENCRYPTED, PushServer.json("{}")));
    server.publish(server.notified(encrypted));
    assertThat(gateway.next().path("prio").asText()).isEqualTo("high");
  }

  @Test
  void anInvitationIsToldWithWhatItShows() {
    server.set(room, EventTypes.NAME, "{'name':'Lounge'}");
    TestClient carol = server.http("carol", "PHONE");
    server.set(carol, "key", gateway.url(), "").expect(200);

    EventId invitation = server.change(room, "alice", "carol", Membership.INVITE);
    server.publish(forCarol(invitation));

    JsonNode told = gateway.next();
    assertThat(told.path("user_is_target").asBoolean()).isTrue();
    assertThat(told.path("room_name").asText()).isEqualTo("Lounge");
    assertThat(told.path("sender_display_name").asText()).isEqualTo("Alice");
    assertThat(told.at("/content/membership").asText()).isEqualTo("invite");
    assertThat(told.path("counts")).isEmpty();

    EventId withdrawn = server.change(room, "alice", "dora", Membership.INVITE);
    server.change(room, "alice", "dora", Membership.LEAVE);
    TestClient dora = server.http("dora", "PHONE");
    assertThat(PushServer.pushkeys(dora)).isEmpty();
    assertThat(withdrawn).isNotEqualTo(invitation);
  }

  @Test
  void aRoomWithoutANameIsNamedAsClientsNameIt() {
    server.set(bob, "key", gateway.url(), "").expect(200);
    assertThat(nextAbout(server.say(room, "one")).has("room_name")).isFalse();

    for (String each : List.of("carol", "dora", "emil", "fred", "gina", "hugo")) {
      server.change(room, "alice", each, Membership.INVITE);
    }
    assertThat(nextAbout(server.say(room, "two")).path("room_name").asText())
        .isEqualTo(
            "Alice, @carol:hearth.test, @dora:hearth.test, @emil:hearth.test, @fred:hearth.test"
                + " +2");

    server.set(room, EventTypes.CANONICAL_ALIAS, "{'alias':'#lounge:hearth.test'}");
    assertThat(nextAbout(server.say(room, "three")).path("room_name").asText())
        .isEqualTo("#lounge:hearth.test");
    server.set(room, EventTypes.NAME, "{'name':'Lounge'}");
    assertThat(nextAbout(server.say(room, "four")).path("room_name").asText()).isEqualTo("Lounge");
  }

  @Test
  void membersOfOneNameAreToldApart() {
    server.set(bob, "key", gateway.url(), "").expect(200);
    server.joinAs(room, "carol", "Alice");
    server.joinAs(room, "dora", "D".repeat(101));

    assertThat(nextAbout(server.say(room, "hello")).path("room_name").asText())
        .isEqualTo("Alice (@alice:hearth.test), Alice (@carol:hearth.test), @dora:hearth.test");
  }

  private JsonNode nextAbout(EventId event) {
    server.unread().set(PushServer.user("bob"), room, 1);
    server.publish(server.notified(event));
    JsonNode told = gateway.next();
    assertThat(told.path("event_id").asText()).isEqualTo(event.value());
    return told;
  }

  private NotificationOutput.Notified forCarol(EventId event) {
    NotificationOutput.Notified bobs = server.notified(event);
    return new NotificationOutput.Notified(
        bobs.position(),
        room,
        event,
        ReceiptOutput.MAIN,
        bobs.ts(),
        List.of(
            new NotificationOutput.Audience(
                bobs.audiences().getFirst().actions(), false, List.of(PushServer.user("carol")))));
  }

  @Test
  void whatWasReadRedactedOrLeftMeanwhileIsNotTold() {
    server.set(bob, "key", gateway.url(), "").expect(200);
    RoomId left = server.room();
    EventId here = server.say(room, "redacted");
    server.send(
        EventDraft.redaction(
            room, PushServer.user("alice"), here, PushServer.json("{'redacts':'" + here + "'}")));
    RoomId read = server.room();
    EventId known = server.say(read, "read");
    EventId there = server.say(left, "where he was");
    server.change(left, "bob", "bob", Membership.LEAVE);
    server.unread().set(PushServer.user("bob"), room, 2);
    server.unread().set(PushServer.user("bob"), left, 1);

    server.publish(server.notified(here));
    server.publish(server.notified(known));
    server.publish(server.notified(there));
    EventId last = server.say(room, "last", 2);

    assertThat(gateway.next().path("event_id").asText()).isEqualTo(last.value());
    assertThat(gateway.waiting()).isZero();
  }

  @Test
  void whatWasBeforeAPusherIsNotForIt() {
    EventId before = server.say(room, "before");
    server.set(bob, "key", gateway.url(), "").expect(200);
    server.publish(server.notified(before));

    EventId after = server.say(room, "after", 2);

    assertThat(gateway.next().path("event_id").asText()).isEqualTo(after.value());
  }

  @Test
  void anEventOfADamagedRoomKeepsNothingElseFromBeingTold() {
    server.set(bob, "key", gateway.url(), "").expect(200);
    RoomId damaged = server.room();
    EventId unreadable = server.say(damaged, "damaged");
    server.change("UPDATE room_event SET json = NULL WHERE event_id = ?", unreadable.value());
    server.unread().set(PushServer.user("bob"), damaged, 1);
    server.publish(server.notified(unreadable));
    EventId other = server.say(room, "hello", 1);

    String told = gateway.next().path("event_id").asText();
    assertThat(told.equals(other.value()) ? told : gateway.next().path("event_id").asText())
        .isEqualTo(other.value());
  }

  @Test
  void whoReadsHasTheBadgeToldOnceAfterAMoment() {
    server.set(bob, "key", gateway.url(), ", 'format': 'event_id_only'").expect(200);
    RoomId other = server.room();
    server.say(room, "hello", 1);
    gateway.next();
    server.say(other, "hello", 2);
    assertThat(gateway.next().at("/counts/unread").asInt()).isEqualTo(3);

    server.read(room, 0);
    server.read(other, 1);
    server.read(other, 0);
    assertThat(gateway.waiting()).isZero();
    server.advanceUntil(Worker.BADGE_PAUSE, () -> gateway.waiting() > 0);

    JsonNode badge = gateway.next();
    assertThat(badge.has("event_id")).isFalse();
    assertThat(badge.path("prio").asText()).isEqualTo("low");
    assertThat(badge.path("counts")).isEqualTo(PushServer.json("{'unread': 0}"));
    assertThat(badge.at("/devices/0/pushkey").asText()).isEqualTo("key");

    // A notification that comes first tells of the badge, too.
    server.read(room, 0);
    server.say(room, "again", 1);
    assertThat(gateway.next().at("/counts/unread").asInt()).isEqualTo(1);
    server.advanceUntil(Worker.BADGE_PAUSE, () -> server.alarms() == 0);
    server.say(room, "and again", 2);
    assertThat(gateway.next().has("event_id")).isTrue();
    assertThat(gateway.waiting()).isZero();
  }

  @Test
  void tweaksThatAreTooLargeAreLeftOutButForTheHighlight() {
    server.set(bob, "key", gateway.url(), "").expect(200);
    EventId event = server.say(room, "hello");
    server.unread().set(PushServer.user("bob"), room, 1);

    server.publish(
        server.notified(
            event,
            PushServer.json("{'set_tweak':'org.test','value':'" + "x".repeat(5_000) + "'}"),
            PushServer.json("{'set_tweak':'highlight','value':true}")));

    assertThat(gateway.next().at("/devices/0/tweaks"))
        .isEqualTo(PushServer.json("{'highlight': true}"));
  }
}
