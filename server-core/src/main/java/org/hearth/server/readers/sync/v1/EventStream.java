package org.hearth.server.readers.sync.v1;

import com.fasterxml.jackson.databind.node.ObjectNode;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import org.hearth.ringlogs.LogPosition;
import org.hearth.server.matrix.error.MatrixException;
import org.hearth.server.matrix.id.RoomId;
import org.hearth.server.readers.events.ClientEvents;
import org.hearth.server.readers.events.EventFilter;
import org.hearth.server.readers.events.EventStyle;
import org.hearth.server.readers.events.OwnMembership;
import org.hearth.server.readers.events.Timelines;
import org.hearth.server.readers.events.Viewer;
import org.hearth.server.readers.sync.sections.EphemeralFromOutside;
import org.hearth.server.readers.sync.sections.News;
import org.hearth.server.readers.sync.sections.RoomTelling;
import org.hearth.server.readers.sync.sections.Sections;
import org.hearth.server.readers.sync.sections.SyncRequest;
import org.hearth.server.readers.sync.view.UserFeed;
import org.hearth.server.readers.tokens.SyncPoint;
import org.hearth.server.servers.room.RoomEvent;
import org.hearth.server.servers.room.RoomMembership;
import org.hearth.server.servers.room.RoomQueries;

/// Reads the news of a user as one stream of events, oldest first and without gaps: of more than an
/// answer holds, the rest comes with the next.
///
/// **Thread:** any.
final class EventStream {
  /// Events of rooms in one answer.
  static final int MOST_EVENTS = 100;

  /// What the events of one answer hold as JSON, but for its first.
  private static final int MOST_BYTES = 512 * 1024;

  private final RoomQueries rooms;
  private final Sections sections;
  private final EphemeralFromOutside ephemeral;
  private final Timelines timelines;
  private final ClientEvents events;

  EventStream(
      RoomQueries rooms,
      Sections sections,
      EphemeralFromOutside ephemeral,
      Timelines timelines,
      ClientEvents events) {
    this.rooms = rooms;
    this.sections = sections;
    this.ephemeral = ephemeral;
    this.timelines = timelines;
    this.events = events;
  }

  /// A part of the stream.
  ///
  /// @param end up to where it tells everything
  /// @param more whether there is more up to the point that was asked for
  record Chunk(List<ObjectNode> events, SyncPoint end, boolean more) {
    Chunk {
      events = List.copyOf(events);
    }
  }

  /// What is new in the user's own rooms, and of the user's own data.
  ///
  /// @param request of no device, so that nothing is taken for delivered to one
  /// @param viewer who is shown the events
  /// @param limit of events of rooms
  Chunk own(SyncRequest request, Viewer viewer, UserFeed feed, SyncPoint now, int limit) {
    News all = sections.collect(request, feed, now);
    Oldest oldest = new Oldest(now.position(), limit);
    for (News.Place place : News.Place.values()) {
      all.rooms(place)
          .forEach((room, telling) ->
              all.heldBack()
                  .attempt(
                      room.value(),
                      request.since(room),
                      () ->
                          feed.membershipAt(rooms, room, now.position())
                              .ifPresent(each ->
                                  oldest.add(read(request, viewer, each, telling, oldest)))));
    }
    LogPosition end = oldest.end();
    boolean more = now.position().isAfter(end);
    SyncPoint point = new SyncPoint(end, now.volatiles(), Map.of());
    News upToThere = more ? sections.collect(request, feed, point) : all;
    List<ObjectNode> told = oldest.events();
    told.addAll(beside(upToThere));
    Map<SyncPoint.HeldBack, LogPosition> heldBack = new HashMap<>(all.heldBack().positions());
    heldBack.putAll(upToThere.heldBack().positions());
    return new Chunk(told, point.holdingBack(heldBack), more);
  }

  /// What is new in one room, also for who is not in it: "servers are required to only return
  /// events where the room state at the event had the `m.room.history_visibility` state event
  /// present with `history_visibility` value `world_readable`". So it is with who types and who has
  /// read what. Presence is not told: "Presence information is published to all users who share a
  /// room with the target user."
  ///
  /// @throws MatrixException `M_FORBIDDEN` if the room is not open to all to read
  Chunk peeked(RoomId room, Viewer viewer, SyncPoint from, SyncPoint now, int limit) {
    if (!rooms.isWorldReadable(room)) {
      throw MatrixException.forbidden("You are not in this room, and not everybody may read it");
    }
    OwnMembership own = OwnMembership.upTo(rooms, rooms.membership(room, viewer.user()));
    Oldest oldest = new Oldest(now.position(), limit);
    Timelines.Range range = new Timelines.Range(room, from.position(), now.position());
    oldest.add(page(range, viewer, own, oldest));
    SyncPoint end = new SyncPoint(oldest.end(), now.volatiles(), Map.of());
    List<ObjectNode> told = oldest.events();
    ephemeral.changed(room, viewer, from, end).forEach(each -> told.add(of(room, each)));
    return new Chunk(told, end, now.position().isAfter(oldest.end()));
  }

