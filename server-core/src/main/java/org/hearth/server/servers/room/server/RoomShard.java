package org.hearth.server.servers.room.server;

import java.time.Duration;
import java.util.List;
import org.hearth.ringlogs.CommandHandler;
import org.hearth.ringlogs.LogPosition;
import org.hearth.ringlogs.Reply;
import org.hearth.ringlogs.ReplyTimeoutException;
import org.hearth.server.logs.RoomInput;
import org.hearth.server.logs.RoomReply;
import org.hearth.server.logs.RoomReply.Refusal;
import org.hearth.server.matrix.checks.PolicyServer;
import org.hearth.server.matrix.event.Pdu;
import org.hearth.server.matrix.id.EventId;
import org.hearth.server.servers.room.RoomQueries;
import org.hearth.server.servers.room.shard.CommandOutcome;
import org.hearth.server.servers.room.shard.Decision;
import org.hearth.server.servers.room.shard.OutsideRooms;
import org.hearth.server.servers.room.shard.ShardContext;
import org.hearth.server.servers.room.shard.ShardMemory;
import org.hearth.server.servers.room.shard.ShardRooms;
import org.hearth.server.servers.room.state.EventRef;
import org.hearth.server.store.Announcement;
import org.hearth.server.store.Committer;
import org.hearth.server.store.Outcome;
import org.hearth.server.store.RowChange;
import org.hearth.server.store.StorageException;
import org.hearth.server.store.UnitOfWork;
import org.hearth.server.store.UnitOwner;

/// Takes the commands about the rooms of one shard: a command in, a unit of work out, without
/// waiting for it, unless what waits already takes too much memory.
///
/// A decision that was submitted is the room's head at once, and the next command builds on it.
/// When a unit fails, the units behind it fail with it (see [UnitOwner]), and the shard starts over
/// with what the database says.
///
/// **thread**: the shard's.
final class RoomShard implements CommandHandler<RoomInput, RoomReply> {
  private final ShardContext context;
  private final Duration patience;
  private final UnitOwner owner;
  private final ShardRooms rooms;
  private final ShardMemory memory;
  private final OutsideRooms outside;
  private final CommandDispatch dispatch;
  private long generation;

  RoomShard(int number, ShardContext context) {
    this(number, context, Committer.PATIENCE);
  }

  /// @param patience how long a command waits for what was decided before it, if it has to
  RoomShard(int number, ShardContext context, Duration patience) {
    this.context = context;
    this.patience = patience;
    this.owner = new UnitOwner(RoomQueries.BOX, "room-shard-" + number);
    this.rooms =
        new ShardRooms(
            context.memory(), context.transactions(), context.memoryBytes(), this::awaitUnderWay);
    this.memory = new ShardMemory(context.reads(), context.graphBytes());
    this.outside = new OutsideRooms(context.reads(), context.memory().userRooms());
    this.dispatch = new CommandDispatch(context, rooms, memory, outside);
    this.generation = owner.generation();
  }

  @Override
  public void handle(RoomInput command, Reply<RoomReply> reply) {
    rooms.forgetHalfDecided();
    rooms.awaitMemory();
    long now = owner.generation();
    if (now != generation) {
      rooms.clear();
      memory.startOver();
      outside.clear();
      dispatch.startOver();
      generation = now;
    }
    memory.forgetDropped();
    boolean carriedOut = false;
    try {
      carryOut(dispatch.decide(command), reply);
      carriedOut = true;
    } finally {
      if (!carriedOut) {
        // What is half decided is not in the database: also after an Error nothing may build on it.
        memory.clear();
        rooms.halfDecided(command.room());
      }
    }
  }

  @Override
  public void endOfBatch() {
    rooms.trim();
  }

  private void carryOut(CommandOutcome decided, Reply<RoomReply> reply) {
    switch (decided) {
      case CommandOutcome.Refused(Refusal refusal, String detail) ->
          reply.complete(new RoomReply.Refused(refusal, detail));
      case CommandOutcome.Already(EventRef event, EventId id) -> answer(event, id, reply);
      case CommandOutcome.Prepared(Pdu event) ->
          // It refers to what was decided before it, so it is given away when that is committed.
          submit(
              List.of(),
              Outcome.of(last -> reply.complete(new RoomReply.Prepared(last, event)), reply::fail));
      case CommandOutcome.ToBeSigned(Pdu event, PolicyServer policy) ->
          submit(
              List.of(),
              Outcome.of(
                  last -> reply.complete(new RoomReply.ToBeSigned(last, event, policy)),
                  reply::fail));
      case CommandOutcome.Verdicts(List<RoomReply.Judged> verdicts) ->
          submit(
              List.of(),
              Outcome.of(
                  last -> reply.complete(new RoomReply.Received(last, verdicts)), reply::fail));
      case CommandOutcome.NothingToDo() ->
          submit(List.of(), Outcome.of(last -> reply.complete(done(last)), reply::fail));
      case CommandOutcome.Rows(List<RowChange> changes, Runnable whenCommitted) ->
          submit(
              changes,
              Outcome.of(
                  last -> {
                    whenCommitted.run();
                    reply.complete(done(last));
                  },
                  reply::fail));
      case CommandOutcome.Announced announced -> {
        context.committer().submit(unit(announced, reply));
        announced.underWay().submitted();
      }
      case CommandOutcome.Events(Decision decision) -> {
        decision.signAhead();
        context.committer().submit(decision.toUnit(owner, generation, reply));
        rooms.advance(decision);
      }
    }
  }

  private UnitOfWork unit(CommandOutcome.Announced announced, Reply<RoomReply> reply) {
    return new UnitOfWork(
        owner,
        generation,
        announced.changes(),
        List.of(new Announcement<>(context.log(), announced.entry())),
        new Outcome() {
          @Override
          public void durable(LogPosition first) {
            announced.underWay().durable();
          }

          @Override
          public void committed(LogPosition first) {
            reply.complete(new RoomReply.Done(first, List.of(announced.event())));
          }

          @Override
          public void failed(StorageException failure) {
            reply.fail(failure);
          }
        });
  }

  /// Answers with an event that is there already, once it is committed: units are committed in
  /// order.
  private void answer(EventRef event, EventId id, Reply<RoomReply> reply) {
    if (event.isSettled()) {
      reply.complete(new RoomReply.Done(new LogPosition(event.position()), List.of(id)));
    } else {
      submit(
          List.of(),
          Outcome.of(
              _ ->
                  reply.complete(
                      new RoomReply.Done(new LogPosition(event.position()), List.of(id))),
              reply::fail));
    }
  }

  /// Returns when all units of this shard are committed, or never will be. Then the generation
  /// tells which.
  ///
  /// @throws ReplyTimeoutException if that takes too long
  private void awaitUnderWay() {
    Reply<Boolean> ended = Reply.pending();
    submit(List.of(), Outcome.of(_ -> ended.complete(true), _ -> ended.complete(false)));
    try {
      var _ = ended.await(patience);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new StorageException(
          StorageException.Reason.BUSY, "interrupted while units were being committed", e);
    }
  }

  private void submit(List<RowChange> changes, Outcome outcome) {
    context.committer().submit(new UnitOfWork(owner, generation, changes, List.of(), outcome));
  }

  private static RoomReply done(LogPosition position) {
    return new RoomReply.Done(position, List.of());
  }
}
