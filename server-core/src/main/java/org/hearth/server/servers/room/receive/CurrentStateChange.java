package org.hearth.server.servers.room.receive;

import java.lang.System.Logger.Level;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeSet;
import org.hearth.server.logs.RoomOutput;
import org.hearth.server.matrix.auth.Membership;
import org.hearth.server.matrix.id.UserId;
import org.hearth.server.servers.room.shard.Decision;
import org.hearth.server.servers.room.state.EventRef;
import org.hearth.server.servers.room.state.GraphRows;
import org.hearth.server.servers.room.state.Members;
import org.hearth.server.servers.room.state.RoomInfo;
import org.hearth.server.servers.room.state.RoomRows;
import org.hearth.server.servers.room.state.RoomView;
import org.hearth.server.servers.room.state.StateJump;
import org.hearth.server.servers.room.state.StateSnapshot;
import org.jspecify.annotations.Nullable;

/// Brings a room's head to where the events of one command have led, and tells of what changed in
/// the current state without an event of the timeline.
///
/// **thread**: the shard's; for one command.
final class CurrentStateChange {
  private static final System.Logger LOG = System.getLogger(CurrentStateChange.class.getName());

  private final RoomHistory history;
  private final Decision decision;
  private final Map<Integer, EventRef> timeline;
  private final long stateOfTimeline;
  private final InstantSource clock;
  private final boolean weWereAway;

  /// @param weWereAway whether the room has gone on without this server, so that it is no wonder
  ///   what has changed
  /// @param timeline by key, the state events that the timeline has told of, in their last version
  /// @param stateOfTimeline the state after the last live event, or the state before all this
  CurrentStateChange(
      RoomHistory history,
      Map<Integer, EventRef> timeline,
      long stateOfTimeline,
      InstantSource clock,
      boolean weWereAway) {
    this.history = history;
    this.decision = history.decision();
    this.timeline = timeline;
    this.stateOfTimeline = stateOfTimeline;
    this.clock = clock;
    this.weWereAway = weWereAway;
  }

  /// Brings the room to where the events have led.
  ///
  /// @param depth the greatest of the extremities
  /// @param state the current state
  void apply(List<EventRef> extremities, long depth, StateSnapshot state) {
    boolean newRoom = decision.isOfNewRoom();
    RoomView before = decision.view();
    // Of a new room no reader knows a state yet, so nothing in it has changed for anybody.
    List<StateJump> jumps = newRoom ? List.of() : jumps(before.state(), state, timeline);
    Members members = changeMembers(before.members(), before.state(), state);
    EventRef lastJump = before.lastJump();
    long room = decision.view().info().number();
    List<StateJump> told = new ArrayList<>(jumps);
    told.addAll(newRoom ? List.of() : endsUnawares(before.state(), state));
    if (!told.isEmpty()) {
      EventRef marker = EventRef.to(history.event(extremities.getLast()));
      lastJump = marker;
      decision.announce(stateChanged(told));
      decision.takePosition(marker);
      decision.change(GraphRows.current(room, marker, state, told));
      decision.change(GraphRows.jump(room, marker));
      UnexpectedLosses.in(jumps, decision.view().info().keys())
          .filter(_ -> !weWereAway)
          .ifPresent(text -> {
            LOG.log(Level.WARNING, "{0}: {1}", decision.view().info().id(), text);
            GraphRows.alert(room, clock.millis(), text).forEach(decision::change);
          });
    } else if (state.number() != stateOfTimeline) {
      decision.change(GraphRows.current(room, decision.view().last(), state, null));
    }
    decision.moveTo(
        new RoomView(
            decision.view().info(),
            decision.view().last(),
            lastJump,
            depth,
            extremities,
            state,
            members));
  }

  /// The state is more of what it will be when a user of this server has joined. Nobody is told.
  void grow(StateSnapshot state) {
    RoomView before = decision.view();
    Members members = changeMembers(before.members(), before.state(), state);
    decision.moveTo(
        new RoomView(
            before.info(),
            before.last(),
            before.lastJump(),
            before.depth(),
            before.extremities(),
            state,
            members));
  }

  /// Memberships that ended by an event of the timeline which did not know of them: a ban of who
  /// had left on its own branch, and has come back on another. The event says that there was none;
  /// and its maker does not tell the server of the user, who was not in the room.
  private List<StateJump> endsUnawares(StateSnapshot before, StateSnapshot now) {
    List<StateJump> ends = new ArrayList<>();
    timeline.forEach((key, event) -> {
      EventRef was = before.get(key);
      EventRef is = now.get(key);
      if (isJoin(was)
          && !isJoin(is)
          && EventRef.same(is, event)
          && !isJoin(history.state(history.known(event).stateBefore()).get(key))) {
        ends.add(new StateJump(key, is, was));
      }
    });
    return ends;
  }

  private static boolean isJoin(@Nullable EventRef member) {
    return member != null && member.membership() == Membership.JOIN;
  }

  private RoomOutput stateChanged(List<StateJump> jumps) {
    List<RoomOutput.StateChange> told = new ArrayList<>();
    for (StateJump each : jumps) {
      told.add(
          new RoomOutput.StateChange(
              decision.view().info().keys().key(each.key()),
              each.now() == null ? null : history.event(each.now()),
              each.before() == null ? null : history.event(each.before())));
    }
    return new RoomOutput.StateChanged(decision.view().info().id(), told);
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
    RoomInfo room = decision.view().info();
    List<Integer> differing = new ArrayList<>();
    now.forEachDifference(before, differing::add);
    Members changed = members;
    for (int key : differing) {
      Optional<UserId> user = Members.userOf(room.keys().key(key));
      EventRef held = now.get(key);
      EventRef holder = before.get(key);
      changed = changed.changed(now, membership(holder), membership(held));
      if (user.isEmpty()) {
        continue;
      }
      Membership membership = membership(held);
      decision.changeMember(
          user.get(),
          held == null || membership == null
              ? GraphRows.noMember(room.number(), user.get())
              : RoomRows.member(room.number(), user.get(), membership, held, holder == null));
    }
    return changed;
  }

  private static @Nullable Membership membership(@Nullable EventRef ref) {
    return ref == null ? null : ref.membership();
  }
}
