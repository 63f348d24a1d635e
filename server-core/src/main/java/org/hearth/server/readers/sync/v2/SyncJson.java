package org.hearth.server.readers.sync.v2;

import com.fasterxml.jackson.databind.node.ObjectNode;
import java.util.Collection;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import org.hearth.ringlogs.LogPosition;
import org.hearth.server.matrix.id.RoomId;
import org.hearth.server.matrix.id.UserId;
import org.hearth.server.matrix.json.JsonWriter;
import org.hearth.server.readers.events.ClientEvents;
import org.hearth.server.readers.events.EventStyle;
import org.hearth.server.readers.events.OwnMembership;
import org.hearth.server.readers.events.Timeline;
import org.hearth.server.readers.sync.sections.News;
import org.hearth.server.readers.sync.sections.RoomNews;
import org.hearth.server.readers.sync.sections.RoomSummaries;
import org.hearth.server.readers.sync.sections.RoomTelling;
import org.hearth.server.readers.sync.sections.SyncRequest;
import org.hearth.server.readers.tokens.SyncPoint;
import org.hearth.server.readers.tokens.Tokens;
import org.hearth.server.servers.notification.UnreadCounts;
import org.hearth.server.servers.room.RoomEvent;
import org.jspecify.annotations.Nullable;

/// Writes news as the body of a `/sync` response.
///
/// **Thread:** any. **Source:** [syncing][sync].
///
/// [sync]: https://spec.matrix.org/v1.19/client-server-api/#get_matrixclientv3sync
public final class SyncJson {
  private final ClientEvents events;
  private final Tokens tokens;

  public SyncJson(ClientEvents events, Tokens tokens) {
    this.events = events;
    this.tokens = tokens;
  }

  /// Writes the whole body. Rooms and account data without news are left out. A room whose events
  /// cannot be read while they are written is held back, as if it had failed before.
  ///
  /// @param now the point up to which the news is
  /// @return whether there is anything for which a client would be woken
  boolean write(JsonWriter json, SyncRequest request, SyncPoint now, News news) {
    json.object();
    if (!news.events(News.Kind.ACCOUNT_DATA).isEmpty()) {
      writeEvents(json, "account_data", news.events(News.Kind.ACCOUNT_DATA));
    }
    boolean rooms = new RoomsWriter(json, request, now, news).write();
    writeEvents(json, "presence", news.events(News.Kind.PRESENCE));
    writeEvents(json, "to_device", news.events(News.Kind.TO_DEVICE));
    if (request.since().isPresent()) {
      // "Note: only present on an incremental sync."
      json.name("device_lists").object();
      writeUsers(json, "changed", news.deviceLists().changed());
      writeUsers(json, "left", news.deviceLists().left());
      json.endObject();
    }
    json.name("device_one_time_keys_count").object();
    news.keyCounts().forEach((algorithm, count) -> json.name(algorithm).value(count));
    json.endObject();
    json.name("device_unused_fallback_key_types").array();
    news.unusedFallbackKeys().forEach(json::value);
    json.endArray();
    // Last, since it says which rooms were held back.
    SyncPoint told = now.holdingBack(news.heldBack().positions());
    json.name("next_batch").value(tokens.of(told).toString()).endObject();
    return rooms || !news.isEmptyBesideRooms();
  }

  private static void writeUsers(JsonWriter json, String name, List<UserId> users) {
    json.name(name).array();
    users.forEach(each -> json.value(each.value()));
    json.endArray();
  }

  private static void writeEvents(JsonWriter json, String name, Collection<ObjectNode> events) {
    json.name(name).object().name("events").array();
    events.forEach(json::value);
    json.endArray().endObject();
  }

  /// Writes `rooms`, if there is anything in it.
  private final class RoomsWriter {
    private final JsonWriter json;
    private final SyncRequest request;
    private final SyncPoint now;
    private final News news;
    private boolean begun;

    RoomsWriter(JsonWriter json, SyncRequest request, SyncPoint now, News news) {
      this.json = json;
      this.request = request;
      this.now = now;
      this.news = news;
    }

    /// @return whether there was anything
    boolean write() {
      for (News.Place place : News.Place.values()) {
        boolean any = false;
        for (var room : news.rooms(place).entrySet()) {
          any |= attempt(place, room.getKey(), room.getValue(), any);
        }
        if (any) {
          json.endObject();
        }
      }
      if (begun) {
        json.endObject();
      }
      return begun;
    }

