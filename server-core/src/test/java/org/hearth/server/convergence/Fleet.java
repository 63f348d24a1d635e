package org.hearth.server.convergence;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.FutureTask;
import java.util.concurrent.atomic.AtomicReference;
import java.util.concurrent.locks.LockSupport;
import org.hearth.server.SimulatedServer;
import org.hearth.server.box.Time;
import org.hearth.server.http.TestClient;
import org.hearth.server.matrix.id.ServerName;

/// Servers with two users each, and the network between them.
///
/// **thread**: the test's; requests of users any.
final class Fleet implements AutoCloseable {
  private static final int USERS = 2;
  private static final Duration PATIENCE = Duration.ofMinutes(2);
  private static final long LOOK_NANOS = 4_000_000;

  /// So often in a row nothing is to be seen of anything under way.
  private static final int LOOKS = 3;

  private final Path folder;
  private final SimulatedTime time = new SimulatedTime();
  private final SimulatedNetwork network;
  private final List<Member> members = new ArrayList<>();

  /// One of the servers.
  ///
  /// @param wrong by how much its clock is wrong
  private record Member(
      SimulatedServer server, AtomicReference<Duration> wrong, List<Person> people) {}

  /// A user.
  ///
  /// @param server the number of the user's server
  record Person(int server, String id, String token) {}

  Fleet(Path folder) throws IOException {
    this.folder = folder;
    network = new SimulatedNetwork(folder, time);
  }

  SimulatedTime time() {
    return time;
  }

  SimulatedNetwork network() {
    return network;
  }

  /// Has at least so many servers run.
  void grow(int count) {
    while (members.size() < count) {
      members.add(started(members.size()));
    }
  }

  private Member started(int number) {
    try {
      AtomicReference<Duration> wrong = new AtomicReference<>(Duration.ZERO);
      Time own = new Time(() -> time.clock().instant().plus(wrong.get()), _ -> time.alarms());
      ServerName name = network.place();
      SimulatedServer server =
          new SimulatedServer(folder.resolve("server" + number), name, network.authority(), own);
      server.start();
      network.serve(name, server.base());
      List<Person> people = new ArrayList<>();
      for (int i = 0; i < USERS; i++) {
        String local = "user" + i;
        people.add(new Person(number, "@" + local + ":" + name, server.register(local)));
      }
      return new Member(server, wrong, people);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  SimulatedServer server(int number) {
    return members.get(number).server();
  }

  /// The users of the first so many servers.
  List<Person> people(int servers) {
    return members.subList(0, servers).stream().flatMap(each -> each.people().stream()).toList();
  }

  /// Sets a server's clock wrong.
  void wrong(int number, Duration by) {
    members.get(number).wrong().set(by);
  }

  TestClient client(Person person) {
    return server(person.server()).client().as(person.token());
  }

  /// Stops a server and starts it again. Time passes meanwhile: what is under way may wait for
  /// that.
  void restart(int number) throws InterruptedException {
    SimulatedServer server = server(number);
    network.leave(server.name());
    FutureTask<Boolean> stop =
        new FutureTask<>(() -> {
          server.stop();
          return true;
        });
    Thread.ofVirtual().start(stop);
    while (!stop.isDone()) {
      LockSupport.parkNanos(LOOK_NANOS);
      time.pass(Duration.ofSeconds(1));
    }
    try {
      var _ = stop.get();
    } catch (ExecutionException e) {
      throw new IllegalStateException(e);
    }
    server.start();
    network.serve(server.name(), server.base());
  }

  /// Has the time pass until nothing waits for it any more, in a network that is whole.
  ///
  /// @param requests of users, which are waited for, too
  void settle(Requests requests) {
    network.calm();
    long deadline = System.nanoTime() + PATIENCE.toNanos();
    long carried = -1;
    int looks = 0;
    while (looks < LOOKS) {
      LockSupport.parkNanos(LOOK_NANOS);
      List<String> waiting = new ArrayList<>(requests.waiting());
      members.forEach(each -> waiting.addAll(each.server().waiting()));
      if (network.underWay() > 0 || network.carried() != carried) {
        carried = network.carried();
        looks = 0;
      } else if (waiting.isEmpty()) {
        looks++;
      } else {
        looks = 0;
        time.passToNextAlarm();
      }
      if (System.nanoTime() > deadline) {
        throw new AssertionError(
            "something waits for ever; %d requests on their way; %s"
                .formatted(network.underWay(), waiting));
      }
    }
  }

  /// Events that did not count, for the message of a failure.
  String refused() {
    return String.join("\n", members.stream().map(each -> each.server().refused()).toList());
  }

  @Override
  public void close() throws IOException {
    network.calm();
    members.forEach(each -> each.server().close());
    network.close();
  }
}
