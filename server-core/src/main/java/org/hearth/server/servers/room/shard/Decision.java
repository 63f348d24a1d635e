package org.hearth.server.servers.room.shard;

import java.lang.System.Logger.Level;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;
import java.util.function.Function;
import org.hearth.ringlogs.LogPosition;
import org.hearth.ringlogs.Reply;
import org.hearth.server.logs.ClientTransaction;
import org.hearth.server.logs.RoomOutput;
import org.hearth.server.logs.RoomReply;
import org.hearth.server.matrix.auth.AuthEventSelection;
import org.hearth.server.matrix.auth.Membership;
import org.hearth.server.matrix.event.Pdu;
import org.hearth.server.matrix.event.StateKey;
import org.hearth.server.matrix.id.EventId;
import org.hearth.server.matrix.id.RoomId;
import org.hearth.server.matrix.id.UserId;
import org.hearth.server.matrix.version.RoomVersion;
import org.hearth.server.servers.room.state.EventRef;
import org.hearth.server.servers.room.state.GraphRows;
import org.hearth.server.servers.room.state.Members;
import org.hearth.server.servers.room.state.Relation;
import org.hearth.server.servers.room.state.RoomInfo;
import org.hearth.server.servers.room.state.RoomRows;
import org.hearth.server.servers.room.state.RoomView;
import org.hearth.server.servers.room.state.Standing;
import org.hearth.server.servers.room.state.StateHash;
import org.hearth.server.servers.room.state.StateJump;
import org.hearth.server.servers.room.state.StateKeys;
import org.hearth.server.servers.room.state.StateSnapshot;
import org.hearth.server.store.Announcement;
import org.hearth.server.store.Outcome;
import org.hearth.server.store.RowChange;
import org.hearth.server.store.StorageException;
import org.hearth.server.store.UnitOfWork;
import org.hearth.server.store.UnitOwner;
import org.jspecify.annotations.Nullable;

/// What one command comes to: the room after it, and the unit of work that makes it so.
///
/// **thread**: the shard's while it grows; then the committer's.
public final class Decision {
  private static final System.Logger LOG = System.getLogger(Decision.class.getName());

  private final ShardContext context;
  private final boolean newRoom;
  private final List<RowChange> changes = new ArrayList<>();
  private final List<Announcement<?>> announcements = new ArrayList<>();
  private final List<AddedEvent> added = new ArrayList<>();
  private final List<UserId> changedMembers = new ArrayList<>();
  private final List<EventRef> touched = new ArrayList<>();

  /// What the entries of the log are about, in their order.
  private final List<EventRef> numbered = new ArrayList<>();

  private final Map<EventId, GraphEvent> byId = new HashMap<>();
  private final List<RoomRows.Place> placedAgain = new ArrayList<>();
  private final Map<Long, StateSnapshot> states = new HashMap<>();
  private final Map<StateHash, StateSnapshot> byHash = new HashMap<>();
  private @Nullable List<RoomReply.Judged> judged;
  private RoomView view;

  /// An event that is to be redacted.
  public record Target(EventRef ref, EventId id) {}

  /// A decision about a room that there is.
  public Decision(ShardContext context, RoomView room) {
    this.context = context;
    this.newRoom = false;
    this.view = room;
  }

  /// A decision about a new room, which begins without an event.
  public Decision(ShardContext context, RoomId room, RoomVersion version, UserId creator) {
    this.context = context;
    this.newRoom = true;
    StateKeys keys = new StateKeys(List.of());
    this.view =
        new RoomView(
            new RoomInfo(context.numbers().nextRoom(), room, version, creator, keys),
            EventRef.at(LogPosition.ORIGIN.value(), (Membership) null),
            EventRef.at(LogPosition.ORIGIN.value(), (Membership) null),
            0,
            List.of(),
            StateSnapshot.EMPTY,
            Members.of(keys, StateSnapshot.EMPTY));
  }

  /// The room after what was decided so far.
  public RoomView view() {
    return view;
  }

  /// The ids of the events added so far.
  List<EventId> events() {
    return added.stream().map(each -> each.event().eventId()).toList();
  }

  /// Those of the events added so far that devices sent in transactions.
  List<AddedEvent> sentInTransactions() {
    return added.stream().filter(each -> each.transaction() != null).toList();
  }

  /// Has its events signed while others are being decided.
  public void signAhead() {
    for (AddedEvent each : added) {
      context.signers().ahead(each.event());
    }
  }

