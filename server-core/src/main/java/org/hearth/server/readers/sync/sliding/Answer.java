package org.hearth.server.readers.sync.sliding;

import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Collectors;
import org.hearth.ringlogs.LogPosition;
import org.hearth.ringlogs.VolatileLog.VolatilePosition;
import org.hearth.server.matrix.id.RoomId;
import org.hearth.server.matrix.id.UserId;
import org.hearth.server.matrix.json.JsonWriter;
import org.hearth.server.readers.events.Viewer;
import org.hearth.server.readers.sync.sections.Filter;
import org.hearth.server.readers.sync.sections.News;
import org.hearth.server.readers.sync.sections.Sections;
import org.hearth.server.readers.sync.sections.SyncRequest;
import org.hearth.server.readers.sync.sections.WindowSection;
import org.hearth.server.readers.tokens.SyncPoint;

/// One look at what there is to tell, as of one point, and the answer that tells it.
///
/// **Thread:** one request's.
final class Answer {
  /// The part of `pos` by which an answer is known again: as that of a volatile log, so that `pos`
  /// is a token as others are and "can be used in `/messages` and `/relations` APIs".
  static final char LETTER = 'w';

  private final Look look;
  private final Parts parts;
  private final Bumps bumps;
  private final SlidingRequest request;
  private final Plan plan;

  Answer(Look look, Bumps bumps, RoomOrders orders, SlidingRequest request) {
    this.look = look;
    this.parts = look.parts();
    this.bumps = bumps;
    this.request = request;
    LogPosition position = look.now().position();
    UserId user = look.viewer().user();
    RoomOrders.Order order = orders.of(user, look.feed(), position);
    Filtering filtering =
        new Filtering(
            new Filtering.Sources(parts.rooms(), parts.accountData()),
            user,
            look.feed(),
            order,
            position);
    Windows windows = Windows.of(request, look.feed(), look.connection(), order, filtering);
    this.plan = new Plan(look, windows, filtering.direct());
  }

  /// How many rooms it looks into.
  int size() {
    return plan.wanted().size();
  }

  /// What came of writing an answer.
  ///
  /// @param told whether there is anything for which a client would be woken
  record Written(boolean told, Step step) {}

  /// Writes the whole body.
  ///
  /// @param number of this answer
  /// @param run of the server: positions of another are not known
  Written write(JsonWriter json, long number, long run) {
    json.object();
    News news = news();
    RoomsJson rooms = new RoomsJson(look, bumps, plan, json);
    boolean told = rooms.write(news);
    ExtensionsJson extensions = new ExtensionsJson(look, request, plan, rooms, json);
    told |= extensions.write();
    Map<String, Integer> counts = plan.windows().counts();
    json.name("lists").object();
    counts.forEach(
        (name, count) -> json.name(name).object().name("count").value(count).endObject());
    json.endObject();
    request.transaction().ifPresent(each -> json.name("txn_id").value(each));
    json.name("pos").value(pos(number, run)).endObject();
    // A list that has grown by a room that is not in its range is news, too.
    told |= !counts.equals(look.base().counts());
    Step step =
        new Step(number, look.now(), extensions.points(), plan.changes(), counts, plan.members());
    return new Written(told, step);
  }

  private News news() {
    Set<String> named =
        plan.windows().rooms().keySet().stream()
            .map(RoomId::value)
            .collect(Collectors.toUnmodifiableSet());
    Filter filter = Filter.of(Filter.Rooms.of(Optional.of(named), true));
    WindowSection window =
        new WindowSection(
            parts.news(), parts.rooms(), parts.timelines(), parts.summaries(), plan.wanted());
    Step base = look.base();
    Optional<SyncPoint> since = base.number() == 0 ? Optional.empty() : Optional.of(base.point());
    return new Sections(
            parts.rooms(),
            parts.accountData(),
            List.of(window, parts.sections().unread()),
            parts.complaints())
        .collect(asked(look.viewer(), filter, since), look.feed(), look.now());
  }

  private String pos(long number, long run) {
    VolatilePosition known = new VolatilePosition(run, new LogPosition(number));
    SyncPoint point = new SyncPoint(look.now().position(), Map.of(LETTER, known), Map.of());
    return parts.tokens().of(point).toString();
  }

  static SyncRequest asked(Viewer viewer, Filter filter, Optional<SyncPoint> since) {
    return new SyncRequest(
        viewer,
        filter,
        "sliding",
        since,
        false,
        SyncRequest.StateSection.STATE_AFTER,
        true,
        Duration.ZERO);
  }
}
