package org.hearth.bench.ringlogs;

import com.lmax.disruptor.BatchEventProcessor;
import com.lmax.disruptor.BatchEventProcessorBuilder;
import com.lmax.disruptor.BlockingWaitStrategy;
import com.lmax.disruptor.LiteBlockingWaitStrategy;
import com.lmax.disruptor.RingBuffer;
import com.lmax.disruptor.SleepingWaitStrategy;
import com.lmax.disruptor.TimeoutBlockingWaitStrategy;
import com.lmax.disruptor.WaitStrategy;
import com.lmax.disruptor.YieldingWaitStrategy;
import java.io.PrintStream;
import java.lang.management.ManagementFactory;
import java.time.Duration;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
import java.util.function.Supplier;
import org.hearth.ringlogs.InputLog;
import org.hearth.ringlogs.LogPosition;
import org.hearth.ringlogs.LogReader;
import org.hearth.ringlogs.OutputLog;
import org.hearth.ringlogs.Positioned;

/// The processor time of this process while twenty logs with one to four consumers each have
/// nothing to do: ours, and the same number of bare rings with each of the Disruptor's wait
/// strategies.
///
/// Usage: `IdleLogs <seconds>`; prints JSON.
public final class IdleLogs {
  private static final int LOGS = 20;

  private IdleLogs() {}

  /// Opens something idle; closing it ends its threads.
  @FunctionalInterface
  private interface Opened {
    void close() throws InterruptedException;
  }

  /// Measures each for so many seconds.
  public static void main(String[] arguments) throws InterruptedException {
    Duration time = Duration.ofSeconds(Long.parseLong(arguments[0]));
    Map<String, Supplier<Opened>> kinds = new LinkedHashMap<>();
    kinds.put("nothing", () -> () -> {});
    kinds.put("ring-logs", IdleLogs::logs);
    kinds.put("BlockingWaitStrategy", () -> rings(BlockingWaitStrategy::new));
    kinds.put("LiteBlockingWaitStrategy", () -> rings(LiteBlockingWaitStrategy::new));
    kinds.put(
        "TimeoutBlockingWaitStrategy 10 ms",
        () -> rings(() -> new TimeoutBlockingWaitStrategy(10, TimeUnit.MILLISECONDS)));
    kinds.put("SleepingWaitStrategy", () -> rings(SleepingWaitStrategy::new));
    kinds.put("YieldingWaitStrategy", () -> rings(YieldingWaitStrategy::new));
    List<String> lines = new ArrayList<>();
    for (Map.Entry<String, Supplier<Opened>> kind : kinds.entrySet()) {
      Opened opened = kind.getValue().get();
      // The threads start and the JVM settles.
      pass(Duration.ofSeconds(2));
      lines.add(measure(kind.getKey(), time));
      opened.close();
    }
    @SuppressWarnings("SystemOut")
    PrintStream out = System.out;
    out.println("[\n" + String.join(",\n", lines) + "\n]");
  }

  private static String measure(String kind, Duration time) {
    int threads = Thread.activeCount();
    long cpu = processCpuNanos();
    long start = System.nanoTime();
    pass(time);
    long elapsed = System.nanoTime() - start;
    long used = processCpuNanos() - cpu;
    return String.format(
        Locale.ROOT,
        "  {\"kind\": \"%s\", \"consumers\": %d, \"seconds\": %.1f, \"cpuMillis\": %.1f,"
            + " \"percentOfOneCore\": %.3f}",
        kind,
        threads - 1,
        elapsed / 1e9,
        used / 1e6,
        100.0 * used / elapsed);
  }

  private static long processCpuNanos() {
    return ((com.sun.management.OperatingSystemMXBean) ManagementFactory.getOperatingSystemMXBean())
        .getProcessCpuTime();
  }

  private static void pass(Duration time) {
    long end = System.nanoTime() + time.toNanos();
    for (long left = time.toNanos(); left > 0; left = end - System.nanoTime()) {
      LockSupport.parkNanos(left);
    }
  }

  /// Ten input logs of one to four shards, ten output logs of one to four readers.
  private static Opened logs() {
    List<InputLog<Long, Long>> inputs = new ArrayList<>();
    List<OutputLog<Long>> outputs = new ArrayList<>();
    for (int i = 0; i < LOGS / 2; i++) {
      InputLog<Long, Long> input =
          new InputLog<>(
              Numbers.log("input" + i, 1024),
              "Idle",
              1 + i % 4,
              _ -> (command, reply) -> reply.complete(command),
              Numbers.handling());
      input.start();
      inputs.add(input);
      OutputLog<Long> output =
          new OutputLog<>(
              Numbers.log("output" + i, 1024), (_, _, _) -> List.of(), Numbers.handling());
      for (int r = 0; r <= i % 4; r++) {
        output.register(new Idle("Reader" + r));
      }
      output.start(LogPosition.ORIGIN);
      outputs.add(output);
    }
    return () -> {
      for (InputLog<Long, Long> each : inputs) {
        each.drainAndStop(Duration.ofSeconds(1));
      }
      for (OutputLog<Long> each : outputs) {
        each.drainAndStop(Duration.ofSeconds(1));
      }
    };
  }

  private static Opened rings(Supplier<WaitStrategy> strategy) {
    List<BatchEventProcessor<long[]>> processors = new ArrayList<>();
    for (int i = 0; i < LOGS; i++) {
      RingBuffer<long[]> ring =
          RingBuffer.createMultiProducer(() -> new long[1], 1024, strategy.get());
      for (int c = 0; c <= i / 2 % 4; c++) {
        BatchEventProcessor<long[]> processor =
            new BatchEventProcessorBuilder().build(ring, ring.newBarrier(), (_, _, _) -> {});
        processors.add(processor);
        Thread.ofPlatform().daemon().start(processor);
      }
    }
    return () -> processors.forEach(BatchEventProcessor::halt);
  }

  private record Idle(String name) implements LogReader<Long> {
    @Override
    public LogPosition position() {
      return LogPosition.ORIGIN;
    }

    @Override
    public void onBatch(List<Positioned<Long>> batch) {
      throw new IllegalStateException("nothing happens here");
    }
  }
}
