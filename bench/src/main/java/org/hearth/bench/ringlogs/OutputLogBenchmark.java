package org.hearth.bench.ringlogs;

import java.time.Duration;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.hearth.ringlogs.LogPosition;
import org.hearth.ringlogs.LogReader;
import org.hearth.ringlogs.OutputLog;
import org.hearth.ringlogs.Positioned;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.Fork;
import org.openjdk.jmh.annotations.Measurement;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.annotations.OutputTimeUnit;
import org.openjdk.jmh.annotations.Param;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.Setup;
import org.openjdk.jmh.annotations.State;
import org.openjdk.jmh.annotations.TearDown;
import org.openjdk.jmh.annotations.Threads;
import org.openjdk.jmh.annotations.Warmup;

/// What the publisher of an output log pays for an entry, by number of readers. The readers come
/// after one another; those that the publisher overtakes read an empty store, which costs them
/// nothing.
@State(Scope.Benchmark)
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.NANOSECONDS)
@Warmup(iterations = 3, time = 2)
@Measurement(iterations = 5, time = 2)
@Fork(1)
@Threads(1)
public class OutputLogBenchmark {
  @Param({"0", "1", "4"})
  private int readers;

  private OutputLog<Long> log;
  private long position;

  /// Opens the log of this number of readers. Its positions go on where the last one's ended.
  public OutputLogBenchmark() {
    log = open();
  }

  private static OutputLog<Long> open() {
    return new OutputLog<>(
        Numbers.log("bench-output", 4096), (_, _, _) -> List.of(), Numbers.handling());
  }

  @Setup
  public void start() {
    for (int i = 0; i < readers; i++) {
      if (i == 0) {
        log.register(new Sink("Reader0"));
      } else {
        log.register(new Sink("Reader" + i), "Reader" + (i - 1));
      }
    }
    log.start(LogPosition.ORIGIN);
  }

  @TearDown
  public void stop() throws InterruptedException {
    log.drainAndStop(Duration.ofSeconds(10));
    log = open();
    position = 0;
  }

  @Benchmark
  public void publish() {
    position++;
    log.publish(new LogPosition(position), position);
  }

  private static final class Sink implements LogReader<Long> {
    private final String name;
    private long sum;

    Sink(String name) {
      this.name = name;
    }

    @Override
    public String name() {
      return name;
    }

    @Override
    public LogPosition position() {
      return LogPosition.ORIGIN;
    }

    @Override
    public void onBatch(List<Positioned<Long>> batch) {
      for (Positioned<Long> each : batch) {
        sum += each.entry();
      }
    }

    @Override
    public String toString() {
      return name + " " + sum;
    }
  }
}
