package org.hearth.server.servers.room.read;

import com.fasterxml.jackson.databind.node.ObjectNode;
import java.util.ArrayList;
import java.util.Collection;
import java.util.EnumSet;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.function.Function;
import org.hearth.ringlogs.LogPosition;
import org.hearth.server.matrix.auth.Membership;
import org.hearth.server.matrix.auth.PowerLevels;
import org.hearth.server.matrix.event.EventDraft;
import org.hearth.server.matrix.event.EventTypes;
import org.hearth.server.matrix.event.Pdu;
import org.hearth.server.matrix.event.StateKey;
import org.hearth.server.matrix.id.EventId;
import org.hearth.server.matrix.id.RoomId;
import org.hearth.server.matrix.id.UserId;
import org.hearth.server.matrix.version.RoomVersion;
import org.hearth.server.servers.room.Aggregate;
import org.hearth.server.servers.room.Annotation;
import org.hearth.server.servers.room.EncodedEvent;
import org.hearth.server.servers.room.EventStatus;
import org.hearth.server.servers.room.OutsideRoom;
import org.hearth.server.servers.room.RelationQuery;
import org.hearth.server.servers.room.RoomActivity;
import org.hearth.server.servers.room.RoomAlert;
import org.hearth.server.servers.room.RoomEvent;
import org.hearth.server.servers.room.RoomMembership;
import org.hearth.server.servers.room.RoomQueries;
import org.hearth.server.servers.room.RoomState;
import org.hearth.server.servers.room.RoomSummary;
import org.hearth.server.servers.room.Stretch;
import org.hearth.server.servers.room.ThreadQuery;
import org.hearth.server.servers.room.ThreadStretch;
import org.hearth.server.servers.room.state.EventRef;
import org.hearth.server.servers.room.state.Members;
import org.hearth.server.servers.room.state.RoomMemory;
import org.hearth.server.servers.room.state.RoomView;
import org.hearth.server.servers.room.state.Standing;
import org.hearth.server.servers.room.state.StoredEvents;
import org.hearth.server.store.ReadPool;
import org.jspecify.annotations.Nullable;

/// Answers from what is committed: from memory where it can, from the tables where it must.
public final class RoomReads implements RoomQueries {
  private static final Stretch NOTHING = new Stretch(List.of(), 0, false);

  /// So many member events are read for a membership before the state is, which is larger.
  private static final int MOST_STEPS_BACK = 4;

  private final ReadPool reads;
  private final RoomMemory memory;
  private final VisibleEvents visibleEvents;
  private final OutsideReads outside;
  private final Timeline timeline;
  private final CurrentStates currentStates;
  private final GraphReads graph;
  private final Relations relations;
  private final Threads threads;
  private final RoomList list;
  private final NewRoomIds newRoomIds;

  public RoomReads(ReadPool reads, RoomMemory memory, NewRoomIds newRoomIds) {
    this.reads = reads;
    this.memory = memory;
    this.visibleEvents = new VisibleEvents(memory);
    this.outside = new OutsideReads(this, reads);
    this.timeline = new Timeline(reads);
    this.currentStates = new CurrentStates(reads);
    this.graph = new GraphReads(reads, memory.events());
    this.relations = new Relations(reads, memory.events());
    this.threads = new Threads(reads, memory.events());
    this.list = new RoomList(reads);
    this.newRoomIds = newRoomIds;
  }

  @Override
  public Optional<RoomSummary> room(RoomId room) {
    return memory.rooms().find(room).map(RoomReads::summary);
  }

  private static RoomSummary summary(RoomView view) {
    return new RoomSummary(
        view.info().id(),
        view.info().version(),
        view.info().creator(),
        new LogPosition(view.create().position()),
        new LogPosition(view.last().position()),
        view.members().counts());
  }

  @Override
  public List<RoomId> roomIds(@Nullable RoomId after, int limit) {
    return list.ids(after, limit);
  }

  @Override
  public long roomCount() {
    return list.count();
  }

  @Override
  public RoomId newRoomId(RoomVersion version, EventDraft create, long originServerTs) {
    return newRoomIds.next(version, create, originServerTs);
  }

  @Override
  public Optional<RoomState> currentState(RoomId room) {
    return memory.rooms().find(room).map(view -> StoredState.current(view, memory.events()));
  }

  @Override
  public Optional<RoomState> stateAt(RoomId room, LogPosition position) {
    return memory
        .rooms()
        .find(room)
        .flatMap(view -> {
          if (view.last().position() <= position.value()) {
            return Optional.of(StoredState.current(view, memory.events()));
          }
          return currentStates
              .snapshotAt(view, position.value(), timeline, memory.events())
              .map(snapshot -> StoredState.at(view, snapshot, memory));
        });
  }

