package org.hearth.server.convergence;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import org.hearth.server.SimulatedServer;
import org.hearth.server.convergence.Fleet.Person;
import org.hearth.server.convergence.Schedule.Room;
import org.hearth.server.http.TestClient;
import org.hearth.server.matrix.event.StateKey;
import org.hearth.server.matrix.id.EventId;
import org.hearth.server.matrix.id.RoomId;
import org.hearth.server.matrix.id.UserId;
import org.hearth.server.servers.room.EventStatus;
import org.hearth.server.servers.room.RoomEvent;
import org.hearth.server.servers.room.RoomQueries;
import org.hearth.server.servers.room.RoomState;

/// What servers have to agree about when nothing waits any more: in each room the state, the
/// members, the ends of the graph, and every message that one of them acknowledged.
///
/// **thread**: the test's.
final class Agreement {
  private static final int ROUNDS = 2;

  /// Pages of history that are looked at.
  private static final int MOST_PAGES = 50;

  private final Fleet fleet;
  private final Schedule schedule;
  private final Requests requests;

  Agreement(Fleet fleet, Schedule schedule, Requests requests) {
    this.fleet = fleet;
    this.schedule = schedule;
    this.requests = requests;
  }

  /// What one server says of a room.
  ///
  /// @param state type and state key → event id, with the sender
  private record View(
      Map<String, String> state, Set<String> joined, Set<String> servers, Set<String> ends) {
    static View of(SimulatedServer server, RoomId room) {
      RoomQueries rooms = server.rooms();
      RoomState current = rooms.currentState(room).orElseThrow();
      List<StateKey> keys = List.copyOf(current.positions().keySet());
      Map<String, String> state = new TreeMap<>();
      for (RoomEvent each : current.events(keys)) {
        state.put(
            each.pdu().type() + " " + each.pdu().stateKey().orElse(""),
            each.pdu().eventId() + " by " + each.pdu().sender());
      }
      return new View(
          state,
          texts(rooms.joinedUsers(room)),
          texts(server.peers().servers(room)),
          texts(rooms.forwardExtremities(room)));
    }

    private static Set<String> texts(Iterable<?> values) {
      Set<String> texts = new TreeSet<>();
      values.forEach(each -> texts.add(each.toString()));
      return texts;
    }
  }

  /// Compares what they say.
  ///
  /// @return in how many rooms there was something to agree about
  int check() {
    meet();
    int compared = 0;
    for (Room room : schedule.rooms()) {
      try {
        compared += compare(room) ? 1 : 0;
      } catch (AssertionError e) {
        String graphs = new Graphs(fleet, schedule.servers()).of(room.id());
        throw new AssertionError(e.getMessage() + "\n" + graphs, e);
      }
    }
    return compared;
  }

  /// @return whether there was something to agree about
  private boolean compare(Room room) {
    List<Integer> in = known(room, in(room));
    if (in.size() < 2) {
      return false;
    }
    View first = View.of(fleet.server(in.getFirst()), room.id());
    for (int each : in.subList(1, in.size())) {
      View other = View.of(fleet.server(each), room.id());
      String where = "server %d beside server %d in %s".formatted(each, in.getFirst(), room.id());
      assertThat(other.state()).as("the state of %s", where).isEqualTo(first.state());
      assertThat(other.joined()).as("the members of %s", where).isEqualTo(first.joined());
      assertThat(other.servers()).as("the servers of %s", where).isEqualTo(first.servers());
      assertThat(other.ends()).as("the ends of %s", where).isEqualTo(first.ends());
    }
    checkMessages(room, in);
    return true;
  }

  /// Messages of each server in each room, one server after the other: each is after all that its
  /// server knows. Who learns by the first of them who else is there says so by the next.
  private void meet() {
    for (int round = 0; round < ROUNDS; round++) {
      for (int server = 0; server < schedule.servers(); server++) {
        for (Room room : schedule.rooms()) {
          meet(room, server, round);
        }
        fleet.settle(requests);
      }
    }
  }

  private void meet(Room room, int server, int round) {
    List<Person> joined = joined(room, server);
    if (!joined.isEmpty()) {
      var _ =
          fleet
              .client(joined.getFirst())
              .put(
                  room.path("/send/m.room.message/meet" + round),
                  "{'msgtype':'m.text','body':'Are you all there?'}")
              .expect(200);
    }
  }

