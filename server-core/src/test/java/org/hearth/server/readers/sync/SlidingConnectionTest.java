package org.hearth.server.readers.sync;

import static org.assertj.core.api.Assertions.assertThat;
import static org.hearth.server.readers.sync.SlidingClient.list;
import static org.hearth.server.readers.sync.SlidingClient.room;
import static org.hearth.server.readers.sync.SlidingClient.rooms;
import static org.hearth.server.readers.sync.SlidingClient.said;

import com.fasterxml.jackson.databind.JsonNode;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Future;
import org.hearth.server.http.TestClient;
import org.hearth.server.matrix.id.RoomId;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/// Connections and their positions, and what wakes them. Row 38 of the list of known attacks.
@Tag("long")
class SlidingConnectionTest extends FreshSyncServer {
  private static final String ALL = list(0, 99, 10, "");

  private RoomId room;
  private SlidingClient bob;

  @BeforeEach
  void open() {
    room = rooms.open("alice", "shared");
    rooms.join(room, "bob");
    bob = new SlidingClient(server.http("bob"));
  }

  private void expectUnknown(TestClient http, String pos, String body) {
    http.post(SlidingClient.PATH + "?pos=" + TestClient.encoded(pos), body)
        .expect(400, "M_UNKNOWN_POS");
  }

  @Test
  void aRequestThatIsAskedAgainIsAnsweredTheSame() {
    bob.sync(ALL);
    rooms.say(room, "alice", "hello");

    JsonNode lost = bob.ask(ALL, 0).expect(200).json();
    JsonNode came = bob.sync(ALL);

    assertThat(said(room(lost, room).path("timeline"))).containsExactly("hello");
    assertThat(said(room(came, room).path("timeline"))).containsExactly("hello");
    assertThat(rooms(bob.sync(ALL))).isEmpty();
  }

  @Test
  void theFirstRequestAskedAgainBeginsAgain() {
    bob.ask(ALL, 0).expect(200);

    assertThat(rooms(bob.sync(ALL))).isEqualTo(List.of(room.value()));
    assertThat(rooms(bob.sync(ALL))).isEmpty();
  }

  @Test
  void aPositionBeforeTheLastIsNotKnownAnyMore() {
    bob.sync(ALL);
    String first = bob.pos();
    bob.sync(ALL);
    bob.sync(ALL);

    expectUnknown(server.http("bob"), first, ALL);
  }

  @Test
  void positionsOfOthersAndOfTheFutureAreNotKnown() {
    bob.sync(ALL);
    SlidingClient alice = new SlidingClient(server.http("alice"));
    alice.sync(ALL);
    SlidingClient tablet = new SlidingClient(server.http("bob", "TABLET"));
    tablet.sync(ALL);

    expectUnknown(server.http("alice"), bob.pos(), ALL);
    expectUnknown(server.http("bob"), tablet.pos(), ALL);
    expectUnknown(server.http("bob"), bob.pos(), "{'conn_id':'other'}");
    String pos = bob.pos();
    int dash = pos.lastIndexOf('-');
    long number = Long.parseLong(pos.substring(dash + 1));
    expectUnknown(server.http("bob"), pos.substring(0, dash + 1) + (number + 1), ALL);
    expectUnknown(server.http("bob"), pos.substring(0, dash + 1) + 0, ALL);
    bob.sync(ALL);
  }

  @Test
  void aRestartEndsConnectionsAndTheirClientsBeginAnew() {
    bob.sync(ALL);
    restart();
    bob.moveTo(server.http("bob"));

    bob.ask(ALL, 0).expect(400, "M_UNKNOWN_POS");

    bob.begin();
    assertThat(rooms(bob.sync(ALL))).isEqualTo(List.of(room.value()));
  }

  @Test
  void connectionsOfADeviceAreApartAndTheOldestGoWhenThereAreTooMany() {
    String named = "{'conn_id':'%s'," + ALL.substring(1);
    SlidingClient first = new SlidingClient(server.http("bob"));
    first.sync(named.formatted("c0"));
    for (int i = 1; i < 10; i++) {
      SlidingClient other = new SlidingClient(server.http("bob"));
      assertThat(rooms(other.sync(named.formatted("c" + i)))).hasSize(1);
    }
    assertThat(rooms(first.sync(named.formatted("c0")))).isEmpty();

    new SlidingClient(server.http("bob")).sync(named.formatted("c10"));
    new SlidingClient(server.http("bob")).sync(named.formatted("c11"));

    first.sync(named.formatted("c0"));
    expectUnknown(server.http("bob"), first.pos(), "{'conn_id':'c1'}");
    SlidingClient eleventh = new SlidingClient(server.http("bob"));
    eleventh.sync(named.formatted("c12"));
    eleventh.sync(named.formatted("c12"));
  }

  /// A request that waits on the first of them is answered when its connection has to go.
  private Future<TestClient.Answer> waitingOn(String body) {
    bob.sync(body);
    // Longer than the test waits for its answer.
    return waiting("bob", () -> bob.ask(body, 120_000));
  }