  @Override
  public RoomState stateBefore(RoomEvent event) {
    return StoredState.at(visibleEvents.room(event), stored(event).stateBefore(), memory);
  }

  @Override
  public RoomState stateAfter(RoomEvent event) {
    return StoredState.at(visibleEvents.room(event), stored(event).stateAfter(), memory);
  }

  private StoredEvents.Stored stored(RoomEvent event) {
    return memory.events().get(event.position().value());
  }

  @Override
  public Optional<PowerLevels> powerLevels(RoomId room) {
    return currentState(room)
        .map(state -> {
          Optional<Pdu> create = state.event(EventTypes.CREATE).map(RoomEvent::pdu);
          Optional<Pdu> levels = state.event(EventTypes.POWER_LEVELS).map(RoomEvent::pdu);
          return PowerLevels.of(create.orElseThrow().version(), levels, create);
        });
  }

  @Override
  public List<EventId> forwardExtremities(RoomId room) {
    return memory
        .rooms()
        .find(room)
        .map(view ->
            view.extremities().stream()
                .map(each -> memory.events().get(each.position()).shown().id())
                .toList())
        .orElse(List.of());
  }

  @Override
  public Optional<RoomEvent> event(EventId event) {
    return memory
        .events()
        .position(event)
        .flatMap(memory.events()::find)
        .map(StoredEvents.Stored::shown);
  }

  @Override
  public Optional<RoomEvent> eventAt(LogPosition position) {
    return memory.events().find(position.value()).map(StoredEvents.Stored::shown);
  }

  @Override
  public List<RoomEvent> eventsAt(List<LogPosition> positions) {
    return shown(positions.stream().map(LogPosition::value).toList());
  }

  @Override
  public Map<LogPosition, EncodedEvent> encodedAt(List<LogPosition> positions) {
    Map<LogPosition, EncodedEvent> found = new HashMap<>();
    memory
        .encoded()
        .find(positions.stream().map(LogPosition::value).toList())
        .forEach((position, event) -> found.put(new LogPosition(position), event));
    return found;
  }

  @Override
  public List<RoomEvent> backwards(RoomId room, LogPosition upTo, LogPosition after, int limit) {
    return memory
        .rooms()
        .find(room)
        .map(view ->
            shown(
                timeline.backwards(
                    view.info().number(),
                    Math.min(upTo.value(), view.last().position()),
                    after.value(),
                    limit)))
        .orElse(List.of());
  }

  @Override
  public List<RoomEvent> forwards(RoomId room, LogPosition after, LogPosition upTo, int limit) {
    return memory
        .rooms()
        .find(room)
        .map(view ->
            shown(
                timeline.forwards(
                    view.info().number(),
                    after.value(),
                    Math.min(upTo.value(), view.last().position()),
                    limit)))
        .orElse(List.of());
  }

  private List<RoomEvent> shown(List<Long> positions) {
    return memory.events().get(positions).stream().map(StoredEvents.Stored::shown).toList();
  }

  @Override
  public Optional<RoomEvent> replacedBy(RoomEvent event) {
    return Optional.ofNullable(event.replaces()).flatMap(this::eventAt);
  }

  @Override
  public Optional<RoomMembership> membership(RoomId room, UserId user) {
    return memory.userRooms().in(room, user);
  }

  @Override
  public Optional<OutsideRoom> outside(RoomId room, UserId user) {
    return outside.find(room, user);
  }

  @Override
  public Optional<RoomMembership> membershipAt(RoomId room, UserId user, LogPosition position) {
    Optional<RoomMembership> now = membership(room, user);
    if (now.isEmpty() || !now.get().position().isAfter(position)) {
      return now;
    }
    return memberEventAt(now.get(), position)
        .map(then ->
            new RoomMembership(
                room,
                user,
                Membership.of(then.pdu()).orElse(Membership.LEAVE),
                then.position(),
                now.get().forgotten()));
  }

  /// What it was then is mostly found by what a few member events replaced; else in the state.
  private Optional<RoomEvent> memberEventAt(RoomMembership now, LogPosition position) {
    Optional<RoomEvent> event = eventAt(now.position());
    if (event.isEmpty()) {
      // The room was no longer here, or not yet: what it says itself was before that.
      return memberEventIn(now, position);
    }
    for (int steps = 0; event.isPresent() && event.get().position().isAfter(position); steps++) {
      if (steps == MOST_STEPS_BACK) {
        return memberEventIn(now, position);
      }
      event = replacedBy(event.get());
    }
    return event;
  }

