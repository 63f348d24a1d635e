package org.hearth.server.servers.room.shard;

import java.lang.System.Logger.Level;
import java.util.concurrent.ArrayBlockingQueue;
import java.util.concurrent.ThreadPoolExecutor;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import org.hearth.server.matrix.event.Pdu;

/// Signs events of this server between their decision and their commit, so that a shard decides on
/// the next one meanwhile: a signature takes longer than all else that a shard does for an event.
///
/// Nothing depends on it. A [Pdu] that is not signed when its row is written is signed then and
/// there, so an event costs the committer one signature at most, whatever waits here; what does not
/// find room here is left to it; and the order of events is none of this class's business.
///
/// **thread**: [#ahead] any; the threads `room-signer-n` sign.
public final class Signers implements AutoCloseable {
  private static final System.Logger LOG = System.getLogger(Signers.class.getName());

  /// As many as the committer's ring holds units: what waits longer the committer has come to.
  private static final int MOST_WAITING = 1024;

  private final ThreadPoolExecutor threads;

  /// Signers for so many shards: one for each, but on no more than half of the processors, since
  /// the shards and the committer need some too.
  public static Signers forShards(int shards) {
    int half = Runtime.getRuntime().availableProcessors() / 2;
    return new Signers(Math.clamp(half, 1, shards));
  }

  /// @param count of threads, which are started when they are first needed
  public Signers(int count) {
    AtomicInteger number = new AtomicInteger();
    this.threads =
        new ThreadPoolExecutor(
            count,
            count,
            0,
            TimeUnit.SECONDS,
            new ArrayBlockingQueue<>(MOST_WAITING),
            task ->
                Thread.ofPlatform()
                    .daemon()
                    .name("room-signer-" + number.getAndIncrement())
                    .unstarted(task),
            new ThreadPoolExecutor.DiscardPolicy());
  }

  /// Has an event signed, if it is not, and does not wait for it.
  public void ahead(Pdu event) {
    if (!event.isSigned()) {
      threads.execute(() -> sign(event));
    }
  }

  private static void sign(Pdu event) {
    try {
      event.canonicalBytes();
    } catch (RuntimeException e) {
      // The committer will find the event unsigned, try itself, and fail the unit.
      LOG.log(Level.DEBUG, "not signed ahead: " + event, e);
    }
  }

  /// What waits is left to the committer.
  @Override
  public void close() {
    threads.shutdownNow();
  }
}
