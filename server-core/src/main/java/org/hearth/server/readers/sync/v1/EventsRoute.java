package org.hearth.server.readers.sync.v1;

import com.fasterxml.jackson.databind.node.ObjectNode;
import java.time.Duration;
import java.util.Optional;
import java.util.Set;
import org.hearth.server.http.Access;
import org.hearth.server.http.BodyWriter;
import org.hearth.server.http.ClientPaths;
import org.hearth.server.http.HttpMethod;
import org.hearth.server.http.RateClass;
import org.hearth.server.http.Request;
import org.hearth.server.http.Response;
import org.hearth.server.http.RouteGroup;
import org.hearth.server.http.Routes;
import org.hearth.server.http.connection.StopSignal;
import org.hearth.server.logs.Presence;
import org.hearth.server.matrix.auth.Membership;
import org.hearth.server.matrix.error.Errcode;
import org.hearth.server.matrix.error.MatrixException;
import org.hearth.server.matrix.id.RoomId;
import org.hearth.server.matrix.json.JsonWriter;
import org.hearth.server.readers.events.EventFilter;
import org.hearth.server.readers.events.IgnoredUsers;
import org.hearth.server.readers.events.RecentEvents;
import org.hearth.server.readers.events.Viewer;
import org.hearth.server.readers.sync.history.History;
import org.hearth.server.readers.sync.sections.EphemeralFromOutside;
import org.hearth.server.readers.sync.sections.Filter;
import org.hearth.server.readers.sync.sections.Sections;
import org.hearth.server.readers.sync.sections.SyncRequest;
import org.hearth.server.readers.sync.view.SyncUsers;
import org.hearth.server.readers.sync.view.UserFeed;
import org.hearth.server.readers.sync.view.WaitingSync;
import org.hearth.server.readers.tokens.SyncPoint;
import org.hearth.server.readers.tokens.SyncToken;
import org.hearth.server.servers.presence.PresenceClient;
import org.hearth.server.servers.room.RoomMembership;

/// `GET /events`: what is new, as one list, for who has been told everything up to a token. With
/// `room_id` it is about that room alone, which the user need not be in if everybody may read it.
/// Who follows all rooms is online: that is "the default state when the user is connected to an
/// event stream". To look at one room is not: a client does so beside its `/sync`, which says how it
/// is with the user.
///
/// For guests there is this only: they may call "GET /events as used for room previews".
///
/// **Source:** [listening on the event stream][events], deprecated; [room previews][peeking].
///
/// [events]: https://spec.matrix.org/v1.19/client-server-api/#get_matrixclientv3events
/// [peeking]: https://spec.matrix.org/v1.19/client-server-api/#room-previews
public final class EventsRoute implements RouteGroup {
  /// "This will block until an event is received, or until the `timeout` is reached": of who names
  /// none.
  private static final Duration USUAL_WAIT = Duration.ofSeconds(30);

  private final History history;
  private final RecentEvents recent;
  private final SyncUsers users;
  private final Optional<PresenceClient> presence;
  private final EventStream events;

  /// @param ephemeral what is told to who looks into a room
  /// @param presence told who follows the events
  public EventsRoute(
      History history,
      Sections sections,
      EphemeralFromOutside ephemeral,
      RecentEvents recent,
      SyncUsers users,
      Optional<PresenceClient> presence) {
    this.history = history;
    this.recent = recent;
    this.users = users;
    this.presence = presence;
    this.events =
        new EventStream(
            history.rooms(), sections, ephemeral, history.timelines(), history.events());
  }

  @Override
  public void register(Routes routes) {
    routes.add(
        HttpMethod.GET,
        ClientPaths.v3("/events"),
        Access.USER_OR_GUEST,
        RateClass.SYNC,
        this::events);
  }

  /// What is asked for.
  ///
  /// @param viewer with the device, which is told the names of its own transactions only: what
  ///   waits for a device is not taken for delivered
  /// @param from empty for from now on
  /// @param room the only one to tell of
  private record Asked(
      Viewer viewer, Optional<SyncPoint> from, Optional<RoomId> room, Duration timeout, int limit) {
    SyncRequest since(SyncPoint point) {
      return new SyncRequest(
          new Viewer(viewer.user(), null, viewer.ignored()),
          room.map(Asked::only).orElse(Filter.ALL),
          "",
          Optional.of(point),
          false,
          SyncRequest.StateSection.STATE,
          false,
          timeout);
    }

    private static Filter only(RoomId room) {
      return new Filter(
          Optional.empty(),
          false,
          EventFilter.NONE,
          EventFilter.NONE,
          Filter.Rooms.of(Optional.of(Set.of(room.value())), false));
    }
  }