  /// The numbers of the servers that say that they are in the room.
  private List<Integer> in(Room room) {
    List<Integer> in = new ArrayList<>();
    for (int server = 0; server < schedule.servers(); server++) {
      if (!joined(room, server).isEmpty()) {
        in.add(server);
      }
    }
    return in;
  }

  /// Those of them whom another takes for joined, or whom the others owe something.
  ///
  /// "Soft-failed" is what each server decides for itself, and nothing in the protocol brings two
  /// together that have decided otherwise. So a server is left alone that all others take for out
  /// of the room, if each of its users is so by an event that it has itself, or by a join that the
  /// others have soft-failed, so that it never was in the room for any of them: whoever let the
  /// user in has left the room. Who was joined for another, and is that no more, has to know it.
  private List<Integer> known(Room room, List<Integer> in) {
    List<Integer> known = new ArrayList<>(in);
    known.removeIf(server -> {
      List<Integer> others = in.stream().filter(other -> !other.equals(server)).toList();
      return !others.isEmpty()
          && others.stream()
              .allMatch(other -> isOut(room, server, other) && owesNothing(room, server, other));
    });
    return known;
  }

  private boolean isOut(Room room, int server, int other) {
    return !fleet.server(other).peers().servers(room.id()).contains(fleet.server(server).name());
  }

  private boolean owesNothing(Room room, int server, int other) {
    RoomState ours = fleet.server(server).rooms().currentState(room.id()).orElseThrow();
    RoomState theirs = fleet.server(other).rooms().currentState(room.id()).orElseThrow();
    return joined(room, server).stream()
        .map(each -> StateKey.member(each.id()))
        .allMatch(member -> {
          RoomEvent join = ours.event(member).orElseThrow();
          // What the user was before the join is no end of it.
          return theirs
                  .event(member)
                  .filter(end -> isKnown(server, end.id()))
                  .filter(end -> !join.pdu().authEvents().contains(end.id()))
                  .isPresent()
              || !counts(other, join.id());
        });
  }

  private boolean isKnown(int server, EventId event) {
    return fleet.server(server).rooms().event(event).isPresent();
  }

  /// The users of that server who it says are joined.
  private List<Person> joined(Room room, int server) {
    RoomQueries rooms = fleet.server(server).rooms();
    return fleet.people(schedule.servers()).stream()
        .filter(each -> each.server() == server)
        .filter(each -> rooms.isJoined(room.id(), UserId.parse(each.id())))
        .toList();
  }

  /// What one of them counts, all have: who was sent away meanwhile, and spoke before knowing it,
  /// may be heard by nobody.
  private void checkMessages(Room room, List<Integer> in) {
    List<Requests.Said> counted =
        requests.said().stream()
            .filter(each -> each.room().equals(room.id()))
            .filter(each -> in.stream().anyMatch(server -> counts(server, each.event())))
            .toList();
    for (int server : in) {
      RoomQueries rooms = fleet.server(server).rooms();
      if (counted.stream().anyMatch(each -> rooms.event(each.event()).isEmpty())) {
        readAll(room, joined(room, server).getFirst());
      }
      Set<String> missing = new TreeSet<>();
      for (Requests.Said each : counted) {
        Optional<EventStatus> status = rooms.status(each.event());
        if (status.isEmpty() || status.get().rejected()) {
          missing.add(
              "%s, acknowledged by server %d: %s".formatted(each.event(), each.server(), status));
        }
      }
      assertThat(missing).as("messages that server %d lacks in %s", server, room.id()).isEmpty();
    }
  }

  private boolean counts(int server, EventId event) {
    return fleet
        .server(server)
        .rooms()
        .status(event)
        .filter(each -> each.placed() && !each.rejected() && !each.softFailed())
        .isPresent();
  }

  /// Goes back to the room's beginning, as clients do.
  private void readAll(Room room, Person reader) {
    String from = "";
    for (int page = 0; page < MOST_PAGES; page++) {
      JsonNode answer =
          fleet
              .client(reader)
              .get(room.path("/messages?dir=b&limit=100" + from))
              .expect(200)
              .json();
      String end = answer.path("end").asText("");
      if (end.isEmpty()) {
        return;
      }
      from = "&from=" + TestClient.encoded(end);
    }
    throw new AssertionError("the history of %s has no beginning".formatted(room.id()));
  }
}
