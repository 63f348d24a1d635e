package org.hearth.server.readers.sync.sections;

import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.util.List;
import java.util.Optional;
import org.hearth.ringlogs.LogPosition;
import org.hearth.server.matrix.auth.Membership;
import org.hearth.server.matrix.id.RoomId;
import org.hearth.server.matrix.id.UserId;
import org.hearth.server.readers.sync.events.ClientEvents;
import org.hearth.server.readers.sync.events.EventFilter;
import org.hearth.server.readers.sync.events.EventStyle;
import org.hearth.server.readers.sync.events.OwnMembership;
import org.hearth.server.readers.sync.events.Timeline;
import org.hearth.server.readers.sync.events.Timelines;
import org.hearth.server.servers.room.RoomMembership;
import org.hearth.server.servers.room.RoomQueries;

/// Builds the part of a sync response that tells of a room in which the user is.
///
/// **Thread:** any.
public final class JoinedRooms {
  /// Events in a timeline when the filter names no number, and at most.
  static final int USUAL_LIMIT = 10;

  static final int LARGEST_LIMIT = 100;

  private final RoomQueries rooms;
  private final Timelines timelines;
  private final StateSection states;
  private final RoomSummaries summaries;
  private final ClientEvents events;

  public JoinedRooms(
      RoomQueries rooms,
      Timelines timelines,
      StateSection states,
      RoomSummaries summaries,
      ClientEvents events) {
    this.rooms = rooms;
    this.timelines = timelines;
    this.states = states;
    this.summaries = summaries;
    this.events = events;
  }

  /// The room's part; empty if there is nothing to tell.
  ///
  /// @param membership as of `now`: joined
  /// @param accountData the room's account data to tell
  public Optional<ObjectNode> section(
      SyncRequest request,
      LogPosition now,
      RoomMembership membership,
      List<ObjectNode> accountData) {
    RoomId room = membership.room();
    OwnMembership own = OwnMembership.upTo(rooms, Optional.of(membership));
    // A user who was away in between is told everything, as one who is new: what happened meanwhile
    // may
    // not be shown as events, but has changed the state.
    Optional<LogPosition> known = request.since().filter(own::joinedEverSince);
    LogPosition after =
        request.since().filter(each -> own.at(each) == Membership.JOIN).orElse(LogPosition.ORIGIN);
    Timelines.Range range = new Timelines.Range(room, after, now);
    boolean full = known.isEmpty() || request.fullState();
    if (!full && !timelines.any(range)) {
      return accountData.isEmpty()
          ? Optional.empty()
          : Optional.of(quiet(request, now, own, accountData));
    }
    Timeline timeline = timeline(request, range, known.isEmpty() && request.since().isPresent());
    Optional<RoomSummaries.Summary> summary =
        full || timeline.mayChangeMembers()
            ? Optional.of(summaries.summary(room, request.user(), now))
            : Optional.empty();
    List<UserId> heroes = summary.map(RoomSummaries.Summary::heroes).orElse(List.of());
    StateSection.Part part =
        new StateSection.Part(room, now, full ? Optional.empty() : known, timeline, heroes, now);
    ArrayNode state =
        events.state(states.events(request, part), request.viewer(), own, request.filter().style());
    boolean nothing =
        !full
            && timeline.events().isEmpty()
            && !timeline.limited()
            && state.isEmpty()
            && accountData.isEmpty()
            && (summary.isEmpty()
                || summary.equals(
                    known.map(then -> summaries.summary(room, request.user(), then))));
    if (nothing) {
      return Optional.empty();
    }
    ObjectNode json = JsonNodeFactory.instance.objectNode();
    json.set("summary", summary.map(RoomSummaries.Summary::json).orElseGet(json::objectNode));
    json.putObject(request.stateName()).set("events", state);
    json.set("timeline", events.section(timeline, request.viewer(), own, request.filter().style()));
    addRest(json, accountData);
    return Optional.of(json);
  }

  private Timeline timeline(SyncRequest request, Timelines.Range range, boolean newlyJoined) {
    EventFilter filter = request.filter().room().timeline();
    if (!filter.admitsRoom(range.room())) {
      return Timeline.none(range.upTo());
    }
    Timeline timeline =
        timelines.newest(range, request.viewer(), filter, filter.limit(USUAL_LIMIT, LARGEST_LIMIT));
    return newlyJoined ? timeline.withGap() : timeline;
  }

  /// A room in which nothing happened but to the user's own data.
  private ObjectNode quiet(
      SyncRequest request, LogPosition now, OwnMembership own, List<ObjectNode> accountData) {
    ObjectNode json = JsonNodeFactory.instance.objectNode();
    json.putObject("summary");
    json.putObject(request.stateName()).putArray("events");
    EventStyle style = request.filter().style();
    json.set("timeline", events.section(Timeline.none(now), request.viewer(), own, style));
    addRest(json, accountData);
    return json;
  }

  private static void addRest(ObjectNode json, List<ObjectNode> accountData) {
    json.putObject("account_data").putArray("events").addAll(accountData);
    json.putObject("ephemeral").putArray("events");
    json.putObject("unread_notifications").put("highlight_count", 0).put("notification_count", 0);
  }
}
