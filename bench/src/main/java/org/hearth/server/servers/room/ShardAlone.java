package org.hearth.server.servers.room;

import java.time.InstantSource;
import java.util.SplittableRandom;
import org.hearth.ringlogs.FailureHandling;
import org.hearth.ringlogs.LogPosition;
import org.hearth.ringlogs.OutputLog;
import org.hearth.ringlogs.Reply;
import org.hearth.server.logs.Logs;
import org.hearth.server.logs.RoomInput;
import org.hearth.server.logs.RoomReply;
import org.hearth.server.matrix.id.RoomId;
import org.hearth.server.matrix.sign.LocalEvents;
import org.hearth.server.store.Store;
import org.hearth.server.store.UnitOfWork;
import org.hearth.server.store.UnitOwner;

/// What one shard does on its thread for each event: make, sign, authorise, append, and make the
/// unit of work. The units are not committed: they are told to be, as the committer would tell
/// them.
final class ShardAlone {
  private final ShardRooms rooms;
  private final Deciding deciding;
  private final UnitOwner owner = new UnitOwner("bench");
  private long position;

  ShardAlone(Store store) {
    RoomServerOptions options = RoomServerOptions.standard();
    RoomMemory memory = RoomMemory.over(store.reads(), options);
    InstantSource clock = InstantSource.system();
    ShardContext context =
        new ShardContext(
            BenchedRooms.SERVER,
            store.committer(),
            store.reads(),
            new OutputLog<>(
                Logs.ROOM_OUTPUT,
                new RoomOutputStore(store.reads(), memory.events()),
                new FailureHandling(store.deadLetters(), _ -> false, clock)),
            memory,
            new EventMaker(
                new LocalEvents(BenchedRooms.SERVER, BenchedRooms.KEY, new SplittableRandom(1)),
                memory.events()),
            new StoredTransactions(
                store.reads(), new KnownTransactions(store.reads(), new SplittableRandom(2))),
            new Numbers(store.reads()),
            clock,
            options.roomBytes(),
            options.graphBytes());
    this.rooms = new ShardRooms(memory, context.transactions(), context.memoryBytes(), () -> {});
    ShardMemory shardMemory = new ShardMemory(context.reads(), context.graphBytes());
    this.deciding =
        new Deciding(
            context,
            rooms,
            new Receiving(context, rooms, shardMemory),
            new StateDropping(rooms, shardMemory, memory.states()));
    this.position = store.head().value();
  }

  /// Sends messages into a room, from its members in turn.
  ///
  /// @return events per second
  double send(RoomId room, int senders, int count) {
    Reply<RoomReply> nobody = Reply.pending();
    long began = System.nanoTime();
    for (int i = 0; i < count; i++) {
      RoomInput command =
          new RoomInput.SendEvent(
              room, BenchedRooms.message(room, BenchedRooms.user(i % senders), i), null);
      if (!(deciding.decide(command) instanceof Decided.Events(Decision decision))) {
        throw new IllegalStateException("the message was refused");
      }
      UnitOfWork unit = decision.toUnit(owner, owner.generation(), nobody);
      rooms.advance(decision);
      unit.outcome().durable(new LogPosition(position + 1));
      position += unit.announcements().size();
    }
    return count * 1e9 / (System.nanoTime() - began);
  }
}
