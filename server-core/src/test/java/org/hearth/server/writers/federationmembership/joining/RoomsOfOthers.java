package org.hearth.server.writers.federationmembership.joining;

import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.time.InstantSource;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Random;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicLong;
import org.hearth.server.matrix.checks.ServerKeys;
import org.hearth.server.matrix.checks.WantedKey;
import org.hearth.server.matrix.event.EventTypes;
import org.hearth.server.matrix.id.RoomId;
import org.hearth.server.matrix.id.ServerName;
import org.hearth.server.matrix.id.UserId;
import org.hearth.server.matrix.sign.LocalEvents;
import org.hearth.server.matrix.sign.PublishedKey;
import org.hearth.server.matrix.testkit.RoomFixture;
import org.hearth.server.matrix.testkit.TestKeys;
import org.hearth.server.outbound.Outbound;
import org.hearth.server.outbound.TestInternet;
import org.hearth.server.outbound.federation.FederationClient;
import org.hearth.server.servers.room.RoomQueries;
import org.hearth.server.servers.room.server.RunningRooms;
import org.hearth.server.services.staging.ArrivingRooms;
import org.hearth.server.store.Store;

/// This server, from whom users want into rooms of others, and those others.
final class RoomsOfOthers {
  static final UserId DAVE = UserId.parse("@dave:hearth.test");
  static final UserId ERIN = UserId.parse("@erin:hearth.test");
  static final ServerName A = ServerName.parse("a.example");
  static final ServerName B = ServerName.parse("b.example");

  private final TestInternet internet;
  private final Outbound outbound;
  private final RunningRooms rooms;
  private final RemoteRooms remote;
  private final ArrivingRooms arriving = new ArrivingRooms();
  private final Map<ServerName, Integer> addresses = new HashMap<>();
  private final Set<ServerName> keysAtHand = ConcurrentHashMap.newKeySet();
  private final AtomicLong passed = new AtomicLong();
  private volatile int mostKeysAtOnce = Integer.MAX_VALUE;
  private volatile Duration look = Duration.ZERO;

  RoomsOfOthers(Path folder, Store store) throws IOException {
    internet = new TestInternet(folder);
    outbound = internet.outbound(InstantSource.system());
    rooms = new RunningRooms(store);
    FederationClient client =
        new FederationClient(
            outbound,
            new FederationClient.Identity(
                RunningRooms.SERVER, () -> TestKeys.of(RunningRooms.SERVER)),
            name -> !name.value().startsWith("blocked"),
            store,
            InstantSource.system(),
            new Random(7));
    remote =
        new RemoteRooms(
            new RemoteRooms.Needs(
                RunningRooms.SERVER,
                client,
                this::keys,
                rooms.queries(),
                rooms.server().peerQueries(),
                rooms.server().client("Tests"),
                new LocalEvents(
                    RunningRooms.SERVER, TestKeys.of(RunningRooms.SERVER), new Random(8)),
                arriving,
                InstantSource.system()),
            () -> System.nanoTime() + passed.get());
  }

  private CompletableFuture<ServerKeys> keys(Set<WantedKey> wanted) {
    passed.addAndGet(look.toNanos());
    wanted.stream()
        .map(WantedKey::server)
        .distinct()
        .sorted(Comparator.reverseOrder())
        .filter(each -> !keysAtHand.contains(each))
        .limit(mostKeysAtOnce)
        .forEach(keysAtHand::add);
    return CompletableFuture.completedFuture((server, key) ->
        Optional.of(TestKeys.of(server))
            .filter(each -> each.id().equals(key) && keysAtHand.contains(server))
            .map(each -> new PublishedKey.Current(each.verifyKey(), Long.MAX_VALUE)));
  }

  /// Of so many servers keys are found in one look, the last names first.
  ///
  /// @param time that a look takes
  void findKeysOf(int servers, Duration time) {
    mostKeysAtOnce = servers;
    look = time;
  }

  /// A server that lets users into that room.
  TestResident resident(ServerName name, RoomFixture room) throws IOException {
    TestResident resident = new TestResident(name, room);
    String address = "93.184.216." + (30 + addresses.size());
    addresses.put(name, addresses.size());
    internet.dns.address(name.value(), address);
    internet.serve(address, 8448, List.of(name.value()), resident::serve);
    return resident;
  }

  RemoteRooms remote() {
    return remote;
  }

  ArrivingRooms arriving() {
    return arriving;
  }

  RunningRooms rooms() {
    return rooms;
  }

  RoomQueries queries() {
    return rooms.queries();
  }

  /// What the servers were asked of that kind, such as `send_join`.
  List<TestInternet.Asked> asked(String action) {
    return internet.asked().stream()
        .filter(each -> each.line().contains("/" + action + "/"))
        .toList();
  }

  RemoteRooms.Result join(RoomFixture room, ServerName... through) throws InterruptedException {
    return remote.join(room.roomId(), DAVE, content(), List.of(through));
  }

  static ObjectNode content() {
    return JsonNodeFactory.instance.objectNode().put("displayname", "Dave");
  }

  /// Whether nothing of the room is here.
  boolean hasNothingOf(RoomId room) {
    return queries().room(room).isEmpty()
        && queries().membership(room, DAVE).isEmpty()
        && rooms.told().stream().noneMatch(each -> each.entry().room().equals(room));
  }

  /// The name that a room's state says.
  String topic(RoomId room) {
    return queries()
        .currentState(room)
        .flatMap(state -> state.event(EventTypes.TOPIC))
        .map(each -> each.pdu().content().path("topic").asText())
        .orElse("");
  }

  void close() throws Exception {
    remote.stop();
    rooms.close();
    outbound.close();
    internet.close();
  }
}
