package org.hearth.server.servers.room.shard;

import java.time.InstantSource;
import java.util.SplittableRandom;
import org.hearth.ringlogs.FailureHandling;
import org.hearth.ringlogs.OutputLog;
import org.hearth.server.logs.Logs;
import org.hearth.server.matrix.id.ServerName;
import org.hearth.server.matrix.sign.LocalEvents;
import org.hearth.server.matrix.testkit.TestKeys;
import org.hearth.server.servers.room.RoomServerOptions;
import org.hearth.server.servers.room.read.RoomOutputStore;
import org.hearth.server.servers.room.state.Numbers;
import org.hearth.server.servers.room.state.RoomMemory;
import org.hearth.server.store.Store;

/// What a shard needs that has no log before it.
public final class ShardContexts {
  private ShardContexts() {}

  /// With an empty memory of that store, and room for as much as a server has by default.
  public static ShardContext of(
      Store store, ServerName server, InstantSource clock, Signers signers) {
    RoomServerOptions options = RoomServerOptions.standard();
    RoomMemory memory = RoomMemory.over(store.reads(), options);
    return new ShardContext(
        server,
        store.committer(),
        store.reads(),
        new OutputLog<>(
            Logs.ROOM_OUTPUT,
            new RoomOutputStore(store.reads(), memory.events()),
            new FailureHandling(store.deadLetters(), _ -> false, clock)),
        memory,
        new EventMaker(
            new LocalEvents(server, TestKeys.of(server), new SplittableRandom(1)), memory.events()),
        signers,
        new StoredTransactions(
            store.reads(), new TransactionFilter(store.reads(), new SplittableRandom(2))),
        new Numbers(store.reads()),
        clock,
        options.roomBytes(),
        options.graphBytes());
  }
}