  @Test
  void aConnectionThatHasToGoIsWaitedOnByNobody() throws Exception {
    String named = "{'conn_id':'c%d'," + ALL.substring(1);
    Future<TestClient.Answer> waiting = waitingOn(named.formatted(0));

    for (int i = 1; i <= 10; i++) {
      new SlidingClient(server.http("bob")).sync(named.formatted(i));
    }

    assertThat(answer(waiting).status()).isEqualTo(200);
    expectUnknown(server.http("bob"), bob.pos(), named.formatted(0));
  }

  @Test
  void whatClientsWantIsCountedByItsSize() throws Exception {
    String pair = "['t%d.%d." + "x".repeat(120) + "','']";
    List<String> lists = new ArrayList<>();
    for (int i = 0; i < 8; i++) {
      List<String> pairs = new ArrayList<>();
      for (int k = 0; k < 200; k++) {
        pairs.add(pair.formatted(i, k));
      }
      lists.add(
          "'l%d':{'timeline_limit':1,'required_state':[%s]}".formatted(i, String.join(",", pairs)));
    }
    String named = "{'conn_id':'c%d','lists':{" + String.join(",", lists) + "}}";
    Future<TestClient.Answer> waiting = waitingOn(named.formatted(0));
    SlidingClient idle = new SlidingClient(server.http("bob"));
    idle.sync(named.formatted(1));

    // No more than a device may have.
    for (int i = 2; i <= 9; i++) {
      new SlidingClient(server.http("bob")).sync(named.formatted(i));
    }

    expectUnknown(server.http("bob"), idle.pos(), named.formatted(1));
    rooms.say(room, "alice", "the one on which somebody waits goes last");
    assertThat(answer(waiting).expect(200).json().path("rooms").size()).isEqualTo(1);
  }

  @Test
  void aPositionIsATokenForMessages() {
    rooms.say(room, "alice", "one");
    bob.sync(ALL);
    rooms.say(room, "alice", "two");

    JsonNode page =
        server
            .http("bob")
            .get(
                "/_matrix/client/v3/rooms/%s/messages?dir=b&limit=1&from=%s"
                    .formatted(room, bob.pos()))
            .expect(200)
            .json();

    assertThat(said(page.path("chunk"))).containsExactly("one");
  }

  @Test
  void whoIsKickedWhileWaitingIsToldNoMore() throws Exception {
    bob.sync(narrow());
    Future<JsonNode> waiting = waiting("bob", () -> bob.sync(narrow(), LONG));

    rooms.kick(room, "alice", "bob");
    rooms.say(room, "alice", "secret");

    JsonNode told = answer(waiting);
    assertThat(said(room(told, room).path("timeline"))).last().asString().contains("@bob");
    rooms.say(room, "alice", "secret");
    assertThat(told.toString() + bob.sync(narrow())).doesNotContain("secret");
  }

  private String narrow() {
    return "{'room_subscriptions':{'%s':{'timeline_limit':5}}}".formatted(room);
  }

  @Test
  void theTransactionIsGivenBack() {
    assertThat(bob.sync("{'txn_id':'t1'}").path("txn_id").asText()).isEqualTo("t1");
    assertThat(bob.sync("{}").has("txn_id")).isFalse();
  }

  @Test
  void aMessageWakesWhoWaitsAndOneBelowTheWindowDoesNot() throws Exception {
    RoomId other = rooms.open("alice", "shared");
    rooms.join(other, "bob");
    bob.sync(narrow());
    Future<JsonNode> waiting = waiting("bob", () -> bob.sync(narrow(), LONG));

    rooms.say(other, "alice", "elsewhere");
    rooms.say(room, "alice", "wake up");

    JsonNode told = answer(waiting);
    assertThat(rooms(told)).isEqualTo(List.of(room.value()));
    assertThat(said(room(told, room).path("timeline"))).containsExactly("wake up");
  }

  @Test
  void anotherRequestOfTheConnectionEndsTheOneThatWaits() throws Exception {
    bob.sync(ALL);
    String pos = bob.pos();
    Future<TestClient.Answer> waiting =
        waiting(
            "bob",
            () ->
                server
                    .http("bob")
                    .post(SlidingClient.PATH + "?timeout=" + LONG + "&pos=" + pos, ALL));

    JsonNode other = bob.sync(list(0, 99, 1, ""));

    assertThat(answer(waiting).status()).isEqualTo(200);
    assertThat(rooms(other)).isEmpty();
    rooms.say(room, "alice", "go on");
    assertThat(rooms(bob.sync(ALL))).hasSize(1);
  }

  @Test
  void theLargestNumbersAreTaken() {
    JsonNode answer =
        bob.sync(
            "{'lists':{'all':{'timeline_limit':9007199254740991,'ranges':[[0,9007199254740991]]}}}");

    assertThat(rooms(answer)).hasSize(1);
    assertThat(rooms(bob.sync("{'lists':{'all':{'timeline_limit':1}}}"))).isEmpty();
    JsonNode none = bob.sync(list(9_000, 10_000, 1, ""));
    assertThat(none.at("/lists/all/count").asInt()).isEqualTo(1);
  }
}
