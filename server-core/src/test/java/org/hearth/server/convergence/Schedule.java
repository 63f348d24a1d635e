package org.hearth.server.convergence;

import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collections;
import java.util.HashSet;
import java.util.List;
import java.util.Random;
import java.util.Set;
import java.util.concurrent.Callable;
import java.util.stream.Collectors;
import org.hearth.server.convergence.Fleet.Person;
import org.hearth.server.http.TestClient;
import org.hearth.server.matrix.id.EventId;
import org.hearth.server.matrix.id.RoomId;
import org.hearth.server.matrix.id.ServerName;

/// What users do and what befalls the servers, as a seed has it: nothing here depends on what
/// became of anything. Threads are not bound by it, so that two runs of a seed are alike and not
/// the same.
///
/// **thread**: the test's.
final class Schedule {
  private static final int STEPS = 45;
  private static final int LEAST_SERVERS = 3;
  private static final int MOST_SERVERS = 5;
  private static final Duration PATIENCE = Duration.ofMillis(30);
  private static final List<String> VERSIONS = List.of("10", "11", "12");
  private static final List<Integer> LEVELS = List.of(0, 0, 50, 50, 100);
  private static final List<String> RULES =
      List.of("public", "public", "public", "invite", "knock", "restricted", "knock_restricted");

  private final Fleet fleet;
  private final Random random;
  private final long seed;
  private final Requests requests;
  private final int servers;
  private final List<Person> people;
  private final List<Room> rooms = new ArrayList<>();
  private int transactions;

  /// A room.
  ///
  /// @param creator who has made it
  record Room(RoomId id, Person creator) {
    String path(String rest) {
      return "/_matrix/client/v3/rooms/" + TestClient.encoded(id.value()) + rest;
    }
  }

  Schedule(Fleet fleet, long seed, Requests requests) {
    this.fleet = fleet;
    this.seed = seed;
    this.requests = requests;
    random = new Random(seed);
    servers = random.nextInt(LEAST_SERVERS, MOST_SERVERS + 1);
    fleet.grow(servers);
    people = fleet.people(servers);
  }

  int servers() {
    return servers;
  }

  List<Room> rooms() {
    return rooms;
  }

  /// Makes the rooms while the network is whole; then all that follows, while it is not.
  void run() throws InterruptedException {
    // What clocks showed before, they do not show again.
    fleet.time().pass(Duration.ofHours(1));
    for (int i = 0; i < servers; i++) {
      fleet.wrong(i, Duration.ofSeconds(random.nextInt(-600, 600)));
    }
    int count = random.nextInt(1, 4);
    for (int i = 0; i < count; i++) {
      rooms.add(makeRoom());
    }
    fleet.settle(requests);
    fleet.network().disturb(seed);
    int restarted = random.nextInt(2 * STEPS);
    for (int step = 0; step < STEPS; step++) {
      fleet
          .time()
          .pass(Duration.ofMillis(random.nextInt(random.nextInt(20) == 0 ? 900_000 : 15_000)));
      if (step == restarted) {
        fleet.restart(random.nextInt(servers));
      }
      partition();
      for (int i = random.nextInt(1, 4); i > 0; i--) {
        act(person(), rooms.get(random.nextInt(rooms.size())));
      }
    }
  }

  private Room makeRoom() throws InterruptedException {
    Person creator = person();
    ObjectNode content = JsonNodeFactory.instance.objectNode();
    String version = VERSIONS.get(random.nextInt(VERSIONS.size()));
    content.put("preset", "public_chat");
    content.put("room_version", version);
    ObjectNode users = content.putObject("power_level_content_override").putObject("users");
    if (!version.equals("12")) {
      users.put(creator.id(), 100);
    }
    for (Person each : people) {
      if (!each.equals(creator) && random.nextBoolean()) {
        users.put(each.id(), 50);
      }
    }
    RoomId room =
        RoomId.parse(
            fleet
                .client(creator)
                .post("/_matrix/client/v3/createRoom", content)
                .expect(200)
                .text("room_id"));
    Room made = new Room(room, creator);
    List<Person> others = new ArrayList<>(people);
    others.remove(creator);
    Collections.shuffle(others, random);
    for (Person each : others.subList(0, random.nextInt(2, others.size() + 1))) {
      join(each, made).expect(200);
    }
    return made;
  }

  private Person person() {
    return people.get(random.nextInt(people.size()));
  }

  /// Two groups of servers that do not reach each other, or all together again.
  private void partition() {
    int chance = random.nextInt(100);
    if (chance < 8) {
      Set<ServerName> apart = new HashSet<>();
      for (int i = 0; i < servers; i++) {
        if (random.nextBoolean()) {
          apart.add(fleet.server(i).name());
        }
      }
      fleet.network().cutOff(apart);
    } else if (chance < 20) {
      fleet.network().cutOff(Set.of());
    }
  }

