package org.hearth.server.servers.room.shard;

import java.time.InstantSource;
import org.hearth.ringlogs.OutputLog;
import org.hearth.server.logs.RoomOutput;
import org.hearth.server.matrix.id.ServerName;
import org.hearth.server.servers.room.state.Numbers;
import org.hearth.server.servers.room.state.RoomMemory;
import org.hearth.server.store.Committer;
import org.hearth.server.store.ReadPool;

/// What the shards share.
///
/// @param server this server's name
/// @param reads for what the shards look up themselves
/// @param memoryBytes how much memory one shard may use for its rooms
/// @param graphBytes how much memory one shard may use for what rooms have been
public record ShardContext(
    ServerName server,
    Committer committer,
    ReadPool reads,
    OutputLog<RoomOutput> log,
    RoomMemory memory,
    EventMaker maker,
    Signers signers,
    StoredTransactions transactions,
    Numbers numbers,
    InstantSource clock,
    long memoryBytes,
    long graphBytes) {}
