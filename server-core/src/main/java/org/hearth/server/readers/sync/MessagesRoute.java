package org.hearth.server.readers.sync;

import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.util.Collection;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import org.hearth.ringlogs.LogPosition;
import org.hearth.server.http.Access;
import org.hearth.server.http.HttpMethod;
import org.hearth.server.http.RateClass;
import org.hearth.server.http.Request;
import org.hearth.server.http.Response;
import org.hearth.server.http.RouteGroup;
import org.hearth.server.http.Routes;
import org.hearth.server.matrix.error.MatrixException;
import org.hearth.server.matrix.event.StateKey;
import org.hearth.server.matrix.id.RoomId;
import org.hearth.server.servers.room.RoomEvent;
import org.hearth.server.servers.room.RoomQueries;
import org.hearth.server.services.accountdata.AccountDataQueries;

/// `GET /rooms/{roomId}/messages`: history page by page, both ways.
///
/// **Source:** [getting events for a room][messages].
///
/// [messages]: https://spec.matrix.org/v1.19/client-server-api/#get_matrixclientv3roomsroomidmessages
final class MessagesRoute implements RouteGroup {
  private static final int USUAL_LIMIT = 10;
  private static final int LARGEST_LIMIT = 500;

  private final RoomQueries rooms;
  private final Timelines timelines;
  private final ClientEvents events;
  private final Snapshots snapshots;
  private final Tokens tokens;
  private final AccountDataQueries accountData;

  MessagesRoute(
      RoomQueries rooms,
      Timelines timelines,
      ClientEvents events,
      Snapshots snapshots,
      Tokens tokens,
      AccountDataQueries accountData) {
    this.rooms = rooms;
    this.timelines = timelines;
    this.events = events;
    this.snapshots = snapshots;
    this.tokens = tokens;
    this.accountData = accountData;
  }

  /// What is asked for.
  ///
  /// @param from where to begin
  /// @param to where to end; empty for wherever the history ends
  private record Query(
      RoomId room,
      boolean backwards,
      LogPosition from,
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
        Paths.client("/rooms/{roomId}/messages"),
        Access.USER_OR_GUEST,
        RateClass.DEFAULT,
        this::messages);
  }

  private Response messages(Request request) {
    Viewer asking = Viewer.of(request.requester());
    Viewer viewer = asking.ignoring(IgnoredUsers.of(accountData, asking.user()));
    LogPosition now = snapshots.current();
    Query query = query(request, now);
    RoomAccess access = RoomAccess.of(rooms, query.room(), viewer.user(), now);
    Timelines.Page page = page(query, viewer, query.range(access.upTo()));
    ObjectNode json = JsonNodeFactory.instance.objectNode();
    json.put("start", tokens.at(query.from()).toString());
    OwnMembership own = OwnMembership.upTo(rooms, rooms.membership(query.room(), viewer.user()));
    json.set("chunk", events.timeline(page.events(), viewer, own, EventStyle.SINGLE));
    end(query, page).ifPresent(each -> json.put("end", tokens.at(each).toString()));
    if (query.filter().lazyLoadMembers()) {
      json.set("state", events.state(senders(page.events()), viewer, own, EventStyle.SINGLE));
    }
    return Response.json(json);
  }

  private static Query query(Request request, LogPosition now) {
    boolean backwards =
        switch (request.requiredQuery("dir")) {
          case "b" -> true;
          case "f" -> false;
          default -> throw MatrixException.invalidParam("dir must be b or f");
        };
    return new Query(
        Parameters.room(request),
        backwards,
        Parameters.token(request, "from").orElse(backwards ? now : LogPosition.ORIGIN),
        Parameters.token(request, "to"),
        Parameters.limit(request, USUAL_LIMIT, LARGEST_LIMIT),
        Parameters.filter(request));
  }

  private Timelines.Page page(Query query, Viewer viewer, Timelines.Range range) {
    if (!query.filter().admitsRoom(query.room())) {
      return new Timelines.Page(List.of(), List.of(), false);
    }
    return query.backwards()
        ? timelines.backwards(range, viewer, query.filter(), query.limit())
        : timelines.forwards(range, viewer, query.filter(), query.limit());
  }

  /// Where the next page begins. "If no further events are available … this property is omitted":
  /// that is told with a page that is empty, since there are clients that expect an end of every
  /// other.
  private static Optional<LogPosition> end(Query query, Timelines.Page page) {
    if (page.more() && page.scanned().isEmpty()) {
      return Optional.of(query.from());
    }
    if (!page.more() && query.to().isPresent()) {
      return query.to();
    }
    if (!page.more() && page.events().isEmpty()) {
      return Optional.empty();
    }
    LogPosition last = page.scanned().getLast().position();
    return Optional.of(query.backwards() ? new LogPosition(last.value() - 1) : last);
  }

  /// The member events of those who sent these, as of the first of them.
  private List<RoomEvent> senders(List<RoomEvent> chunk) {
    if (chunk.isEmpty()) {
      return List.of();
    }
    return membersOf(rooms, chunk, chunk.getFirst());
  }

  /// The member events of those who sent the events, in the state after one of them.
  static List<RoomEvent> membersOf(
      RoomQueries rooms, Collection<RoomEvent> events, RoomEvent after) {
    Set<String> senders = new LinkedHashSet<>();
    events.forEach(each -> senders.add(each.sender().value()));
    return rooms.stateAfter(after).events(senders.stream().map(StateKey::member).toList());
  }
}
