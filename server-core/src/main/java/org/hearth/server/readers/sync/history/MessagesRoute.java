package org.hearth.server.readers.sync.history;

import java.util.List;
import java.util.Optional;
import org.hearth.ringlogs.LogPosition;
import org.hearth.server.http.Access;
import org.hearth.server.http.ClientPaths;
import org.hearth.server.http.HttpMethod;
import org.hearth.server.http.RateClass;
import org.hearth.server.http.Request;
import org.hearth.server.http.Response;
import org.hearth.server.http.RouteGroup;
import org.hearth.server.http.Routes;
import org.hearth.server.matrix.event.StateKey;
import org.hearth.server.matrix.id.RoomId;
import org.hearth.server.matrix.json.JsonWriter;
import org.hearth.server.readers.events.EventFilter;
import org.hearth.server.readers.events.EventStyle;
import org.hearth.server.readers.events.OwnMembership;
import org.hearth.server.readers.events.Timelines;
import org.hearth.server.readers.events.Viewer;
import org.hearth.server.readers.tokens.SyncToken;
import org.hearth.server.servers.room.RoomEvent;
import org.hearth.server.servers.room.RoomState;

/// `GET /rooms/{roomId}/messages`: history page by page, both ways.
///
/// **Source:** [getting events for a room][messages].
///
/// [messages]: https://spec.matrix.org/v1.19/client-server-api/#get_matrixclientv3roomsroomidmessages
public final class MessagesRoute implements RouteGroup {
  private static final int USUAL_LIMIT = 10;
  private static final int LARGEST_LIMIT = 500;

  /// So many events are looked at to find out whether a page may come to the end of what is here,
  /// where it is not known how many of them are in the page.
  private static final int MOST_AHEAD = 500;

  private final History reads;

  public MessagesRoute(History reads) {
    this.reads = reads;
  }

  /// What is asked for.
  ///
  /// @param from where to begin
  /// @param place where to begin in the history before the live timeline; 0 if not there
  /// @param to where to end; empty for wherever the history ends
  private record Query(
      RoomId room,
      boolean backwards,
      LogPosition from,
      long place,
      Optional<LogPosition> to,
      int limit,
      EventFilter filter) {

    /// The part of the room's history to look at.
    Timelines.Range range(LogPosition end) {
      return backwards
          ? new Timelines.Range(room, to.orElse(LogPosition.ORIGIN), earlier(from, end))
          : new Timelines.Range(room, from, earlier(to.orElse(end), end));
    }

    private static LogPosition earlier(LogPosition one, LogPosition other) {
      return one.isAfter(other) ? other : one;
    }
  }

  @Override
  public void register(Routes routes) {
    routes.add(
        HttpMethod.GET,
        ClientPaths.v3("/rooms/{roomId}/messages"),
        Access.USER_OR_GUEST,
        RateClass.DEFAULT,
        this::messages);
  }

  private Response messages(Request request) throws InterruptedException {
    Viewer viewer = reads.ignoring(Viewer.of(request.requester()));
    LogPosition now = reads.snapshots().current();
    Query query = query(request, now);
    RoomAccess access = RoomAccess.of(reads.rooms(), query.room(), viewer.user(), now);
    OlderHistory.Fetching fetching = fetch(query, access);
    return Response.written(stream -> {
      stream.awaitTurn();
      write(stream.json(), query, viewer, access, new Told(request.query("to"), fetching));
    });
  }

  /// What the end of a page depends on.
  ///
  /// @param to as the client wrote it
  private record Told(Optional<String> to, OlderHistory.Fetching fetching) {}

  /// Has history fetched that the page may come to and that is not here.
  private OlderHistory.Fetching fetch(Query query, RoomAccess access) throws InterruptedException {
    if (!query.backwards() || query.to().isPresent()) {
      return OlderHistory.Fetching.DONE;
    }
    LogPosition from = query.range(access.upTo()).upTo();
    return reads.fetchBefore(
        access,
        query.room(),
        query.place() == 0 ? from.value() + 1 : query.place(),
        query.filter().admitsEveryEvent() ? query.limit() : MOST_AHEAD);
  }

