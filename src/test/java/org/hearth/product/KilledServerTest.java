package org.hearth.product;

import static org.assertj.core.api.Assertions.assertThat;
import static org.hearth.product.MatrixHttp.object;

import com.fasterxml.jackson.databind.JsonNode;
import java.io.IOException;
import java.nio.file.Path;
import java.sql.ResultSet;
import java.sql.Statement;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.SplittableRandom;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
import java.util.stream.LongStream;
import org.hearth.server.store.Store;
import org.hearth.server.store.StoreOptions;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/// The server under load of several clients is killed at random times and started again. Everything
/// that was acknowledged is there, once; what was sent again is recognised; who follows by `/sync`
/// misses nothing; the state of the rooms is what their events make.
@Tag("long")
class KilledServerTest {
  private static final int CLIENTS = 6;
  private static final int ROOMS = 3;

  private final Acknowledged acknowledged = new Acknowledged();
  private final Path folder;

  KilledServerTest(@TempDir Path folder) {
    this.folder = folder.resolve("data");
  }

  @Test
  @Timeout(value = 20, unit = TimeUnit.MINUTES)
  void nothingAcknowledgedIsLostInThreeKills() throws Exception {
    killRepeatedly(3, 815, false);
  }

  @Test
  @Timeout(value = 20, unit = TimeUnit.MINUTES)
  void nothingOfWhatBoxesHaveAcknowledgedIsLostInThreeKills() throws Exception {
    killRepeatedly(3, 915, true);
  }

  @Test
  @Tag("whole")
  @Timeout(value = 60, unit = TimeUnit.MINUTES)
  void nothingOfWhatBoxesHaveAcknowledgedIsLostInTenKills() throws Exception {
    killRepeatedly(10, 917, true);
  }

  @Test
  @Tag("whole")
  @Timeout(value = 90, unit = TimeUnit.MINUTES)
  void nothingAcknowledgedIsLostInFortyKills() throws Exception {
    killRepeatedly(40, 816, false);
  }

  /// What is asked of the boxes beside the rooms; a box that comes is added here.
  private List<UnderFire> boxes(List<MatrixHttp> clients, List<String> rooms, MatrixHttp watcher) {
    List<UnderFire.Person> people = UnderFire.Person.of(clients);
    // Of devices of their own: a `/sync` from a token tells that the device has what came before.
    List<MatrixHttp> typists = new ArrayList<>();
    for (int i = 0; i < clients.size(); i++) {
      typists.add(clients.get(i).onNewDevice("client" + i, Crowd.PASSWORD));
    }
    return List.of(
        new ReceiptsUnderFire(people, rooms, acknowledged),
        new ToDeviceUnderFire(people),
        new OneTimeKeysUnderFire(people),
        new DevicesUnderFire(people, UnderFire.Person.of(watcher)),
        new TypingUnderFire(UnderFire.Person.of(typists), rooms),
        new CountsUnderFire(people),
        new SearchUnderFire(people),
        new MediaUnderFire(people, folder.resolve("media")));
  }

  /// @param withBoxes whether the boxes beside the rooms are asked, too
  private void killRepeatedly(int rounds, long seed, boolean withBoxes)
      throws IOException, InterruptedException {
    SplittableRandom random = new SplittableRandom(seed);
    List<Duration> starts = new ArrayList<>();
    try (HearthProcess server = HearthProcess.start(folder)) {
      List<MatrixHttp> clients = new ArrayList<>();
      for (int i = 0; i < CLIENTS; i++) {
        clients.add(MatrixHttp.at(server.address()).register("client" + i, Crowd.PASSWORD));
      }
      MatrixHttp watcher = MatrixHttp.at(server.address()).register("watcher", Crowd.PASSWORD);
      List<String> rooms = rooms(clients, watcher);
      List<UnderFire> boxes = withBoxes ? boxes(clients, rooms, watcher) : List.of();
      Follower follower = new Follower(watcher);

      for (int round = 0; round < rounds; round++) {
        String context = "seed %d, round %d".formatted(seed, round);
        int before = acknowledged.count();
        Thread following = follower.follow();
        Crowd crowd = Crowd.start(clients, rooms, acknowledged, boxes, "r" + round, random);
        pause(random.nextLong(50, 1_500));
        server.kill();
        crowd.awaitEnd();
        following.join();

        assertThat(acknowledged.failures()).as(context).isEmpty();
        assertThat(acknowledged.count()).as(context).isGreaterThan(before);
        if (!withBoxes) {
          // What is replaced or was read leaves a gap.
          assertPositionsAreDense(context);
        }
        long began = System.nanoTime();
        server.restart();
        starts.add(Duration.ofNanos(System.nanoTime() - began));
        sendAgainWhatIsOpen();
        follower.catchUp();
        assertAllIsThere(rooms, watcher, context);
        boxes.forEach(each -> each.check(context));
        assertHasAll(follower.seen(), context);
      }
      assertThat(acknowledged.acted()).containsExactlyInAnyOrderElementsOf(boxes);
    }
    starts.sort(Comparator.naturalOrder());
    System.out.printf(
        "starts after %d kills: median %d ms, p99 %d ms%n",
        rounds,
        starts.get(rounds / 2).toMillis(),
        starts.get((rounds * 99 + 99) / 100 - 1).toMillis());
  }

