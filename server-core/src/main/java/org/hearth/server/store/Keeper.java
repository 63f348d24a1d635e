package org.hearth.server.store;

import java.io.IOException;
import java.lang.System.Logger.Level;
import java.nio.file.Files;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.SQLException;
import java.util.concurrent.locks.LockSupport;
import org.hearth.server.store.StorageException.Reason;
import org.hearth.server.store.derby.Derby;
import org.hearth.server.store.derby.DerbyFault;
import org.hearth.server.store.derby.Durably;
import org.hearth.server.store.derby.HighWaterMark;

/// Forces the high-water mark, keeps an eye on the disk, and opens the store again when there is
/// room.
///
/// **Thread**: its own, `store-keeper`; the figures any.
final class Keeper implements AutoCloseable {
  private static final System.Logger LOG = System.getLogger(Keeper.class.getName());
  private static final long FORCE_NANOS = 100_000_000L;
  private static final long LOOK_NANOS = 1_000_000_000L;
  private static final int LOOKS_PER_MEASURE = 5;
  private static final long MEGABYTE = 1_000_000;
  private static final int PROBE_BYTES = 64 << 10;

  /// How much more than the minimum must be free to write again, so that the state does not flap:
  /// an eighth.
  private static final int MARGIN_PART = 8;

  private final StoreOptions options;
  private final Derby derby;
  private final Health health;
  private final HighWaterMark mark;
  private final ReadPool reads;
  private final Committer committer;
  private final Thread thread;
  private volatile boolean closed;
  private volatile long databaseBytes;
  private volatile long logBytes;
  private volatile long freeBytes;

  Keeper(
      StoreOptions options,
      Derby derby,
      Health health,
      HighWaterMark mark,
      ReadPool reads,
      Committer committer) {
    this.options = options;
    this.derby = derby;
    this.health = health;
    this.mark = mark;
    this.reads = reads;
    this.committer = committer;
    thread = VitalThread.of("store-keeper", health, this::run, () -> {});
  }

  void start() {
    measure();
    guardSpace();
    thread.start();
  }

  long databaseBytes() {
    return databaseBytes;
  }

  long logBytes() {
    return logBytes;
  }

  long freeBytes() {
    return freeBytes;
  }

  private void run() {
    long looked = System.nanoTime();
    int looks = 0;
    while (!closed) {
      mark.awaitDirty(LOOK_NANOS);
      if (mark.isDirty() && !closed) {
        LockSupport.parkNanos(this, FORCE_NANOS);
      }
      try {
        forceMark();
        if (System.nanoTime() - looked >= LOOK_NANOS) {
          looked = System.nanoTime();
          look();
          if (++looks % LOOKS_PER_MEASURE == 0) {
            measure();
          }
        }
      } catch (RuntimeException | AssertionError | LinkageError | StackOverflowError e) {
        // Errors that say nothing of the virtual machine's health are defects like any other.
        LOG.log(Level.ERROR, "the keeper met a defect and goes on", e);
      }
    }
  }

  private void forceMark() {
    if (mark.isDirty()) {
      try {
        mark.force();
      } catch (IOException e) {
        health.fault(DerbyFault.ofMedium(e), "forcing the high-water mark", e);
      }
    }
  }

  private void look() {
    switch (health.state()) {
      case StoreState.Open _ -> guardSpace();
      case StoreState.ReadOnly _ -> recover();
      case StoreState.Failed _, StoreState.Closed _ -> {}
    }
  }

  /// Stops writing before Derby meets the end of the disk.
  private void guardSpace() {
    freeBytes = options.databaseFolder().toFile().getUsableSpace();
    if (freeBytes < options.minimumFreeBytes()) {
      health.readOnly(
          Reason.DISK_FULL,
          "writing needs %,d MB free on the disk of %s"
              .formatted(
                  Math.ceilDiv(options.minimumFreeBytes(), MEGABYTE), options.databaseFolder()));
    }
  }

  private void recover() {
    if (!isDatabaseUp()) {
      return;
    }
    freeBytes = options.databaseFolder().toFile().getUsableSpace();
    long needed = options.minimumFreeBytes() + options.minimumFreeBytes() / MARGIN_PART;
    if (freeBytes >= needed && isWritable()) {
      health.open();
      committer.nudge();
    }
  }

  /// Derby shuts the database down when a write fails; a new connection boots it.
  private boolean isDatabaseUp() {
    try (Connection connection = derby.connect()) {
      if (connection.isValid(1)) {
        reads.renew();
        return true;
      }
    } catch (SQLException e) {
      LOG.log(Level.DEBUG, "the database does not open yet: {0}", e.getMessage());
    }
    derby.shutDown();
    return false;
  }

  private boolean isWritable() {
    Path probe = options.databaseFolder().resolve("probe");
    try {
      Files.write(probe, new byte[PROBE_BYTES]);
      Durably.forceFile(probe);
      Files.delete(probe);
      return true;
    } catch (IOException e) {
      LOG.log(Level.DEBUG, "not writable yet: {0}", e.getMessage());
      return false;
    }
  }

  private void measure() {
    try {
      databaseBytes = Durably.lengthBytes(options.derbyFolder());
      logBytes = Durably.lengthBytes(options.derbyFolder().resolve("log"));
      freeBytes = options.databaseFolder().toFile().getUsableSpace();
    } catch (IOException e) {
      LOG.log(Level.DEBUG, "the database cannot be measured now: {0}", e.getMessage());
    }
  }

  /// Ends the thread.
  @Override
  public void close() {
    closed = true;
    LockSupport.unpark(thread);
    boolean interrupted = false;
    while (thread.isAlive()) {
      try {
        thread.join();
      } catch (InterruptedException _) {
        interrupted = true;
      }
    }
    if (interrupted) {
      Thread.currentThread().interrupt();
    }
  }
}
