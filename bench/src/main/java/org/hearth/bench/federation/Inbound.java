package org.hearth.bench.federation;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.IOException;
import java.net.URI;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.ReentrantLock;
import org.hearth.bench.load.Connection;
import org.hearth.bench.load.Times;
import org.hearth.server.matrix.id.ServerName;
import org.jspecify.annotations.Nullable;

/// How many events of other servers are verified, judged, stored and told to a user a second: some
/// servers, each with rooms of its own, send transactions of 50 events, each the next when the last
/// was answered. Events and requests are signed beforehand.
///
/// A user who is in all rooms syncs: an event counts when he has been told of it, or of one after
/// it. Nobody sends more than [#WINDOW] events of a room ahead of that, since of more than 100 that
/// wait the server forgets the oldest until it misses them.
///
/// **thread**: each origin one, the user who syncs one; guarded by the lock.
final class Inbound {
  private static final int IN_TRANSACTION = 50;
  private static final int WINDOW = 80;
  private static final Duration PATIENCE = Duration.ofSeconds(60);
  private static final String FILTER =
      "{\"presence\":{\"types\":[]},\"account_data\":{\"types\":[]},\"room\":{\"timeline\":{\"limit\":1},\"state\":{\"lazy_load_members\":true},\"ephemeral\":{\"types\":[]},\"account_data\":{\"types\":[]}}}";

  private final URI server;
  private final List<Place> places;
  private final ReentrantLock lock = new ReentrantLock();
  private final Condition told = lock.newCondition();
  private final Times answers = new Times();
  private @Nullable Exception failure;
  private boolean ended;

  /// A room, and how far it is; guarded by the lock.
  private static final class Place {
    private final PeerRoom room;
    private int sent;
    private int told;

    Place(PeerRoom room) {
      this.room = room;
    }
  }

  /// A transaction that is ready to be sent.
  ///
  /// @param last of each place, the number of its last event in it
  @SuppressWarnings("ArrayRecordComponent") // compared by nobody
  private record Transaction(byte[] request, Map<Place, Integer> last) {}

  private Inbound(URI server, List<Place> places) {
    this.server = server;
    this.places = places;
  }

  static void measure(Stage stage, ObjectNode figures) throws IOException, InterruptedException {
    List<Peer> origins = stage.peers(stage.number("origins", 4));
    int rooms = stage.number("rooms", 16);
    List<Place> places = new ArrayList<>();
    try (LocalUser alice = stage.user("alice")) {
      for (int i = 0; i < rooms; i++) {
        PeerRoom room = new PeerRoom(origins.get(i % origins.size()), "room" + i);
        alice.join(room);
        places.add(new Place(room));
      }
      Inbound inbound = new Inbound(stage.server().address(), places);
      int warmUp = stage.number("warm-up", 30_000) / rooms;
      int events = stage.number("events", 60_000) / rooms;
      Maker maker = new Maker(places, stage.server().name());
      Map<Peer, List<Transaction>> before = maker.make(origins, warmUp);
      Map<Peer, List<Transaction>> measured = maker.make(origins, warmUp + events);
      Thread follower = Thread.ofVirtual().start(() -> inbound.follow(alice));
      inbound.send(before, new Times());
      double cpu = stage.server().cpuSeconds();
      double own = ownCpuSeconds();
      long began = System.nanoTime();
      inbound.send(measured, inbound.answers);
      double seconds = (System.nanoTime() - began) / 1e9;
      cpu = stage.server().cpuSeconds() - cpu;
      own = ownCpuSeconds() - own;
      inbound.end();
      follower.join();
      inbound.check();
      figures.put("rooms", rooms);
      figures.put("origins", origins.size());
      figures.put("events", events * rooms);
      figures.put("seconds", FederationFigures.rounded(seconds, 1));
      figures.put("events_per_second", Math.round(events * rooms / seconds));
      figures.put("server_cores", FederationFigures.rounded(cpu / seconds, 2));
      figures.put(
          "server_cpu_ms_per_event", FederationFigures.rounded(1e3 * cpu / events / rooms, 3));
      figures.put("generator_cores", FederationFigures.rounded(own / seconds, 2));
      figures.set("transactions_answered", inbound.answers.json());
    }
  }

  private static double ownCpuSeconds() {
    return ProcessHandle.current().info().totalCpuDuration().map(Duration::toNanos).orElse(0L)
        / 1e9;
  }

  /// Makes transactions, before they are needed.
  private static final class Maker {
    private final List<Place> places;
    private final ServerName destination;
    private final Map<Place, Integer> made = new HashMap<>();
    private int transactions;

    Maker(List<Place> places, ServerName destination) {
      this.places = places;
      this.destination = destination;
    }

