package org.hearth.server.readers.sync;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.SplittableRandom;
import java.util.TreeMap;
import org.hearth.server.http.TestClient;
import org.hearth.server.matrix.id.EventId;
import org.hearth.server.matrix.id.RoomId;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/// Whatever happens in rooms, whichever windows, limits and states a client asks for on its way,
/// and whichever answers are lost: when it looks at all rooms in the end, it knows what one knows
/// that uses `/sync`.
@Tag("long")
class SlidingPropertyTest {
  private static final int STEPS = 250;

  @TempDir Path folder;

  /// What a client keeps of a room.
  private static final class Room {
    private final Map<String, String> state = new TreeMap<>();
    private final Map<String, String> fields = new TreeMap<>();
    private List<String> timeline = new ArrayList<>();
  }

  /// One device, that does as a client should.
  private static final class Follower {
    private final String user;
    private final SlidingClient client;
    private final SplittableRandom random;
    private final boolean lazy;
    private final Map<String, Room> rooms = new TreeMap<>();
    private TestClient http;

    Follower(SyncServer server, String user, String device, boolean lazy, SplittableRandom random) {
      this.user = user;
      this.http = server.http(user, device);
      this.client = new SlidingClient(http);
      this.random = random;
      this.lazy = lazy;
    }

    void moveTo(SyncServer server, String device) {
      http = server.http(user, device);
      client.moveTo(http);
      client.begin();
      rooms.clear();
    }

    private String state() {
      return lazy
          ? "'required_state':[['*','*'],['m.room.member','$LAZY']]"
          : "'required_state':[['*','*']]";
    }

    /// Looks at some rooms.
    void look() {
      int first = random.nextInt(3);
      String body = SlidingClient.list(first, first + random.nextInt(3), limit(), narrower());
      if (!rooms.isEmpty() && random.nextInt(3) == 0) {
        List<String> known = List.copyOf(rooms.keySet());
        body =
            body.substring(0, body.length() - 1)
                + ",'room_subscriptions':{'%s':{'timeline_limit':%d,%s}}}"
                    .formatted(known.get(random.nextInt(known.size())), limit(), state());
      }
      ask(body);
    }

    private int limit() {
      return random.nextInt(8);
    }

    /// Sometimes less is wanted: what is not, is told when it is again.
    private String narrower() {
      return random.nextInt(4) == 0 ? "'required_state':[['m.room.name','']]" : state();
    }

    /// Looks at all rooms.
    void lookAtAll() {
      ask(SlidingClient.list(0, 99, 5, state()));
    }

    private void ask(String body) {
      if (random.nextInt(5) == 0) {
        // The answer is lost.
        client.ask(body, 0).expect(200);
      }
      client
          .sync(body)
          .path("rooms")
          .properties()
          .forEach(each -> keep(each.getKey(), each.getValue()));
    }

    private void keep(String id, JsonNode told) {
      String membership = told.path("membership").asText("join");
      if (!membership.equals("join")) {
        rooms.remove(id);
        return;
      }
      boolean initial = told.path("initial").asBoolean();
      if (initial) {
        rooms.remove(id);
      }
      assertThat(initial || rooms.containsKey(id)).as("%s is new to %s", id, user).isTrue();
      Room room = rooms.computeIfAbsent(id, _ -> new Room());
      told.path("required_state")
          .forEach(event ->
              room.state.put(
                  event.path("type").asText() + "|" + event.path("state_key").asText(),
                  event.path("event_id").asText()));
      for (String field : List.of("name", "joined_count", "notification_count")) {
        if (told.has(field)) {
          room.fields.put(field, told.path(field).asText());
        }
      }
      if (!told.has("prev_batch")) {
        return;
      }
      List<String> events = new ArrayList<>();
      told.path("timeline").forEach(event -> events.add(event.path("event_id").asText()));
      if (told.path("limited").asBoolean()) {
        room.timeline = before(id, told.path("prev_batch").asText());
      } else if (initial || told.path("unstable_expanded_timeline").asBoolean()) {
        room.timeline = new ArrayList<>();
      }
      room.timeline.addAll(events);
    }

