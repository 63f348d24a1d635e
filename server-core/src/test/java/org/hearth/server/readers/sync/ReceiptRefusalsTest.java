package org.hearth.server.readers.sync;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import org.hearth.server.matrix.id.EventId;
import org.hearth.server.matrix.id.RoomId;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/// Which receipts are refused.
@Tag("long")
class ReceiptRefusalsTest extends ReceiptRoom {
  @Test
  void aThreadIsOfTheEventsThatBelongToIt() {
    EventId root = say("root");
    EventId inThread = relate("m.thread", root);
    EventId reaction = relate("m.annotation", inThread);
    EventId reactionToRoot = relate("m.annotation", root);
    EventId otherRoot = say("other");
    EventId inOther = relate("m.thread", otherRoot);
    for (EventId each : List.of(root, inThread, reaction, reactionToRoot)) {
      read("bob", each, root.value());
    }
    for (EventId each : List.of(root, reactionToRoot, otherRoot)) {
      read("bob", each, "main");
    }

    for (EventId each : List.of(inThread, reaction, inOther)) {
      post("bob", room, "m.read", each.value(), "{'thread_id':'main'}")
          .expect(400, "M_INVALID_PARAM");
    }
    for (EventId each : List.of(otherRoot, inOther)) {
      post("bob", room, "m.read", each.value(), "{'thread_id':'" + root.value() + "'}")
          .expect(400, "M_INVALID_PARAM");
    }
  }

  @ParameterizedTest
  @ValueSource(
      strings = {"1", "null", "''", "['main']", "{}", "'Main'", "'$'", "'nobody'", "'$a\\u0000:b'"})
  void aThreadIdIsMainOrAnEventId(String thread) {
    EventId event = say("hello");

    post("alice", room, "m.read", event.value(), "{'thread_id':" + thread + "}")
        .expect(400, "M_INVALID_PARAM");
    assertThat(rows()).isZero();
  }

  @Test
  void idsOfAnySizeAreRefused() {
    EventId event = say("hello");
    String huge = "$" + "x".repeat(50_000);

    post("alice", room, "m.read", event.value(), "{'thread_id':'" + huge + "'}")
        .expect(400, "M_INVALID_PARAM");
    markers("alice", room, "{'m.read':'" + huge + "'}").expect(400, "M_INVALID_PARAM");
    markers("alice", room, "{'m.fully_read':'" + huge + "'}").expect(400, "M_INVALID_PARAM");
    post("alice", room, "m.read", "$" + "x".repeat(1_000), "{}").expect(400, "M_INVALID_PARAM");
    assertThat(rows()).isZero();
  }

  @ParameterizedTest
  @ValueSource(strings = {"m.read", "m.read.private", "m.fully_read"})
  void onlyEventsOfTheRoomThatTheUserMaySeeAreMarked(String type) {
    RoomId hidden = rooms.open("alice", "joined");
    EventId before = rooms.say(hidden, "alice", "before carol");
    rooms.join(hidden, "carol");
    EventId after = rooms.say(hidden, "alice", "after");
    RoomId other = rooms.open("alice", "shared");
    EventId foreign = rooms.say(other, "alice", "elsewhere");

    for (EventId each : List.of(before, foreign, EventId.parse("$unknown:hearth.test"))) {
      post("carol", hidden, type, each.value(), "{}").expect(404, "M_NOT_FOUND");
      markers("carol", hidden, "{'%s':'%s'}".formatted(type, each.value()))
          .expect(404, "M_NOT_FOUND");
    }
    post("carol", hidden, type, "no-event", "{}").expect(400, "M_INVALID_PARAM");
    post("carol", other, type, foreign.value(), "{}").expect(403, "M_FORBIDDEN");
    markers("carol", other, "{}").expect(403, "M_FORBIDDEN");
    assertThat(rows()).isZero();

    post("carol", hidden, type, after.value(), "{}").expect(200);
  }

  @Test
  void whoMayNotIsRefused() {
    EventId event = say("hello");
    rooms.join(room, "carol");
    rooms.ban(room, "alice", "carol");

    post("carol", room, "m.read", event.value(), "{}").expect(403, "M_FORBIDDEN");
    post("stranger", room, "m.read", event.value(), "{}").expect(403, "M_FORBIDDEN");
    post("guest1", room, "m.read", event.value(), "{}").expect(403, "M_GUEST_ACCESS_FORBIDDEN");
    markers("guest1", room, "{}").expect(403, "M_GUEST_ACCESS_FORBIDDEN");
    post("alice", RoomId.parse("!none:hearth.test"), "m.read", event.value(), "{}")
        .expect(403, "M_FORBIDDEN");
    post("alice", room, "m.delivered", event.value(), "{}").expect(400, "M_INVALID_PARAM");
    post("alice", room, "m.fully_read", event.value(), "{'thread_id':'main'}")
        .expect(400, "M_INVALID_PARAM");
    markers("alice", room, "{'m.read':1}").expect(400, "M_BAD_JSON");
    assertThat(rows()).isZero();
  }
}