  private Response events(Request http) {
    Asked asked = read(http);
    return Response.written(stream -> {
      SyncUsers.Entered entered = users.enter(asked.viewer());
      try (StopSignal.Registration _ = http.stopping().whenRaised(entered.waiting()::end)) {
        asked.room().ifPresent(room -> users.peek(entered, room));
        if (asked.room().isEmpty() && presence.isPresent()) {
          Viewer viewer = asked.viewer();
          presence.get().syncing(viewer.user(), viewer.device(), Presence.ONLINE, asked.timeout());
        }
        answer(asked, entered, stream);
      } finally {
        asked.room().ifPresent(room -> users.unpeek(entered, room));
        users.leave(entered);
      }
    });
  }

  private Asked read(Request http) {
    Optional<SyncToken> from =
        http.query("from")
            .filter(each -> !each.isEmpty())
            .map(each -> SyncToken.parse("from", each));
    Optional<RoomId> room = http.query("room_id").map(RoomId::parse);
    if (room.isEmpty() && http.requester().guest()) {
      throw new MatrixException(
          Errcode.GUEST_ACCESS_FORBIDDEN, "A guest names the room that the events are to be of");
    }
    if (from.isPresent() && !history.tokens().isOurs(from.get(), history.snapshots().head())) {
      throw MatrixException.invalidParam("from is a token of a history that is no more");
    }
    long timeoutMillis = http.queryLong("timeout", 0, Long.MAX_VALUE).orElse(USUAL_WAIT.toMillis());
    return new Asked(
        Viewer.of(http.requester()),
        from.map(SyncToken::point),
        room,
        WaitingSync.patience(timeoutMillis),
        http.queryLong("limit", 1, Long.MAX_VALUE)
            .map(each -> (int) Math.min(each, EventStream.MOST_EVENTS))
            .orElse(EventStream.MOST_EVENTS));
  }

  private void answer(Asked asked, SyncUsers.Entered entered, BodyWriter.Stream stream)
      throws InterruptedException {
    WaitingSync waiting = entered.waiting();
    long until = System.nanoTime() + asked.timeout().toNanos();
    SyncPoint start = asked.from().orElseGet(history.snapshots()::point);
    SyncPoint known = start;
    while (true) {
      if (!recent.hasAllAfter(known.position())) {
        stream.awaitTurn();
      }
      waiting.look();
      // A reader that lags is no reason to go back.
      SyncPoint now = history.snapshots().point().notBefore(known.position());
      users.refresh(entered);
      EventStream.Chunk chunk = chunk(asked, known, now, entered.feed());
      if (waiting.refusal().isPresent()) {
        throw waiting.refusal().get();
      }
      boolean atOnce = !chunk.events().isEmpty() || chunk.more() || waiting.isOver();
      if (!atOnce) {
        stream.restart();
      }
      if (atOnce || !waiting.sleep(until)) {
        write(stream.json(), start, chunk);
        return;
      }
      if (chunk.end().heldBack().isEmpty()) {
        // What has been looked at in vain is not looked at again at the next event.
        known = now;
      }
    }
  }

  private EventStream.Chunk chunk(Asked asked, SyncPoint known, SyncPoint now, UserFeed feed) {
    IgnoredUsers ignored =
        feed.ignored(() -> IgnoredUsers.of(history.accountData(), asked.viewer().user()));
    Viewer viewer = asked.viewer().ignoring(ignored);
    boolean outside =
        asked.room().isPresent()
            && feed.membership(asked.room().get())
                .map(RoomMembership::membership)
                .filter(each -> each == Membership.JOIN)
                .isEmpty();
    return outside
        ? events.peeked(asked.room().get(), viewer, known, now, asked.limit())
        : events.own(asked.since(known), viewer, feed, now, asked.limit());
  }

  private void write(JsonWriter json, SyncPoint start, EventStream.Chunk chunk) {
    json.object().name("start").value(history.tokens().of(start).toString());
    json.name("chunk").array();
    for (ObjectNode each : chunk.events()) {
      json.value(each);
    }
    json.endArray();
    json.name("end").value(history.tokens().of(chunk.end()).toString()).endObject();
  }
}
