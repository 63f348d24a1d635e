package org.hearth.server.readers.sync.v2;

import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.util.Collection;
import java.util.Optional;
import org.hearth.server.readers.sync.events.ClientEvents;
import org.hearth.server.readers.sync.events.EventStyle;
import org.hearth.server.readers.sync.events.Timeline;
import org.hearth.server.readers.sync.sections.News;
import org.hearth.server.readers.sync.sections.RoomNews;
import org.hearth.server.readers.sync.sections.RoomSummaries;
import org.hearth.server.readers.sync.sections.SyncRequest;
import org.hearth.server.readers.sync.view.SyncPoint;
import org.hearth.server.readers.sync.view.Tokens;

/// Writes news as the body of a `/sync` response.
///
/// **Thread:** any. **Source:** [syncing][sync].
///
/// [sync]: https://spec.matrix.org/v1.19/client-server-api/#get_matrixclientv3sync
public final class SyncJson {
  private static final JsonNodeFactory JSON = JsonNodeFactory.instance;

  private final ClientEvents events;
  private final Tokens tokens;

  public SyncJson(ClientEvents events, Tokens tokens) {
    this.events = events;
    this.tokens = tokens;
  }

  /// The whole body. Rooms and account data without news are left out. A room whose events cannot
  /// be read while they are written is held back, as if it had failed before.
  ///
  /// @param now the point up to which the news is
  SyncAnswer answer(SyncRequest request, SyncPoint now, News news) {
    ObjectNode rooms = JSON.objectNode();
    news.rooms()
        .forEach((room, told) ->
            news.heldBack()
                .attempt(
                    room.value(),
                    request.since(room),
                    () -> {
                      // Written first: a room that cannot be leaves nothing behind.
                      ObjectNode written = room(request, now, told);
                      rooms.withObjectProperty(name(told)).set(room.value(), written);
                    }));
    ObjectNode json = JSON.objectNode();
    json.put("next_batch", tokens.of(now.holdingBack(news.heldBack().positions())).toString());
    if (!news.events(News.Kind.ACCOUNT_DATA).isEmpty()) {
      putEvents(json, "account_data", news.events(News.Kind.ACCOUNT_DATA));
    }
    if (!rooms.isEmpty()) {
      json.set("rooms", rooms);
    }
    putEvents(json, "presence", news.events(News.Kind.PRESENCE));
    putEvents(json, "to_device", news.events(News.Kind.TO_DEVICE));
    ObjectNode devices = json.putObject("device_lists");
    ArrayNode changed = devices.putArray("changed");
    news.deviceLists().changed().forEach(each -> changed.add(each.value()));
    ArrayNode left = devices.putArray("left");
    news.deviceLists().left().forEach(each -> left.add(each.value()));
    ObjectNode counts = json.putObject("device_one_time_keys_count");
    news.keyCounts().forEach(counts::put);
    return new SyncAnswer(json, rooms.isEmpty() && news.isEmptyBesideRooms());
  }

  private static String name(RoomNews told) {
    return switch (told) {
      case RoomNews.Joined _ -> "join";
      case RoomNews.Invited _ -> "invite";
      case RoomNews.Knocked _ -> "knock";
      case RoomNews.Left _ -> "leave";
    };
  }

  private ObjectNode room(SyncRequest request, SyncPoint now, RoomNews told) {
    ObjectNode json = JSON.objectNode();
    switch (told) {
      case RoomNews.Joined joined -> putJoined(request, now, joined, json);
      case RoomNews.Invited(var state) -> putEvents(json, "invite_state", state);
      case RoomNews.Knocked(var state) -> putEvents(json, "knock_state", state);
      case RoomNews.Left(var happened, var accountData) -> {
        putHappened(request, happened, json);
        putEvents(json, "account_data", accountData);
      }
    }
    return json;
  }

  private void putJoined(
      SyncRequest request, SyncPoint now, RoomNews.Joined joined, ObjectNode json) {
    json.set("summary", joined.summary().map(SyncJson::summary).orElseGet(JSON::objectNode));
    Optional<RoomNews.Happened> happened = joined.happened();
    if (happened.isPresent()) {
      putHappened(request, happened.get(), json);
    } else {
      json.putObject(request.stateName()).putArray("events");
      json.set("timeline", timeline(JSON.arrayNode(), Timeline.none(now.position())));
    }
    putEvents(json, "account_data", joined.accountData());
    putEvents(json, "ephemeral", joined.ephemeral());
    json.putObject("unread_notifications")
        .put("highlight_count", joined.unread().highlights())
        .put("notification_count", joined.unread().notifications());
  }

  private static ObjectNode summary(RoomSummaries.Summary summary) {
    ObjectNode json = JSON.objectNode();
    if (!summary.heroes().isEmpty()) {
      ArrayNode names = json.putArray("m.heroes");
      summary.heroes().forEach(each -> names.add(each.value()));
    }
    json.put("m.joined_member_count", summary.counts().joined());
    json.put("m.invited_member_count", summary.counts().invited());
    return json;
  }

  private void putHappened(SyncRequest request, RoomNews.Happened happened, ObjectNode json) {
    EventStyle style = request.filter().style();
    json.putObject(request.stateName())
        .set("events", events.state(happened.state(), request.viewer(), happened.own(), style));
    Timeline timeline = happened.timeline();
    json.set(
        "timeline",
        timeline(
            events.timeline(timeline.events(), request.viewer(), happened.own(), style), timeline));
  }

  private ObjectNode timeline(ArrayNode events, Timeline timeline) {
    ObjectNode json = JSON.objectNode();
    json.set("events", events);
    json.put("limited", timeline.limited());
    json.put("prev_batch", tokens.at(timeline.start()).toString());
    return json;
  }

  private static void putEvents(ObjectNode json, String name, Collection<ObjectNode> events) {
    json.putObject(name).putArray("events").addAll(events);
  }
}
