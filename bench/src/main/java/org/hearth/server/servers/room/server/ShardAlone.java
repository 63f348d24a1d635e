package org.hearth.server.servers.room.server;

import java.time.InstantSource;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.SplittableRandom;
import java.util.concurrent.ArrayBlockingQueue;
import java.util.concurrent.BlockingQueue;
import org.hearth.ringlogs.FailureHandling;
import org.hearth.ringlogs.LogPosition;
import org.hearth.ringlogs.OutputLog;
import org.hearth.ringlogs.Reply;
import org.hearth.server.logs.Logs;
import org.hearth.server.logs.RoomInput;
import org.hearth.server.logs.RoomReply;
import org.hearth.server.matrix.id.RoomId;
import org.hearth.server.matrix.sign.LocalEvents;
import org.hearth.server.servers.room.RoomServerOptions;
import org.hearth.server.servers.room.read.RoomOutputStore;
import org.hearth.server.servers.room.shard.CommandOutcome;
import org.hearth.server.servers.room.shard.Decision;
import org.hearth.server.servers.room.shard.EventMaker;
import org.hearth.server.servers.room.shard.OutsideRooms;
import org.hearth.server.servers.room.shard.ShardContext;
import org.hearth.server.servers.room.shard.ShardMemory;
import org.hearth.server.servers.room.shard.ShardRooms;
import org.hearth.server.servers.room.shard.Signers;
import org.hearth.server.servers.room.shard.StoredTransactions;
import org.hearth.server.servers.room.shard.TransactionFilter;
import org.hearth.server.servers.room.state.Numbers;
import org.hearth.server.servers.room.state.RoomMemory;
import org.hearth.server.store.Store;
import org.hearth.server.store.UnitOfWork;
import org.hearth.server.store.UnitOwner;

/// A shard as the Room Server has it, whose units are not committed: they are told that they were,
/// as the committer would tell them, which is where events must be signed.
///
/// A room stays as it is in the database: this shard's memory is thrown away.
final class ShardAlone implements AutoCloseable {
  /// How far a shard can be ahead of the committer: so many units has its ring.
  static final int MOST_AHEAD = 1024;

  private final ShardRooms rooms;
  private final CommandDispatch dispatch;
  private final Signers signers;
  private final UnitOwner owner = new UnitOwner("bench");
  private final Reply<RoomReply> nobody = Reply.pending();
  private long position;

  /// @param signerThreads how many sign; the Room Server has half as many as processors, at least
  ///   one, at most one a shard
  ShardAlone(Store store, int signerThreads) {
    RoomServerOptions options = RoomServerOptions.standard();
    RoomMemory memory = RoomMemory.over(store.reads(), options);
    InstantSource clock = InstantSource.system();
    this.signers = new Signers(signerThreads);
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
            signers,
            new StoredTransactions(
                store.reads(), new TransactionFilter(store.reads(), new SplittableRandom(2))),
            new Numbers(store.reads()),
            clock,
            options.roomBytes(),
            options.graphBytes());
    this.rooms = new ShardRooms(memory, context.transactions(), context.memoryBytes(), () -> {});
    ShardMemory shardMemory = new ShardMemory(context.reads(), context.graphBytes());
    this.dispatch =
        new CommandDispatch(
            context, rooms, shardMemory, new OutsideRooms(context.reads(), memory.userRooms()));
    this.position = store.head().value();
  }

  /// Reads the room, as the first command about it would.
  void load(RoomId room) {
    settle(decide(RoomInputs.message(room, 0, 0), false));
  }

  /// Sends messages into a room, from its members in turn, and looks at nothing but what the
  /// shard's thread does: it decides as far ahead as it can; the clock stands still while the
  /// events are signed and settled.
  ///
  /// @return events per second
  double decide(RoomId room, int senders, int count) {
    List<UnitOfWork> ahead = new ArrayList<>(MOST_AHEAD);
    long nanos = 0;
    for (int i = 0; i < count; i += MOST_AHEAD) {
      long began = System.nanoTime();
      for (int j = i; j < Math.min(count, i + MOST_AHEAD); j++) {
        ahead.add(decide(RoomInputs.message(room, j % senders, j), false));
      }
      nanos += System.nanoTime() - began;
      ahead.forEach(this::settle);
      ahead.clear();
    }
    return count * 1e9 / nanos;
  }

  /// Sends messages into a room, from its members in turn, while the signers sign and another
  /// thread does what the committer does beside the database.
  ///
  /// @return events per second, from the first decision until the last event is settled
  double sendAndSign(RoomId room, int senders, int count) throws InterruptedException {
    BlockingQueue<Optional<UnitOfWork>> units = new ArrayBlockingQueue<>(MOST_AHEAD);
    Thread committer = Thread.ofPlatform().name("no-committer").unstarted(() -> settle(units));
    long began = System.nanoTime();
    committer.start();
    for (int i = 0; i < count; i++) {
      units.put(Optional.of(decide(RoomInputs.message(room, i % senders, i), true)));
    }
    units.put(Optional.empty());
    committer.join();
    return count * 1e9 / (System.nanoTime() - began);
  }

  private UnitOfWork decide(RoomInput command, boolean signAhead) {
    if (!(dispatch.decide(command) instanceof CommandOutcome.Events(Decision decision))) {
      throw new IllegalStateException("the message was refused");
    }
    if (signAhead) {
      decision.signAhead();
    }
    UnitOfWork unit = decision.toUnit(owner, owner.generation(), nobody);
    rooms.advance(decision);
    return unit;
  }

  /// @param units the last is followed by nothing
  private void settle(BlockingQueue<Optional<UnitOfWork>> units) {
    try {
      for (var unit = units.take(); unit.isPresent(); unit = units.take()) {
        settle(unit.get());
      }
    } catch (InterruptedException _) {
      Thread.currentThread().interrupt();
    }
  }

  /// The owner keeps the events in memory with their bytes, so that they are signed at the latest
  /// here.
  private void settle(UnitOfWork unit) {
    LogPosition first = new LogPosition(position + 1);
    unit.outcome().placed(first);
    unit.outcome().durable(first);
    position += unit.positions();
  }

  @Override
  public void close() {
    signers.close();
  }
}