  private void act(Person who, Room room) throws InterruptedException {
    int chance = random.nextInt(100);
    Person whom = person();
    if (chance < 30) {
      say(who, room);
    } else if (chance < 44) {
      state(who, room);
    } else if (chance < 60) {
      begin(who, room, "joins", () -> join(who, room));
    } else if (chance < 66) {
      post(who, room, "/leave", "{}");
    } else if (chance < 71) {
      post(who, room, "/kick", "{'user_id':'%s'}".formatted(whom.id()));
    } else if (chance < 76) {
      post(who, room, "/ban", "{'user_id':'%s'}".formatted(whom.id()));
    } else if (chance < 81) {
      post(who, room, "/unban", "{'user_id':'%s'}".formatted(whom.id()));
    } else if (chance < 87) {
      post(who, room, "/invite", "{'user_id':'%s'}".formatted(whom.id()));
    } else if (chance < 90) {
      begin(who, room, "knocks", () -> through("/_matrix/client/v3/knock/", who, room));
    } else if (chance < 95) {
      level(random.nextBoolean() ? room.creator() : who, whom, room);
    } else {
      rule(random.nextBoolean() ? room.creator() : who, room);
    }
  }

  private void begin(Person who, Room room, String what, Callable<?> request)
      throws InterruptedException {
    requests.begin("%s in %s: %s".formatted(who.id(), room.id(), what), PATIENCE, request);
  }

  private void post(Person who, Room room, String path, String body) throws InterruptedException {
    begin(who, room, path, () -> fleet.client(who).post(room.path(path), body));
  }

  private TestClient.Answer join(Person who, Room room) {
    return through("/_matrix/client/v3/join/", who, room);
  }

  /// Through whichever server does it.
  private TestClient.Answer through(String path, Person who, Room room) {
    String via =
        people.stream()
            .map(Person::server)
            .distinct()
            .filter(each -> each != who.server())
            .map(each -> "via=" + TestClient.encoded(fleet.server(each).name().value()))
            .collect(Collectors.joining("&"));
    return fleet.client(who).post(path + TestClient.encoded(room.id().value()) + "?" + via, "{}");
  }

  private void say(Person who, Room room) throws InterruptedException {
    String transaction = "s%dt%d".formatted(seed, ++transactions);
    begin(
        who,
        room,
        "says something",
        () -> {
          TestClient.Answer answer =
              fleet
                  .client(who)
                  .put(
                      room.path("/send/m.room.message/" + transaction),
                      "{'msgtype':'m.text','body':'%s'}".formatted(transaction));
          if (answer.status() == 200) {
            requests.said(
                new Requests.Said(room.id(), who.server(), EventId.parse(answer.text("event_id"))));
          }
          return answer;
        });
  }

  private void state(Person who, Room room) throws InterruptedException {
    String value = "s%dt%d".formatted(seed, ++transactions);
    String path =
        switch (random.nextInt(3)) {
          case 0 -> "/state/m.room.topic";
          case 1 -> "/state/org.example.state/" + random.nextInt(3);
          default -> "/state/m.room.name";
        };
    String key = path.endsWith("topic") ? "topic" : path.endsWith("name") ? "name" : "value";
    begin(
        who,
        room,
        path,
        () -> fleet.client(who).put(room.path(path), "{'%s':'%s'}".formatted(key, value)));
  }

  private void level(Person who, Person whom, Room room) throws InterruptedException {
    int level = LEVELS.get(random.nextInt(LEVELS.size()));
    String path = room.path("/state/m.room.power_levels");
    begin(
        who,
        room,
        "gives " + whom.id() + " the level " + level,
        () -> {
          TestClient.Answer levels = fleet.client(who).get(path);
          if (levels.status() == 200) {
            ObjectNode content = levels.json().deepCopy();
            content.withObject("/users").put(whom.id(), level);
            return fleet.client(who).put(path, content);
          }
          return levels;
        });
  }

  private void rule(Person who, Room room) throws InterruptedException {
    ObjectNode content = JsonNodeFactory.instance.objectNode();
    content.put("join_rule", RULES.get(random.nextInt(RULES.size())));
    content
        .putArray("allow")
        .addObject()
        .put("type", "m.room_membership")
        .put("room_id", rooms.getFirst().id().value());
    begin(
        who,
        room,
        "makes the rule " + content,
        () -> fleet.client(who).put(room.path("/state/m.room.join_rules"), content));
  }
}