  /// Adds an event that was allowed, and what follows from it.
  ///
  /// @param transaction null when it was sent without one
  /// @param redacts what it redacts, when that takes effect
  /// @param replaced the event that its state key has now; null when none has, or it is not state
  public void add(
      Pdu event,
      @Nullable ClientTransaction transaction,
      @Nullable Target redacts,
      @Nullable Pdu replaced) {
    EventRef ref = EventRef.to(event);
    StateSnapshot before = view.state();
    StateSnapshot after = before;
    Members members = view.members();
    int key = StateKeys.UNKNOWN;
    EventRef replacedRef = null;
    Membership previous = null;
    if (event.isState()) {
      StateKey stateKey = new StateKey(event.type(), event.stateKey().orElseThrow());
      key = keyNumber(stateKey);
      replacedRef = before.get(key);
      after =
          before.with(
              context.numbers().nextState(),
              key,
              ref,
              event.eventId(),
              replaced == null ? null : replaced.eventId());
      addState(after);
      if (event.isMember()) {
        previous = replacedRef == null ? null : replacedRef.membership();
        members = members.changed(after, previous, ref.membership());
        changeMember(stateKey, ref, replacedRef == null);
      }
    }
    RoomRows.Place place =
        new RoomRows.Place(
            view.info().number(), before, after == before ? null : after, key, replacedRef);
    changes.add(RoomRows.event(ref, event, place, transaction));
    Relation.row(view.info().number(), ref, ref, event, GraphRows.Shown.LIVE)
        .ifPresent(changes::add);
    if (event.isState()) {
      addEdges(ref, event);
    }
    if (redacts != null) {
      redact(redacts.ref(), ref);
    }
    AddedEvent now =
        new AddedEvent(
            ref,
            event,
            transaction,
            view.info().number(),
            new GraphRows.Verdict(place, Standing.ACCEPTED, null, GraphRows.Shown.LIVE));
    added.add(now);
    byId.put(event.eventId(), now.known());
    announcements.add(
        new Announcement<RoomOutput>(
            numbered.size(),
            context.log(),
            new RoomOutput.EventAdded(
                event,
                transaction,
                replaced,
                event.isMember() ? (previous == null ? Membership.LEAVE : previous) : null,
                redacts == null ? null : redacts.id())));
    numbered.add(ref);
    view =
        new RoomView(
            view.info(), ref, view.lastJump(), event.depth(), List.of(ref), after, members);
  }

  /// Keeps the edges of an event of ours, whose auth events are in the current state.
  private void addEdges(EventRef ref, Pdu event) {
    List<EventRef> authEvents = new ArrayList<>();
    for (StateKey key : AuthEventSelection.keysFor(event)) {
      EventRef held = view.current(key);
      if (held != null) {
        authEvents.add(held);
      }
    }
    if (!authEvents.isEmpty()) {
      changes.add(GraphRows.auth(view.info().number(), ref, authEvents));
    }
  }

  /// Redacts an event; not to be undone.
  public void redact(EventRef target, EventRef redaction) {
    changes.add(RoomRows.redacted(target, redaction));
    touched.add(target);
  }

  /// Adds an event of another server.
  ///
  /// @param given the reference to it, if it is new
  /// @param known null for an event that is new; else what was known of it
  /// @param authEvents its edges; empty unless it is state
  /// @param replaced the event that had its state key in the state before it
  public GraphEvent receive(
      EventRef given,
      Pdu event,
      @Nullable GraphEvent known,
      GraphRows.Verdict verdict,
      List<EventRef> authEvents,
      @Nullable Target redacts,
      @Nullable Pdu replaced) {
    long room = view.info().number();
    EventRef ref = known == null ? given : known.ref();
    AddedEvent now = new AddedEvent(ref, event, null, room, verdict);
    if (known == null) {
      changes.add(GraphRows.event(room, ref, event, verdict));
      if (!authEvents.isEmpty()) {
        changes.add(GraphRows.auth(room, ref, authEvents));
      }
      added.add(now);
      Relation.row(room, ref, ref, event, verdict.shown()).ifPresent(changes::add);
      tell(ref, event, verdict, redacts, replaced);
    } else {
      EventRef marker = EventRef.to(event);
      changes.add(GraphRows.judged(ref, marker, event, verdict));
      touched.add(ref);
      if (verdict.place() != null) {
        placedAgain.add(verdict.place());
      }
      changes.add(GraphRows.placed(room, marker, ref));
      Relation.row(room, ref, marker, event, verdict.shown()).ifPresent(changes::add);
      tell(marker, event, verdict, redacts, replaced);
    }
    if (redacts != null) {
      redact(redacts.ref(), ref);
    }
    byId.put(event.eventId(), now.known());
    return now.known();
  }