  private static List<String> rooms(List<MatrixHttp> clients, MatrixHttp watcher) {
    List<String> rooms = new ArrayList<>();
    for (int i = 0; i < ROOMS; i++) {
      String room = Crowd.makeRoom(clients.getFirst());
      rooms.add(room);
      for (MatrixHttp each : clients.subList(1, clients.size())) {
        each.post(Crowd.path(room) + "/join", object()).granted();
      }
      watcher.post(Crowd.path(room) + "/join", object()).granted();
    }
    return rooms;
  }

  static void pause(long millis) {
    long until = System.nanoTime() + TimeUnit.MILLISECONDS.toNanos(millis);
    while (System.nanoTime() < until) {
      LockSupport.parkNanos(until - System.nanoTime());
    }
  }

  /// Every position from the first to the head was given to one thing, and to one only.
  private void assertPositionsAreDense(String context) {
    try (Store store = Store.open(StoreOptions.of(folder).withMinimumFreeBytes(0))) {
      List<Long> positions =
          store
              .reads()
              .read(connection -> {
                List<Long> all = new ArrayList<>();
                try (Statement statement = connection.createStatement();
                    ResultSet row =
                        statement.executeQuery(
                            "SELECT position FROM room_event"
                                + " UNION ALL SELECT position FROM journal"
                                + " ORDER BY 1")) {
                  while (row.next()) {
                    all.add(row.getLong(1));
                  }
                }
                return all;
              });
      assertThat(positions)
          .as(context)
          .isEqualTo(LongStream.rangeClosed(1, store.head().value()).boxed().toList());
    }
  }

  /// A client that got no answer repeats its request; so does one that did not hear the answer.
  private void sendAgainWhatIsOpen() {
    for (Acknowledged.Sent sent : Set.copyOf(acknowledged.open())) {
      acknowledged.ends(sent, Crowd.answered(sent));
    }
    acknowledged
        .events()
        .forEach(
            (sent, event) -> assertThat(Crowd.answered(sent)).as(sent.path()).isEqualTo(event));
  }

  private void assertAllIsThere(List<String> rooms, MatrixHttp member, String context) {
    Set<String> redacted = new HashSet<>();
    acknowledged.events().keySet().stream()
        .filter(Acknowledged.Sent::redaction)
        .forEach(each -> redacted.add(each.body()));
    List<String> ids = new ArrayList<>();
    for (String room : rooms) {
      Timeline timeline = Timeline.of(member, room);
      ids.addAll(timeline.ids());

      assertThat(timeline.bodies())
          .as(context)
          .containsExactlyInAnyOrderElementsOf(
              acknowledged.events().entrySet().stream()
                  .filter(each -> each.getKey().room().equals(room))
                  .filter(each -> !each.getKey().redaction())
                  .filter(each -> !redacted.contains(each.getValue()))
                  .map(each -> each.getKey().body())
                  .toList());
      assertThat(timeline.state()).as(context).isEqualTo(state(member, room));
    }
    assertHasAll(ids, context);
    acknowledged.members().forEach((room, joined) -> areIn(room, joined, context));
    acknowledged.accounts().forEach((name, client) -> isThere(name, client, member, context));
  }

  /// Every event that was acknowledged is there, and none twice. By sets, as there are many.
  private void assertHasAll(List<String> ids, String context) {
    Set<String> there = new HashSet<>(ids);
    assertThat(ids).as(context).hasSameSizeAs(there);
    Set<String> missing = new HashSet<>(acknowledged.events().values());
    missing.addAll(acknowledged.states());
    missing.removeAll(there);
    assertThat(missing).as(context).isEmpty();
  }

  static Map<String, String> state(MatrixHttp member, String room) {
    Map<String, String> state = new HashMap<>();
    for (JsonNode each : member.get(Crowd.path(room) + "/state").granted()) {
      state.put(Timeline.key(each), each.path("event_id").textValue());
    }
    return state;
  }

  private static void areIn(String room, List<MatrixHttp> joined, String context) {
    for (MatrixHttp each : joined) {
      assertThat(each.get(Crowd.path(room) + "/joined_members").status())
          .as(context)
          .isEqualTo(200);
    }
  }

  /// An account that was acknowledged works; one that was not is either whole or not there.
  private static void isThere(
      String name, Optional<MatrixHttp> client, MatrixHttp any, String context) {
    if (client.isPresent()) {
      assertThat(client.get().get("/account/whoami").status()).as(context).isEqualTo(200);
      return;
    }
    MatrixHttp.Answer available =
        MatrixHttp.at(any.base()).get("/register/available?username=" + name);
    if (!available.is(400, "M_USER_IN_USE")) {
      available.granted();
      return;
    }
    var login = object().put("type", "m.login.password").put("user", name);
    MatrixHttp.at(any.base()).post("/login", login.put("password", Crowd.PASSWORD)).granted();
  }
}
