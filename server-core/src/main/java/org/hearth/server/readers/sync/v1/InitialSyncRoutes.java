package org.hearth.server.readers.sync.v1;

import com.fasterxml.jackson.databind.node.ObjectNode;
import java.time.Duration;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import org.hearth.ringlogs.LogPosition;
import org.hearth.server.http.Access;
import org.hearth.server.http.BodyWriter;
import org.hearth.server.http.ClientPaths;
import org.hearth.server.http.HttpMethod;
import org.hearth.server.http.RateClass;
import org.hearth.server.http.Request;
import org.hearth.server.http.Response;
import org.hearth.server.http.RouteGroup;
import org.hearth.server.http.Routes;
import org.hearth.server.logs.Presence;
import org.hearth.server.matrix.auth.Membership;
import org.hearth.server.matrix.error.MatrixException;
import org.hearth.server.matrix.id.RoomId;
import org.hearth.server.matrix.id.UserId;
import org.hearth.server.matrix.json.JsonWriter;
import org.hearth.server.readers.events.EventFilter;
import org.hearth.server.readers.events.IgnoredUsers;
import org.hearth.server.readers.events.Timelines;
import org.hearth.server.readers.events.Viewer;
import org.hearth.server.readers.sync.history.History;
import org.hearth.server.readers.sync.history.RoomAccess;
import org.hearth.server.readers.sync.sections.Filter;
import org.hearth.server.readers.sync.sections.News;
import org.hearth.server.readers.sync.sections.RoomTelling;
import org.hearth.server.readers.sync.sections.Sections;
import org.hearth.server.readers.sync.sections.SyncRequest;
import org.hearth.server.readers.sync.view.SyncUsers;
import org.hearth.server.readers.sync.view.UserFeed;
import org.hearth.server.readers.tokens.SyncPoint;
import org.hearth.server.servers.presence.PresenceClient;
import org.hearth.server.servers.room.RoomEvent;
import org.hearth.server.servers.room.RoomMembership;
import org.hearth.server.services.directory.DirectoryQueries;

/// `GET /initialSync`: all of the user's rooms; `GET /rooms/{roomId}/initialSync`: one of them, or
/// one that everybody may read.
///
/// Beside what today's specification names, an answer has the `receipts` and the `presence` that it
/// had when clients were written that call this.
///
/// Who asks for all rooms is online: `online` is "the default state when the user is connected to
/// an event stream", and this is the beginning of one. To look at one room is not.
///
/// **Source:** [the user's current state][all], deprecated; [a room's][one], for [room
/// previews][peeking].
///
/// [all]: https://spec.matrix.org/v1.19/client-server-api/#get_matrixclientv3initialsync
/// [one]: https://spec.matrix.org/v1.19/client-server-api/#get_matrixclientv3roomsroomidinitialsync
/// [peeking]: https://spec.matrix.org/v1.19/client-server-api/#room-previews
public final class InitialSyncRoutes implements RouteGroup {
  private static final int USUAL_LIMIT = 10;
  private static final int LARGEST_LIMIT = 100;
  private static final String RECEIPTS = "m.receipt";
  private static final String PUSH_RULES = "m.push_rules";

  private final History history;
  private final Sections sections;
  private final SyncUsers users;
  private final Optional<PresenceClient> presence;
  private final RoomInfoJson roomInfo;

  /// @param presence told who begins to follow the events
  public InitialSyncRoutes(
      History history,
      Sections sections,
      SyncUsers users,
      Optional<PresenceClient> presence,
      DirectoryQueries directory) {
    this.history = history;
    this.sections = sections;
    this.users = users;
    this.presence = presence;
    this.roomInfo = new RoomInfoJson(history, directory);
  }

  @Override
  public void register(Routes routes) {
    routes.add(
        HttpMethod.GET,
        ClientPaths.v3("/initialSync"),
        Access.USER,
        RateClass.SYNC,
        this::everything);
    routes.add(
        HttpMethod.GET,
        ClientPaths.v3("/rooms/{roomId}/initialSync"),
        Access.USER_OR_GUEST,
        RateClass.DEFAULT,
        this::room);
  }

  /// What of the user's rooms is to be told.
  ///
  /// @param request from nothing, and of no device: what waits for one is not told here
  /// @param viewer who is shown the events
  private record Asked(SyncRequest request, Viewer viewer) {
    /// @param only the only room to tell of; empty for all
    static Asked of(Request http, Optional<RoomId> only, boolean withLeft) {
      Viewer viewer = Viewer.of(http.requester());
      Filter.Rooms rooms =
          Filter.Rooms.of(only.map(each -> Set.of(each.value())), withLeft)
              .withTimeline(EventFilter.ofLimit(limit(http)));
      return new Asked(
          new SyncRequest(
              new Viewer(viewer.user(), null, viewer.ignored()),
              Filter.of(rooms),
              "",
              Optional.empty(),
              false,
              SyncRequest.StateSection.STATE_AFTER,
              withLeft,
              Duration.ZERO),
          viewer);
    }
  }

  private static int limit(Request http) {
    return http.queryLong("limit", 0, Long.MAX_VALUE)
        .map(each -> (int) Math.min(each, LARGEST_LIMIT))
        .orElse(USUAL_LIMIT);
  }

  private Response everything(Request http) {
    Asked asked = Asked.of(http, Optional.empty(), http.queryFlag("archived", false));
    return Response.written(stream -> {
      stream.awaitTurn();
      if (presence.isPresent()) {
        // Before the news is read, in which the user's own presence is.
        presence
            .get()
            .syncing(
                asked.viewer().user(), asked.viewer().device(), Presence.ONLINE, Duration.ZERO);
      }
      read(asked, (feed, now, news) -> write(stream.json(), asked, feed, now, news));
    });
  }