  /// Gives an event of another server its position, and tells of it if it is shown. What is not
  /// shown no reader has a use for, and there may be ten thousands of it: the auth events and the
  /// state that come with a join would overrun the ring, so that every reader had to go to the
  /// tables.
  private void tell(
      EventRef about,
      Pdu event,
      GraphRows.Verdict verdict,
      @Nullable Target redacts,
      @Nullable Pdu replaced) {
    switch (verdict.shown()) {
      case LIVE ->
          announce(
              new RoomOutput.EventAdded(
                  event,
                  null,
                  replaced,
                  event.isMember()
                      ? Optional.ofNullable(replaced)
                          .flatMap(Membership::of)
                          .orElse(Membership.LEAVE)
                      : null,
                  redacts == null ? null : redacts.id()));
      case HISTORY -> announce(new RoomOutput.EventStored(event, RoomOutput.Standing.HISTORY));
      case NOWHERE -> {}
    }
    takePosition(about);
  }

  /// Announces an entry at the next position that is taken.
  private void announce(RoomOutput entry) {
    announcements.add(new Announcement<>(numbered.size(), context.log(), entry));
  }

  /// The next position is of that event, or of an entry that the reference stands for.
  private void takePosition(EventRef about) {
    numbered.add(about);
    view =
        new RoomView(
            view.info(),
            about,
            view.lastJump(),
            view.depth(),
            view.extremities(),
            view.state(),
            view.members());
  }

  /// Adds a row of whatever follows from the events.
  public void change(RowChange change) {
    changes.add(change);
  }

  /// Adds a state that no single event made.
  public void addState(StateSnapshot state) {
    changes.add(RoomRows.state(view.info().number(), state));
    states.put(state.number(), state);
    byHash.put(state.hash(), state);
  }

  /// What this decision knows of an event; null when it has nothing to do with it.
  public @Nullable GraphEvent known(EventId id) {
    return byId.get(id);
  }

  /// A state that this decision made; null when it did not.
  public @Nullable StateSnapshot state(long number) {
    return states.get(number);
  }

  /// A state that this decision made with those contents; null when it made none.
  public @Nullable StateSnapshot state(StateHash hash) {
    return byHash.get(hash);
  }

  /// Adds the numbers of all states that it makes or refers to, with those that they stand on.
  void addStates(Set<Long> numbers) {
    addState(view.state(), numbers);
    states.values().forEach(each -> addState(each, numbers));
    placedAgain.forEach(each -> addStates(each, numbers));
    for (AddedEvent each : added) {
      if (each.place() != null) {
        addStates(each.place(), numbers);
      }
    }
  }

  private static void addStates(RoomRows.Place place, Set<Long> numbers) {
    addState(place.before(), numbers);
    if (place.made() != null) {
      addState(place.made(), numbers);
    }
  }

  private static void addState(StateSnapshot state, Set<Long> numbers) {
    state.layers().forEach(layer -> numbers.add(layer.snapshot()));
  }

  /// The references of its events that have no position yet.
  public List<EventRef> underWay() {
    return added.stream().map(AddedEvent::ref).toList();
  }

  /// Whether all of it is committed.
  public boolean isSettled() {
    return view.isSettled();
  }

  /// Whether there is anything to commit.
  public boolean isEmpty() {
    return changes.isEmpty() && announcements.isEmpty();
  }

  /// Where the room has come to by events of others.
  ///
  /// @param depth the greatest of the extremities
  /// @param timeline by key, the state events that the timeline has told of, in their last version
  /// @param stateOfTimeline the state after the last live event, or the state before all this
  public void move(
      List<EventRef> extremities,
      long depth,
      StateSnapshot state,
      Map<Integer, EventRef> timeline,
      long stateOfTimeline,
      Function<EventRef, Pdu> read) {
    RoomView before = view;
    // Who comes into a room asks for its state; nobody knows anything yet that would have changed.
    List<StateJump> jumps = newRoom ? List.of() : jumps(before.state(), state, timeline);
    Members members = changeMembers(before.members(), before.state(), state);
    EventRef lastJump = before.lastJump();
    long room = view.info().number();
    if (!jumps.isEmpty()) {
      EventRef marker = EventRef.to(read.apply(extremities.getLast()));
      lastJump = marker;
      announce(stateChanged(jumps, read));
      takePosition(marker);
      changes.add(GraphRows.current(room, marker, state, jumps));
      changes.add(GraphRows.jump(room, marker));
      UnexpectedLosses.in(jumps, view.info().keys())
          .ifPresent(text -> {
            LOG.log(Level.WARNING, "{0}: {1}", view.info().id(), text);
            changes.addAll(UnexpectedLosses.alert(room, context.clock().millis(), text));
          });
    } else if (state.number() != stateOfTimeline) {
      changes.add(GraphRows.current(room, view.last(), state, null));
    }
    view = new RoomView(view.info(), view.last(), lastJump, depth, extremities, state, members);
  }

