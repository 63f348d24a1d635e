package org.hearth.server.readers.sync;

import static org.assertj.core.api.Assertions.assertThat;
import static org.hearth.server.readers.sync.SyncClient.join;

import com.fasterxml.jackson.databind.JsonNode;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import org.hearth.server.matrix.id.EventId;
import org.hearth.server.readers.sync.view.SyncUsers;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/// Receipts from the request that sets them to the `/sync` that waits for them.
@Tag("long")
class ReceiptTest extends ReceiptRoom {
  @Test
  void wakesWhoIsInTheRoomAndIsKept() throws Exception {
    EventId first = say("first");
    EventId second = say("second");
    bob.sync();
    long before = System.currentTimeMillis();
    Future<JsonNode> waiting = waiting("bob", () -> bob.sync(LONG));

    read("alice", first);

    JsonNode answer = answer(waiting);
    assertThat(receipts(answer)).containsExactly(Map.entry(isRead("alice"), first.value()));
    assertThat(join(answer, room).at("/timeline/events")).isEmpty();
    assertThat(answer.findPath("ts").asLong()).isBetween(before, System.currentTimeMillis());
    assertThat(bob.sync().has("rooms")).isFalse();

    String since = bob.since();
    read("alice", second);
    Map<String, String> now = Map.of(isRead("alice"), second.value());
    assertThat(receipts(bob.sync())).isEqualTo(now);
    assertThat(receipts(bob.look(since))).as("a token that is shown again").isEqualTo(now);
    assertThat(receiptsFromNothing("bob")).isEqualTo(now);

    restart();

    assertThat(receiptsFromNothing("bob")).isEqualTo(now);
    assertThat(receipts(bob.look(since))).isEqualTo(now);
    assertThat(bob.sync().has("rooms")).isFalse();
  }

  @Test
  void neverMovesBackwards() {
    EventId first = say("first");
    EventId second = say("second");
    EventId third = say("third");
    read("alice", second);
    bob.sync();

    read("alice", first);
    read("alice", second);
    assertThat(bob.sync().has("rooms")).isFalse();
    restart();
    read("alice", first);
    assertThat(bob.sync().has("rooms")).isFalse();

    read("alice", third);
    assertThat(receipts(bob.sync())).containsExactly(Map.entry(isRead("alice"), third.value()));
    assertThat(rows()).isEqualTo(1);
  }

  /// Many requests at a time leave the marker where it is furthest.
  @Test
  void neverMovesBackwardsWhoeverComesFirst() throws Exception {
    List<EventId> events = new ArrayList<>();
    for (int i = 0; i < 40; i++) {
      events.add(say("message " + i));
    }
    List<Future<?>> requests = new ArrayList<>();
    for (EventId each : events.reversed()) {
      requests.add(waiters.submit(() -> read("alice", each)));
    }
    for (Future<?> each : requests) {
      each.get(60, TimeUnit.SECONDS);
    }

    assertThat(receiptsFromNothing("bob"))
        .containsExactly(Map.entry(isRead("alice"), events.getLast().value()));
  }

  @Test
  void privateOnesAreToldToTheirOwnerOnly() {
    EventId event = say("hello");
    SyncClient alice = server.client("alice");
    alice.sync();
    bob.sync();
    SyncUsers.Entered entered = enter("bob");
    entered.waiting().look();

    post("alice", room, "m.read.private", event.value(), "{}").expect(200);

    Map<String, String> own = Map.of(id("alice") + " m.read.private", event.value());
    assertThat(receipts(alice.sync())).isEqualTo(own);
    assertThat(receiptsFromNothing("alice")).isEqualTo(own);
    assertThat(entered.waiting().sleep(System.nanoTime())).as("bob is woken").isFalse();
    leave(entered);
    assertThat(bob.sync().has("rooms")).isFalse();
    assertThat(receiptsFromNothing("bob")).isEmpty();

    read("alice", event);
    assertThat(receipts(bob.sync())).containsExactly(Map.entry(isRead("alice"), event.value()));
    assertThat(receiptsFromNothing("alice")).hasSize(2);
  }

  @Test
  void threadsHaveMarkersOfTheirOwn() {
    EventId root = say("root");
    EventId answer = relate("m.thread", root);
    EventId later = say("later");
    read("alice", later);
    read("alice", root, "main");
    read("alice", answer, root.value());

    Map<String, String> all =
        Map.of(
            isRead("alice"),
            later.value(),
            isRead("alice") + " main",
            root.value(),
            isRead("alice") + " " + root.value(),
            answer.value());
    assertThat(receipts(bob.sync())).isEqualTo(all);

    EventId further = relate("m.thread", root);
    read("alice", further, root.value());
    read("alice", answer, root.value());
    read("alice", root, "main");

    assertThat(receipts(bob.sync()))
        .isEqualTo(Map.of(isRead("alice") + " " + root.value(), further.value()));
    assertThat(rows()).isEqualTo(3);
  }

  /// Of one event the content has one receipt a user and type: the one that says most.
  @Test
  void anUnthreadedReceiptIsToldBeforeAThreadedOneOfTheSameEvent() {
    EventId event = say("hello");
    read("alice", event);
    read("alice", event, "main");

    assertThat(receipts(bob.sync())).isEqualTo(Map.of(isRead("alice"), event.value()));
    assertThat(rows()).isEqualTo(2);
  }

  @Test
  void whoComesIsToldWhoHasReadWhatAlready() {
    SyncClient carol = server.client("carol");
    carol.sync();
    EventId event = say("hello");
    read("alice", event);
    carol.sync();

    rooms.join(room, "carol");

    assertThat(receipts(carol.sync())).containsOnlyKeys(isRead("alice"));
    rooms.rename(room, "carol", "Carol");
    assertThat(receipts(carol.sync())).isEmpty();
  }

  @Test
  void anIgnoredUserIsNotShown() {
    rooms.join(room, "carol");
    server.ignore("bob", "alice");
    EventId event = say("hello");
    bob.sync();

    read("alice", event);
    assertThat(bob.sync().has("rooms")).isFalse();
    read("carol", event);

    assertThat(receipts(bob.sync())).containsOnlyKeys(isRead("carol"));
    assertThat(receiptsFromNothing("bob")).containsOnlyKeys(isRead("carol"));
    assertThat(receiptsFromNothing("carol")).hasSize(2);
  }

  @Test
  void aFilterKeepsThemBackAndDoesNotEndTheWait() throws Exception {
    for (String filter :
        List.of(
            "{'room':{'ephemeral':{'not_types':['m.receipt']}}}",
            "{'room':{'ephemeral':{'types':['m.typing']}}}",
            "{'room':{'ephemeral':{'not_rooms':['" + room.value() + "']}}}")) {
      SyncClient filtering = server.client("bob", "FILTERING").with("filter", filter);
      EventId event = say("hello");
      filtering.sync();
      Future<JsonNode> waiting = waiting("bob", () -> filtering.sync(LONG));

      read("alice", event);
      rooms.say(room, "alice", "done");

      JsonNode answer = answer(waiting);
      assertThat(SyncClient.events(join(answer, room).path("timeline"))).containsExactly("done");
      assertThat(receipts(answer)).isEmpty();
    }
  }

  @Test
  void theOldPathAndNoBodyDoTheSame() {
    EventId event = say("hello");
    server
        .http("alice")
        .post(
            "/_matrix/client/r0/rooms/%s/receipt/m.read/%s".formatted(room.value(), event.value()),
            "")
        .expect(200);

    assertThat(receipts(bob.sync())).containsOnlyKeys(isRead("alice"));
  }
}
