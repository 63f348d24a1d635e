package org.hearth.server.readers.federationquery;

import com.fasterxml.jackson.databind.node.ObjectNode;
import java.util.List;
import org.hearth.server.http.Fields;
import org.hearth.server.http.HttpMethod;
import org.hearth.server.http.Request;
import org.hearth.server.http.Response;
import org.hearth.server.http.RouteGroup;
import org.hearth.server.http.Routes;
import org.hearth.server.matrix.error.MatrixException;
import org.hearth.server.matrix.id.EventId;
import org.hearth.server.matrix.id.RoomId;
import org.hearth.server.matrix.json.JsonWriter;
import org.hearth.server.servers.room.RoomEvent;

/// Events, and what was before them: `/event`, `/backfill`, `/get_missing_events`,
/// `/timestamp_to_event`.
///
/// **bound**: as many events as below, and about 4 MiB of them in memory.
///
/// **thread**: any. **source**: [Backfilling and retrieving missing events][backfill], [Retrieving
/// events][events].
///
/// [backfill]: https://spec.matrix.org/v1.19/server-server-api/#backfilling-and-retrieving-missing-events
/// [events]: https://spec.matrix.org/v1.19/server-server-api/#retrieving-events
final class EventRoutes implements RouteGroup {
  /// Events of one answer to `/backfill`, and events that it may begin with.
  static final int MOST_BACKFILLED = 100;

  /// Events of one answer to `/get_missing_events`.
  static final int MOST_MISSING = 20;

  /// Events that one may say to have, or to know of; the others are passed over.
  static final int MOST_NAMED = 1_000;

  /// Defaults to 10.
  private static final long USUAL_MISSING = 10;

  private final Transactions transactions;
  private final Sources sources;

  EventRoutes(Transactions transactions, Sources sources) {
    this.transactions = transactions;
    this.sources = sources;
  }

  @Override
  public void register(Routes routes) {
    Sources.add(routes, HttpMethod.GET, "/event/{eventId}", this::event);
    Sources.add(routes, HttpMethod.GET, "/backfill/{roomId}", this::backfill);
    Sources.add(routes, HttpMethod.POST, "/get_missing_events/{roomId}", this::missing);
    Sources.add(routes, HttpMethod.GET, "/timestamp_to_event/{roomId}", this::nearest);
  }

  private Response event(Request request) {
    RoomEvent event =
        sources.door().event(request.origin(), EventId.parse(request.path("eventId")));
    List<ObjectNode> all = sources.shown().to(request.origin(), List.of(event));
    return Response.written(stream -> transactions.write(stream.json(), all));
  }

  /// "The PDUs given in `v` and the PDUs that preceded them are retrieved, up to the total number
  /// given by the `limit`."
  private Response backfill(Request request) {
    RoomId room = sources.door().room(request);
    List<EventId> from =
        request.queryAll("v").stream().limit(MOST_BACKFILLED).map(EventId::parse).toList();
    if (from.isEmpty()) {
      throw MatrixException.missingParam("v");
    }
    long limit =
        request
            .queryLong("limit", 1, Long.MAX_VALUE)
            .orElseThrow(() -> MatrixException.missingParam("limit"));
    int most = (int) Math.min(limit, MOST_BACKFILLED);
    return Response.written(stream -> {
      stream.awaitTurn();
      List<RoomEvent> events = sources.rooms().backfill(room, from, most);
      transactions.write(stream.json(), sources.shown().to(request.origin(), events));
    });
  }

  private Response missing(Request request) {
    RoomId room = RoomId.parse(request.path("roomId"));
    Fields body = Fields.of(request.json());
    List<EventId> earliest = ids(body, "earliest_events");
    List<EventId> latest = sources.door().askable(request, ids(body, "latest_events"));
    int limit = Math.clamp(body.optionalInteger("limit").orElse(USUAL_MISSING), 1, MOST_MISSING);
    long minDepth = body.optionalInteger("min_depth").orElse(0L);
    return Response.written(stream -> {
      stream.awaitTurn();
      // Found from the newest to the oldest; who asks takes them in the other way round.
      List<RoomEvent> events =
          sources
              .door()
              .askable(
                  request,
                  room,
                  sources.rooms().between(room, earliest, latest, limit, minDepth).reversed());
      JsonWriter json = stream.json().object();
      json.name("events").array();
      sources.shown().to(request.origin(), events).forEach(json::value);
      json.endArray().endObject();
    });
  }

  private static List<EventId> ids(Fields body, String name) {
    var _ = body.array(name);
    return body.strings(name).stream().limit(MOST_NAMED).map(EventId::parse).toList();
  }

  private Response nearest(Request request) {
    RoomId room = sources.door().room(request);
    long timestamp =
        request
            .queryLong("ts", Long.MIN_VALUE, Long.MAX_VALUE)
            .orElseThrow(() -> MatrixException.missingParam("ts"));
    boolean forwards =
        switch (request.requiredQuery("dir")) {
          case "f" -> true;
          case "b" -> false;
          default -> throw MatrixException.invalidParam("dir must be f or b");
        };
    return Response.written(stream -> {
      stream.awaitTurn();
      RoomEvent event =
          sources
              .peers()
              .eventNear(room, request.origin(), timestamp, forwards)
              .orElseThrow(() ->
                  MatrixException.notFound(
                      "Unable to find event from %d in %s direction"
                          .formatted(timestamp, forwards ? "forward" : "backward")));
      JsonWriter json = stream.json().object();
      json.name("event_id").value(event.id().value());
      json.name("origin_server_ts").value(event.pdu().originServerTs());
      json.endObject();
    });
  }
}
