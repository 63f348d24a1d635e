package org.hearth.server.servers.room.server;

import java.time.InstantSource;
import java.util.List;
import java.util.function.Supplier;
import java.util.random.RandomGenerator;
import org.hearth.ringlogs.FailureHandling;
import org.hearth.ringlogs.InputLog;
import org.hearth.ringlogs.Log;
import org.hearth.ringlogs.OutputLog;
import org.hearth.ringlogs.WiringDescription.Node;
import org.hearth.server.box.Box;
import org.hearth.server.logs.Logs;
import org.hearth.server.logs.RoomInput;
import org.hearth.server.logs.RoomOutput;
import org.hearth.server.logs.RoomReply;
import org.hearth.server.matrix.id.ServerName;
import org.hearth.server.matrix.sign.LocalEvents;
import org.hearth.server.matrix.sign.SigningKey;
import org.hearth.server.servers.room.PeerQueries;
import org.hearth.server.servers.room.PolicySigning;
import org.hearth.server.servers.room.RoomClient;
import org.hearth.server.servers.room.RoomQueries;
import org.hearth.server.servers.room.RoomServerOptions;
import org.hearth.server.servers.room.read.NewRoomIds;
import org.hearth.server.servers.room.read.PeerReads;
import org.hearth.server.servers.room.read.RoomOutputStore;
import org.hearth.server.servers.room.read.RoomReads;
import org.hearth.server.servers.room.shard.EventMaker;
import org.hearth.server.servers.room.shard.ShardContext;
import org.hearth.server.servers.room.shard.Signers;
import org.hearth.server.servers.room.shard.StoredTransactions;
import org.hearth.server.servers.room.shard.TransactionFilter;
import org.hearth.server.servers.room.state.Numbers;
import org.hearth.server.servers.room.state.RoomMemory;
import org.hearth.server.servers.room.state.RoomTables;
import org.hearth.server.servers.room.sweep.StateSweep;
import org.hearth.server.store.Store;
import org.hearth.server.store.Table;
import org.hearth.server.store.Unavailable;

/// The server of rooms: it takes commands from room-input, decides, and announces on room-output
/// what is committed.
///
/// **thread**: [#start] and [#close] one thread; the rest any.
public final class RoomServer implements Box {

  private final RoomReads queries;
  private final PeerReads peerQueries;
  private final OutputLog<RoomOutput> output;
  private final InputLog<RoomInput, RoomReply> input;
  private final TransactionFilter transactions;
  private final StateSweep sweep;
  private final Signers signers;
  private final PolicySigning policies;

  /// @param server this server's name
  /// @param key signs the events that this server makes; asked for each, and quick
  /// @param random for ids of rooms; secure
  /// @param policies has events signed by the policy servers of rooms
  public RoomServer(
      Store store,
      ServerName server,
      Supplier<SigningKey> key,
      InstantSource clock,
      RandomGenerator random,
      RoomServerOptions options,
      PolicySigning policies) {
    this(store, server, new LocalEvents(server, key, random), clock, random, options, policies);
  }

  /// A server that asks no policy servers.
  ///
  /// @param server this server's name
  /// @param key signs the events that this server makes, always
  /// @param random for ids of rooms; secure
  public RoomServer(
      Store store,
      ServerName server,
      SigningKey key,
      InstantSource clock,
      RandomGenerator random,
      RoomServerOptions options) {
    this(
        store,
        server,
        new LocalEvents(server, key, random),
        clock,
        random,
        options,
        PolicySigning.ofNobody());
  }

  RoomServer(
      Store store,
      ServerName server,
      LocalEvents localEvents,
      InstantSource clock,
      RandomGenerator random,
      RoomServerOptions options,
      PolicySigning policies) {
    this.policies = policies;
    RoomMemory memory = RoomMemory.over(store.reads(), options);
    FailureHandling failures = Unavailable.handling(store, clock);
    this.queries =
        new RoomReads(store.reads(), memory, new NewRoomIds(server, localEvents, random));
    this.peerQueries = new PeerReads(store.reads(), memory);
    this.output =
        new OutputLog<>(
            Logs.ROOM_OUTPUT, new RoomOutputStore(store.reads(), memory.events()), failures);
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
            RoomQueries.BOX,
            options.shards(),
            shard -> new RoomShard(shard, context),
            failures);
    this.sweep = new StateSweep(store.reads(), client(RoomQueries.BOX));
  }

  @Override
  public String name() {
    return RoomQueries.BOX;
  }

  @Override
  public String purpose() {
    return "Decides in rooms";
  }

  @Override
  public Node.Kind kind() {
    return Node.Kind.SERVER;
  }

  @Override
  public List<Table> tables() {
    return RoomTables.ALL;
  }

  /// The log of commands, for writers.
  public InputLog<RoomInput, RoomReply> input() {
    return input;
  }

  /// The way by which a box has something done.
  ///
  /// @param box its name, under which it stands in the wiring
  public RoomClient client(String box) {
    return new RoomClient(input.writer(box), policies);
  }

  /// The log of what was decided, for readers, who register before the start.
  public OutputLog<RoomOutput> output() {
    return output;
  }

  /// What others may ask.
  public RoomQueries queries() {
    return queries;
  }

  /// What is to be known for other servers.
  public PeerQueries peerQueries() {
    return peerQueries;
  }

  /// The job that drops states, to be carried out at once.
  StateSweep sweep() {
    return sweep;
  }

  @Override
  public List<Log> logs() {
    return List.of(input, output);
  }

  /// Starts the job that drops states.
  @Override
  public void start() {
    sweep.start();
  }

  /// Ends the job that drops states, which writes to room-input.
  @Override
  public void stop() {
    sweep.close();
  }

  /// Ends what worked for the shards.
  @Override
  public void close() {
    signers.close();
    transactions.close();
  }
}