    /// The ids of all events before a token, oldest first.
    private List<String> before(String room, String token) {
      List<String> newestFirst = new ArrayList<>();
      String from = token;
      while (true) {
        JsonNode page =
            http.get(
                    "/_matrix/client/v3/rooms/%s/messages?dir=b&limit=100&from=%s"
                        .formatted(room, from))
                .expect(200)
                .json();
        page.path("chunk").forEach(each -> newestFirst.add(each.path("event_id").asText()));
        if (!page.has("end")) {
          return new ArrayList<>(newestFirst.reversed());
        }
        from = page.path("end").asText();
      }
    }
  }

  @ParameterizedTest
  @ValueSource(longs = {1, 2, 3})
  void whoLooksAtAllKnowsWhatSyncTells(long seed) {
    SplittableRandom random = new SplittableRandom(seed);
    SyncServer server = SyncPropertyTest.open(folder, random);
    try {
      List<RoomId> rooms = new ArrayList<>();
      Map<RoomId, EventId> last = new HashMap<>();
      rooms.add(server.rooms().open("alice", "shared"));
      List<Follower> followers = new ArrayList<>();
      for (String user : SyncPropertyTest.USERS) {
        followers.add(new Follower(server, user, "WHOLE", false, random));
        followers.add(new Follower(server, user, "LAZY", true, random));
      }
      for (int step = 0; step < STEPS; step++) {
        SyncPropertyTest.act(server, rooms, last, random);
        if (random.nextInt(4) == 0) {
          followers.get(random.nextInt(followers.size())).look();
        }
        if (random.nextInt(10) == 0) {
          read(server, last, random);
        }
        if (random.nextInt(100) == 0) {
          server.close();
          server = SyncPropertyTest.open(folder, random);
          for (Follower each : followers) {
            each.moveTo(server, each.lazy ? "LAZY" : "WHOLE");
          }
        }
      }
      for (Follower each : followers) {
        each.lookAtAll();
        compare(server, each, seed);
      }
    } finally {
      server.close();
    }
  }

  private static void read(SyncServer server, Map<RoomId, EventId> last, SplittableRandom random) {
    List<RoomId> rooms =
        last.keySet().stream().sorted(Comparator.comparing(RoomId::value)).toList();
    if (rooms.isEmpty()) {
      return;
    }
    RoomId room = rooms.get(random.nextInt(rooms.size()));
    String user = SyncPropertyTest.USERS.get(random.nextInt(SyncPropertyTest.USERS.size()));
    if (server.queries().isJoined(room, TestRooms.user(user))) {
      server
          .http(user)
          .post(
              "/_matrix/client/v3/rooms/%s/receipt/m.read/%s"
                  .formatted(room, Objects.requireNonNull(last.get(room)).value()),
              "{}")
          .expect(200);
    }
  }

  private static void compare(SyncServer server, Follower follower, long seed) {
    String name = "%s, lazy %s, seed %d".formatted(follower.user, follower.lazy, seed);
    SyncClient newcomer = server.client(follower.user, "NEW");
    JsonNode sync = newcomer.sync();
    assertThat(follower.rooms.keySet()).as(name).isEqualTo(newcomer.joined().keySet());
    follower.rooms.forEach((id, room) -> {
      SyncClient.Room fresh = newcomer.room(RoomId.parse(id));
      if (follower.lazy) {
        assertThat(fresh.state()).as(name).containsAllEntriesOf(room.state);
      } else {
        assertThat(room.state).as(name).isEqualTo(fresh.state());
      }
      assertThat(room.timeline).as(name).isEqualTo(SyncPropertyTest.history(newcomer.http(), id));
      JsonNode joined = sync.at("/rooms/join").path(id);
      assertThat(room.fields.get("joined_count"))
          .as(name)
          .isEqualTo(joined.path("summary").path("m.joined_member_count").asText());
      assertThat(room.fields.get("notification_count"))
          .as(name)
          .isEqualTo(joined.at("/unread_notifications/notification_count").asText());
    });
  }
}
