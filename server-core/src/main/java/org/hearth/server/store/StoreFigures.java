package org.hearth.server.store;

import java.util.Map;
import org.hearth.ringlogs.Distribution;
import org.hearth.ringlogs.LogPosition;

/// The store's health as of one moment, read without locks.
///
/// **Units**: counts are since the store was opened; sizes are some seconds old.
///
/// @param head the last committed position
/// @param commits transactions
/// @param handled units of work that were committed or failed, or changed nothing
/// @param units units of work committed
/// @param rows rows written
/// @param failedUnits units that failed, for whatever reason
/// @param repeatedCommits batches that were repeated unit by unit because one unit was bad
/// @param unitsPerCommit how many units one transaction held
/// @param rowsPerCommit how many rows one transaction held
/// @param commitNanos from the first statement of a transaction to the end of its commit
/// @param queued units waiting in the ring
/// @param queueCapacity places in the ring
/// @param queueWaits how often someone found the ring full
/// @param taken units that were taken into the ring, by the name of the box that made them
/// @param reads queries that were begun
/// @param activeReads queries running
/// @param waitingReads queries waiting for a connection
/// @param unreadable how often something that must be here was not, or was damaged
/// @param databaseBytes the database on disk, with its write-ahead log
/// @param logBytes its write-ahead log alone
/// @param freeBytes space left on that disk
public record StoreFigures(
    StoreState state,
    LogPosition head,
    long commits,
    long handled,
    long units,
    long rows,
    long failedUnits,
    long repeatedCommits,
    Distribution unitsPerCommit,
    Distribution rowsPerCommit,
    Distribution commitNanos,
    int queued,
    int queueCapacity,
    long queueWaits,
    Map<String, Long> taken,
    long reads,
    int activeReads,
    int waitingReads,
    long unreadable,
    long databaseBytes,
    long logBytes,
    long freeBytes) {
  public StoreFigures {
    taken = Map.copyOf(taken);
  }
}
