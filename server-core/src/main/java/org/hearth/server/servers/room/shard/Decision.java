package org.hearth.server.servers.room.shard;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.hearth.ringlogs.LogPosition;
import org.hearth.ringlogs.Reply;
import org.hearth.server.logs.RoomOutput;
import org.hearth.server.logs.RoomReply;
import org.hearth.server.matrix.auth.Membership;
import org.hearth.server.matrix.event.Pdu;
import org.hearth.server.matrix.event.StateKey;
import org.hearth.server.matrix.id.EventId;
import org.hearth.server.matrix.id.RoomId;
import org.hearth.server.matrix.id.UserId;
import org.hearth.server.matrix.version.RoomVersion;
import org.hearth.server.servers.room.state.EventRef;
import org.hearth.server.servers.room.state.Members;
import org.hearth.server.servers.room.state.Relation;
import org.hearth.server.servers.room.state.RoomInfo;
import org.hearth.server.servers.room.state.RoomRows;
import org.hearth.server.servers.room.state.RoomView;
import org.hearth.server.servers.room.state.StateHash;
import org.hearth.server.servers.room.state.StateKeys;
import org.hearth.server.servers.room.state.StateSnapshot;
import org.hearth.server.servers.room.state.Wants;
import org.hearth.server.store.Announcement;
import org.hearth.server.store.Outcome;
import org.hearth.server.store.RowChange;
import org.hearth.server.store.StorageException;
import org.hearth.server.store.UnitOfWork;
import org.hearth.server.store.UnitOwner;
import org.jspecify.annotations.Nullable;

/// What one command comes to: the room after it, and the unit of work that makes it so.
///
/// It is one unit, however many events the command has: the rows of a room's head, its state and
/// its events mean nothing without each other. What is too large for that comes by several commands
/// (`ReceiveRoom`). The committer takes the rows of a large unit in batches, one statement a kind
/// of row.
///
/// **bound**: what it holds is in proportion to its command; of those under way [ShardRooms] has
/// the bound. Nobody holds one that is committed.
///
/// **thread**: the shard's while it grows; then the committer's.
public final class Decision {
  /// Rough memory of one event beside itself, and of one row.
  private static final int EVENT_BYTES = 400;

  private static final int ROW_BYTES = 150;

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
  private final Map<EventId, Wants> wants = new HashMap<>();
  private @Nullable List<RoomReply.Judged> answers;
  private final PendingDecision pending = new PendingDecision(this);
  private RoomView view;

  /// What it announces beside its events.
  private long besideEventsBytes;

  /// An event that is to be redacted.
  ///
  /// @param event as it was sent, or its redacted form if it is redacted again
  public record Target(EventRef ref, Pdu event) {}

  /// A decision about a room that there is.
  public Decision(ShardContext context, RoomView room) {
    this.context = context;
    this.newRoom = false;
    this.view = room;
  }

  /// A decision about a room that is not to be committed: nothing of it is seen by others.
  public static Decision trial(ShardContext context, RoomView room) {
    RoomInfo info = room.info();
    return new Decision(
        context,
        new RoomView(
            new RoomInfo(
                info.number(), info.id(), info.version(), info.creator(), info.keys().copy()),
            room.last(),
            room.lastJump(),
            room.depth(),
            room.extremities(),
            room.state(),
            room.members()));
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

  /// Whether the room was not there before.
  public boolean isOfNewRoom() {
    return newRoom;
  }

  /// What the event is wanted for after this decision; null when it changes nothing of that.
  public @Nullable Wants wants(EventId id) {
    return wants.get(id);
  }

  /// From now on the event is wanted for this; the rows are [#change]s.
  public void keep(EventId id, Wants now) {
    wants.put(id, now);
  }

  /// Has its events signed while others are being decided.
  public void signAhead() {
    for (AddedEvent each : added) {
      context.signers().ahead(each.event());
    }
  }

  /// Redacts an event; not to be undone.
  public void redact(Target target, EventRef redaction) {
    changes.add(RoomRows.redacted(target.ref(), redaction));
    changes.addAll(Relation.redacted(view.info().number(), target.ref(), target.event()));
    touched.add(target.ref());
  }

  /// Adds an event that is new; its row is a [#change].
  ///
  /// @return what is known of it from now on
  public GraphEvent add(AddedEvent event) {
    added.add(event);
    byId.put(event.event().eventId(), event.known());
    return event.known();
  }

  /// Takes down what was made of an event that is stored already; its rows are [#change]s.
  ///
  /// @return what is known of it from now on
  public GraphEvent judgedAgain(AddedEvent event) {
    touched.add(event.ref());
    if (event.place() != null) {
      placedAgain.add(event.place());
    }
    byId.put(event.event().eventId(), event.known());
    return event.known();
  }

  /// Announces an entry at the next position that is taken.
  public void announce(RoomOutput entry) {
    announcements.add(new Announcement<>(numbered.size(), context.log(), entry));
    besideEventsBytes +=
        switch (entry) {
          case RoomOutput.EventAdded told ->
              told.replaces() == null ? 0 : told.replaces().memoryBytes();
          case RoomOutput.EventStored _ -> 0;
          case RoomOutput.OutsideMember _, RoomOutput.StateChanged _ -> entry.memoryBytes();
        };
  }

  /// The next position is of that event, or of an entry that the reference stands for.
  public void takePosition(EventRef about) {
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

  /// The room is here now.
  public void moveTo(RoomView now) {
    view = now;
  }

  /// The user's rooms are to be read again when this is committed.
  public void changeMember(UserId user, RowChange row) {
    changes.add(row);
    changedMembers.add(user);
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

  /// Whether all its events are committed.
  public boolean isSettled() {
    return view.isSettled();
  }

  /// A rough size in memory of what it holds beside what its room had before.
  public long weightBytes() {
    long bytes = besideEventsBytes + (long) ROW_BYTES * changes.size();
    for (GraphEvent each : byId.values()) {
      bytes += EVENT_BYTES + each.event().memoryBytes();
    }
    for (StateSnapshot each : states.values()) {
      bytes += each.ownBytes();
    }
    return bytes;
  }

  /// What leads to it until it is committed.
  PendingDecision pending() {
    return pending;
  }

  /// Whether there is anything to commit.
  public boolean isEmpty() {
    return changes.isEmpty() && announcements.isEmpty();
  }

  /// The answer to the command is what became of its events.
  public void answerWith(List<RoomReply.Judged> verdicts) {
    answers = List.copyOf(verdicts);
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
            try {
              settle();
            } finally {
              // Last: from then on the shard finds all of it in what is committed.
              pending.end();
            }
          }

          @Override
          public void committed(LogPosition first) {
            LogPosition last = first.plus(Math.max(0, numbered.size() - 1));
            reply.complete(
                answers == null
                    ? new RoomReply.Done(last, events())
                    : new RoomReply.Received(last, answers));
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
    touched.forEach(each -> context.memory().redacted(each.position()));
    context.memory().rooms().committed(view);
    changedMembers.forEach(context.memory().userRooms()::changed);
    // Last: once settled, the shard may let go of the room and find it again in what is committed.
    numbered.forEach(EventRef::settle);
  }
}
