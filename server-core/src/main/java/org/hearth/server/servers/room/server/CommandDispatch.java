package org.hearth.server.servers.room.server;

import java.util.function.Function;
import org.hearth.server.logs.RoomInput;
import org.hearth.server.logs.RoomReply.Refusal;
import org.hearth.server.servers.room.decide.OutsideCommands;
import org.hearth.server.servers.room.decide.UserCommands;
import org.hearth.server.servers.room.receive.InboundEvents;
import org.hearth.server.servers.room.shard.CommandOutcome;
import org.hearth.server.servers.room.shard.OutsideRooms;
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
  private final OutsideCommands outside;
  private final InboundEvents receiving;
  private final StateDropping dropping;

  CommandDispatch(
      ShardContext context, ShardRooms rooms, ShardMemory memory, OutsideRooms outside) {
    this.rooms = rooms;
    this.deciding = new UserCommands(context, rooms, outside);
    this.outside = new OutsideCommands(context, outside);
    this.receiving = new InboundEvents(context, rooms, memory, outside);
    this.dropping = new StateDropping(rooms, memory, context.memory().states());
  }

  CommandOutcome decide(RoomInput command) {
    return switch (command) {
      case RoomInput.CreateRoom create -> deciding.create(create);
      case RoomInput.ReceiveEvents received ->
          receiving.receive(received, rooms.find(received.room()));
      case RoomInput.ReceiveRoom part -> receiving.receive(part, rooms.find(part.room()));
      case RoomInput.EnterRoom enter -> inRoom(enter, room -> receiving.enter(enter, room));
      case RoomInput.SendEvent send -> inRoom(send, room -> deciding.send(send, room));
      case RoomInput.ChangeMembership change ->
          inRoom(change, room -> deciding.changeMembership(change, room));
      case RoomInput.PrepareEvent prepare ->
          inRoom(prepare, room -> deciding.prepare(prepare, room));
      case RoomInput.SendSigned signed -> inRoom(signed, room -> receiving.send(signed, room));
      case RoomInput.UpdateProfile update ->
          inRoom(update, room -> deciding.updateProfile(update, room));
      case RoomInput.ForgetRoom forget -> deciding.forget(forget, rooms.find(forget.room()));
      case RoomInput.OutsideMembership membership ->
          outside.take(membership, rooms.find(membership.room()));
      case RoomInput.LeaveOutside leave -> outside.leave(leave);
      case RoomInput.WatchStates watch -> inRoom(watch, dropping::watch);
      case RoomInput.DropStates drop -> inRoom(drop, room -> dropping.drop(drop, room));
    };
  }

  /// Forgets what is noted of commands that come one after the other.
  void startOver() {
    receiving.startOver();
  }

  private CommandOutcome inRoom(RoomInput command, Function<RoomView, CommandOutcome> decide) {
    return rooms
        .find(command.room())
        .map(decide)
        .orElseGet(() ->
            new CommandOutcome.Refused(
                Refusal.UNKNOWN_ROOM, command.room() + " is not a room of this server"));
  }
}
