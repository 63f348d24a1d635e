package org.hearth.server.readers.sync.history;

import java.util.Optional;
import java.util.OptionalLong;
import org.hearth.ringlogs.LogPosition;
import org.hearth.server.http.Access;
import org.hearth.server.http.Handler;
import org.hearth.server.http.HttpMethod;
import org.hearth.server.http.RateClass;
import org.hearth.server.http.Request;
import org.hearth.server.http.Response;
import org.hearth.server.http.RouteGroup;
import org.hearth.server.http.Routes;
import org.hearth.server.matrix.error.MatrixException;
import org.hearth.server.matrix.json.JsonWriter;
import org.hearth.server.readers.events.EventStyle;
import org.hearth.server.readers.events.OwnMembership;
import org.hearth.server.readers.events.RelatedEvents;
import org.hearth.server.readers.events.Viewer;
import org.hearth.server.readers.tokens.SyncToken;
import org.hearth.server.servers.room.RelationQuery;
import org.hearth.server.servers.room.RoomEvent;
import org.hearth.server.servers.room.RoomQueries;

/// `GET /rooms/{roomId}/relations/{eventId}`, `…/{relType}`, `…/{relType}/{eventType}`: what relates
/// to an event, page by page, both ways. A page may have fewer events than was asked for, and even
/// none, and be followed by others.
///
/// **Source:** [the relationships API][relations].
///
/// [relations]: https://spec.matrix.org/v1.19/client-server-api/#relationships-api
public final class RelationsRoute implements RouteGroup {
  private static final String PATH = "/_matrix/client/v1/rooms/{roomId}/relations/{eventId}";
  private static final int USUAL_LIMIT = 20;
  private static final int LARGEST_LIMIT = 100;

  private final History reads;
  private final RelatedEvents related;

  public RelationsRoute(History reads) {
    this.reads = reads;
    this.related = new RelatedEvents(reads.rooms());
  }

  /// What is asked for.
  ///
  /// @param from as the client wrote it; empty for the end of the room's history, or its beginning
  /// @param to where to end; empty for wherever it ends
  /// @param recurse whether with what relates to what relates to the event; empty if the client did
  ///   not say
  private record Query(
      boolean backwards,
      Optional<SyncToken> from,
      Optional<SyncToken> to,
      int limit,
      Optional<Boolean> recurse) {
    static Query of(Request request) {
      return new Query(
          request.query("dir").isEmpty() || Parameters.backwards(request),
          Parameters.point(request, "from"),
          Parameters.point(request, "to"),
          Math.max(1, Parameters.limit(request, USUAL_LIMIT, LARGEST_LIMIT)),
          request
              .query("recurse")
              .or(() -> request.query("org.matrix.msc3981.recurse"))
              .map(Query::isTrue));
    }

    private static boolean isTrue(String text) {
      return switch (text) {
        case "true" -> true;
        case "false" -> false;
        default -> throw MatrixException.invalidParam("recurse must be true or false");
      };
    }

    /// The place from which to look, itself not included.
    long start(LogPosition now) {
      return backwards
          ? from.map(SyncToken::placeAfter).orElse(now.value() + 1)
          : from.map(SyncToken::placeBefore).orElse(Long.MIN_VALUE);
    }

    /// The place at which to end, itself not included.
    long end() {
      return to.map(each -> backwards ? each.placeBefore() : each.placeAfter())
          .orElse(Long.MAX_VALUE);
    }

    boolean deep() {
      return recurse.orElse(false);
    }
  }

  @Override
  public void register(Routes routes) {
    add(routes, PATH, request -> relations(request, Optional.empty(), Optional.empty()));
    add(
        routes,
        PATH + "/{relType}",
        request -> relations(request, Optional.of(request.path("relType")), Optional.empty()));
    add(
        routes,
        PATH + "/{relType}/{eventType}",
        request ->
            relations(
                request,
                Optional.of(request.path("relType")),
                Optional.of(request.path("eventType"))));
  }

  private static void add(Routes routes, String path, Handler handler) {
    routes.add(HttpMethod.GET, path, Access.USER, RateClass.DEFAULT, handler);
  }

  private Response relations(Request request, Optional<String> relation, Optional<String> type) {
    Viewer viewer = reads.ignoring(Viewer.of(request.requester()));
    Query query = Query.of(request);
    LogPosition now = reads.snapshots().current();
    String room = Parameters.room(request).value();
    RoomEvent event = reads.visible(request, Optional.of(room), viewer);
    RelationQuery looked =
        new RelationQuery(
            event.id(), relation, type, query.start(now), query.backwards(), query.limit());
    return Response.written(stream -> {
      stream.awaitTurn();
      RelatedEvents.Page page =
          related.page(event.room(), looked, query.end(), query.deep(), viewer);
      write(stream.json(), event, query, page, viewer);
    });
  }

  private void write(
      JsonWriter json, RoomEvent event, Query query, RelatedEvents.Page page, Viewer viewer) {
    OwnMembership own = reads.own(event.room(), viewer);
    json.object().name("chunk");
    reads.events().bundled().write(json, page.events(), viewer, own, EventStyle.SINGLE);
    next(query, page.end()).ifPresent(each -> json.name("next_batch").value(each.toString()));
    // "The absence of this token means this is the start of the result set".
    query.from().ifPresent(each -> json.name("prev_batch").value(each.toString()));
    query
        .recurse()
        .ifPresent(
            each -> json.name("recursion_depth").value(each ? RoomQueries.RELATION_LEVELS : 1));
    json.endObject();
  }

  private Optional<SyncToken> next(Query query, OptionalLong end) {
    return end.isEmpty()
        ? Optional.empty()
        : Optional.of(
            query.backwards()
                ? reads.tokens().before(end.getAsLong())
                : reads.tokens().after(end.getAsLong()));
  }
}
