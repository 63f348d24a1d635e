package org.hearth.server.servers.room.server;

import java.time.InstantSource;
import java.util.List;
import java.util.random.RandomGenerator;
import org.hearth.ringlogs.FailureHandling;
import org.hearth.ringlogs.InputLog;
import org.hearth.ringlogs.Log;
import org.hearth.ringlogs.OutputLog;
import org.hearth.server.logs.Logs;
import org.hearth.server.logs.RoomInput;
import org.hearth.server.logs.RoomOutput;
import org.hearth.server.logs.RoomReply;
import org.hearth.server.matrix.id.ServerName;
import org.hearth.server.matrix.sign.LocalEvents;
import org.hearth.server.matrix.sign.SigningKey;
import org.hearth.server.servers.room.RoomClient;
import org.hearth.server.servers.room.RoomQueries;
import org.hearth.server.servers.room.RoomServerOptions;
import org.hearth.server.servers.room.read.NewRoomIds;
import org.hearth.server.servers.room.read.RoomOutputStore;
import org.hearth.server.servers.room.read.RoomReads;
import org.hearth.server.servers.room.shard.EventMaker;
import org.hearth.server.servers.room.shard.ShardContext;
import org.hearth.server.servers.room.shard.Signers;
import org.hearth.server.servers.room.shard.StoredTransactions;
import org.hearth.server.servers.room.shard.TransactionFilter;
import org.hearth.server.servers.room.state.Numbers;
import org.hearth.server.servers.room.state.RoomMemory;
import org.hearth.server.servers.room.sweep.StateSweep;
import org.hearth.server.store.StorageException;
import org.hearth.server.store.Store;

/// The server of rooms: it takes commands from room-input, decides, and announces on room-output
/// what is committed.
///
/// Make it, register the readers of [#output], start its [#logs], then [#start] it; at the end stop
/// the logs, and [#close] it before the store is closed.
///
/// **thread**: [#start] and [#close] one thread; the rest any.
public final class RoomServer implements AutoCloseable {
  private static final String SERVER = "RoomServer";

  private final RoomReads queries;
  private final OutputLog<RoomOutput> output;
  private final InputLog<RoomInput, RoomReply> input;
  private final TransactionFilter transactions;
  private final StateSweep sweep;
  private final Signers signers;

  /// @param server this server's name
  /// @param key signs the events that this server makes
  /// @param random for ids of rooms; secure
  public RoomServer(
      Store store,
      ServerName server,
      SigningKey key,
      InstantSource clock,
      RandomGenerator random,
      RoomServerOptions options) {
    this(store, server, new LocalEvents(server, key, random), clock, random, options);
  }

  RoomServer(
      Store store,
      ServerName server,
      LocalEvents localEvents,
      InstantSource clock,
      RandomGenerator random,
      RoomServerOptions options) {
    RoomMemory memory = RoomMemory.over(store.reads(), options);
    FailureHandling failures =
        new FailureHandling(store.deadLetters(), RoomServer::isUnavailable, clock);
    this.queries =
        new RoomReads(store.reads(), memory, new NewRoomIds(server, localEvents, random));
    this.output =
        new OutputLog<>(
            Logs.ROOM_OUTPUT, new RoomOutputStore(store.reads(), memory.events()), failures);
    output.writtenBy(SERVER);
    this.signers = Signers.forShards(options.shards());
    this.transactions = new TransactionFilter(store.reads(), random);
    ShardContext context =
        new ShardContext(
            server,
            store.committer(),
            store.reads(),
            output,
            memory,
            new EventMaker(localEvents, memory.events()),
            signers,
            new StoredTransactions(store.reads(), transactions),
            new Numbers(store.reads()),
            clock,
            options.roomBytes() / options.shards(),
            options.graphBytes() / options.shards());
    this.input =
        new InputLog<>(
            Logs.ROOM_INPUT,
            SERVER,
            options.shards(),
            shard -> new RoomShard(shard, context),
            failures);
    this.sweep = new StateSweep(store.reads(), client(SERVER));
  }

  private static boolean isUnavailable(Exception failure) {
    return failure instanceof StorageException storage && storage.isUnavailable();
  }

  /// The log of commands, for writers.
  public InputLog<RoomInput, RoomReply> input() {
    return input;
  }

  /// The way by which a box has something done.
  ///
  /// @param box its name, under which it stands in the wiring
  public RoomClient client(String box) {
    return new RoomClient(input.writer(box));
  }

  /// The log of what was decided, for readers, who register before the start.
  public OutputLog<RoomOutput> output() {
    return output;
  }

  /// What others may ask.
  public RoomQueries queries() {
    return queries;
  }

  /// The job that drops states, to be carried out at once.
  StateSweep sweep() {
    return sweep;
  }

  /// Both logs, to be started and stopped with those of the other boxes.
  public List<Log> logs() {
    return List.of(input, output);
  }

  /// Starts the job that drops states; the logs run already. Once.
  public void start() {
    sweep.start();
  }

  /// Ends what works for the logs; they are stopped already.
  @Override
  public void close() {
    sweep.close();
    signers.close();
    transactions.close();
  }
}
