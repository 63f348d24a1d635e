package org.hearth.server.readers.federationquery;

import com.fasterxml.jackson.databind.node.ObjectNode;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;
import java.util.function.Consumer;
import org.hearth.ringlogs.LogPosition;
import org.hearth.server.http.BodyWriter;
import org.hearth.server.http.HttpMethod;
import org.hearth.server.http.Request;
import org.hearth.server.http.Response;
import org.hearth.server.http.RouteGroup;
import org.hearth.server.http.Routes;
import org.hearth.server.matrix.error.MatrixException;
import org.hearth.server.matrix.id.EventId;
import org.hearth.server.matrix.json.JsonWriter;
import org.hearth.server.servers.room.RoomEvent;
import org.hearth.server.servers.room.RoomState;

/// What a room's state was before an event, and what allows it: `/state`, `/state_ids`,
/// `/event_auth`.
///
/// A room may have a hundred thousand members, so that answers are written while they are read, in
/// turns with others that are large.
///
/// **thread**: any. **source**: [Retrieving events][events], [Retrieving event authorisation
/// information][auth].
///
/// [events]: https://spec.matrix.org/v1.19/server-server-api/#retrieving-events
/// [auth]: https://spec.matrix.org/v1.19/server-server-api/#retrieving-event-authorisation-information
final class StateRoutes implements RouteGroup {
  /// Events that are in memory at the same time.
  private static final int PAGE = 16;

  private final Sources sources;

  StateRoutes(Sources sources) {
    this.sources = sources;
  }

  @Override
  public void register(Routes routes) {
    Sources.add(routes, HttpMethod.GET, "/state/{roomId}", this::state);
    Sources.add(routes, HttpMethod.GET, "/state_ids/{roomId}", this::stateIds);
    Sources.add(routes, HttpMethod.GET, "/event_auth/{roomId}/{eventId}", this::eventAuth);
  }

  /// What a server may not see of the room's history it may not read by its states either; the ids
  /// of those, which tell nothing, it needs to put its history together.
  private Response state(Request request) {
    RoomEvent event = asked(request);
    if (!sources.shown().isVisible(request.origin(), event)) {
      throw MatrixException.forbidden(
          "You do not have permission to access the state at the requested event.");
    }
    return Response.written(
        stream -> write(stream, event, "pdus", "auth_chain", StateRoutes::whole));
  }

  private Response stateIds(Request request) {
    RoomEvent event = asked(request);
    return Response.written(stream ->
        write(
            stream,
            event,
            "pdu_ids",
            "auth_chain_ids",
            json -> each -> json.value(each.id().value())));
  }

  private RoomEvent asked(Request request) {
    return sources.door().event(request, EventId.parse(request.requiredQuery("event_id")));
  }

  /// What allows an event is told as it is: redacted, it might not allow it.
  private Response eventAuth(Request request) {
    RoomEvent event = sources.door().event(request, EventId.parse(request.path("eventId")));
    return Response.written(stream -> {
      stream.awaitTurn();
      JsonWriter json = stream.json().object();
      json.name("auth_chain").array();
      sources.peers().authChain(event.room(), event.pdu().authEvents(), whole(json));
      json.endArray().endObject();
    });
  }

  private static Consumer<RoomEvent> whole(JsonWriter json) {
    return each -> {
      ObjectNode event = each.pdu().exchanged();
      json.value(event);
    };
  }

  /// How events are written.
  private interface Form {
    Consumer<RoomEvent> into(JsonWriter json);
  }

  /// "The fully resolved state of the room at the given event", and "the full set of authorisation
  /// events that make up the state of the room, and their authorisation events, recursively".
  private void write(
      BodyWriter.Stream stream, RoomEvent event, String stateName, String chainName, Form form)
      throws InterruptedException {
    stream.awaitTurn();
    RoomState state = sources.rooms().stateBefore(event);
    JsonWriter json = stream.json().object();
    Consumer<RoomEvent> written = form.into(json);
    Set<EventId> authorising = new LinkedHashSet<>();
    json.name(stateName).array();
    List<LogPosition> positions = state.positions().values().stream().sorted().toList();
    for (int begin = 0; begin < positions.size(); begin += PAGE) {
      List<LogPosition> page = positions.subList(begin, Math.min(begin + PAGE, positions.size()));
      for (RoomEvent each : sources.rooms().eventsAt(page)) {
        written.accept(each);
        authorising.addAll(each.pdu().authEvents());
      }
    }
    json.endArray();
    json.name(chainName).array();
    sources.peers().authChain(event.room(), authorising, written);
    json.endArray().endObject();
  }
}
