package org.hearth.server.servers.room;

import java.time.InstantSource;
import org.hearth.ringlogs.OutputLog;
import org.hearth.server.logs.RoomOutput;
import org.hearth.server.matrix.id.ServerName;
import org.hearth.server.store.Committer;

/// What the shards share.
///
/// @param server this server's name
/// @param memoryBytes how much memory one shard may use for its rooms
record ShardContext(
    ServerName server,
    Committer committer,
    OutputLog<RoomOutput> log,
    RoomMemory memory,
    EventMaker maker,
    TransactionLoader transactions,
    Numbers numbers,
    InstantSource clock,
    long memoryBytes) {}
