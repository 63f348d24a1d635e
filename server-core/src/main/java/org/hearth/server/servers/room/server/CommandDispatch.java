package org.hearth.server.servers.room.server;

import java.util.Optional;
import org.hearth.server.logs.RoomInput;
import org.hearth.server.logs.RoomReply.Refusal;
import org.hearth.server.servers.room.decide.UserCommands;
import org.hearth.server.servers.room.receive.InboundEvents;
import org.hearth.server.servers.room.shard.CommandOutcome;
import org.hearth.server.servers.room.shard.ShardContext;
import org.hearth.server.servers.room.shard.ShardMemory;
import org.hearth.server.servers.room.shard.ShardRooms;
import org.hearth.server.servers.room.state.RoomView;
import org.hearth.server.servers.room.sweep.StateDropping;

/// Gives each command, with the room as the command before left it, to the part that decides about
/// commands of its kind.
///
/// **thread**: the shard's.
final class CommandDispatch {
  private final ShardRooms rooms;
  private final UserCommands deciding;
  private final InboundEvents receiving;
  private final StateDropping dropping;

  CommandDispatch(ShardContext context, ShardRooms rooms, ShardMemory memory) {
    this.rooms = rooms;
    this.deciding = new UserCommands(context, rooms);
    this.receiving = new InboundEvents(context, rooms, memory);
    this.dropping = new StateDropping(rooms, memory, context.memory().states());
  }

  CommandOutcome decide(RoomInput command) {
    if (command instanceof RoomInput.CreateRoom create) {
      return deciding.create(create);
    }
    Optional<RoomView> room = rooms.find(command.room());
    if (command instanceof RoomInput.ReceiveEvents received) {
      return receiving.receive(received, room);
    }
    if (room.isEmpty()) {
      return new CommandOutcome.Refused(
          Refusal.UNKNOWN_ROOM, command.room() + " is not a room of this server");
    }
    return switch (command) {
      case RoomInput.CreateRoom _, RoomInput.ReceiveEvents _ ->
          throw new IllegalStateException("was decided above");
      case RoomInput.SendEvent send -> deciding.send(send, room.get());
      case RoomInput.ChangeMembership change -> deciding.changeMembership(change, room.get());
      case RoomInput.UpdateProfile update -> deciding.updateProfile(update, room.get());
      case RoomInput.ForgetRoom forget -> deciding.forget(forget, room.get());
      case RoomInput.WatchStates _ -> dropping.watch(room.get());
      case RoomInput.DropStates drop -> dropping.drop(drop, room.get());
    };
  }
}
