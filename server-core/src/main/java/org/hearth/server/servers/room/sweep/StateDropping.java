package org.hearth.server.servers.room.sweep;

import java.util.Comparator;
import java.util.LinkedHashSet;
import java.util.Optional;
import java.util.Set;
import org.hearth.server.logs.RoomInput.DropStates;
import org.hearth.server.servers.room.shard.CommandOutcome;
import org.hearth.server.servers.room.shard.ShardMemory;
import org.hearth.server.servers.room.shard.ShardRooms;
import org.hearth.server.servers.room.state.GraphRows;
import org.hearth.server.servers.room.state.RoomView;
import org.hearth.server.servers.room.state.StoredStates;

/// The shard's part in a sweep of states: it alone knows what a room is about to refer to.
///
/// **thread**: the shard's.
/* # Why nothing is dropped that somebody refers to
 * A decision finds a state that exists already by its contents or by what it was resolved from, and may refer to it long after the event
 * that made it. The sweep reads what is committed, which is not enough: a decision may have found a state and not be committed.
 *
 * WatchStates is answered when all decisions before it are committed, so the sweep, which reads after the answer, sees what they refer to.
 * What every decision after it makes or refers to is noted, with the rows beneath. DropStates drops what is neither in the one set nor in
 * the other, and from then on the shard does not find it: not in its memory, not in a decision that is under way (those before the watch
 * are committed and let go of), and not in the database, although the row is there until the commit. Should the same contents come again
 * meanwhile, the state is stored again under a new number, behind the deletion of the old row.
 */
public final class StateDropping {
  private final ShardRooms rooms;
  private final ShardMemory memory;
  private final StoredStates stored;

  public StateDropping(ShardRooms rooms, ShardMemory memory, StoredStates stored) {
    this.rooms = rooms;
    this.memory = memory;
    this.stored = stored;
  }

  /// Notes from now on what the room refers to. The answer comes in the order of commits.
  public CommandOutcome watch(RoomView room) {
    rooms.watch(room);
    return new CommandOutcome.NothingToDo();
  }

  public CommandOutcome drop(DropStates command, RoomView room) {
    if (command.states().isEmpty()) {
      rooms.unwatch(room);
      return new CommandOutcome.NothingToDo();
    }
    Optional<Set<Long>> referred = rooms.referred(room);
    if (referred.isEmpty()) {
      return new CommandOutcome.NothingToDo();
    }
    // The greatest first: a state stands on smaller ones.
    Set<Long> unused = new LinkedHashSet<>();
    command.states().stream()
        .sorted(Comparator.reverseOrder())
        .filter(each -> !referred.get().contains(each))
        .forEach(unused::add);
    if (unused.isEmpty()) {
      return new CommandOutcome.NothingToDo();
    }
    long number = room.info().number();
    Runnable gone = memory.drop(unused);
    return new CommandOutcome.Rows(
        unused.stream().map(each -> GraphRows.noState(number, each)).toList(),
        () -> {
          stored.forget(unused);
          gone.run();
        });
  }
}