  private List<Told> read(
      SyncRequest request,
      Viewer viewer,
      RoomMembership membership,
      RoomTelling telling,
      Oldest oldest) {
    LogPosition since = request.since(membership.room()).orElse(LogPosition.ORIGIN);
    OwnMembership own = OwnMembership.upTo(rooms, Optional.of(membership));
    return switch (membership.membership()) {
      case JOIN ->
          page(new Timelines.Range(membership.room(), since, oldest.end()), viewer, own, oldest);
      // Whether an invitation is told says the section.
      case INVITE, KNOCK ->
          telling.happened().isPresent() ? member(membership, viewer, own) : List.of();
      case LEAVE, BAN -> left(since, membership, viewer, own, oldest);
    };
  }

  /// The events up to the moment of leaving, and what the user's membership became after that.
  private List<Told> left(
      LogPosition since,
      RoomMembership membership,
      Viewer viewer,
      OwnMembership own,
      Oldest oldest) {
    if (!membership.position().isAfter(since) || isForgotten(membership)) {
      return List.of();
    }
    Optional<LogPosition> leftAt = own.leftAt();
    List<Told> told = new ArrayList<>();
    if (leftAt.isPresent() && leftAt.get().isAfter(since)) {
      LogPosition upTo = leftAt.get().isAfter(oldest.end()) ? oldest.end() : leftAt.get();
      told.addAll(page(new Timelines.Range(membership.room(), since, upTo), viewer, own, oldest));
    }
    if (!leftAt.equals(Optional.of(membership.position()))) {
      told.addAll(member(membership, viewer, own));
    }
    return told;
  }

  private boolean isForgotten(RoomMembership membership) {
    return rooms
        .membership(membership.room(), membership.user())
        .map(RoomMembership::forgotten)
        .orElse(false);
  }

  private List<Told> page(Timelines.Range range, Viewer viewer, OwnMembership own, Oldest oldest) {
    if (!range.upTo().isAfter(range.after()) || !timelines.any(range)) {
      return List.of();
    }
    Timelines.Page page = timelines.forwards(range, viewer, EventFilter.ALL, oldest.limit);
    List<Told> told = page.events().stream().map(each -> told(each, viewer, own)).toList();
    if (page.more() && !page.scanned().isEmpty()) {
      oldest.endAt(page.scanned().getLast().position());
    }
    return told;
  }

  /// The user's own member event, if that is what the membership comes from.
  private List<Told> member(RoomMembership membership, Viewer viewer, OwnMembership own) {
    return OwnMembership.event(rooms, membership).map(each -> told(each, viewer, own)).stream()
        .toList();
  }

  private Told told(RoomEvent event, Viewer viewer, OwnMembership own) {
    return new Told(
        event.position(),
        events.timelineEvent(event, viewer, own, EventStyle.SINGLE),
        event.pdu().canonicalBytes().length);
  }

  /// What is no part of any room's history.
  private static List<ObjectNode> beside(News news) {
    List<ObjectNode> told = new ArrayList<>(presence(news));
    told.addAll(news.events(News.Kind.ACCOUNT_DATA));
    news.rooms(News.Place.JOIN)
        .forEach((room, telling) -> {
          telling.ephemeral().forEach(each -> told.add(of(room, each)));
          telling.accountData().forEach(each -> told.add(of(room, each)));
        });
    news.rooms(News.Place.LEAVE)
        .forEach(
            (room, telling) -> telling.accountData().forEach(each -> told.add(of(room, each))));
    return told;
  }

  /// Who is there, told as it was when clients were written that call this: with whose presence it
  /// is in the content, too.
  static List<ObjectNode> presence(News news) {
    return news.events(News.Kind.PRESENCE).stream().map(EventStream::withUser).toList();
  }

  private static ObjectNode withUser(ObjectNode presence) {
    ObjectNode event = presence.deepCopy();
    event.withObject("content").set("user_id", event.get("sender"));
    return event;
  }

  /// The event with the room that it is of.
  static ObjectNode of(RoomId room, ObjectNode event) {
    return event.deepCopy().put("room_id", room.value());
  }

  /// An event as it is told.
  private record Told(LogPosition position, ObjectNode json, int bytes) {}

  /// The oldest events of all rooms, as many as an answer holds, and up to where they are all.
  private static final class Oldest {
    private final TreeMap<LogPosition, Told> events = new TreeMap<>();
    private final int limit;
    private LogPosition end;
    private long bytes;

    Oldest(LogPosition end, int limit) {
      this.end = end;
      this.limit = limit;
    }

    LogPosition end() {
      return end;
    }

    void add(List<Told> those) {
      for (Told each : those) {
        if (events.put(each.position(), each) == null) {
          bytes += each.bytes();
        }
      }
      dropAfterEnd();
      while (events.size() > limit || (bytes > MOST_BYTES && events.size() > 1)) {
        Told last = drop();
        end = new LogPosition(last.position().value() - 1);
      }
    }

    /// Nothing after that is known.
    void endAt(LogPosition position) {
      if (end.isAfter(position)) {
        end = position;
      }
    }

    private void dropAfterEnd() {
      while (!events.isEmpty() && events.lastKey().isAfter(end)) {
        drop();
      }
    }

    private Told drop() {
      Told last = events.pollLastEntry().getValue();
      bytes -= last.bytes();
      return last;
    }

    List<ObjectNode> events() {
      return new ArrayList<>(events.values().stream().map(Told::json).toList());
    }
  }
}