  private Optional<RoomEvent> memberEventIn(RoomMembership now, LogPosition position) {
    return stateAt(now.room(), position)
        .flatMap(state -> state.event(StateKey.member(now.user().value())));
  }

  @Override
  public List<RoomMembership> roomsOf(UserId user, Set<Membership> memberships) {
    return memory.userRooms().of(user).stream()
        .filter(each -> memberships.contains(each.membership()))
        .toList();
  }

  @Override
  public List<RoomActivity> activity(UserId user) {
    return list.activity(user);
  }

  @Override
  public Map<RoomId, List<UserId>> joinedRooms(List<UserId> users) {
    return memory.userRooms().joined(users);
  }

  @Override
  public List<RoomMembership> members(RoomId room, Set<Membership> memberships) {
    return members(room, memberships, LogPosition.ORIGIN);
  }

  @Override
  public List<RoomMembership> membersAfter(RoomId room, LogPosition after) {
    return members(room, EnumSet.allOf(Membership.class), after);
  }

  private List<RoomMembership> members(
      RoomId room, Set<Membership> memberships, LogPosition after) {
    return memory
        .rooms()
        .find(room)
        .map(view -> members(view, memberships, after.value()))
        .orElse(List.of());
  }

  private static List<RoomMembership> members(
      RoomView view, Set<Membership> memberships, long after) {
    List<RoomMembership> members = new ArrayList<>();
    for (int key = 0; key < view.state().keyLimit(); key++) {
      EventRef event = view.state().get(key);
      Membership membership = event == null ? null : event.membership();
      if (event != null
          && membership != null
          && event.position() > after
          && memberships.contains(membership)) {
        Members.userOf(view.info().keys().key(key))
            .ifPresent(user ->
                members.add(
                    new RoomMembership(
                        view.info().id(),
                        user,
                        membership,
                        new LogPosition(event.position()),
                        false)));
      }
    }
    return members;
  }

  @Override
  public Set<UserId> joinedUsers(RoomId room) {
    return memory.rooms().find(room).map(view -> view.members().joined()).orElse(Set.of());
  }

  @Override
  public boolean isJoined(RoomId room, UserId user) {
    return memory
        .rooms()
        .find(room)
        .filter(view -> view.membership(user) == Membership.JOIN)
        .isPresent();
  }

  @Override
  public boolean shareRoom(UserId one, UserId other) {
    Set<RoomId> rooms = new HashSet<>();
    roomsOf(one, Set.of(Membership.JOIN)).forEach(each -> rooms.add(each.room()));
    return roomsOf(other, Set.of(Membership.JOIN)).stream()
        .anyMatch(each -> rooms.contains(each.room()));
  }

  @Override
  public List<ObjectNode> strippedState(RoomId room, UserId user) {
    return outside.strippedState(room, user);
  }

  @Override
  public boolean maySee(UserId user, RoomEvent event) {
    return new HistoryVisibility(user, visibleEvents.room(event), memory).maySee(stored(event));
  }

  @Override
  public List<RoomEvent> visible(UserId user, Collection<RoomEvent> events) {
    return visibleEvents.among(events, room -> new HistoryVisibility(user, room, memory)::maySee);
  }

  @Override
  public boolean isWorldReadable(RoomId room) {
    return currentState(room)
        .flatMap(state -> state.event(EventTypes.HISTORY_VISIBILITY))
        .filter(event ->
            event
                .pdu()
                .content()
                .path("history_visibility")
                .asText()
                .equals(HistoryVisibility.WORLD_READABLE))
        .isPresent();
  }

  @Override
  public boolean stateChangedAside(RoomId room, LogPosition after) {
    return memory.rooms().find(room).filter(view -> view.jumpedAfter(after)).isPresent();
  }

  @Override
  public List<RoomAlert> alerts(int limit) {
    return list.alerts(limit);
  }

  @Override
  public Set<EventId> missingPrevious(RoomId room) {
    return number(room).map(graph::missing).orElse(Set.of());
  }

  private Optional<Long> number(RoomId room) {
    return memory.rooms().find(room).map(view -> view.info().number());
  }

  @Override
  public List<RoomEvent> between(
      RoomId room,
      Collection<EventId> earliest,
      Collection<EventId> latest,
      int limit,
      long minDepth) {
    return number(room)
        .map(number -> graph.between(number, earliest, latest, limit, minDepth))
        .orElse(List.of());
  }

