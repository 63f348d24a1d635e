package org.hearth.server.readers.sync.history;

import com.fasterxml.jackson.databind.node.ObjectNode;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.hearth.ringlogs.LogPosition;
import org.hearth.server.http.Access;
import org.hearth.server.http.HttpMethod;
import org.hearth.server.http.RateClass;
import org.hearth.server.http.Request;
import org.hearth.server.http.Response;
import org.hearth.server.http.RouteGroup;
import org.hearth.server.http.Routes;
import org.hearth.server.matrix.error.MatrixException;
import org.hearth.server.matrix.id.EventId;
import org.hearth.server.matrix.id.RoomId;
import org.hearth.server.matrix.id.UserId;
import org.hearth.server.matrix.json.JsonWriter;
import org.hearth.server.readers.events.Bundle;
import org.hearth.server.readers.events.EventStyle;
import org.hearth.server.readers.events.OwnMembership;
import org.hearth.server.readers.events.Viewer;
import org.hearth.server.readers.tokens.SyncToken;
import org.hearth.server.servers.room.RoomEvent;
import org.hearth.server.servers.room.ThreadQuery;
import org.hearth.server.servers.room.ThreadRoot;
import org.hearth.server.servers.room.ThreadStretch;

/// `GET /rooms/{roomId}/threads`: the roots of a room's threads, those with the latest replies
/// first. A page may have fewer than was asked for, and even none, and be followed by others.
///
/// **Bound:** the roots of [#MOST_LOOKED_AT] threads are looked at for a page, [#AT_ONCE] at a time,
/// and [#MOST_PASSED_OVER] others are passed over in which the user took no part.
///
/// **Source:** [querying threads in a room][threads].
///
/// [threads]: https://spec.matrix.org/v1.19/client-server-api/#querying-threads-in-a-room
public final class ThreadsRoute implements RouteGroup {
  private static final int USUAL_LIMIT = 20;
  private static final int LARGEST_LIMIT = 100;
  private static final int MOST_LOOKED_AT = 500;

  /// An index says of each whether the user took part.
  private static final int MOST_PASSED_OVER = 2_000;

  /// Of so many threads the events are in memory at once.
  private static final int AT_ONCE = 16;

  private final History reads;

  public ThreadsRoute(History reads) {
    this.reads = reads;
  }

  @Override
  public void register(Routes routes) {
    routes.add(
        HttpMethod.GET,
        "/_matrix/client/v1/rooms/{roomId}/threads",
        Access.USER,
        RateClass.DEFAULT,
        this::threads);
  }

  private Response threads(Request request) {
    Viewer viewer = reads.ignoring(Viewer.of(request.requester()));
    RoomId room = Parameters.room(request);
    Optional<UserId> participant =
        switch (request.query("include").orElse("all")) {
          case "all" -> Optional.empty();
          case "participated" -> Optional.of(viewer.user());
          default -> throw MatrixException.invalidParam("include must be all or participated");
        };
    // "Must be an integer greater than zero."
    int limit =
        request
            .queryLong("limit", 1, Long.MAX_VALUE)
            .map(each -> (int) Math.min(each, LARGEST_LIMIT))
            .orElse(USUAL_LIMIT);
    Optional<SyncToken> from = Parameters.point(request, "from");
    LogPosition now = reads.snapshots().current();
    var _ = RoomAccess.of(reads.rooms(), room, viewer.user(), now);
    long before = from.map(SyncToken::placeAfter).orElse(now.value() + 1);
    return Response.written(stream -> {
      stream.awaitTurn();
      new Page(room, viewer, participant, limit).write(stream.json(), before);
    });
  }

  /// A page in the making.
  private final class Page {
    private final RoomId room;
    private final Viewer viewer;
    private final OwnMembership own;
    private final Optional<UserId> participant;
    private final int limit;
    private int written;
    private long last;

    Page(RoomId room, Viewer viewer, Optional<UserId> participant, int limit) {
      this.room = room;
      this.viewer = viewer;
      this.own = reads.own(room, viewer);
      this.participant = participant;
      this.limit = limit;
    }

    void write(JsonWriter json, long before) {
      json.object().name("chunk").array();
      boolean more = true;
      last = before;
      int roots = 0;
      int passedOver = 0;
      while (more && written < limit && roots < MOST_LOOKED_AT && passedOver < MOST_PASSED_OVER) {
        int size = Math.min(AT_ONCE, limit - written);
        ThreadStretch stretch =
            reads
                .rooms()
                .threads(
                    room, new ThreadQuery(participant, last, size, MOST_PASSED_OVER - passedOver));
        write(json, stretch.threads());
        if (stretch.lookedAt() > 0) {
          last = stretch.last();
        }
        more = stretch.more();
        roots += stretch.threads().size();
        passedOver += stretch.lookedAt() - stretch.threads().size();
      }
      json.endArray();
      if (more) {
        json.name("next_batch").value(reads.tokens().before(last).toString());
      }
      json.endObject();
    }

    private void write(JsonWriter json, List<ThreadRoot> threads) {
      if (threads.isEmpty()) {
        return;
      }
      List<RoomEvent> roots =
          reads
              .rooms()
              .visible(
                  viewer.user(), threads.stream().flatMap(each -> each.root().stream()).toList());
      Map<EventId, Bundle> bundles = reads.events().bundled().bundles(roots, viewer, own);
      List<RoomEvent> shown = new ArrayList<>();
      for (RoomEvent each : roots) {
        if (Optional.ofNullable(bundles.get(each.id())).flatMap(Bundle::thread).isPresent()) {
          shown.add(spared(each));
        }
      }
      List<ObjectNode> events =
          reads.events().bundled().events(shown, bundles, viewer, own, EventStyle.SINGLE);
      events.forEach(json::value);
      written += events.size();
    }

    /// "If the thread root event was sent by an ignored user, the event is returned redacted to the
    /// caller."
    private RoomEvent spared(RoomEvent root) {
      return viewer.ignored().hides(root)
          ? new RoomEvent(
              root.position(), root.pdu().redacted(), null, null, root.replaces(), root.place())
          : root;
    }
  }
}
