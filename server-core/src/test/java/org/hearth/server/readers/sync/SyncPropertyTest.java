package org.hearth.server.readers.sync;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.SplittableRandom;
import org.hearth.server.http.TestClient;
import org.hearth.server.matrix.auth.Membership;
import org.hearth.server.matrix.id.EventId;
import org.hearth.server.matrix.id.RoomId;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/// Whatever happens in rooms, however seldom a client syncs, however little it takes at a time, and
/// whether the server is restarted in between: in the end it knows what one knows that syncs for
/// the first time, and has seen every event once, in order.
@Tag("long")
class SyncPropertyTest {
  static final List<String> USERS = List.of("alice", "bob", "carol");
  private static final int STEPS = 250;

  @TempDir Path folder;

  /// What one device does.
  private record Follower(String user, String device, SyncClient client, boolean lazy) {}

  @ParameterizedTest
  @ValueSource(longs = {1, 2, 3})
  void whoFollowsKnowsWhatANewcomerKnows(long seed) {
    SplittableRandom random = new SplittableRandom(seed);
    SyncServer server = open(folder, random);
    try {
      List<RoomId> rooms = new ArrayList<>();
      Map<RoomId, EventId> last = new HashMap<>();
      rooms.add(server.rooms().open("alice", "shared"));
      List<Follower> followers = followers(server, random);
      for (int step = 0; step < STEPS; step++) {
        act(server, rooms, last, random);
        if (random.nextInt(4) == 0) {
          Follower one = followers.get(random.nextInt(followers.size()));
          follow(one, seed, step);
        }
        if (random.nextInt(100) == 0) {
          server.close();
          server = open(folder, random);
          for (Follower each : followers) {
            each.client().moveTo(server.http(each.user(), each.device()));
          }
        }
      }
      for (Follower each : followers) {
        follow(each, seed, STEPS);
        compare(server, each, seed);
      }
    } finally {
      server.close();
    }
  }

  /// A server that keeps the newest events in memory, or hardly any.
  static SyncServer open(Path folder, SplittableRandom random) {
    long recentBytes = random.nextBoolean() ? 20_000 : 10_000_000;
    return new SyncServer(folder, new ClientSync.Budget(recentBytes, 1 << 20, 1 << 20));
  }

  private static List<Follower> followers(SyncServer server, SplittableRandom random) {
    List<Follower> followers = new ArrayList<>();
    for (String user : USERS) {
      for (int i = 0; i < 3; i++) {
        String device = "D" + i;
        boolean lazy = i == 2;
        String filter =
            "{'room':{'timeline':{'limit':%d},'state':{'lazy_load_members':%s}}}"
                .formatted(random.nextInt(1, 12), lazy);
        SyncClient client =
            server
                .client(user, device)
                .fillingGaps()
                .with("filter", filter)
                .with("use_state_after", i == 1 ? "true" : "false");
        followers.add(new Follower(user, device, client, lazy));
      }
    }
    return followers;
  }

  /// Something happens in some room.
  static void act(
      SyncServer server, List<RoomId> all, Map<RoomId, EventId> last, SplittableRandom random) {
    TestRooms rooms = server.rooms();
    if (all.size() < 4 && random.nextInt(60) == 0) {
      all.add(rooms.open(USERS.get(random.nextInt(USERS.size())), "shared"));
    }
    RoomId room = all.get(random.nextInt(all.size()));
    String user = USERS.get(random.nextInt(USERS.size()));
    Membership membership =
        server
            .queries()
            .membership(room, TestRooms.user(user))
            .map(each -> each.membership())
            .orElse(Membership.LEAVE);
    if (membership != Membership.JOIN) {
      if (random.nextInt(3) == 0) {
        rooms.join(room, user);
      }
      return;
    }
    switch (random.nextInt(12)) {
      case 0 -> rooms.name(room, user, "name " + random.nextInt(1_000));
      case 1 ->
          rooms.set(
              room,
              user,
              "org.test",
              "k" + random.nextInt(5),
              "{'v':%d}".formatted(random.nextInt(1_000)));
      case 2 -> rooms.rename(room, user, "name " + random.nextInt(1_000));
      case 3 -> {
        if (!isLast(server, room)) {
          rooms.leave(room, user);
        }
      }
      case 4 -> {
        EventId event = last.get(room);
        if (event != null && sender(server, event).equals(user)) {
          rooms.redact(room, user, event);
          last.remove(room);
        }
      }
      default -> last.put(room, rooms.say(room, user, "message " + random.nextInt(1_000)));
    }
  }

  private static String sender(SyncServer server, EventId event) {
    return server.queries().event(event).orElseThrow().sender().localpart();
  }

  private static boolean isLast(SyncServer server, RoomId room) {
    return server.queries().joinedUsers(room).size() < 2;
  }

  private static void follow(Follower follower, long seed, int step) {
    JsonNode answer = follower.client().sync();
    if (!follower.lazy()) {
      return;
    }
    answer
        .at("/rooms/join")
        .properties()
        .forEach(section -> {
          SyncClient.Room room = follower.client().room(RoomId.parse(section.getKey()));
          section
              .getValue()
              .at("/timeline/events")
              .forEach(event ->
                  assertThat(room.state())
                      .as("seed %d, step %d", seed, step)
                      .containsKey("m.room.member|" + event.path("sender").asText()));
        });
  }

  private static void compare(SyncServer server, Follower follower, long seed) {
    String name = "%s/%s, seed %d".formatted(follower.user(), follower.device(), seed);
    SyncClient newcomer = server.client(follower.user(), "NEW");
    newcomer.sync();
    assertThat(follower.client().joined().keySet()).as(name).isEqualTo(newcomer.joined().keySet());
    follower
        .client()
        .joined()
        .forEach((id, room) -> {
          SyncClient.Room fresh = newcomer.room(RoomId.parse(id));
          if (follower.lazy()) {
            assertThat(fresh.state()).as(name).containsAllEntriesOf(room.state());
          } else {
            assertThat(room.state()).as(name).isEqualTo(fresh.state());
          }
          assertThat(room.timeline()).as(name).isEqualTo(history(newcomer.http(), id));
        });
  }

  /// The ids of all events of a room that the user may see, oldest first.
  static List<String> history(TestClient http, String room) {
    List<String> all = new ArrayList<>();
    String from = "";
    while (true) {
      JsonNode page =
          http.get("/_matrix/client/v3/rooms/%s/messages?dir=f&limit=100%s".formatted(room, from))
              .expect(200)
              .json();
      page.path("chunk").forEach(each -> all.add(each.path("event_id").textValue()));
      if (!page.has("end")) {
        return all;
      }
      from = "&from=" + page.path("end").asText();
    }
  }
}
