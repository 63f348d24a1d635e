package org.hearth.server.readers.sync.sliding;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.NullNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.stream.Collectors;
import org.hearth.ringlogs.LogPosition;
import org.hearth.server.matrix.event.EventTypes;
import org.hearth.server.matrix.event.StateKey;
import org.hearth.server.matrix.id.RoomId;
import org.hearth.server.matrix.id.UserId;
import org.hearth.server.matrix.json.JsonWriter;
import org.hearth.server.readers.events.EventStyle;
import org.hearth.server.readers.events.OwnMembership;
import org.hearth.server.readers.events.Timeline;
import org.hearth.server.readers.events.Viewer;
import org.hearth.server.readers.sync.sections.News;
import org.hearth.server.readers.sync.sections.RoomNews;
import org.hearth.server.readers.sync.sections.RoomSummaries;
import org.hearth.server.readers.sync.sections.RoomTelling;
import org.hearth.server.readers.sync.sections.WindowSection.Wanted;
import org.hearth.server.readers.sync.view.UserFeed;
import org.hearth.server.servers.notification.UnreadCounts;
import org.hearth.server.servers.room.RoomMembership;
import org.hearth.server.servers.room.RoomState;

/// Writes the rooms of an answer, and notes what the client has been sent of each.
///
/// **Thread:** one request's. **Source:** `RoomResult` of [MSC4186][sliding], by the names that it
/// has at the unstable path.
///
/// [sliding]: https://github.com/matrix-org/matrix-spec-proposals/pull/4186
final class RoomsJson {
  private static final EventStyle STYLE = new EventStyle(false, false, Optional.empty());
  private static final StateKey NAME = new StateKey(EventTypes.NAME, "");
  private static final StateKey AVATAR = new StateKey(EventTypes.AVATAR, "");

  private final Parts parts;
  private final Bumps bumps;
  private final Viewer viewer;
  private final UserFeed feed;
  private final Step base;
  private final LogPosition now;
  private final Plan plan;
  private final JsonWriter json;
  private final Map<RoomId, Wanted> wanted;

  private final ShownFirst shownFirst = new ShownFirst(ShownFirst.MOST);

  RoomsJson(Look look, Bumps bumps, Plan plan, JsonWriter json) {
    this.parts = look.parts();
    this.bumps = bumps;
    this.viewer = look.viewer();
    this.feed = look.feed();
    this.base = look.base();
    this.now = look.now().position();
    this.plan = plan;
    this.json = json;
    this.wanted = plan.wanted().stream().collect(Collectors.toMap(Wanted::room, each -> each));
  }

  /// Writes `rooms`.
  ///
  /// @return whether there is any
  boolean write(News news) {
    boolean any = false;
    json.name("rooms").object();
    for (News.Place place : News.Place.values()) {
      for (Map.Entry<RoomId, RoomTelling> each : news.rooms(place).entrySet()) {
        any |= attempt(news, each.getKey(), each.getValue());
      }
    }
    json.endObject();
    for (Wanted each : plan.wanted()) {
      if (news.heldBack().has(each.room())) {
        holdBack(each);
      }
    }
    return any;
  }

  /// What the client was shown of rooms that it had not before this answer.
  ShownFirst shownFirst() {
    return shownFirst;
  }

  private boolean attempt(News news, RoomId room, RoomTelling telling) {
    Optional<LogPosition> since =
        wanted.containsKey(room) ? wanted.get(room).since() : Optional.of(base.point().position());
    return news.heldBack().write(json, room, since, () -> write(room, telling));
  }

  /// A room that could not be read is told later, from where the client has it.
  private void holdBack(Wanted each) {
    plan.sent(each.room())
        .filter(sent -> each.since().isPresent())
        .ifPresent(sent ->
            plan.change(
                each.room(), sent.with(Sent.Kind.EVENTS, each.since().orElseThrow().value())));
  }

