package org.hearth.bench.ringlogs;

import java.time.Duration;
import java.util.concurrent.TimeUnit;
import org.hearth.ringlogs.InputLog;
import org.hearth.ringlogs.LogWriter;
import org.hearth.ringlogs.Reply;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.Fork;
import org.openjdk.jmh.annotations.Measurement;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.annotations.OperationsPerInvocation;
import org.openjdk.jmh.annotations.OutputTimeUnit;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.Setup;
import org.openjdk.jmh.annotations.State;
import org.openjdk.jmh.annotations.TearDown;
import org.openjdk.jmh.annotations.Threads;
import org.openjdk.jmh.annotations.Warmup;

/// Commands through an input log of two shards whose handler answers at once.
///
/// `roundTrip…`: each of so many writers submits a command and waits for its answer: what a request
/// does. `pipelined…`: each submits 64 commands, then waits for the answers: what the rings carry.
@State(Scope.Benchmark)
@BenchmarkMode({Mode.Throughput, Mode.SampleTime})
@OutputTimeUnit(TimeUnit.MICROSECONDS)
@Warmup(iterations = 3, time = 2)
@Measurement(iterations = 5, time = 2)
@Fork(1)
public class InputLogBenchmark {
  private static final int IN_FLIGHT = 64;
  private static final Duration PATIENCE = Duration.ofSeconds(10);

  private final InputLog<Long, Long> log =
      new InputLog<>(
          Numbers.log("bench-input", 1024),
          "Bench",
          2,
          _ -> (command, reply) -> reply.complete(command),
          Numbers.handling());

  private final LogWriter<Long, Long> bench = log.writer("Bench");

  /// A writer's own numbers.
  @State(Scope.Thread)
  public static class Writer {
    private long next = Thread.currentThread().threadId();

    Long next() {
      return next++;
    }
  }

  @Setup
  public void start() {
    log.start();
  }

  @TearDown
  public void stop() throws InterruptedException {
    log.drainAndStop(PATIENCE);
  }

  @Benchmark
  @Threads(1)
  public Long roundTrip01(Writer writer) throws InterruptedException {
    return bench.submit(writer.next(), PATIENCE).await(PATIENCE);
  }

  @Benchmark
  @Threads(8)
  public Long roundTrip08(Writer writer) throws InterruptedException {
    return bench.submit(writer.next(), PATIENCE).await(PATIENCE);
  }

  @Benchmark
  @Threads(64)
  public Long roundTrip64(Writer writer) throws InterruptedException {
    return bench.submit(writer.next(), PATIENCE).await(PATIENCE);
  }

  @Benchmark
  @BenchmarkMode(Mode.Throughput)
  @OperationsPerInvocation(IN_FLIGHT)
  @Threads(1)
  public Long pipelined01(Writer writer) throws InterruptedException {
    return pipelined(writer);
  }

  @Benchmark
  @BenchmarkMode(Mode.Throughput)
  @OperationsPerInvocation(IN_FLIGHT)
  @Threads(8)
  public Long pipelined08(Writer writer) throws InterruptedException {
    return pipelined(writer);
  }

  @Benchmark
  @BenchmarkMode(Mode.Throughput)
  @OperationsPerInvocation(IN_FLIGHT)
  @Threads(64)
  public Long pipelined64(Writer writer) throws InterruptedException {
    return pipelined(writer);
  }

  private Long pipelined(Writer writer) throws InterruptedException {
    @SuppressWarnings({"unchecked", "rawtypes"})
    Reply<Long>[] replies = new Reply[IN_FLIGHT];
    for (int i = 0; i < IN_FLIGHT; i++) {
      replies[i] = bench.submit(writer.next(), PATIENCE);
    }
    long sum = 0;
    for (Reply<Long> reply : replies) {
      sum += reply.await(PATIENCE);
    }
    return sum;
  }
}
