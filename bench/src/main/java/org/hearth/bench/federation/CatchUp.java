package org.hearth.bench.federation;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.IOException;
import java.net.URLEncoder;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.Semaphore;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.BooleanSupplier;
import org.hearth.bench.load.Connection;
import org.hearth.server.matrix.event.Pdu;
import org.hearth.server.matrix.id.EventId;
import org.hearth.server.matrix.id.ServerName;
import org.jspecify.annotations.Nullable;

/// How soon a server has what it missed while it was away: from its first sign of life until it was
/// sent the newest event of each room, and until it has all. What it is not sent it asks for by
/// `get_missing_events`, as servers do who get an event whose predecessors they do not know.
///
/// How long it was away makes no difference to what is measured: what it is owed is kept without
/// end, and its sign of life ends all waiting.
///
/// **thread**: one, one a request of the measured server and one a room that is caught up; guarded
/// by the lock.
final class CatchUp {
  private static final Duration PATIENCE = Duration.ofMinutes(5);
  private static final int SENDERS = 4;
  private static final int ASKED_AT_ONCE = 4;
  private static final int LIMIT = 20;

  private final Stage stage;
  private final Peer peer;
  private final Map<String, Away> rooms = new HashMap<>();
  private final Semaphore turns = new Semaphore(ASKED_AT_ONCE);
  private final AtomicInteger asked = new AtomicInteger();
  private final ReentrantLock lock = new ReentrantLock();
  private final Condition progress = lock.newCondition();
  private @Nullable Exception failure;
  private int sent;
  private int had;

  /// A room of which the server misses events; guarded by the lock.
  private static final class Away {
    private final PeerRoom room;
    private final EventId known;
    private final Set<EventId> events = new HashSet<>();
    private boolean hasNewest;
    private boolean asks;
    private String newest = "";

    Away(PeerRoom room) {
      this.room = room;
      known = room.latest();
    }
  }

  private CatchUp(Stage stage, Peer peer) {
    this.stage = stage;
    this.peer = peer;
  }

  static void measure(Stage stage, ObjectNode figures) throws IOException, InterruptedException {
    int rooms = stage.number("rooms", 100);
    int events = stage.number("events", 10_000) / rooms;
    Peer peer = stage.peers(1).getFirst();
    CatchUp catchUp = new CatchUp(stage, peer);
    try (LocalUser alice = stage.user("alice")) {
      for (int i = 0; i < rooms; i++) {
        PeerRoom room = new PeerRoom(peer, "room" + i);
        alice.join(room);
        catchUp.rooms.put(room.id().value(), new Away(room));
      }
      peer.silence();
      catchUp.miss(alice, events);
      peer.into(catchUp::came);
      peer.listen();
      double cpu = stage.server().cpuSeconds();
      long began = System.nanoTime();
      catchUp.showLife();
      catchUp.awaitNewest();
      double newest = (System.nanoTime() - began) / 1e9;
      catchUp.awaitAll(rooms * events);
      double all = (System.nanoTime() - began) / 1e9;
      cpu = stage.server().cpuSeconds() - cpu;
      figures.put("rooms", rooms);
      figures.put("events", rooms * events);
      figures.put("seconds_until_the_newest_of_each_room", FederationFigures.rounded(newest, 2));
      figures.put("seconds_until_all", FederationFigures.rounded(all, 2));
      figures.put("events_sent", catchUp.sent);
      figures.put("requests_for_missing_events", catchUp.asked.get());
      figures.put("server_cpu_seconds", FederationFigures.rounded(cpu, 1));
    }
  }

  /// Messages in all rooms, while the server is away.
  private void miss(LocalUser user, int events) throws IOException, InterruptedException {
    List<Away> all = List.copyOf(rooms.values());
    List<Thread> senders = new ArrayList<>();
    for (int i = 0; i < SENDERS; i++) {
      int first = i;
      LocalUser connection = user.again();
      senders.add(
          Thread.ofVirtual()
              .start(() -> {
                try (connection) {
                  for (int number = 0; number < events; number++) {
                    for (int room = first; room < all.size(); room += SENDERS) {
                      say(connection, all.get(room), number * all.size() + room);
                    }
                  }
                } catch (IOException | RuntimeException e) {
                  fail(e);
                }
              }));
    }
    for (Thread each : senders) {
      each.join();
    }
    check();
  }

  private void say(LocalUser user, Away room, int number) throws IOException {
    String event = user.say(room.room.id().value(), number);
    lock.lock();
    try {
      room.newest = event;
    } finally {
      lock.unlock();
    }
  }

