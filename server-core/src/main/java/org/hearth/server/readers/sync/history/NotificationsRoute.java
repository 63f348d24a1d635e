package org.hearth.server.readers.sync.history;

import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.util.List;
import java.util.Optional;
import org.hearth.server.http.Access;
import org.hearth.server.http.ClientPaths;
import org.hearth.server.http.HttpMethod;
import org.hearth.server.http.RateClass;
import org.hearth.server.http.Request;
import org.hearth.server.http.Response;
import org.hearth.server.http.RouteGroup;
import org.hearth.server.http.Routes;
import org.hearth.server.matrix.error.MatrixException;
import org.hearth.server.matrix.json.JsonWriter;
import org.hearth.server.readers.events.ClientEvents;
import org.hearth.server.readers.events.EventStyle;
import org.hearth.server.readers.events.Viewer;
import org.hearth.server.servers.notification.Notification;
import org.hearth.server.servers.notification.NotificationQueries;
import org.hearth.server.servers.room.OutsideRoom;
import org.hearth.server.servers.room.RoomEvent;

/// `GET /notifications`: the events that have notified the user, newest first, as far as they are
/// still known and the user may see them. One that is damaged keeps none of the others back. A page
/// has so many of them, or so many bytes.
///
/// **Source:** [listing notifications][list].
///
/// [list]: https://spec.matrix.org/v1.19/client-server-api/#get_matrixclientv3notifications
public final class NotificationsRoute implements RouteGroup {
  private static final int USUAL_LIMIT = 20;
  private static final int LARGEST_LIMIT = 100;

  /// A page ends with the event that comes to so many bytes of JSON.
  private static final int MOST_BYTES = 512 * 1024;

  private static final String HIGHLIGHT = "highlight";
  private static final EventStyle WITHOUT_ROOM = new EventStyle(false, false, Optional.empty());

  /// What is told of one notification.
  ///
  /// @param bytes of the event
  private record Entry(ObjectNode json, int bytes) {}

  private final History reads;
  private final NotificationQueries notifications;

  public NotificationsRoute(History reads, NotificationQueries notifications) {
    this.reads = reads;
    this.notifications = notifications;
  }

  @Override
  public void register(Routes routes) {
    routes.add(
        HttpMethod.GET,
        ClientPaths.v3("/notifications"),
        Access.USER,
        RateClass.DEFAULT,
        this::list);
  }

  private Response list(Request request) {
    Viewer viewer = reads.ignoring(Viewer.of(request.requester()));
    int limit = Math.max(1, Parameters.limit(request, USUAL_LIMIT, LARGEST_LIMIT));
    long from = request.query("from").map(NotificationsRoute::position).orElse(Long.MAX_VALUE);
    boolean highlights = request.query("only").filter(HIGHLIGHT::equals).isPresent();
    // What the client was told before is counted.
    var _ = reads.snapshots().current();
    return Response.written(stream -> {
      stream.awaitTurn();
      write(
          stream.json(),
          notifications.notifications(viewer.user(), from, highlights, limit),
          limit,
          viewer);
    });
  }

  private void write(JsonWriter json, List<Notification> page, int limit, Viewer viewer) {
    json.object().name("notifications").array();
    long bytes = 0;
    int told = 0;
    while (told < page.size() && bytes < MOST_BYTES) {
      Notification notification = page.get(told);
      Optional<Entry> entry =
          ClientEvents.readable(notification.event().value(), () -> entry(notification, viewer));
      if (entry.isPresent()) {
        json.value(entry.get().json());
        bytes += entry.get().bytes();
      }
      told++;
    }
    json.endArray();
    // "If this is absent, there are no more results."
    if (told == limit || told < page.size()) {
      json.name("next_token").value(Long.toString(page.get(told - 1).position()));
    }
    json.endObject();
  }

  private Optional<Entry> entry(Notification notification, Viewer viewer) {
    return reads
        .rooms()
        .event(notification.event())
        .or(() ->
            reads
                .rooms()
                .outside(notification.room(), viewer.user())
                .map(OutsideRoom::asEvent)
                .filter(event -> event.id().equals(notification.event())))
        // Who is invited has been told of the invitation, whatever of the room may be seen.
        .filter(event -> event.invites(viewer.user()) || reads.rooms().maySee(viewer.user(), event))
        .filter(event -> !viewer.ignored().hides(event))
        .map(event ->
            new Entry(json(notification, event, viewer), event.pdu().canonicalBytes().length));
  }

  private ObjectNode json(Notification notification, RoomEvent event, Viewer viewer) {
    ObjectNode json = JsonNodeFactory.instance.objectNode();
    json.putArray("actions").addAll(notification.actions());
    json.set(
        "event",
        reads.events().timelineEvent(event, viewer, reads.own(event.room(), viewer), WITHOUT_ROOM));
    json.put("read", notification.read());
    json.put("room_id", notification.room().value());
    return json.put("ts", notification.ts());
  }

  private static long position(String token) {
    try {
      return Long.parseLong(token);
    } catch (NumberFormatException _) {
      throw MatrixException.invalidParam("from must be a next_token of this call");
    }
  }
}