  @Override
  public List<RoomEvent> backfill(RoomId room, Collection<EventId> from, int limit) {
    return number(room).map(number -> graph.backfill(number, from, limit)).orElse(List.of());
  }

  @Override
  public Optional<LogPosition> lastGap(RoomId room, LogPosition after, LogPosition upTo) {
    return number(room)
        .flatMap(number -> timeline.lastGap(number, after.value(), upTo.value()))
        .map(LogPosition::new);
  }

  @Override
  public Stretch related(RoomId room, RelationQuery query) {
    return number(room).map(number -> relations.look(number, query)).orElse(NOTHING);
  }

  @Override
  public Stretch relatedDeep(RoomId room, RelationQuery query) {
    return number(room).map(number -> relations.lookDeep(number, query)).orElse(NOTHING);
  }

  @Override
  public Map<EventId, Aggregate> aggregates(
      UserId user, Set<String> ignored, List<RoomEvent> events) {
    return events.isEmpty()
        ? Map.of()
        : Aggregates.of(reads, visibleEvents.room(events.getFirst()), user, ignored, events);
  }

  @Override
  public ThreadStretch threads(RoomId room, ThreadQuery query) {
    return number(room).map(number -> threads.find(number, query)).orElse(ThreadStretch.NONE);
  }

  @Override
  public Optional<RoomEvent> annotation(RoomId room, Annotation annotation) {
    return number(room).flatMap(number -> relations.newest(number, annotation));
  }

  @Override
  public Optional<EventStatus> status(EventId event) {
    return graph.find(event).map(RoomReads::status);
  }

  @Override
  public Set<EventId> unknown(Collection<EventId> events) {
    return graph.unknown(events);
  }

  private static EventStatus status(StoredEvents.Stored stored) {
    Standing standing = stored.standing();
    return new EventStatus(
        standing.isPlaced(),
        standing.isRejected(),
        standing == Standing.SOFT_FAILED,
        Optional.ofNullable(stored.rule()));
  }

  @Override
  public Optional<RoomEvent> eventNear(RoomId room, UserId user, long timestamp, boolean forwards) {
    return memory
        .rooms()
        .find(room)
        .flatMap(view ->
            new NearestEvent(
                    timeline, memory, view, new OneUser(user, view, memory), timestamp, forwards)
                .find());
  }

  private static List<Long> numbers(List<Timeline.Placed> history) {
    return history.stream().map(Timeline.Placed::number).toList();
  }

  @Override
  public Stretch stretch(RoomId room, Stretch.Reach reach, Stretch.Size size) {
    return stretch(room, reach, size, memory.events()::get);
  }

  @Override
  public Stretch readable(RoomId room, Stretch.Reach reach, Stretch.Size size) {
    return stretch(room, reach, size, memory.events()::readable);
  }

  private Stretch stretch(
      RoomId room,
      Stretch.Reach reach,
      Stretch.Size size,
      Function<List<Long>, List<StoredEvents.Stored>> reading) {
    Optional<RoomView> view = memory.rooms().find(room);
    if (view.isEmpty()) {
      return Stretch.of(List.of(), size.events());
    }
    List<Timeline.Placed> placed = placed(view.get(), reach, size.events());
    List<RoomEvent> events = new ArrayList<>();
    long bytes = 0;
    int end = 0;
    while (end < placed.size() && (end == 0 || bytes < size.bytes())) {
      int begin = end;
      end = Math.min(begin + Stretch.Size.PIECE, placed.size());
      for (StoredEvents.Stored each : reading.apply(numbers(placed.subList(begin, end)))) {
        events.add(each.shown());
        bytes += each.shown().pdu().memoryBytes();
      }
    }
    return new Stretch(
        events,
        end == 0 ? 0 : placed.get(end - 1).place(),
        end == size.events() || end < placed.size());
  }

  private List<Timeline.Placed> placed(RoomView view, Stretch.Reach reach, int limit) {
    long number = view.info().number();
    if (reach.isHistory()) {
      return reach.backwards()
          ? timeline.history(number, reach.upTo() + 1, limit)
          : timeline.historyAfter(number, reach.after(), limit);
    }
    long upTo = Math.min(reach.upTo(), view.last().position());
    List<Long> live =
        reach.backwards()
            ? timeline.backwards(number, upTo, reach.after(), limit)
            : timeline.forwards(number, reach.after(), upTo, limit);
    return live.stream().map(position -> new Timeline.Placed(position, position)).toList();
  }
}