    /// Writes a room, or holds it back.
    ///
    /// @return whether it was written
    private boolean attempt(
        News.Place place, RoomId room, RoomTelling telling, boolean placeBegun) {
      boolean begunBefore = begun;
      boolean told =
          news.heldBack()
              .write(
                  json, room, request.since(room), () -> write(place, room, telling, placeBegun));
      if (!told) {
        begun = begunBefore;
      }
      return told;
    }

    private boolean write(News.Place place, RoomId room, RoomTelling telling, boolean placeBegun) {
      Optional<? extends RoomNews> happened = telling.happened();
      List<ObjectNode> ephemeral =
          place == News.Place.JOIN ? telling.ephemeral() : List.<ObjectNode>of();
      if (happened.isEmpty()
          && (place != News.Place.JOIN || (ephemeral.isEmpty() && !telling.isWorthTelling()))) {
        return false;
      }
      if (!begun) {
        json.name("rooms").object();
        begun = true;
      }
      if (!placeBegun) {
        json.name(place.name().toLowerCase(Locale.ROOT)).object();
      }
      json.name(room.value()).object();
      switch (happened.orElse(null)) {
        case RoomNews.Joined(var summary, var events) -> {
          writeSummary(summary);
          writeHappened(events);
          writeBeside(telling, ephemeral);
        }
        case RoomNews.Left(var events) -> {
          writeHappened(events);
          writeEvents(json, "account_data", telling.accountData());
        }
        case RoomNews.Over(var end) -> {
          writeOver(end);
          writeEvents(json, "account_data", telling.accountData());
        }
        case RoomNews.Outside(var state) ->
            writeEvents(json, place == News.Place.INVITE ? "invite_state" : "knock_state", state);
        case null -> {
          writeSummary(Optional.empty());
          writeEvents(json, request.stateName(), List.of());
          writeTimeline(Timeline.none(now.position()), null);
          writeBeside(telling, ephemeral);
        }
      }
      json.endObject();
      return true;
    }

    /// Of a room that is not here there is one event.
    private void writeOver(RoomEvent end) {
      writeEvents(json, request.stateName(), List.of());
      json.name("timeline").object().name("events").array();
      json.value(events.outside(end, request.filter().style()));
      json.endArray().name("limited").value(false);
      LogPosition before = new LogPosition(end.position().value() - 1);
      json.name("prev_batch").value(tokens.at(before).toString()).endObject();
    }

    private void writeBeside(RoomTelling telling, List<ObjectNode> ephemeral) {
      writeEvents(json, "account_data", telling.accountData());
      writeEvents(json, "ephemeral", ephemeral);
      UnreadCounts unread = telling.unread();
      json.name("unread_notifications");
      writeCount(unread.main());
      // "If a thread does not have any notifications it can be omitted from this object. If no
      // threads have notification counts, this whole object can be omitted."
      if (!unread.threads().isEmpty()) {
        json.name("unread_thread_notifications").object();
        unread
            .threads()
            .forEach((root, count) -> {
              json.name(root);
              writeCount(count);
            });
        json.endObject();
      }
    }

    private void writeCount(UnreadCounts.Count count) {
      json.object();
      json.name("highlight_count").value(count.highlights());
      json.name("notification_count").value(count.notifications());
      json.endObject();
    }

    private void writeSummary(Optional<RoomSummaries.Summary> summary) {
      json.name("summary").object();
      if (summary.isPresent()) {
        if (!summary.get().heroes().isEmpty()) {
          writeUsers(json, "m.heroes", summary.get().heroes());
        }
        json.name("m.joined_member_count").value(summary.get().counts().joined());
        json.name("m.invited_member_count").value(summary.get().counts().invited());
      }
      json.endObject();
    }

    private void writeHappened(RoomNews.Happened happened) {
      EventStyle style = request.filter().style();
      json.name(request.stateName()).object().name("events");
      events.writeState(json, happened.state(), request.viewer(), happened.own(), style);
      json.endObject();
      writeTimeline(happened.timeline(), happened.own());
    }

    /// @param own null for no events
    private void writeTimeline(Timeline timeline, @Nullable OwnMembership own) {
      json.name("timeline").object().name("events");
      if (own == null) {
        json.array().endArray();
      } else {
        EventStyle style = request.filter().style();
        // Bundled aggregations are included "when the relevant section has a `limited` value of
        // `true`": else the client is told all that relates to these events, too.
        if (timeline.limited()) {
          events.bundled().write(json, timeline.events(), request.viewer(), own, style);
        } else {
          events.writeTimeline(json, timeline.events(), request.viewer(), own, style);
        }
      }
      json.name("limited").value(timeline.limited());
      json.name("prev_batch").value(tokens.at(timeline.start()).toString()).endObject();
    }
  }
}
