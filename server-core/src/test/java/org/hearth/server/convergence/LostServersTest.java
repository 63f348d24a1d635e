package org.hearth.server.convergence;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Set;
import org.hearth.server.convergence.Fleet.Person;
import org.hearth.server.http.TestClient;
import org.hearth.server.matrix.id.RoomId;
import org.hearth.server.matrix.id.UserId;
import org.hearth.server.servers.room.RoomQueries;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/// Servers that lose their last user in a room without being there to see it: they come to know it,
/// and then all agree.
@Timeout(300)
@Tag("long")
class LostServersTest {
  private static final int SERVERS = 3;

  @TempDir private static Path folder;
  private static Fleet fleet;

  private final Requests requests = new Requests();

  @BeforeAll
  static void start() throws IOException {
    fleet = new Fleet(folder);
    fleet.grow(SERVERS);
  }

  @AfterAll
  static void stop() throws IOException {
    fleet.close();
  }

  /// The rule and the join are on two branches. Who has made the rule does not know of the join,
  /// and who let the user in tells nobody what another server has made.
  @Test
  void whoABranchTakesOutOfTheRoomLearnsIt() {
    RoomId room = room();
    join(1, room).expect(200);
    fleet.settle(requests);
    apart(0);
    join(2, room).expect(200);
    say(2, room, "I am in").expect(200);
    rule(room, "invite").expect(200);

    fleet.settle(requests);

    for (int server = 0; server < SERVERS; server++) {
      assertThat(isJoined(server, person(2), room)).as("at server %d", server).isFalse();
    }
    say(2, room, "Am I?").expect(403);
    assertAgreed(room);
  }

  /// Who bans does not know that the user has come back meanwhile, and does not tell.
  @Test
  void whoIsBannedWhileComingBackLearnsIt() {
    RoomId room = room();
    join(1, room).expect(200);
    join(2, room).expect(200);
    act(2, room, "/leave", "{}").expect(200);
    fleet.settle(requests);
    apart(0);
    join(2, room).expect(200);
    act(0, room, "/ban", "{'user_id':'%s'}".formatted(person(2).id())).expect(200);

    fleet.settle(requests);

    for (int server = 0; server < SERVERS; server++) {
      assertThat(isJoined(server, person(2), room)).as("at server %d", server).isFalse();
    }
    assertAgreed(room);
  }

  /// Of so many messages not each is kept for who is away: only the kick is sent, and leads to
  /// them.
  @Test
  void whoIsKickedWhileAwayLearnsItWithWhatWasSaidBefore() throws InterruptedException {
    RoomId room = room();
    join(1, room).expect(200);
    join(2, room).expect(200);
    fleet.settle(requests);
    apart(2);
    for (int i = 0; i < 60; i++) {
      say(0, room, "before " + i).expect(200);
    }
    act(0, room, "/kick", "{'user_id':'%s'}".formatted(person(2).id())).expect(200);
    String after = say(0, room, "after").expect(200).text("event_id");
    fleet.time().pass(Duration.ofHours(2));
    fleet.restart(0);

    fleet.settle(requests);

    assertThat(isJoined(2, person(2), room)).isFalse();
    String said = history(2, room);
    assertThat(said).contains("before 59").contains("before 0").doesNotContain(after);
    assertAgreed(room);
  }

  private static Person person(int server) {
    return fleet.people(SERVERS).stream()
        .filter(each -> each.server() == server)
        .findFirst()
        .orElseThrow();
  }

  private static TestClient client(int server) {
    return fleet.client(person(server));
  }

  private RoomId room() {
    String room =
        client(0)
            .post("/_matrix/client/v3/createRoom", "{'preset':'public_chat','room_version':'11'}")
            .expect(200)
            .text("room_id");
    return RoomId.parse(room);
  }

  private static String path(RoomId room, String rest) {
    return "/_matrix/client/v3/rooms/" + TestClient.encoded(room.value()) + rest;
  }

  /// By server 1, which is in each room, or else by server 0.
  private static TestClient.Answer join(int server, RoomId room) {
    String via =
        List.of(1, 0).stream()
            .filter(each -> each != server)
            .map(each -> "via=" + TestClient.encoded(fleet.server(each).name().value()))
            .reduce("", (one, other) -> one.isEmpty() ? other : one + "&" + other);
    return client(server)
        .post("/_matrix/client/v3/join/" + TestClient.encoded(room.value()) + "?" + via, "{}");
  }

  private static TestClient.Answer say(int server, RoomId room, String text) {
    return client(server)
        .put(
            path(room, "/send/m.room.message/" + TestClient.encoded(text)),
            "{'msgtype':'m.text','body':'%s'}".formatted(text));
  }

  private static TestClient.Answer act(int server, RoomId room, String what, String body) {
    return client(server).post(path(room, what), body);
  }

  private static TestClient.Answer rule(RoomId room, String rule) {
    return client(0)
        .put(path(room, "/state/m.room.join_rules"), "{'join_rule':'%s'}".formatted(rule));
  }

  /// Nobody reaches that server, and it reaches nobody, until all settles.
  private static void apart(int server) {
    fleet.network().cutOff(Set.of(fleet.server(server).name()));
  }

  private static boolean isJoined(int server, Person person, RoomId room) {
    return fleet.server(server).rooms().isJoined(room, UserId.parse(person.id()));
  }

  private static String history(int server, RoomId room) {
    return client(server)
        .get(path(room, "/messages?dir=b&limit=100"))
        .expect(200)
        .json()
        .toString();
  }

  /// Compares the two that are left, when each has said something after all that it knows.
  private void assertAgreed(RoomId room) {
    for (int server : List.of(0, 1)) {
      say(server, room, "in the end").expect(200);
      fleet.settle(requests);
    }
    RoomQueries rooms = fleet.server(0).rooms();
    RoomQueries others = fleet.server(1).rooms();
    assertThat(others.joinedUsers(room)).isEqualTo(rooms.joinedUsers(room));
    assertThat(others.forwardExtremities(room)).isEqualTo(rooms.forwardExtremities(room));
  }
}
