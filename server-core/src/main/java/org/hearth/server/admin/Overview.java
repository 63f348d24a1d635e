package org.hearth.server.admin;

import java.time.Instant;

/// The server in numbers, as Home and `hearth status` show them.
///
/// @param time when the numbers were read
/// @param people accounts that are not deactivated
/// @param rooms rooms that this server knows
/// @param messages room events stored since the start
/// @param requestsInFlight HTTP requests being answered, waiting syncs included
/// @param requests HTTP requests answered since the start
/// @param databaseBytes size of the database on disk
/// @param freeBytes space left on that disk
/// @param heapUsedBytes memory that the server's objects take
/// @param storage the store's state in a sentence
/// @param storageWritable whether the store takes writes
public record Overview(
    Instant time,
    long people,
    long rooms,
    long messages,
    long requestsInFlight,
    long requests,
    long databaseBytes,
    long freeBytes,
    long heapUsedBytes,
    String storage,
    boolean storageWritable) {}