  private Response room(Request http) {
    RoomId room = RoomId.parse(http.path("roomId"));
    Asked asked = Asked.of(http, Optional.of(room), true);
    UserId user = asked.viewer().user();
    RoomAccess access = RoomAccess.of(history.rooms(), room, user, history.snapshots().current());
    int limit = limit(http);
    return Response.written(stream -> {
      stream.awaitTurn();
      if (access instanceof RoomAccess.Passer) {
        peek(stream, room, asked.viewer(), limit);
      } else {
        read(asked, (feed, now, news) -> write(stream.json(), asked, room, feed, now, news));
      }
    });
  }

  /// What is done with the news as of a point.
  private interface Telling {
    void tell(UserFeed feed, SyncPoint now, News news);
  }

  private void read(Asked asked, Telling telling) {
    SyncUsers.Entered entered = users.enter(asked.viewer());
    try {
      SyncPoint now = history.snapshots().point();
      users.refresh(entered);
      telling.tell(entered.feed(), now, sections.collect(asked.request(), entered.feed(), now));
    } finally {
      users.leave(entered);
    }
  }

  private void write(JsonWriter json, Asked asked, UserFeed feed, SyncPoint now, News news) {
    Map<RoomId, RoomTelling> told = new LinkedHashMap<>();
    json.object().name("rooms").array();
    for (News.Place place : List.of(News.Place.JOIN, News.Place.INVITE, News.Place.LEAVE)) {
      news.rooms(place)
          .forEach((room, telling) -> {
            Optional<RoomMembership> membership =
                feed.membershipAt(history.rooms(), room, now.position());
            boolean written =
                membership.isPresent()
                    && news.heldBack()
                        .write(
                            json,
                            room,
                            Optional.empty(),
                            () ->
                                roomInfo.write(
                                    json,
                                    asked.viewer(),
                                    membership.get(),
                                    telling,
                                    now,
                                    () -> {}));
            if (written && place == News.Place.JOIN) {
              told.put(room, telling);
            }
          });
    }
    json.endArray();
    json.name("receipts").array();
    told.forEach((room, telling) -> receipts(room, telling).forEach(json::value));
    json.endArray().name("presence");
    RoomInfoJson.write(json, EventStream.presence(news));
    json.name("account_data");
    RoomInfoJson.write(json, createdByUser(news.events(News.Kind.ACCOUNT_DATA)));
    // Last, since it says which rooms were held back.
    SyncPoint end = now.holdingBack(news.heldBack().positions());
    json.name("end").value(history.tokens().of(end).toString()).endObject();
  }

  private void write(
      JsonWriter json, Asked asked, RoomId room, UserFeed feed, SyncPoint now, News news) {
    RoomMembership membership =
        feed.membershipAt(history.rooms(), room, now.position())
            .orElseThrow(InitialSyncRoutes::gone);
    boolean inside = membership.membership() == Membership.JOIN;
    RoomTelling telling =
        Optional.ofNullable(news.rooms(inside ? News.Place.JOIN : News.Place.LEAVE).get(room))
            .orElseThrow(InitialSyncRoutes::gone);
    boolean told =
        roomInfo.write(
            json,
            asked.viewer(),
            membership,
            telling,
            now,
            () -> {
              Set<UserId> present = inside ? history.rooms().joinedUsers(room) : Set.of();
              json.name("presence");
              RoomInfoJson.write(json, presence(news, present));
              json.name("receipts");
              RoomInfoJson.write(json, inside ? receipts(room, telling) : List.of());
            });
    if (!told) {
      throw gone();
    }
  }

  /// Who left between two looks is answered as anybody outside.
  private static MatrixException gone() {
    return MatrixException.forbidden("You are not in this room and never were");
  }

  private static List<ObjectNode> presence(News news, Set<UserId> users) {
    return EventStream.presence(news).stream()
        .filter(each -> users.contains(UserId.parse(each.path("sender").asText())))
        .toList();
  }

  /// "The global private data created by this user": the push rules are the server's, told by `GET
  /// /pushrules/` and, when they change, in `/sync`.
  private static List<ObjectNode> createdByUser(List<ObjectNode> accountData) {
    return accountData.stream()
        .filter(each -> !PUSH_RULES.equals(each.path("type").textValue()))
        .toList();
  }

  private static List<ObjectNode> receipts(RoomId room, RoomTelling telling) {
    return telling.ephemeral().stream()
        .filter(each -> RECEIPTS.equals(each.path("type").textValue()))
        .map(each -> EventStream.of(room, each))
        .toList();
  }

  private void peek(BodyWriter.Stream stream, RoomId room, Viewer viewer, int limit) {
    Viewer shown = viewer.ignoring(IgnoredUsers.of(history.accountData(), viewer.user()));
    SyncPoint now = history.snapshots().point();
    Timelines.Range range = new Timelines.Range(room, LogPosition.ORIGIN, now.position());
    Timelines.Page page = history.timelines().backwards(range, shown, EventFilter.ALL, limit);
    List<RoomEvent> events = page.events().reversed();
    String start =
        page.scanned().isEmpty()
            ? history.tokens().at(now.position()).toString()
            : history.tokens().before(page.scanned().getLast()).toString();
    roomInfo.writePeeked(stream.json(), room, shown, events, start, now);
  }
}
