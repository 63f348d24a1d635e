package org.hearth.ringlogs;

import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.atomic.LongAdder;
import java.util.function.Consumer;
import java.util.function.IntFunction;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import org.hearth.ringlogs.Log.ParkedKey;
import org.hearth.ringlogs.Log.ReleaseResult;
import org.hearth.ringlogs.LogFigures.WriterFigures;
import org.hearth.ringlogs.LogSet.ConsumerDeath;
import org.hearth.ringlogs.WiringDescription.Arrow;
import org.hearth.ringlogs.WiringDescription.Node;

/// A log of commands: many writers, a fixed number of shards, an answer to each command.
///
/// **Thread**: any, except where a method says otherwise.
///
/// @param <C> the commands
/// @param <R> the answers
public final class InputLog<C, R> implements Log {
  /// How long, after the patience, the threads together may take for the command they are at.
  private static final Duration LAST_COMMAND = Duration.ofSeconds(1);

  private final LogSpec<C> spec;
  private final String server;
  private final FailureHandling failures;
  private final List<Shard<C, R>> shards;
  private final AtomicLong unanswered = new AtomicLong();
  private final Signal answered = new Signal();
  private final LongAdder waits = new LongAdder();
  private final LongAdder waitedNanos = new LongAdder();
  private volatile Consumer<? super ConsumerDeath> onDeath = _ -> {};
  private boolean started;

  /// In the order of the first request; one a box.
  private final List<LogWriter<C, R>> writers = new CopyOnWriteArrayList<>();

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
    this.failures = failures;
    this.shards =
        IntStream.range(0, shards)
            .mapToObj(i ->
                new Shard<C, R>(
                    spec, i, handlers.apply(i), failures, death -> onDeath.accept(death)))
            .toList();
  }

  @Override
  public String name() {
    return spec.name();
  }

  @Override
  public Node.Kind kind() {
    return Node.Kind.INPUT_LOG;
  }

  void watch(Consumer<? super ConsumerDeath> listener) {
    onDeath = listener;
  }

  /// The writer of a box: it stands in the figures and in the wiring under that name. A box that
  /// asks again is given the same writer.
  ///
  /// @param box the name of the node that writes
  public LogWriter<C, R> writer(String box) {
    // Not the log's own lock: a stop holds that for as long as it takes.
    synchronized (writers) {
      for (LogWriter<C, R> each : writers) {
        if (each.name().equals(box)) {
          return each;
        }
      }
      LogWriter<C, R> writer = new LogWriter<>(this, box);
      writers.add(writer);
      return writer;
    }
  }

  @Override
  public void start(LogPosition head) {
    start();
  }

  /// Reads which partition keys are parked and starts the shards' threads. Once.
  public synchronized void start() {
    if (started) {
      throw new IllegalStateException(spec.name() + " was started before");
    }
    started = true;
    Map<Shard<C, R>, List<DeadLetter.Label>> letters =
        failures.deadLetters().of(spec.name(), spec.name()).stream()
            .collect(Collectors.groupingBy(letter -> shardOf(letter.partitionKey())));
    letters.forEach(Shard::load);
    shards.forEach(Shard::start);
  }

  /// See [LogWriter#submit].
  Reply<R> submit(C command, Duration deadline) throws InterruptedException {
    String key = spec.partitionKey().apply(command);
    Shard<C, R> shard = shardOf(key);
    if (shard.isParked(key)) {
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

  /// Handles the parked command of a partition key again, or drops it, and opens the key. Nobody
  /// waits for the command's answer any more; a failure as an answer counts as handled.
  @Override
  public Reply<ReleaseResult> release(String consumer, String partitionKey, boolean discardFirst) {
    if (!consumer.equals(spec.name())) {
      throw new IllegalArgumentException("%s has no consumer %s".formatted(spec.name(), consumer));
    }
    return shardOf(partitionKey).ask(partitionKey, discardFirst);
  }

  /// Takes no more commands, handles those that were accepted, waits until all are answered, and
  /// ends the threads. After `patience` the threads end with the command they are at; what they did
  /// not come to fails with [LogStoppedException]. No thread is interrupted: that could close a
  /// file under others.
  ///
  /// @return whether every accepted command was handled and answered
  @Override
  public synchronized boolean drainAndStop(Duration patience) throws InterruptedException {
    long deadline = System.nanoTime() + patience.toNanos();
    started = true;
    shards.forEach(Shard::close);
    boolean drained = true;
    try {
      for (Shard<C, R> shard : shards) {
        drained &= shard.awaitEmpty(deadline - System.nanoTime());
      }
      drained &= answered.await(() -> unanswered.get() == 0, deadline - System.nanoTime());
    } finally {
      // Also when the wait is interrupted: no thread is left behind in its ring.
      shards.forEach(Shard::halt);
    }
    long last = System.nanoTime() + LAST_COMMAND.toNanos();
    for (Shard<C, R> shard : shards) {
      shard.join(Duration.ofNanos(last - System.nanoTime()));
    }
    return drained;
  }

  @Override
  public LogFigures figures() {
    List<WriterFigures> writing = writers.stream().map(LogWriter::figures).toList();
    return new LogFigures(
        spec.name(),
        Node.Kind.INPUT_LOG,
        spec.capacity() * shards.size(),
        shards.stream().mapToLong(Shard::published).sum(),
        LogPosition.ORIGIN,
        shards.stream().mapToLong(Shard::inRing).sum(),
        waits.sum(),
        Duration.ofNanos(waitedNanos.sum()),
        writing.stream().mapToLong(WriterFigures::refused).sum(),
        unanswered.get(),
        writing,
        shards.stream().map(Shard::figures).toList());
  }

  @Override
  public List<ParkedKey> parked() {
    return shards.stream().flatMap(each -> each.parkedKeys().stream()).toList();
  }

  @Override
  public WiringDescription description() {
    List<Arrow> arrows = new ArrayList<>();
    writers.forEach(each -> arrows.add(new Arrow(each.name(), spec.name(), Arrow.Kind.WRITES)));
    arrows.add(new Arrow(spec.name(), server, Arrow.Kind.FEEDS));
    return new WiringDescription(
        List.of(new Node(spec.name(), Node.Kind.INPUT_LOG), new Node(server, Node.Kind.SERVER)),
        arrows);
  }

  /// What this log carries.
  public LogSpec<C> spec() {
    return spec;
  }
}