  /// An empty transaction.
  private void showLife() throws IOException {
    ObjectNode body = JsonNodeFactory.instance.objectNode();
    body.put("origin", peer.name().value());
    body.put("origin_server_ts", System.currentTimeMillis());
    var _ = body.putArray("pdus");
    try (Connection connection = new Connection(stage.server().address())) {
      var _ = ask(connection, "PUT", "/_matrix/federation/v1/send/alive", body);
    }
  }

  private JsonNode ask(Connection connection, String method, String target, ObjectNode body)
      throws IOException {
    ServerName server = stage.server().name();
    Connection.Answer answer =
        connection.send(peer.request(server, method, target, Optional.of(body)));
    if (answer.status() != 200) {
      throw new IOException(target + " was answered " + answer.status() + " " + answer.json());
    }
    return answer.json();
  }

  // --- what comes

  private void came(JsonNode pdus) {
    lock.lock();
    try {
      for (JsonNode pdu : pdus) {
        Away room = rooms.get(pdu.path("room_id").asText());
        if (room != null && pdu instanceof ObjectNode event) {
          Pdu read = room.room.read(event);
          sent++;
          take(room, read);
          if (!room.asks && !knowsBefore(room, read)) {
            room.asks = true;
            var _ = Thread.ofVirtual().start(() -> fetch(room, read));
          }
        }
      }
      progress.signalAll();
    } finally {
      lock.unlock();
    }
  }

  private void take(Away room, Pdu event) {
    if (event.type().equals("m.room.message") && room.events.add(event.eventId())) {
      had++;
    }
    room.hasNewest |= event.eventId().value().equals(room.newest);
  }

  private static boolean knowsBefore(Away room, Pdu event) {
    return event.prevEvents().stream()
        .allMatch(each -> each.equals(room.known) || room.events.contains(each));
  }

  /// Asks for what is between what the server knew and an event.
  private void fetch(Away room, Pdu event) {
    Pdu latest = event;
    try {
      turns.acquire();
      try (Connection connection = new Connection(stage.server().address())) {
        for (boolean missing = true; missing; missing = !has(room, latest)) {
          ObjectNode body = JsonNodeFactory.instance.objectNode();
          body.putArray("earliest_events").add(room.known.value());
          body.putArray("latest_events").add(latest.eventId().value());
          body.put("limit", LIMIT);
          body.put("min_depth", 0);
          String id = URLEncoder.encode(room.room.id().value(), StandardCharsets.UTF_8);
          JsonNode given =
              ask(connection, "POST", "/_matrix/federation/v1/get_missing_events/" + id, body);
          asked.incrementAndGet();
          latest = take(room, given.path("events"), latest);
        }
      } finally {
        turns.release();
      }
    } catch (InterruptedException | IOException | RuntimeException e) {
      fail(e);
    }
  }

  private boolean has(Away room, Pdu event) {
    lock.lock();
    try {
      boolean has = knowsBefore(room, event);
      room.asks = !has;
      return has;
    } finally {
      lock.unlock();
    }
  }

  /// Takes what was given.
  ///
  /// @return the earliest of it
  private Pdu take(Away room, JsonNode events, Pdu latest) throws IOException {
    Pdu earliest = latest;
    lock.lock();
    try {
      for (JsonNode each : events) {
        if (each instanceof ObjectNode event) {
          Pdu read = room.room.read(event);
          take(room, read);
          if (read.depth() < earliest.depth()) {
            earliest = read;
          }
        }
      }
      progress.signalAll();
    } finally {
      lock.unlock();
    }
    if (earliest.equals(latest)) {
      throw new IOException("nothing before " + latest.eventId() + " is given");
    }
    return earliest;
  }

  // --- waiting

  private void awaitNewest() throws IOException, InterruptedException {
    await(() -> rooms.values().stream().allMatch(each -> each.hasNewest), "the newest events");
  }

  private void awaitAll(int events) throws IOException, InterruptedException {
    await(() -> had == events, "all events");
  }

  private void await(BooleanSupplier condition, String what)
      throws IOException, InterruptedException {
    lock.lock();
    try {
      long left = PATIENCE.toNanos();
      while (!condition.getAsBoolean() && failure == null) {
        if (left <= 0) {
          throw new IOException(
              "%s did not come in %d s; %d have".formatted(what, PATIENCE.toSeconds(), had));
        }
        left = progress.awaitNanos(left);
      }
    } finally {
      lock.unlock();
    }
    check();
  }

  private void fail(Exception e) {
    lock.lock();
    try {
      if (failure == null) {
        failure = e;
      }
      progress.signalAll();
    } finally {
      lock.unlock();
    }
  }

  private void check() throws IOException {
    lock.lock();
    try {
      if (failure != null) {
        throw new IOException("the server does not catch up", failure);
      }
    } finally {
      lock.unlock();
    }
  }
}
