package org.hearth.server.readers.sync.history;

import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import org.hearth.ringlogs.LogPosition;
import org.hearth.server.http.Access;
import org.hearth.server.http.ClientPaths;
import org.hearth.server.http.HttpMethod;
import org.hearth.server.http.RateClass;
import org.hearth.server.http.Request;
import org.hearth.server.http.Response;
import org.hearth.server.http.RouteGroup;
import org.hearth.server.http.Routes;
import org.hearth.server.matrix.error.MatrixException;
import org.hearth.server.matrix.event.EventTypes;
import org.hearth.server.matrix.event.StateKey;
import org.hearth.server.matrix.id.EventId;
import org.hearth.server.matrix.id.RoomId;
import org.hearth.server.matrix.json.JsonWriter;
import org.hearth.server.readers.events.BundledEvents;
import org.hearth.server.readers.events.EventFilter;
import org.hearth.server.readers.events.EventStyle;
import org.hearth.server.readers.events.OwnMembership;
import org.hearth.server.readers.events.Timelines;
import org.hearth.server.readers.events.Viewer;
import org.hearth.server.servers.room.RoomEvent;

/// `GET /rooms/{roomId}/event/{eventId}` and, for old clients, `GET /events/{eventId}`: one event;
/// `GET /rooms/{roomId}/context/{eventId}`: one event and what is around it; `GET
/// /rooms/{roomId}/timestamp_to_event`: the one nearest to a moment.
///
/// **Source:** [one event][event], [the deprecated call][old], [event context][context].
///
/// [event]: https://spec.matrix.org/v1.19/client-server-api/#get_matrixclientv3roomsroomideventeventid
/// [old]: https://spec.matrix.org/v1.19/client-server-api/#get_matrixclientv3eventseventid
/// [context]: https://spec.matrix.org/v1.19/client-server-api/#event-context
public final class EventRoutes implements RouteGroup {
  private static final int USUAL_LIMIT = 10;
  private static final int LARGEST_LIMIT = 100;

  private final History reads;

  public EventRoutes(History reads) {
    this.reads = reads;
  }

  @Override
  public void register(Routes routes) {
    routes.add(
        HttpMethod.GET,
        ClientPaths.v3("/rooms/{roomId}/event/{eventId}"),
        Access.USER_OR_GUEST,
        RateClass.DEFAULT,
        request -> event(request, Optional.of(request.path("roomId"))));
    routes.add(
        HttpMethod.GET,
        ClientPaths.v3("/events/{eventId}"),
        Access.USER,
        RateClass.DEFAULT,
        request -> event(request, Optional.empty()));
    routes.add(
        HttpMethod.GET,
        ClientPaths.v3("/rooms/{roomId}/context/{eventId}"),
        Access.USER_OR_GUEST,
        RateClass.DEFAULT,
        this::context);
    routes.add(
        HttpMethod.GET,
        "/_matrix/client/v1/rooms/{roomId}/timestamp_to_event",
        Access.USER,
        RateClass.DEFAULT,
        this::nearest);
  }

  /// "Get the ID of the event closest to the given timestamp, in the direction specified by the
  /// `dir` parameter."
  private Response nearest(Request request) throws InterruptedException {
    Viewer viewer = Viewer.of(request.requester());
    RoomId room = Parameters.room(request);
    boolean forwards = !Parameters.backwards(request);
    long timestamp =
        request
            .queryLong("ts", 0, Long.MAX_VALUE)
            .orElseThrow(() -> MatrixException.missingParam("ts"));
    RoomAccess access =
        RoomAccess.of(reads.rooms(), room, viewer.user(), reads.snapshots().current());
    return Response.written(stream -> {
      stream.awaitTurn();
      Optional<RoomEvent> here = reads.rooms().eventNear(room, viewer.user(), timestamp, forwards);
      Optional<RoomEvent> next = nextAfterGap(access, room, viewer, timestamp);
      if (next.isPresent()) {
        OlderHistory.Wanted wanted =
            new OlderHistory.Wanted(timestamp, forwards, here.orElse(null), next.get());
        var _ =
            stream.withoutTurn(() -> {
              reads.older().near(room, wanted);
              return true;
            });
        here = reads.rooms().eventNear(room, viewer.user(), timestamp, forwards);
      }
      RoomEvent event =
          here.orElseThrow(
              () -> MatrixException.notFound("There is no event there that you may see"));
      JsonWriter json = stream.json().object();
      json.name("event_id").value(event.id().value());
      json.name("origin_server_ts").value(event.pdu().originServerTs());
      json.endObject();
    });
  }

