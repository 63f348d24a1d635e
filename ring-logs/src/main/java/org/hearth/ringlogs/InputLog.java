package org.hearth.ringlogs;

import java.time.Duration;
import java.util.List;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.atomic.LongAdder;
import java.util.function.IntFunction;
import java.util.stream.IntStream;

/// A log of commands: many writers, a fixed number of shards, an answer to each command.
///
/// **Thread**: any, except where a method says otherwise.
///
/// @param <C> the commands
/// @param <R> the answers
public final class InputLog<C, R> {
  private static final Duration LAST_COMMAND = Duration.ofSeconds(1);

  private final LogSpec<C> spec;
  private final String server;
  private final List<Shard<C, R>> shards;
  private final AtomicLong unanswered = new AtomicLong();
  private final Signal answered = new Signal();
  private final LongAdder refused = new LongAdder();
  private final LongAdder waits = new LongAdder();
  private final LongAdder waitedNanos = new LongAdder();
  private boolean started;

  /// @param server the box that handles the commands, for the wiring
  /// @param shards how many rings and threads; the commands of one partition key all go to one of
  ///   them
  /// @param handlers makes the handler of each shard, 0 to `shards` - 1; called in this constructor
  public InputLog(
      LogSpec<C> spec,
      String server,
      int shards,
      IntFunction<? extends CommandHandler<C, R>> handlers,
      FailureHandling failures) {
    if (shards < 1) {
      throw new IllegalArgumentException(spec.name() + " needs at least one shard, not " + shards);
    }
    this.spec = spec;
    this.server = server;
    this.shards =
        IntStream.range(0, shards)
            .mapToObj(i -> new Shard<C, R>(spec, i, handlers.apply(i), failures))
            .toList();
  }

  /// Reads which partition keys are parked and starts the shards' threads. Once.
  public synchronized void start() {
    if (started) {
      throw new IllegalStateException(spec.name() + " was started before");
    }
    started = true;
    for (Shard<C, R> shard : shards) {
      shard.load(key -> shardOf(key) == shard);
    }
    shards.forEach(Shard::start);
  }

  /// Hands in a command.
  ///
  /// @param deadline how long to wait for a place if the ring is full
  /// @throws LogFullException if there was none
  /// @throws ParkedException if the command's partition key is parked
  /// @throws LogStoppedException if the log is not running
  /// @throws InterruptedException if interrupted while waiting for a place; the command was not
  ///   accepted
  public Reply<R> submit(C command, Duration deadline) throws InterruptedException {
    String key = spec.partitionKey().apply(command);
    Shard<C, R> shard = shardOf(key);
    if (shard.isParked(key)) {
      refused.increment();
      throw shard.parked(key);
    }
    Reply<R> reply = new Reply<>(this::answered);
    unanswered.incrementAndGet();
    boolean accepted = false;
    try {
      shard.submit(command, key, reply, deadline, this::waited);
      accepted = true;
      return reply;
    } finally {
      if (!accepted) {
        refused.increment();
        answered();
      }
    }
  }

  private void waited(long nanos) {
    waits.increment();
    waitedNanos.add(nanos);
  }

  private void answered() {
    if (unanswered.decrementAndGet() == 0) {
      answered.raise();
    }
  }

  private Shard<C, R> shardOf(String key) {
    int hash = key.hashCode();
    return shards.get(Math.floorMod(hash ^ (hash >>> 16), shards.size()));
  }

  /// Handles the parked command of a partition key again and opens the key if that succeeds. Nobody
  /// waits for the command's answer any more; a failure as an answer counts as handled.
  public Reply<ReleaseResult> release(String partitionKey) {
    return ask(partitionKey, false);
  }

  /// Drops the parked command of a partition key and opens the key.
  public Reply<ReleaseResult> discard(String partitionKey) {
    return ask(partitionKey, true);
  }

  private Reply<ReleaseResult> ask(String partitionKey, boolean discardFirst) {
    Reply<ReleaseResult> reply = Reply.pending();
    shardOf(partitionKey).ask(partitionKey, discardFirst, reply);
    return reply;
  }

  /// Takes no more commands, handles those that were accepted, waits until all are answered, and
  /// ends the threads. After `patience` the threads end with the command they are at; what they did
  /// not come to fails with [LogStoppedException]. No thread is interrupted: that could close a
  /// file under others.
  ///
  /// @return whether every accepted command was handled and answered
  public synchronized boolean drainAndStop(Duration patience) throws InterruptedException {
    long deadline = System.nanoTime() + patience.toNanos();
    started = true;
    shards.forEach(Shard::close);
    boolean drained = true;
    for (Shard<C, R> shard : shards) {
      drained &= shard.awaitEmpty(deadline - System.nanoTime());
    }
    drained &= answered.await(() -> unanswered.get() == 0, deadline - System.nanoTime());
    shards.forEach(Shard::halt);
    for (Shard<C, R> shard : shards) {
      shard.join(LAST_COMMAND);
    }
    return drained;
  }

  /// The figures of this moment.
  public LogFigures figures() {
    return new LogFigures(
        spec.name(),
        Node.Kind.INPUT_LOG,
        spec.capacity() * shards.size(),
        shards.stream().mapToLong(Shard::published).sum(),
        LogPosition.ORIGIN,
        shards.stream().mapToLong(Shard::inRing).sum(),
        waits.sum(),
        Duration.ofNanos(waitedNanos.sum()),
        refused.sum(),
        unanswered.get(),
        shards.stream().map(Shard::figures).toList());
  }

  /// This log, its server and the arrow between them.
  public WiringDescription description() {
    return new WiringDescription(
        List.of(new Node(spec.name(), Node.Kind.INPUT_LOG), new Node(server, Node.Kind.SERVER)),
        List.of(new Arrow(spec.name(), server, Arrow.Kind.FEEDS)));
  }

  /// What this log carries.
  public LogSpec<C> spec() {
    return spec;
  }
}
