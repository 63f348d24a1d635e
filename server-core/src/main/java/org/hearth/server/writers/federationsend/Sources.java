package org.hearth.server.writers.federationsend;

import java.util.Collection;
import java.util.List;
import java.util.Optional;
import org.hearth.server.matrix.id.EventId;
import org.hearth.server.matrix.id.RoomId;
import org.hearth.server.matrix.id.ServerName;
import org.hearth.server.matrix.version.RoomVersion;
import org.hearth.server.outbound.events.CheckedEvents;
import org.hearth.server.outbound.events.Fetched;
import org.hearth.server.outbound.events.FetchedIds;
import org.hearth.server.outbound.events.FetchedState;
import org.hearth.server.outbound.events.PeerEvents;
import org.hearth.server.outbound.federation.FederationReply;

/// Asks servers for events, one after the other until one gives them.
///
/// **bound**: requests and time. **thread**: one job's.
final class Sources {
  private final RoomId room;
  private final RoomVersion version;
  private final List<ServerName> servers;
  private final PeerEvents events;
  private final long end;
  private int requestsLeft = Completion.MOST_REQUESTS;
  private int othersLeft = Completion.MOST_OF_OTHERS;
  private boolean unsure;

  Sources(RoomId room, RoomVersion version, List<ServerName> servers, PeerEvents events) {
    this.room = room;
    this.version = version;
    this.servers = List.copyOf(servers);
    this.events = events;
    this.end = System.nanoTime() + Completion.LONGEST.toNanos();
  }

  /// Whether nobody may be asked any more.
  boolean isOver() {
    return requestsLeft <= 0 || System.nanoTime() - end > 0;
  }

  /// Whether, at the last question, somebody could not be asked, who may know the answer.
  boolean isUnsure() {
    return unsure;
  }

  /// What one server says.
  private sealed interface Said<T> {
    record Something<T>(T it) implements Said<T> {}

    record Nothing<T>() implements Said<T> {}

    record Unreached<T>() implements Said<T> {}
  }

  private interface Question<T> {
    Said<T> ask(ServerName server) throws InterruptedException;
  }

  private <T> Optional<T> ask(Question<T> question) throws InterruptedException {
    unsure = false;
    for (ServerName each : servers) {
      boolean isOther = !each.equals(servers.getFirst());
      if (isOver() || (isOther && othersLeft <= 0)) {
        unsure = true;
        return Optional.empty();
      }
      requestsLeft--;
      othersLeft -= isOther ? 1 : 0;
      switch (question.ask(each)) {
        case Said.Something<T>(T it) -> {
          return Optional.of(it);
        }
        case Said.Nothing<T> _ -> {}
        case Said.Unreached<T> _ -> unsure = true;
      }
    }
    return Optional.empty();
  }

  private static <T> Said<T> not(FederationReply reply) {
    return switch (reply) {
      case FederationReply.Refused(int status, _, _, _, _) when status < 500 && status != 429 ->
          new Said.Nothing<>();
      case FederationReply.Unintelligible _, FederationReply.NotAllowed _ -> new Said.Nothing<>();
      case FederationReply.Answer _,
          FederationReply.Refused _,
          FederationReply.NotReached _,
          FederationReply.LeftAlone _ ->
          new Said.Unreached<>();
    };
  }

  private static Said<CheckedEvents> said(Fetched fetched) {
    return switch (fetched) {
      case Fetched.Got(CheckedEvents got) when got.events().isEmpty() -> new Said.Nothing<>();
      case Fetched.Got(CheckedEvents got) -> new Said.Something<>(got);
      case Fetched.NotGot(FederationReply reply) -> not(reply);
    };
  }

  Optional<CheckedEvents> event(EventId id) throws InterruptedException {
    return ask(server -> said(events.event(server, room, version, id)));
  }

  Optional<CheckedEvents> missing(
      Collection<EventId> earliest, Collection<EventId> latest, int limit)
      throws InterruptedException {
    return ask(server -> said(events.missing(server, room, version, earliest, latest, limit, 0)));
  }

  Optional<CheckedEvents> eventAuth(EventId id) throws InterruptedException {
    return ask(server -> said(events.eventAuth(server, room, version, id)));
  }

  Optional<List<EventId>> stateIds(EventId at) throws InterruptedException {
    return ask(server ->
        switch (events.stateIds(server, room, at)) {
          case FetchedIds.Got(var state, _) -> new Said.Something<>(state);
          case FetchedIds.NotGot(FederationReply reply) -> not(reply);
        });
  }

  Optional<CheckedEvents> state(EventId at) throws InterruptedException {
    return ask(server ->
        switch (events.state(server, room, version, at)) {
          case FetchedState.Got(_, CheckedEvents got) -> new Said.Something<>(got);
          case FetchedState.NotGot(FederationReply reply) -> not(reply);
        });
  }
}