  private boolean write(RoomId room, RoomTelling telling) {
    Optional<? extends RoomNews> happened = telling.happened();
    Optional<Wanted> asked = Optional.ofNullable(wanted.get(room));
    if (happened.isEmpty() && !telling.isWorthTelling()) {
      asked.ifPresent(each -> noteQuiet(each, room));
      return false;
    }
    json.name(room.value()).object();
    switch (happened.orElse(null)) {
      case RoomNews.Joined(var summary, var events) -> {
        boolean initial = isInitial(asked, events.own());
        writeInitial(initial);
        writeNames(room, initial, asked.flatMap(Wanted::since), summary, events.timeline());
        writeHappened(events);
        writeBeside(room, telling);
        noteTold(asked.orElseThrow(), events.timeline(), initial, true);
      }
      case RoomNews.Left(var events) -> {
        writeInitial(asked.flatMap(Wanted::since).isEmpty());
        writeHappened(events);
        writeMembership(room);
        noteTold(asked.orElseThrow(), events.timeline(), true, false);
      }
      case RoomNews.Over(var end) -> {
        writeInitial(asked.flatMap(Wanted::since).isEmpty());
        // Of a room that is not here there is one event.
        json.name("timeline").array().value(parts.events().outside(end, STYLE)).endArray();
        json.name("num_live").value(1);
        writeMembership(room);
        noteTold(asked.orElseThrow(), Timeline.none(now), true, false);
      }
      case RoomNews.Outside(var state) -> {
        writeInitial(asked.flatMap(Wanted::since).isEmpty());
        // Also of who knocks: clients see by the member event in it which of both it is.
        json.name("invite_state").array();
        state.forEach(json::value);
        json.endArray();
        writeMembership(room);
        noteTold(asked.orElseThrow(), Timeline.none(now), true, false);
      }
      case null -> {
        writeBeside(room, telling);
        asked.ifPresent(each -> noteQuiet(each, room));
      }
    }
    json.endObject();
    return true;
  }

  /// Whether "the client should replace all room data with what is returned".
  private static boolean isInitial(Optional<Wanted> asked, OwnMembership own) {
    return asked.flatMap(Wanted::since).filter(own::joinedEverSince).isEmpty();
  }

  private void writeInitial(boolean initial) {
    // "The absence of this flag means `false`."
    if (initial) {
      json.name("initial").value(true);
    }
  }

  /// "The data returned in the response is only the data that has changed."
  private void writeNames(
      RoomId room,
      boolean initial,
      Optional<LogPosition> since,
      Optional<RoomSummaries.Summary> summary,
      Timeline timeline) {
    Optional<RoomState> state = parts.rooms().stateAt(room, now);
    boolean unnamed = false;
    if (state.isPresent() && (initial || timeline.hasState() || timeline.stateAside())) {
      Optional<RoomState> then =
          initial ? Optional.empty() : since.flatMap(at -> parts.rooms().stateAt(room, at));
      unnamed = writeText(state.get(), then, NAME, "name", "name");
      var _ = writeText(state.get(), then, AVATAR, "url", "avatar");
    }
    Optional<RoomSummaries.Summary> told =
        summary.isEmpty() && unnamed
            ? Optional.of(parts.summaries().summary(room, viewer.user(), now))
            : summary;
    if (told.isPresent()) {
      json.name("joined_count").value(told.get().counts().joined());
      json.name("invited_count").value(told.get().counts().invited());
      // "Heroes are only included if the room name is not set."
      if (state.isPresent() && !told.get().heroes().isEmpty()) {
        writeHeroes(state.get(), told.get().heroes());
      }
    }
  }

  /// Writes a text of the state if it has changed: "`null` if room name has been removed".
  ///
  /// @param then what the client knows; empty for nothing
  /// @return whether it was removed
  private boolean writeText(
      RoomState state, Optional<RoomState> then, StateKey key, String field, String name) {
    if (then.isPresent() && then.get().position(key).equals(state.position(key))) {
      return false;
    }
    Optional<String> text =
        state
            .event(key)
            .map(event -> event.pdu().content().path(field))
            .filter(JsonNode::isTextual)
            .map(JsonNode::textValue)
            .filter(value -> !value.isEmpty());
    if (text.isPresent()) {
      json.name(name).value(text.get());
      return false;
    }
    if (then.isPresent()) {
      json.name(name).value(NullNode.getInstance());
      return true;
    }
    return false;
  }

