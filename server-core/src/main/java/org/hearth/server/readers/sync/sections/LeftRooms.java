package org.hearth.server.readers.sync.sections;

import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.util.List;
import java.util.Optional;
import org.hearth.ringlogs.LogPosition;
import org.hearth.server.matrix.id.RoomId;
import org.hearth.server.readers.sync.events.ClientEvents;
import org.hearth.server.readers.sync.events.EventFilter;
import org.hearth.server.readers.sync.events.EventStyle;
import org.hearth.server.readers.sync.events.OwnMembership;
import org.hearth.server.readers.sync.events.Timeline;
import org.hearth.server.readers.sync.events.Timelines;
import org.hearth.server.servers.room.RoomEvent;
import org.hearth.server.servers.room.RoomMembership;
import org.hearth.server.servers.room.RoomQueries;

/// Builds the part of a sync response that tells of a room in which the user is no longer: up to the
/// moment of leaving, and nothing of what came after.
///
/// **Thread:** any. **Source:** [leaving rooms][leave].
///
/// [leave]: https://spec.matrix.org/v1.19/client-server-api/#leaving-rooms
public final class LeftRooms {
  private final RoomQueries rooms;
  private final Timelines timelines;
  private final StateSection states;
  private final ClientEvents events;

  public LeftRooms(
      RoomQueries rooms, Timelines timelines, StateSection states, ClientEvents events) {
    this.rooms = rooms;
    this.timelines = timelines;
    this.states = states;
    this.events = events;
  }

  /// The room's part; empty if there is nothing to tell.
  ///
  /// @param membership as of `now`: left or banned
  public Optional<ObjectNode> section(
      SyncRequest request,
      LogPosition now,
      RoomMembership membership,
      List<ObjectNode> accountData) {
    OwnMembership own = OwnMembership.upTo(rooms, Optional.of(membership));
    boolean tell =
        request.since().isPresent()
            ? membership.position().isAfter(request.since().get())
                && own.concernedSince(request.since().get())
            : request.includeLeft();
    if (!tell || isForgotten(request, membership)) {
      return Optional.empty();
    }
    // A user who was in the room only before `since` (and was, say, invited and declined after it)
    // has
    // been told of that time already.
    Optional<LogPosition> leftAt =
        own.leftAt()
            .filter(each -> request.since().isEmpty() || each.isAfter(request.since().get()));
    ObjectNode json = JsonNodeFactory.instance.objectNode();
    if (leftAt.isPresent()) {
      addHistory(request, now, membership.room(), leftAt.get(), own, json);
    } else {
      addOwnEvent(request, membership, own, json);
    }
    json.putObject("account_data").putArray("events").addAll(accountData);
    return Optional.of(json);
  }

  private boolean isForgotten(SyncRequest request, RoomMembership membership) {
    return rooms
        .membership(membership.room(), request.user())
        .map(RoomMembership::forgotten)
        .orElse(false);
  }

  /// The user was in the room: the history from what the client has up to the leaving.
  private void addHistory(
      SyncRequest request,
      LogPosition now,
      RoomId room,
      LogPosition leftAt,
      OwnMembership own,
      ObjectNode json) {
    LogPosition before = new LogPosition(leftAt.value() - 1);
    OwnMembership inside =
        OwnMembership.upTo(rooms, rooms.membershipAt(room, request.user(), before));
    Optional<LogPosition> known = request.since().filter(inside::joinedEverSince);
    EventFilter filter = request.filter().room().timeline();
    Timeline timeline = Timeline.none(leftAt);
    if (filter.admitsRoom(room)) {
      Timelines.Range range = new Timelines.Range(room, known.orElse(LogPosition.ORIGIN), leftAt);
      timeline =
          timelines.newest(
              range,
              request.viewer(),
              filter,
              filter.limit(JoinedRooms.USUAL_LIMIT, JoinedRooms.LARGEST_LIMIT));
      boolean gap = known.isEmpty() && request.since().isPresent();
      timeline = gap ? timeline.withGap() : timeline;
    }
    StateSection.Part part =
        new StateSection.Part(
            room, leftAt, request.fullState() ? Optional.empty() : known, timeline, List.of(), now);
    EventStyle style = request.filter().style();
    json.putObject(request.stateName())
        .set("events", events.state(states.events(request, part), request.viewer(), own, style));
    json.set("timeline", events.section(timeline, request.viewer(), own, style));
  }

  /// The user was never in the room: the end of the invitation, or of the wish to be let in.
  private void addOwnEvent(
      SyncRequest request, RoomMembership membership, OwnMembership own, ObjectNode json) {
    EventFilter filter = request.filter().room().timeline();
    List<RoomEvent> event =
        rooms.eventAt(membership.position()).stream()
            .filter(each -> filter.admitsRoom(each.room()) && Timelines.admits(filter, each))
            .toList();
    EventStyle style = request.filter().style();
    json.putObject(request.stateName()).putArray("events");
    LogPosition before = new LogPosition(membership.position().value() - 1);
    Timeline timeline = new Timeline(event, false, before, false, false);
    json.set("timeline", events.section(timeline, request.viewer(), own, style));
  }
}