  private void write(JsonWriter json, Query query, Viewer viewer, RoomAccess access, Told told) {
    Timelines.Page page = page(query, viewer, query.range(access.upTo()));
    SyncToken start =
        query.place() == 0
            ? reads.tokens().at(query.from())
            : reads.tokens().inHistory(query.place());
    OwnMembership own = reads.own(query.room(), viewer);
    json.object().name("start").value(start.toString()).name("chunk");
    reads.events().bundled().write(json, page.events(), viewer, own, EventStyle.SINGLE);
    end(query, page, told).ifPresent(each -> json.name("end").value(each));
    if (query.filter().lazyLoadMembers()) {
      json.name("state");
      reads.events().writeState(json, senders(page.events()), viewer, own, EventStyle.SINGLE);
    }
    json.endObject();
  }

  private static Query query(Request request, LogPosition now) {
    boolean backwards = Parameters.backwards(request);
    Optional<SyncToken> from = Parameters.point(request, "from");
    // Forwards from nowhere is from the beginning of the history.
    long place = from.map(each -> -each.history()).orElse(backwards ? 0L : -Long.MAX_VALUE);
    return new Query(
        Parameters.room(request),
        backwards,
        from.map(SyncToken::position).orElse(backwards ? now : LogPosition.ORIGIN),
        place,
        Parameters.token(request, "to"),
        Parameters.limit(request, USUAL_LIMIT, LARGEST_LIMIT),
        Parameters.filter(request));
  }

  private Timelines.Page page(Query query, Viewer viewer, Timelines.Range range) {
    if (!query.filter().admitsRoom(query.room())) {
      return new Timelines.Page(List.of(), List.of(), false);
    }
    return query.backwards() ? backwards(query, viewer, range) : forwards(query, viewer, range);
  }

  /// The live timeline, and when that is at its end the history before it.
  private Timelines.Page backwards(Query query, Viewer viewer, Timelines.Range range) {
    Timelines.Page live =
        query.place() == 0
            ? reads.timelines().backwards(range, viewer, query.filter(), query.limit())
            : new Timelines.Page(List.of(), List.of(), false);
    int left = query.limit() - live.events().size();
    if (live.more() || left == 0 || query.to().isPresent()) {
      return live;
    }
    Timelines.Page history =
        reads.timelines().history(query.room(), true, query.place(), viewer, query.filter(), left);
    return live.and(history);
  }

  private Timelines.Page forwards(Query query, Viewer viewer, Timelines.Range range) {
    if (query.place() < 0) {
      Timelines.Page history =
          reads
              .timelines()
              .history(query.room(), false, query.place(), viewer, query.filter(), query.limit());
      if (!history.scanned().isEmpty()) {
        return new Timelines.Page(history.events(), history.scanned(), true);
      }
    }
    return reads.timelines().forwards(range, viewer, query.filter(), query.limit());
  }

  /// Where the next page begins. "If no further events are available … this property is omitted":
  /// that is told with a page that is empty, since there are clients that expect an end of every
  /// other.
  ///
  /// A `to` is given back as the client wrote it where the page ends there: so the client sees that
  /// it has come to where it wanted.
  private Optional<String> end(Query query, Timelines.Page page, Told told) {
    if (page.more() && page.scanned().isEmpty()) {
      SyncToken here =
          query.place() == 0
              ? reads.tokens().at(query.from())
              : reads.tokens().inHistory(query.place());
      return Optional.of(here.toString());
    }
    if (!page.more() && told.to().isPresent()) {
      return told.to();
    }
    if (!page.more() && page.events().isEmpty()) {
      // Of what is still being fetched it is not known that it is no further event.
      return told.fetching() == OlderHistory.Fetching.UNDER_WAY
          ? Optional.of(reads.tokens().inHistory(lowest(query, page)).toString())
          : Optional.empty();
    }
    RoomEvent last = page.scanned().getLast();
    SyncToken next = query.backwards() ? reads.tokens().before(last) : reads.tokens().after(last);
    return Optional.of(next.toString());
  }

  /// The place in the history that a page has come to; 0 for its end, where the live timeline
  /// begins.
  private static long lowest(Query query, Timelines.Page page) {
    return page.scanned().isEmpty() ? query.place() : Math.min(0, page.scanned().getLast().place());
  }

  /// Where the member events of those are who sent these, as of the first of them.
  private List<LogPosition> senders(List<RoomEvent> chunk) {
    if (chunk.isEmpty()) {
      return List.of();
    }
    RoomState state = reads.rooms().stateAfter(chunk.getFirst());
    return chunk.stream()
        .map(each -> StateKey.member(each.sender().value()))
        .distinct()
        .flatMap(each -> state.position(each).stream())
        .sorted()
        .toList();
  }
}
