package org.hearth.server.readers.sync.v1;

import com.fasterxml.jackson.databind.node.ObjectNode;
import java.util.List;
import java.util.Optional;
import org.hearth.ringlogs.LogPosition;
import org.hearth.server.matrix.auth.Membership;
import org.hearth.server.matrix.id.RoomId;
import org.hearth.server.matrix.json.JsonWriter;
import org.hearth.server.readers.events.EventStyle;
import org.hearth.server.readers.events.OwnMembership;
import org.hearth.server.readers.events.Timeline;
import org.hearth.server.readers.events.Viewer;
import org.hearth.server.readers.sync.history.History;
import org.hearth.server.readers.sync.sections.RoomNews;
import org.hearth.server.readers.sync.sections.RoomTelling;
import org.hearth.server.readers.tokens.SyncPoint;
import org.hearth.server.servers.room.RoomEvent;
import org.hearth.server.servers.room.RoomMembership;
import org.hearth.server.services.directory.DirectoryQueries;

/// Writes a room as the calls from before `/sync` tell it: the specification's `RoomInfo`.
///
/// **Thread:** any.
final class RoomInfoJson {
  private final History history;
  private final DirectoryQueries directory;

  RoomInfoJson(History history, DirectoryQueries directory) {
    this.history = history;
    this.directory = directory;
  }

  /// Writes a room of the user's.
  ///
  /// @param membership as of now
  /// @param now where the timeline of a room ends in which the user is
  /// @param more writes what else is told of it
  /// @return false if there is nothing to tell of it
  boolean write(
      JsonWriter json,
      Viewer viewer,
      RoomMembership membership,
      RoomTelling telling,
      SyncPoint now,
      Runnable more) {
    Optional<? extends RoomNews> happened = telling.happened();
    if (happened.isEmpty()) {
      return false;
    }
    RoomId room = membership.room();
    begin(json, room, Optional.of(membership));
    switch (happened.get()) {
      case RoomNews.Joined(_, var events) ->
          write(json, viewer, events, history.tokens().of(now).toString());
      case RoomNews.Left(var events) ->
          write(json, viewer, events, history.tokens().at(end(events.timeline())).toString());
      case RoomNews.Over(_) -> {} // the membership says it
      case RoomNews.Outside(_) -> writeInvite(json, viewer, membership);
    }
    json.name("account_data");
    write(json, telling.accountData());
    more.run();
    json.endObject();
    return true;
  }

  /// Writes a room in which the user is not and which everybody may read.
  ///
  /// @param events oldest first
  /// @param start the point before these
  void writePeeked(
      JsonWriter json,
      RoomId room,
      Viewer viewer,
      List<RoomEvent> events,
      String start,
      SyncPoint now) {
    Optional<RoomMembership> membership = history.rooms().membership(room, viewer.user());
    OwnMembership own = OwnMembership.upTo(history.rooms(), membership);
    begin(json, room, membership);
    writeMessages(json, viewer, events, own, start, history.tokens().of(now).toString());
    List<LogPosition> state =
        history.rooms().stateAt(room, now.position()).stream()
            .flatMap(each -> each.positions().values().stream())
            .sorted()
            .toList();
    json.name("state");
    history.events().writeState(json, state, viewer, own, EventStyle.SINGLE);
    json.name("presence").array().endArray();
    json.endObject();
  }

  /// "The user's membership state in this room" may be `invite`, `join`, `leave` or `ban`.
  private void begin(JsonWriter json, RoomId room, Optional<RoomMembership> membership) {
    json.object().name("room_id").value(room.value());
    membership
        .map(RoomMembership::membership)
        .filter(each -> each != Membership.KNOCK)
        .ifPresent(each -> json.name("membership").value(each.value()));
    json.name("visibility").value(directory.isPublished(room) ? "public" : "private");
  }

  private void write(JsonWriter json, Viewer viewer, RoomNews.Happened happened, String end) {
    Timeline timeline = happened.timeline();
    String start = history.tokens().at(timeline.start()).toString();
    writeMessages(json, viewer, timeline.events(), happened.own(), start, end);
    json.name("state");
    history.events().writeState(json, happened.state(), viewer, happened.own(), EventStyle.SINGLE);
  }

  private void writeMessages(
      JsonWriter json,
      Viewer viewer,
      List<RoomEvent> events,
      OwnMembership own,
      String start,
      String end) {
    json.name("messages").object().name("start").value(start).name("chunk");
    history.events().writeTimeline(json, events, viewer, own, EventStyle.SINGLE);
    json.name("end").value(end).endObject();
  }

  /// "The invite event if `membership` is `invite`."
  private void writeInvite(JsonWriter json, Viewer viewer, RoomMembership membership) {
    OwnMembership own = OwnMembership.upTo(history.rooms(), Optional.of(membership));
    OwnMembership.event(history.rooms(), membership)
        .ifPresent(each ->
            json.name("invite")
                .value(history.events().stateEvent(each, viewer, own, EventStyle.SINGLE)));
    if (OwnMembership.event(history.rooms(), membership).isEmpty()) {
      history
          .rooms()
          .outside(membership.room(), membership.user())
          .ifPresent(each ->
              json.name("invite")
                  .value(history.events().outside(each.asEvent(), EventStyle.SINGLE)));
    }
  }

  /// Where a timeline ends that is over.
  private static LogPosition end(Timeline timeline) {
    return timeline.events().isEmpty() ? timeline.start() : timeline.events().getLast().position();
  }

  static void write(JsonWriter json, List<ObjectNode> events) {
    json.array();
    events.forEach(json::value);
    json.endArray();
  }
}