  private void writeHeroes(RoomState state, List<UserId> heroes) {
    json.name("heroes").array();
    for (UserId each : heroes) {
      json.object().name("user_id").value(each.value());
      Optional<ObjectNode> content =
          state.event(StateKey.member(each.value())).map(event -> event.pdu().content());
      for (String field : List.of("displayname", "avatar_url")) {
        content
            .map(fields -> fields.path(field))
            .filter(JsonNode::isTextual)
            .ifPresent(text -> json.name(field).value(text.textValue()));
      }
      json.endObject();
    }
    json.endArray();
  }

  private void writeHappened(RoomNews.Happened happened) {
    Timeline timeline = happened.timeline();
    if (!happened.state().isEmpty()) {
      json.name("required_state");
      parts.events().writeState(json, happened.state(), viewer, happened.own(), STYLE);
    }
    if (!timeline.events().isEmpty()) {
      json.name("timeline");
      // "If `limited` is true then we include bundled aggregations for the event, as per
      // `/v3/sync`."
      if (timeline.limited()) {
        parts.events().bundled().write(json, timeline.events(), viewer, happened.own(), STYLE);
      } else {
        parts.events().writeTimeline(json, timeline.events(), viewer, happened.own(), STYLE);
      }
    }
    json.name("limited").value(timeline.limited());
    json.name("prev_batch").value(parts.tokens().at(timeline.start()).toString());
    json.name("num_live").value(live(timeline));
  }

  /// "The number of timeline events which have \"just occurred\" and are not historical, i.e. that
  /// have happened since the previous sync request."
  private long live(Timeline timeline) {
    LogPosition point = base.point().position();
    return base.number() == 0
        ? 0
        : timeline.events().stream().filter(each -> each.position().isAfter(point)).count();
  }

  private void writeBeside(RoomId room, RoomTelling telling) {
    UnreadCounts.Count unread = telling.unread().total();
    json.name("notification_count").value(unread.notifications());
    json.name("highlight_count").value(unread.highlights());
    json.name("bump_stamp").value(bumps.of(room, now));
    boolean before = plan.sent(room).map(Sent::dm).orElse(false);
    // "If absent in an initial sync the room is not a DM room. Must be included in an incremental
    // sync if the DM state changes."
    if (plan.isDirect(room) || before) {
      json.name("is_dm").value(plan.isDirect(room));
    }
    wanted(room)
        .filter(Wanted::expanded)
        .ifPresent(_ -> json.name("unstable_expanded_timeline").value(true));
    json.name("membership").value("join");
  }

  private Optional<Wanted> wanted(RoomId room) {
    return Optional.ofNullable(wanted.get(room));
  }

  /// "For rooms that the user is not currently joined to, this instead represents when the relevant
  /// membership happened."
  private void writeMembership(RoomId room) {
    Optional<RoomMembership> membership = feed.membershipAt(parts.rooms(), room, now);
    membership.ifPresent(each -> {
      json.name("bump_stamp").value(each.position().value());
      json.name("membership").value(each.membership().value());
    });
    if (plan.isDirect(room)) {
      json.name("is_dm").value(true);
    }
  }

  /// Nothing was told of what happened: what is wanted of the room may still be something else.
  private void noteQuiet(Wanted each, RoomId room) {
    Optional<Sent> before = plan.sent(room);
    if (each.since().isPresent() && before.isPresent()) {
      note(each, before.get().covered(), before.get());
    }
  }

  private void noteTold(Wanted each, Timeline timeline, boolean anew, boolean isThere) {
    Sent before =
        plan.sent(each.room())
            .filter(_ -> isThere)
            .orElse(new Sent(Sent.NEVER, Sent.NEVER, Sent.NEVER, 0, 0, Sent.NO_STATE, false));
    int shown = timeline.events().size();
    int covered;
    if (timeline.limited()) {
      covered = shown;
    } else if (anew || each.expanded()) {
      covered = Sent.ALL;
    } else {
      covered = before.covered() == Sent.ALL ? Sent.ALL : before.covered() + shown;
    }
    if (isThere && each.since().isEmpty()) {
      shownFirst.add(
          each.room(), timeline.events().stream().map(event -> event.id().value()).toList());
    }
    note(each, covered, before);
  }

  private void note(Wanted each, int covered, Sent before) {
    RoomConfig config = Objects.requireNonNull(plan.windows().rooms().get(each.room()));
    plan.change(
        each.room(),
        before.with(Sent.Kind.EVENTS, Sent.LIVE).with(config, covered, plan.isDirect(each.room())));
  }
}