  private RoomOutput stateChanged(List<StateJump> jumps, Function<EventRef, Pdu> read) {
    List<RoomOutput.StateChange> told = new ArrayList<>();
    for (StateJump each : jumps) {
      told.add(
          new RoomOutput.StateChange(
              view.info().keys().key(each.key()),
              each.now() == null ? null : read.apply(each.now()),
              each.before() == null ? null : read.apply(each.before())));
    }
    return new RoomOutput.StateChanged(view.info().id(), told);
  }

  /// What holds in the new state otherwise than the timeline says.
  static List<StateJump> jumps(
      StateSnapshot before, StateSnapshot now, Map<Integer, EventRef> timeline) {
    TreeSet<Integer> keys = new TreeSet<>(timeline.keySet());
    now.forEachDifference(before, keys::add);
    List<StateJump> jumps = new ArrayList<>();
    for (int key : keys) {
      EventRef expected = timeline.containsKey(key) ? timeline.get(key) : before.get(key);
      if (!EventRef.same(expected, now.get(key))) {
        jumps.add(new StateJump(key, now.get(key), expected));
      }
    }
    return jumps;
  }

  /// Brings the index of memberships from one state to another.
  private Members changeMembers(Members members, StateSnapshot before, StateSnapshot now) {
    List<Integer> differing = new ArrayList<>();
    now.forEachDifference(before, differing::add);
    Members changed = members;
    for (int key : differing) {
      Optional<UserId> user = Members.userOf(view.info().keys().key(key));
      EventRef held = now.get(key);
      EventRef holder = before.get(key);
      changed = changed.changed(now, membership(holder), membership(held));
      if (user.isEmpty()) {
        continue;
      }
      Membership membership = membership(held);
      changes.add(
          held == null || membership == null
              ? GraphRows.noMember(view.info().number(), user.get())
              : RoomRows.member(
                  view.info().number(), user.get(), membership, held, holder == null));
      changedMembers.add(user.get());
    }
    return changed;
  }

  private static @Nullable Membership membership(@Nullable EventRef ref) {
    return ref == null ? null : ref.membership();
  }

  /// The answer to the command is what became of its events.
  public void answerWith(List<RoomReply.Judged> verdicts) {
    judged = List.copyOf(verdicts);
  }

  public int keyNumber(StateKey key) {
    StateKeys keys = view.info().keys();
    int known = keys.number(key);
    if (known != StateKeys.UNKNOWN) {
      return known;
    }
    int number = keys.add(key);
    changes.add(RoomRows.key(view.info().number(), number, key));
    return number;
  }

  private void changeMember(StateKey key, EventRef ref, boolean isNew) {
    UserId user = UserId.parse(key.stateKey());
    Membership membership = ref.membership();
    if (membership == null) {
      throw new IllegalStateException("a member event says a membership");
    }
    changes.add(RoomRows.member(view.info().number(), user, membership, ref, isNew));
    changedMembers.add(user);
  }

  /// The unit of work: the rows, the entries, and what is to be done when it is committed.
  ///
  /// @param reply gets the events, or that they could not be stored
  public UnitOfWork toUnit(UnitOwner owner, long generation, Reply<RoomReply> reply) {
    changes.add(newRoom ? RoomRows.newRoom(view) : RoomRows.head(view));
    return new UnitOfWork(
        owner,
        generation,
        changes,
        numbered.size(),
        announcements,
        new Outcome() {
          @Override
          public void placed(LogPosition first) {
            number(first);
          }

          @Override
          public void durable(LogPosition first) {
            settle();
          }

          @Override
          public void committed(LogPosition first) {
            LogPosition last = first.plus(Math.max(0, numbered.size() - 1));
            reply.complete(
                judged == null
                    ? new RoomReply.Done(last, events())
                    : new RoomReply.Received(last, judged));
          }

          @Override
          public void failed(StorageException failure) {
            reply.fail(failure);
          }
        });
  }

  private void number(LogPosition first) {
    for (int i = 0; i < numbered.size(); i++) {
      numbered.get(i).assign(first.value() + i);
    }
  }

  private void settle() {
    added.forEach(each -> context.memory().events().added(each.stored()));
    touched.forEach(each -> context.memory().events().redacted(each.position()));
    context.memory().rooms().committed(view);
    changedMembers.forEach(context.memory().userRooms()::changed);
    // Last: once settled, the shard may let go of the room and find it again in what is committed.
    numbered.forEach(EventRef::settle);
  }
}