    /// Events of all rooms up to a number, in transactions of whoever has the rooms.
    Map<Peer, List<Transaction>> make(List<Peer> origins, int upTo) {
      Map<Peer, List<Transaction>> all = new HashMap<>();
      for (Peer origin : origins) {
        List<Place> own =
            places.stream().filter(each -> each.room.resident().equals(origin)).toList();
        List<Transaction> ofOrigin = new ArrayList<>();
        ArrayNode pdus = JsonNodeFactory.instance.arrayNode();
        Map<Place, Integer> last = new HashMap<>();
        boolean more = true;
        while (more) {
          more = false;
          for (Place place : own) {
            int next = made.getOrDefault(place, 0) + 1;
            if (next <= upTo) {
              more = true;
              pdus.add(place.room.say(next).json());
              made.put(place, next);
              last.put(place, next);
              if (pdus.size() == IN_TRANSACTION) {
                ofOrigin.add(transaction(origin, pdus, last));
                pdus = JsonNodeFactory.instance.arrayNode();
                last = new HashMap<>();
              }
            }
          }
        }
        if (!pdus.isEmpty()) {
          ofOrigin.add(transaction(origin, pdus, last));
        }
        all.put(origin, ofOrigin);
      }
      return all;
    }

    private Transaction transaction(Peer origin, ArrayNode pdus, Map<Place, Integer> last) {
      ObjectNode body = JsonNodeFactory.instance.objectNode();
      body.put("origin", origin.name().value());
      body.put("origin_server_ts", System.currentTimeMillis());
      body.set("pdus", pdus);
      return new Transaction(
          origin.request(
              destination,
              "PUT",
              "/_matrix/federation/v1/send/" + transactions++,
              Optional.of(body)),
          Map.copyOf(last));
    }
  }

  /// Sends all, and returns when the user was told of all.
  private void send(Map<Peer, List<Transaction>> all, Times times)
      throws IOException, InterruptedException {
    List<Thread> senders = new ArrayList<>();
    all.values().forEach(each -> senders.add(Thread.ofVirtual().start(() -> sendOne(each, times))));
    for (Thread each : senders) {
      each.join();
    }
    lock.lock();
    try {
      for (Place each : places) {
        await(each, each.sent);
      }
    } finally {
      lock.unlock();
    }
    check();
  }

  private void sendOne(List<Transaction> transactions, Times times) {
    try (Connection connection = new Connection(server)) {
      for (Transaction each : transactions) {
        lock.lock();
        try {
          for (Map.Entry<Place, Integer> last : each.last().entrySet()) {
            await(last.getKey(), last.getValue() - WINDOW);
            last.getKey().sent = last.getValue();
          }
          if (failure != null) {
            return;
          }
        } finally {
          lock.unlock();
        }
        long began = System.nanoTime();
        Connection.Answer answer = connection.send(each.request());
        times.add(System.nanoTime() - began);
        String said = answer.json().toString();
        if (answer.status() != 200 || said.contains("\"error\"")) {
          throw new IOException("a transaction was answered " + answer.status() + " " + said);
        }
      }
    } catch (IOException | InterruptedException | RuntimeException e) {
      fail(e);
    }
  }

  /// Waits until the user was told of that event of a room; with the lock.
  private void await(Place place, int number) throws InterruptedException {
    long left = PATIENCE.toNanos();
    int before = place.told;
    while (place.told < number && failure == null) {
      left = told.awaitNanos(left);
      if (place.told > before) {
        before = place.told;
        left = PATIENCE.toNanos();
      } else if (left <= 0) {
        failure =
            new IOException(
                "of %s only %d of %d events came in %d s"
                    .formatted(place.room.id(), place.told, place.sent, PATIENCE.toSeconds()));
        told.signalAll();
      }
    }
  }

  private void follow(LocalUser user) {
    Map<String, Place> byId = new HashMap<>();
    places.forEach(each -> byId.put(each.room.id().value(), each));
    try {
      String since = "";
      while (!isOver()) {
        JsonNode news = user.sync(since, FILTER);
        since = news.path("next_batch").asText();
        lock.lock();
        try {
          for (Map.Entry<String, JsonNode> each : news.at("/rooms/join").properties()) {
            Place place = byId.get(each.getKey());
            int newest = each.getValue().at("/timeline/events/0/content/n").asInt();
            if (place != null && newest > place.told) {
              place.told = newest;
              told.signalAll();
            }
          }
        } finally {
          lock.unlock();
        }
      }
    } catch (IOException | RuntimeException e) {
      fail(e);
    }
  }

  private boolean isOver() {
    lock.lock();
    try {
      return ended || failure != null;
    } finally {
      lock.unlock();
    }
  }

  private void end() {
    lock.lock();
    try {
      ended = true;
    } finally {
      lock.unlock();
    }
  }

  private void fail(Exception e) {
    lock.lock();
    try {
      if (failure == null) {
        failure = e;
      }
      told.signalAll();
    } finally {
      lock.unlock();
    }
  }

  private void check() throws IOException {
    lock.lock();
    try {
      if (failure != null) {
        throw new IOException("the events do not get through", failure);
      }
    } finally {
      lock.unlock();
    }
  }
}
