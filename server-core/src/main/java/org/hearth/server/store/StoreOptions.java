package org.hearth.server.store;

import java.nio.file.Path;
import java.time.Duration;
import java.time.InstantSource;

/// How to open a store.
///
/// @param dataFolder the data folder; the store uses `database/`, `backups/`, `hearth.lock` and
///   `restoring` in it
/// @param cacheBytes how much memory Derby may keep pages in
/// @param minimumFreeBytes with less free space than this on the disk the store becomes read-only
/// @param readers at most so many queries at a time
/// @param readDeadline how long a query may wait for its turn
/// @param acceptLoss open a database that lacks acknowledged commits, or is of another history, as
///   it is: the epoch is raised and no position is given twice
/// @param clock for the times in manifests and in the identity
public record StoreOptions(
    Path dataFolder,
    long cacheBytes,
    long minimumFreeBytes,
    int readers,
    Duration readDeadline,
    boolean acceptLoss,
    InstantSource clock) {

  public StoreOptions {
    dataFolder = dataFolder.toAbsolutePath().normalize();
    if (readers < 1) {
      throw new IllegalArgumentException("at least one reader, not " + readers);
    }
    if (readDeadline.toMillis() < 250) {
      throw new IllegalArgumentException("a deadline of 250 ms or more, not " + readDeadline);
    }
  }

  /// 32 MiB of cache, 256 MiB to be kept free, 8 readers that wait up to 10 s.
  public static StoreOptions of(Path dataFolder) {
    return new StoreOptions(
        dataFolder,
        32L << 20,
        256L << 20,
        8,
        Duration.ofSeconds(10),
        false,
        InstantSource.system());
  }

  public StoreOptions withCacheBytes(long bytes) {
    return new StoreOptions(
        dataFolder, bytes, minimumFreeBytes, readers, readDeadline, acceptLoss, clock);
  }

  public StoreOptions withMinimumFreeBytes(long bytes) {
    return new StoreOptions(
        dataFolder, cacheBytes, bytes, readers, readDeadline, acceptLoss, clock);
  }

  public StoreOptions withReaders(int count, Duration deadline) {
    return new StoreOptions(
        dataFolder, cacheBytes, minimumFreeBytes, count, deadline, acceptLoss, clock);
  }

  public StoreOptions withClock(InstantSource source) {
    return new StoreOptions(
        dataFolder, cacheBytes, minimumFreeBytes, readers, readDeadline, acceptLoss, source);
  }

  /// To be chosen by a person who has read the refusal, never by default.
  public StoreOptions acceptingLoss() {
    return new StoreOptions(
        dataFolder, cacheBytes, minimumFreeBytes, readers, readDeadline, true, clock);
  }

  Path databaseFolder() {
    return dataFolder.resolve("database");
  }

  Path derbyFolder() {
    return databaseFolder().resolve("derby");
  }
}
