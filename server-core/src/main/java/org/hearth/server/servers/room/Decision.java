package org.hearth.server.servers.room;

import java.util.ArrayList;
import java.util.List;
import org.hearth.ringlogs.LogPosition;
import org.hearth.ringlogs.Reply;
import org.hearth.server.logs.ClientTransaction;
import org.hearth.server.logs.RoomOutput;
import org.hearth.server.logs.RoomReply;
import org.hearth.server.matrix.auth.Membership;
import org.hearth.server.matrix.event.EventDraft;
import org.hearth.server.matrix.event.Pdu;
import org.hearth.server.matrix.event.StateKey;
import org.hearth.server.matrix.id.EventId;
import org.hearth.server.matrix.id.RoomId;
import org.hearth.server.matrix.id.UserId;
import org.hearth.server.matrix.version.RoomVersion;
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
final class Decision {
  private final ShardContext context;
  private final boolean newRoom;
  private final List<RowChange> changes = new ArrayList<>();
  private final List<Announcement<?>> announcements = new ArrayList<>();
  private final List<Added> added = new ArrayList<>();
  private final List<UserId> changedMembers = new ArrayList<>();
  private final List<Long> redacted = new ArrayList<>();
  private RoomView view;

  private record Added(
      EventRef ref, Pdu event, @Nullable ClientTransaction transaction, RoomRows.Place place) {}

  /// An event that is to be redacted.
  record Target(long position, EventId id) {}

  /// A decision about a room that there is.
  Decision(ShardContext context, RoomView room) {
    this.context = context;
    this.newRoom = false;
    this.view = room;
  }

  /// A decision about a new room, which begins without an event.
  Decision(ShardContext context, RoomId room, RoomVersion version, EventDraft create) {
    this.context = context;
    this.newRoom = true;
    StateKeys keys = new StateKeys(List.of());
    this.view =
        new RoomView(
            new RoomInfo(context.numbers().nextRoom(), room, version, create.sender(), keys),
            EventRef.at(LogPosition.ORIGIN.value(), null),
            0,
            List.of(),
            StateSnapshot.EMPTY,
            Members.of(keys, StateSnapshot.EMPTY));
  }

  /// The room after what was decided so far.
  RoomView view() {
    return view;
  }

  /// The ids of the events added so far.
  List<EventId> events() {
    return added.stream().map(each -> each.event().eventId()).toList();
  }

  /// Whether events were sent in transactions.
  boolean hasTransactions() {
    return added.stream().anyMatch(each -> each.transaction() != null);
  }

  /// Keeps the transactions under which the events were sent.
  void addTransactions(RecentTransactions transactions) {
    for (Added each : added) {
      if (each.transaction() != null) {
        transactions.add(each.event(), each.transaction(), each.ref());
      }
    }
  }

  /// Adds an event that was allowed, and what follows from it.
  ///
  /// @param transaction null when it was sent without one
  /// @param redacts what it redacts, when that takes effect
  /// @param replaced the event that its state key has now; null when none has, or it is not state
  void add(
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
      changes.add(RoomRows.state(view.info().number(), after));
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
    if (redacts != null) {
      changes.add(RoomRows.redacted(redacts.position(), ref));
      redacted.add(redacts.position());
    }
    added.add(new Added(ref, event, transaction, place));
    announcements.add(
        new Announcement<RoomOutput>(
            context.log(),
            new RoomOutput.EventAdded(
                event,
                transaction,
                replaced,
                event.isMember() ? (previous == null ? Membership.LEAVE : previous) : null,
                redacts == null ? null : redacts.id())));
    view = new RoomView(view.info(), ref, event.depth(), List.of(ref), after, members);
  }

  private int keyNumber(StateKey key) {
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
  UnitOfWork toUnit(UnitOwner owner, long generation, Reply<RoomReply> reply) {
    changes.add(newRoom ? RoomRows.newRoom(view) : RoomRows.head(view));
    List<RowChange> numbered = changes.stream().<RowChange>map(this::numbering).toList();
    return new UnitOfWork(
        owner,
        generation,
        numbered,
        announcements,
        new Outcome() {
          @Override
          public void durable(LogPosition first) {
            settle(first);
          }

          @Override
          public void committed(LogPosition first) {
            reply.complete(new RoomReply.Done(first.plus(added.size() - 1), events()));
          }

          @Override
          public void failed(StorageException failure) {
            reply.fail(failure);
          }
        });
  }

  /// Between tables there is no order, so whichever row of the unit is written first gives the
  /// unit's events their positions.
  private RowChange numbering(RowChange change) {
    return new Numbering(change, added.stream().map(Added::ref).toList());
  }

  private void settle(LogPosition first) {
    for (int i = 0; i < added.size(); i++) {
      Added each = added.get(i);
      each.ref().assign(first.value() + i);
      EventRef replaces = each.place().replaces();
      StateSnapshot made = each.place().made();
      context
          .memory()
          .events()
          .added(
              new StoredEvents.Stored(
                  new RoomEvent(
                      first.plus(i),
                      each.event(),
                      null,
                      each.transaction(),
                      replaces == null ? null : new LogPosition(replaces.position())),
                  each.place().room(),
                  each.place().before().number(),
                  made == null ? 0 : made.number()));
    }
    redacted.forEach(context.memory().events()::redacted);
    context.memory().rooms().committed(view);
    changedMembers.forEach(context.memory().userRooms()::changed);
    // Last: once settled, the shard may let go of the room and find it again in what is committed.
    added.forEach(each -> each.ref().settle());
  }
}