  /// The event after the moment, if events before it are missing: then one of those may be nearer.
  /// "If the server does not have all of the room history and does not have an event suitably close
  /// to the requested timestamp, it can use the corresponding federation endpoint".
  private Optional<RoomEvent> nextAfterGap(
      RoomAccess access, RoomId room, Viewer viewer, long timestamp) {
    Set<EventId> missing =
        access instanceof RoomAccess.Member ? reads.rooms().missingPrevious(room) : Set.of();
    return missing.isEmpty()
        ? Optional.empty()
        : reads
            .rooms()
            .eventNear(room, viewer.user(), timestamp, true)
            .filter(each -> each.pdu().prevEvents().stream().anyMatch(missing::contains));
  }

  /// @param room as the client named it; empty for whatever room it is in
  private Response event(Request request, Optional<String> room) {
    Viewer viewer = reads.ignoring(Viewer.of(request.requester()));
    RoomEvent event = reads.visible(request, room, viewer);
    return Response.json(
        reads
            .events()
            .bundled()
            .event(event, viewer, reads.own(event.room(), viewer), EventStyle.SINGLE));
  }

  private Response context(Request request) throws InterruptedException {
    Viewer viewer = reads.ignoring(Viewer.of(request.requester()));
    int limit = Parameters.limit(request, USUAL_LIMIT, LARGEST_LIMIT);
    EventFilter filter = Parameters.filter(request);
    LogPosition now = reads.snapshots().current();
    RoomId room = Parameters.room(request);
    // Who may not look into the room is told so, as by the other calls that read it.
    RoomAccess access = RoomAccess.of(reads.rooms(), room, viewer.user(), now);
    RoomEvent event = reads.visible(request, Optional.of(room.value()), viewer);
    var _ = reads.fetchBefore(access, room, event.place(), limit / 2);
    return Response.written(stream -> {
      stream.awaitTurn();
      Timelines.Page before =
          page(filter, room)
              ? reads.timelines().before(event, viewer, filter, limit / 2)
              : nothing();
      Timelines.Page after =
          page(filter, room)
              ? reads.timelines().after(event, viewer, filter, limit - limit / 2, now)
              : nothing();
      OwnMembership own = reads.own(room, viewer);
      BundledEvents events = reads.events().bundled();
      JsonWriter json = stream.json().object();
      json.name("start").value(reads.tokens().before(last(before, event)).toString());
      json.name("end").value(reads.tokens().after(last(after, event)).toString());
      json.name("events_before");
      events.write(json, before.events(), viewer, own, EventStyle.SINGLE);
      json.name("event").value(events.event(event, viewer, own, EventStyle.SINGLE));
      json.name("events_after");
      events.write(json, after.events(), viewer, own, EventStyle.SINGLE);
      List<RoomEvent> shown = new ArrayList<>(before.events());
      shown.add(event);
      shown.addAll(after.events());
      json.name("state");
      reads
          .events()
          .writeState(
              json,
              state(shown, filter),
              each -> Timelines.admits(filter, each),
              viewer,
              own,
              EventStyle.SINGLE);
      json.endObject();
    });
  }

  private static boolean page(EventFilter filter, RoomId room) {
    return filter.admitsRoom(room);
  }

  private static Timelines.Page nothing() {
    return new Timelines.Page(List.of(), List.of(), false);
  }

  /// Where a page ends.
  private static RoomEvent last(Timelines.Page page, RoomEvent event) {
    return page.scanned().isEmpty() ? event : page.scanned().getLast();
  }

  /// "The state of the room at the last event returned"; with lazy loading, of the members only
  /// those who sent what is shown.
  private List<LogPosition> state(List<RoomEvent> shown, EventFilter filter) {
    Set<String> senders = new HashSet<>();
    shown.forEach(each -> senders.add(each.sender().value()));
    return reads.rooms().stateAfter(shown.getLast()).positions().entrySet().stream()
        .filter(each -> isWanted(each.getKey(), filter, senders))
        .map(Map.Entry::getValue)
        .sorted()
        .toList();
  }

  private static boolean isWanted(StateKey key, EventFilter filter, Set<String> senders) {
    boolean isNeeded =
        !filter.lazyLoadMembers()
            || !key.type().equals(EventTypes.MEMBER)
            || senders.contains(key.stateKey());
    return isNeeded && filter.admitsType(key.type());
  }
}
